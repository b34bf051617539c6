import { pass } from "../../pass.ts";
import { prune } from "../prune.ts";

/*
 * Removes nodes and constants that no output depends on. Inputs stay, used or not:
 * they are how the graph is called.
 *
 *     node a = relu(x) -> p f32[4]                 node b = neg(x) -> y f32[4]
 *     node b = neg(x) -> y f32[4]          =>      output y
 *     output y
 */
export const removeDead = pass({
  name: "remove-dead",
  on: "graph",
  summary: "Removes nodes and constants that no output depends on.",
  keeps: "answers",
  options: {},
  run: (g) => prune(g),
});
