import type { Kernels, Memory } from "../kernels.ts";
import { deliverTwin } from "./deliver.ts";
import { integrateTwin } from "./integrate.ts";
import { rowTwins } from "./rows.ts";
import { updateTwins } from "./update.ts";

/** The kernels in TypeScript: what the compiled ones are compared with, and what runs where those are absent. */
export function twinKernels(memory: Memory): Kernels {
  const { add8, add16, addRows8, applyRow } = rowTwins(memory);
  return {
    ...updateTwins(memory),
    integrate: integrateTwin(memory, { add8, add16, addRows8, applyRow }),
    deliver: deliverTwin(memory),
    add8,
    add16,
    addRows8,
  };
}
