import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Layer } from "../layers.ts";
import { layerRun } from "./layer-run.ts";
import type { Neurons } from "./spiking.ts";
import type { Adjust } from "./sweep.ts";

/** What one initial potential is for. */
export type Potential = "neuron" | "channel";

/**
 * Phase IIa (and IIc), in closed form: the mean output of every neuron is moved to the trained
 * network's by
 *
 *   v₀ ← v₀ + T·( mean(a) - mean(θN/T) )          means over samples; per channel also over positions
 *
 * Output layers have no potential to start from; their bias takes the same difference.
 * Wang et al., IEEE TNNLS 36(2):3189; Li et al., ICML 2021 (potential correction).
 */
export function initialPotentials(per: Potential): Adjust {
  return ({ layer, layered, neurons, steps, arrivals, targets, training }) => {
    const run = layerRun(layer, layered, steps);
    const bias = layer.bias ?? new Float64Array(run.count);
    const difference = new Float64Array(run.count);
    for (const sample of training) {
      const output = run.run(
        arrivals.map((a) => at(a, sample)),
        neurons,
        bias,
      );
      const target = at(targets, sample);
      for (let i = 0; i < run.count; i++) difference[i]! += (target[i]! - output[i]!) / training.length;
    }
    if (neurons === null) return { layer: { ...layer, bias: bias.map((b, i) => b + difference[i]!) }, neurons };
    const mean = grouped(difference, groupsOf(layer, per));
    return { layer, neurons: { ...neurons, initial: neurons.initial.map((v, i) => v + steps * mean[i]!) } satisfies Neurons };
  };
}

/** The group of each neuron: itself, or its channel. */
export function groupsOf(layer: Layer, per: Potential): Int32Array {
  const count = sizeOf(layer.shape);
  const plane = per === "neuron" || layer.shape.length === 1 ? 1 : count / at(layer.shape, 0);
  return Int32Array.from({ length: count }, (_, i) => Math.floor(i / plane));
}

/** Each number replaced by the mean of its group. */
function grouped(values: Float64Array, groups: Int32Array): Float64Array {
  const sums = new Float64Array(at(groups, groups.length - 1) + 1);
  const sizes = new Float64Array(sums.length);
  values.forEach((v, i) => {
    sums[groups[i]!]! += v;
    sizes[groups[i]!]!++;
  });
  return values.map((_, i) => sums[groups[i]!]! / sizes[groups[i]!]!);
}
