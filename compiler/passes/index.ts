import { graphPasses } from "./graph/index.ts";
import { networkPasses } from "./network/index.ts";
import type { Pass } from "./pass.ts";

/** Every pass by its name, which is also its folder and what the command line calls it. The two tables share no name. */
// biome-ignore lint/suspicious/noExplicitAny: the table holds passes on every kind of artifact, with options of every type.
export const passes: Readonly<Record<keyof typeof graphPasses | keyof typeof networkPasses, Pass<any, any>>> = {
  ...graphPasses,
  ...networkPasses,
};
