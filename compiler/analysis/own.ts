import { at } from "../base/bug.ts";
import type { Activation } from "../convert/layers.ts";
import { spread } from "../base/tensor.ts";
import type { TracedLayer } from "./layers.ts";
import { exactLevel, type Reading } from "./reading.ts";
import type { Result } from "./rungs.ts";

/*
 * What a layer of the spiking network itself does wrong, given the spikes that it really
 * gets. Its potential keeps what it did not send, so its pre-activation y is known from one run,
 * and its deviation from the trained model falls into
 *
 *   value - a = [act(y) - a] + [min(act(y), λ) - act(y)] + [Q(y) - min(act(y), λ)] + [value - Q(y)]
 *                inherited      own clipping                own quantization           own residual or coupling
 *
 * with a the model's value and act its activation. (Dual-phase conversion's error terms, at the
 * spiking network's own mean input.)
 */

/** The chain a, act(y), min(act(y), λ), Q(y), value; and, per neuron, whether the level sent is the exact one. */
export type OwnParts = { readonly chain: readonly Float64Array[]; readonly wrong: number };

export const ownPartNames = ["inherited", "clipping", "quantization", "time"] as const;

/** Null where the model has no such value, or neurons lose charge. */
export function ownPartsOf(
  layer: TracedLayer | undefined,
  reading: Reading | null,
  results: readonly Result[],
  rung: number,
  index: number,
  rest: Float64Array,
): OwnParts | null {
  const model = results.find((r) => r.values[index] != null)?.values[index];
  const value = results[rung]?.values[index];
  if (layer === undefined || reading?.charge == null || model == null || value == null) return null;
  const { unit, levels, signed, charge } = reading;
  const act = activationOf(layer.activation, layer);
  const chain = [model, ...[1, 2, 3].map(() => new Float64Array(value.length)), value];
  const [, active, clipped, exact] = chain as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  let wrong = 0;
  for (let i = 0; i < value.length; i++) {
    const u = at(unit, i);
    const sent = Math.round(at(value, i) / u);
    const y = sent + (at(rest, i) - at(charge.initial, i)) / at(charge.resetValue, i);
    const level = exactLevel(reading, y, sent);
    if (level !== sent) wrong++;
    const a = act(y * u, i);
    active[i] = a;
    clipped[i] = Math.max(signed ? -levels * u : 0, Math.min(a, levels * u));
    exact[i] = level === sent ? at(value, i) : level * u;
  }
  return { chain, wrong };
}

function activationOf(a: Activation | null, layer: TracedLayer): (z: number, neuron: number) => number {
  switch (a?.kind) {
    case undefined:
    case "mean":
      return (z) => z;
    case "relu":
      return (z) => Math.max(0, z);
    case "clip": {
      const { high } = a;
      return (z) => Math.min(high, Math.max(0, z));
    }
    case "quantized": {
      const { levels } = a;
      const lambda = spread(a.lambda, layer.shape);
      return (z, i) => {
        const most = at(lambda, i);
        return (Math.min(levels, Math.max(0, Math.floor((z * levels) / most + 0.5 + slack))) * most) / levels;
      };
    }
  }
}

/** Doubles that round below a tie count as on it, as they do in the neuron. */
const slack = 1e-9;
