import { type Diagnostic, diagnostic } from "../base/diagnostic.ts";
import { choice } from "../base/options.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Statistics } from "./calibrate.ts";
import type { Layer } from "./layers.ts";
import { calibrated, largest, type Threshold } from "./thresholds.ts";

/* Thresholds and steps of networks trained with quantized-clip activations, shared by the methods that take these. */

export const fallbackOption = choice(
  ["refuse", "rate"],
  "refuse",
  "ReLU without a learned clip: refuse it, or calibrate its threshold as the method rate does",
);

/** Different numbers of levels in the graph, ascending. */
export function levelsOf(g: Graph): readonly number[] {
  return [...new Set(g.nodes.filter((n) => n.op === "quantized-clip").map((n) => Number(n.attrs["levels"])))].sort((a, b) => a - b);
}

/** As many steps as the finest activation has levels, unless the user says otherwise. */
export function stepsOf(g: Graph, given: number): number {
  return given > 0 ? given : (levelsOf(g).at(-1) ?? 8);
}

/** A threshold that was learned in training, or the calibrated one where the user lets a plain ReLU have it. */
export function learnedThreshold(
  method: string,
  layer: Layer,
  sources: readonly (Threshold | null)[],
  stats: Statistics,
  fallback: "refuse" | "rate",
  report: (d: Diagnostic) => void,
): Threshold | null {
  const a = layer.activation;
  switch (a?.kind) {
    case "quantized":
      return { theta: a.lambda, from: "learned" };
    case "clip":
      return { theta: a.high, from: "clip" };
    case "mean":
      // A mean never exceeds what it is taken of.
      return { theta: sources.reduce((most, s) => Math.max(most, s === null ? 0 : largest(s)), 0) || 1, from: "learned" };
    case "relu":
    case undefined:
      if (fallback === "rate") return calibrated(layer, stats, report);
      report(diagnostic("convert-relu-in-qcfs", [method], { at: `layer ${layer.name}`, origin: layer.origin }));
      return null;
  }
}
