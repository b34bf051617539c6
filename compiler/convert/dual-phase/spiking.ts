import { at } from "../../base/bug.ts";
import { sizeOf, spread } from "../../base/tensor.ts";
import type { Layer, Layered } from "../layers.ts";
import type { Threshold } from "../thresholds.ts";

/*
 * A layered network as spiking neurons, as phase II changes it. Everything that a sweep
 * may adjust is here and nothing else: kernels and biases are in the layers, initial potentials beside them.
 */

export type Spiking = {
  readonly layered: Layered;
  readonly steps: number;
  /** By layer; null for layers without neurons that fire. */
  readonly neurons: readonly (Neurons | null)[];
};

/** Neurons of one layer, each number per neuron in the layer's order. */
export type Neurons = {
  readonly theta: Float64Array;
  readonly initial: Float64Array;
  /** Send -1 when the potential is below zero and more +1 than -1 have been sent. */
  readonly signed: boolean;
};

/** v₀ = θ/2, the start of phase II. */
export function spiking(layered: Layered, thresholds: ReadonlyMap<number, Threshold>, steps: number, signed: boolean): Spiking {
  const pooled = new Set(layered.layers.flatMap((l) => l.ways.filter((w) => w.pool !== null).map((w) => w.from)));
  const neurons = layered.layers.map((l): Neurons | null => {
    if (l.kind !== "spiking") return null;
    const theta = thetaOf(l, at([thresholds.get(l.index)], 0) as Threshold);
    // Pooled spikes have to be binary.
    return { theta, initial: theta.map((x) => x / 2), signed: signed && !pooled.has(l.index) };
  });
  return { layered, steps, neurons };
}

/** One per channel of the graph's shape, spread in the layer's order. */
function thetaOf(l: Layer, { theta }: Threshold): Float64Array {
  if (typeof theta === "number") return spread(theta, l.shape);
  return spread(theta, [theta.data.length, sizeOf(l.shape) / theta.data.length]);
}

/** What a sweep has found for one layer. */
export type Adjusted = { readonly layer: Layer; readonly neurons: Neurons | null };

export function withLayers(s: Spiking, adjusted: readonly Adjusted[]): Spiking {
  return { ...s, layered: { ...s.layered, layers: adjusted.map((a) => a.layer) }, neurons: adjusted.map((a) => a.neurons) };
}
