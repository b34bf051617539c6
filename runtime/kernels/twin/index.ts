import type { Kernels, Memory } from "../kernels.ts";
import { deliverTwin } from "./deliver.ts";
import { flowTwin } from "./flow.ts";
import { integrateTwin } from "./integrate.ts";
import { rowTwins } from "./rows.ts";
import { shareTwin } from "./share.ts";
import { tallyTwin } from "./tally.ts";
import { updateTwins } from "./update.ts";

/** The kernels in TypeScript: what the compiled ones are compared with, and what runs where those are absent. */
export function twinKernels(memory: Memory): Kernels {
  const { add8, add16, addRows8, applyRow } = rowTwins(memory);
  const { update, idle } = updateTwins(memory);
  const integrate = integrateTwin(memory, { add8, add16, addRows8, applyRow });
  return {
    integrate,
    update,
    idle,
    runShare: shareTwin(memory, { integrate, update, idle }, deliverTwin(memory)),
    tally: tallyTwin(memory),
    meshFlow: flowTwin(memory),
    add8,
    add16,
    addRows8,
  };
}
