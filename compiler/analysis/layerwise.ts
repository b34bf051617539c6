import { at } from "../base/bug.ts";
import type { Graph } from "../ir/graph/types.ts";
import { cutAt } from "./idealize.ts";
import type { TracedLayer } from "./layers.ts";
import { graphFrom, type Result } from "./rungs.ts";

/*
 * The accuracy of the trained model when its first k layers are exchanged for what the
 * spiking ones say, for every k. What layer k adds to the loss is its own and the layers' before
 * it together, as the rest of the model takes it. Differences along k add up to the total.
 */

export type LayerAccuracy = { readonly layer: string; readonly accuracy: number; readonly loss: number };

export type Layerwise = {
  /** `model` first, `pooling` where the method put another in its place, every layer in order, then `answer`, which is the last form itself. */
  readonly layers: readonly LayerAccuracy[];
};

export type LayerwiseRun = {
  readonly add: (sample: Float32Array, last: Result, wanted: number) => void;
  /** The accuracies of the forms without spikes, by name, and of the last form close the chain. Null where the last form lacks a layer. */
  readonly finish: (before: readonly { readonly part: string; readonly accuracy: number }[], last: number) => Layerwise | null;
};

/** Prepares the model from each layer on. */
export function layerwise(g: Graph, layers: readonly TracedLayer[]): LayerwiseRun {
  const cuts = layers.map((_, k) => {
    const values = layers.slice(0, k + 1).map((l) => l.value);
    return graphFrom(cutAt(g, values), values);
  });
  const right = layers.map(() => 0);
  let samples = 0;
  let complete = true;
  return {
    add(sample, last, wanted) {
      samples++;
      const values = last.values.filter((v) => v !== null);
      complete &&= values.length === layers.length;
      if (!complete) return;
      cuts.forEach((run, k) => {
        if (run(sample, values.slice(0, k + 1)) === wanted) right[k] = at(right, k) + 1;
      });
    },
    finish(before, last) {
      if (!complete) return null;
      const n = Math.max(1, samples);
      const accuracies = [...before.map((b) => b.accuracy), ...right.map((r) => r / n), last];
      const names = [...before.map((b) => b.part), ...layers.map((l) => l.name), "answer"];
      return {
        layers: names.map((layer, k) => ({
          layer,
          accuracy: at(accuracies, k),
          loss: k === 0 ? 0 : at(accuracies, k - 1) - at(accuracies, k),
        })),
      };
    },
  };
}
