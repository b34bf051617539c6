/* What the module exports: one call for a core and step, or for a run of its neurons. */
export { seen } from "./deliver";
export { deliverDoubles, fastTime, updateLeaky } from "./doubles";
export { meshFlow } from "./flow";
export { integrate } from "./integrate";
export { runShare } from "./share";
export { tally } from "./tally";
export { idle, update } from "./update";
export { add16, add8, addRows8 } from "./rows";
