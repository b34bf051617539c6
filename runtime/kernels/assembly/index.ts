/* What the module exports: one call for a core and step, or for a run of its neurons. */
export { deliver } from "./deliver";
export { deliverDoubles, fastTime, updateLeaky } from "./doubles";
export { integrate } from "./integrate";
export { idle, update } from "./update";
export { add16, add8, addRows8 } from "./rows";
