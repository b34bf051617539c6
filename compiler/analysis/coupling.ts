import { at } from "../base/bug.ts";
import { variant } from "../convert/css/measure.ts";
import type { Network } from "../ir/network/types.ts";
import type { Context } from "../passes/pass.ts";
import { type SpikingLayer, spikingLayers } from "./layers.ts";
import { networkRung } from "./rungs.ts";

/*
 * Temporal coupling: a digit has to be sent before all later digits of the inputs are known. Silent
 * steps make it rarer that one is sent wrongly, negative digits take back what was sent too
 * early. Here the same network is run with 0, 1 and 2 silent steps in all layers, with ternary and
 * with binary digits, and the wrong codes are counted: those that are not what the neuron's rule
 * gives for its whole input, which is the nearest code for ternary digits and the next lower one
 * for binary digits.
 */

export type Coupling = {
  readonly samples: number;
  readonly rows: readonly {
    readonly layer: string;
    /** Fraction of wrong codes, by the number of silent steps. */
    readonly ternary: readonly number[];
    readonly binary: readonly number[];
  }[];
};

const silentSteps = [0, 1, 2] as const;
const digits = ["ternary", "binary"] as const;

/** For networks of canonic signed spikes, as the conversion makes them. */
export async function measureCoupling(
  converted: Network,
  data: { readonly sample: (index: number) => Float32Array },
  count: number,
  cx: Pick<Context, "progress">,
): Promise<Coupling> {
  const samples = Array.from({ length: count }, (_, i) => data.sample(i));
  const names = spikingLayers(converted).map((l) => l.name);
  const rows = names.map((layer) => ({ layer, ternary: [] as number[], binary: [] as number[] }));
  let done = 0;
  for (const spikes of digits) {
    for (const silent of silentSteps) {
      const wrong = await wrongCodes(variant(converted, { silentOf: () => silent, spikes }), samples, spikes === "binary" ? 0 : 1 / 2);
      rows.forEach((row) => row[spikes].push(wrong.get(row.layer) ?? 0));
      cx.progress("counting wrong codes", ++done, digits.length * silentSteps.length);
    }
  }
  return { samples: count, rows };
}

/** Fraction of codes that are not clip(floor(y + rounding)) of the layer's own input y, by layer. */
async function wrongCodes(n: Network, samples: readonly Float32Array[], rounding: number): Promise<ReadonlyMap<string, number>> {
  const layers = spikingLayers(n);
  const rung = networkRung(n, layers, null, 1, false);
  const wrong = layers.map(() => 0);
  for (const x of samples) {
    const { values } = await rung.run(x);
    layers.forEach((l, i) => {
      const [value, rest] = [values[i], rung.rests[i]];
      if (value != null && rest != null) wrong[i] = at(wrong, i) + wrongIn(l, value, rest, rounding);
    });
  }
  return new Map(layers.map((l, i) => [l.name, at(wrong, i) / Math.max(1, samples.length * l.neurons)]));
}

function wrongIn({ reading }: SpikingLayer, value: Float64Array, rest: Float64Array, rounding: number): number {
  const { unit, levels, signed, charge } = reading;
  if (charge === null) return 0;
  let wrong = 0;
  for (let i = 0; i < value.length; i++) {
    const sent = Math.round(at(value, i) / at(unit, i));
    const y = sent + at(rest, i) / at(charge.resetValue, i);
    const left = Math.min(levels, Math.max(signed ? -levels : 0, y)) - sent;
    if (left < -rounding - slack || left >= 1 - rounding + slack) wrong++;
  }
  return wrong;
}

/** Forgives the rounding of doubles at ties. */
const slack = 1e-6;
