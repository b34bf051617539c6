import { at, bug } from "../../base/bug.ts";
import { spread } from "../../base/tensor.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import { largestCode } from "./code.ts";
import { type CodedLayer, codedLayers, NonZero } from "./coded.ts";

/*
 * The network without time: every layer rounds its pre-activation to the nearest code at
 * once. This is the trained network with activations of 2^T - 1 levels, in doubles; the
 * spiking network is exactly it, as long as no code is wrong.
 */

export type Reference = {
  readonly run: (sample: readonly ArrayLike<number>[]) => {
    /** Answers, after scale and offset. */
    readonly outputs: readonly Float64Array[];
    /** Codes of each layer that has them; overwritten by the next run. */
    readonly codes: ReadonlyMap<PopId, Float64Array>;
  };
};

/** Lays out a network that `assembleCss` made. `round` false leaves the activations as they are, below the largest code: what clipping alone does. */
export function prepareReference(n: Network, round = true): Reference {
  const layers = codedLayers(n);
  const values = layers.map((l) => new Float64Array(l.count));
  const codes = new Map(layers.filter((l) => l.kind === "coded").map((l) => [l.pop.id, new Float64Array(l.count)]));
  const events = new NonZero(layers.reduce((most, l) => Math.max(most, l.count), 0));
  const ones = new Float64Array(events.value.length).fill(1);
  return {
    run(sample) {
      for (const l of layers) {
        const own = at(values, l.pop.id);
        if (l.kind === "input") {
          own.set(
            at(
              sample,
              n.inputs.findIndex((i) => i.pop === l.pop.id),
            ),
          );
          continue;
        }
        own.set(l.bias);
        for (const a of l.arrivals) {
          const source = at(values, a.from);
          events.take(source, 0, source.length, ones);
          a.scatter(events.count, events.index, events.value, own);
        }
        const code = codes.get(l.pop.id);
        if (code !== undefined) encode(l, own, code, round);
      }
      const outputs = n.outputs.map((o) => {
        const pop = at(n.pops, o.pop);
        if (o.code !== "potential") bug(`output ${o.name} reads ${o.code}`);
        const [scale, offset] = [spread(o.scale, pop.shape), spread(o.offset, pop.shape)];
        return at(values, o.pop).map((v, i) => v * at(scale, i) + at(offset, i));
      });
      return { outputs, codes };
    },
  };
}

/** Pre-activations become codes, and the values that these stand for. */
function encode(l: CodedLayer, values: Float64Array, code: Float64Array, round: boolean): void {
  const most = largestCode(l.digits);
  const least = l.relu ? 0 : -most;
  for (let i = 0; i < values.length; i++) {
    const y = (values[i] as number) / (l.lsb[i] as number);
    const p = Math.min(most, Math.max(least, round ? Math.floor(y + 0.5) : y));
    code[i] = p;
    values[i] = p * (l.lsb[i] as number);
  }
}
