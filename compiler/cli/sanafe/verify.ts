import { contradictions, deadNeurons, firstDifference } from "../../../targets/sanafe/check.ts";
import { neuronName } from "../../../targets/sanafe/listing.ts";
import { bug } from "../../base/bug.ts";
import { diagnostic } from "../../base/diagnostic.ts";
import type { Run } from "../command.ts";
import { openSanafe } from "./show.ts";

/** Steps on which the two implementations of the machine are compared. */
const steps = 20;

/** Hashes, tables and arrays of a network from SANA-FE's files; then compiled kernels against TypeScript. */
export function verifySanafe(run: Run, folder: string): void {
  const image = openSanafe(run, folder);
  for (const what of contradictions(image)) run.report(diagnostic("sanafe-inconsistent", [what], { at: folder }));
  run.check();
  const step = firstDifference(image, steps);
  if (step !== null) bug(`compiled kernels and TypeScript differ in step ${step}`);
}

/** What in such a network nobody can have meant. */
export function lintSanafe(run: Run, folder: string): void {
  const image = openSanafe(run, folder);
  const dead = deadNeurons(image);
  if (dead.length > 0) run.report(diagnostic("lint-neuron", [dead.length, neuronName(image, dead[0] ?? 0)]));
}
