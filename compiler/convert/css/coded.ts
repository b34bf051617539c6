import { at, bug } from "../../base/bug.ts";
import { sizeOf, spread } from "../../base/tensor.ts";
import { pooledShape, type Scatter, scatterOf } from "../../ir/network/kernels/index.ts";
import { neuronWords } from "../../ir/network/neurons/index.ts";
import type { Network, PopId, Population } from "../../ir/network/types.ts";
import { firstPlace, resetOf } from "./code.ts";

/*
 * A network of this code as its layers: what the digits stand for, read from the
 * network itself, so that everything below works on any network that has such neurons,
 * before delays are lowered and weights are rounded.
 */

/** A way into a layer. Values of `from` go through `scatter` and add up to the layer's pre-activation. */
export type Arrival = { readonly from: PopId; readonly scatter: Scatter };

export type CodedLayer = {
  readonly pop: Population;
  readonly count: number;
  /** input: numbers as they are; coded: sends digits; read: sums values up. */
  readonly kind: "input" | "coded" | "read";
  readonly digits: number;
  readonly silent: number;
  /** Δ: what code 1 is worth, per neuron. */
  readonly lsb: Float64Array;
  /** Added to the pre-activation, in the model's units. */
  readonly bias: Float64Array;
  /** Whether negative codes are cut off. */
  readonly relu: boolean;
  readonly arrivals: readonly Arrival[];
};

/** T of a network: how long each of its coding layers sends. */
export function digitsOf(n: Network): number {
  const coded = n.pops.find(isCoded);
  const end = n.pops.find((p) => p.neuron.model === "readout");
  const pop = coded ?? end ?? bug("a network of this code has a layer");
  return (pop.stop ?? n.steps) - pop.start - pop.silent;
}

/** Whether the population sends digits: ternary ones, or binary ones for comparison. */
export function isCoded(p: Population): boolean {
  return (
    p.neuron.model === "tsa" || (p.neuron.model === "unit" && neuronWords(p)["leak"] === "double" && neuronWords(p)["output"] !== "yes")
  );
}

/** The layers of a network that `assembleCss` made, by population. */
export function codedLayers(n: Network): readonly CodedLayer[] {
  const digits = digitsOf(n);
  return n.pops.map((pop): CodedLayer => {
    const count = sizeOf(pop.shape);
    const coded = isCoded(pop);
    const param = (name: string): Float64Array => {
      const given = pop.neuron.params[name] ?? 0;
      return typeof given === "string" ? bug(`${pop.name} has the word ${name}`) : spread(given, pop.shape);
    };
    return {
      pop,
      count,
      digits,
      kind: pop.neuron.model === "input" ? "input" : coded ? "coded" : "read",
      silent: pop.silent,
      lsb: coded ? param("resetValue").map((r) => r / resetOf(pop.silent)) : new Float64Array(count).fill(1),
      bias: coded ? param("bias").map((b) => b * firstPlace(digits)) : new Float64Array(count),
      relu: pop.neuron.params["latch"] !== "off",
      arrivals: n.links
        .filter((l) => l.to === pop.id)
        .map((l) => ({ from: l.from, scatter: scatterOf(l.kernel, pooledShape(l.pool, at(n.pops, l.from).shape), pop.shape) })),
    };
  });
}

/** A list of non-zero numbers for a scatter, overwritten by each call. */
export class NonZero {
  readonly index: Int32Array;
  readonly value: Float64Array;
  count = 0;

  constructor(size: number) {
    this.index = new Int32Array(size);
    this.value = new Float64Array(size);
  }

  /** values[from + i] * worth[i], where not zero. */
  take(values: ArrayLike<number>, from: number, length: number, worth: ArrayLike<number>): this {
    let k = 0;
    for (let i = 0; i < length; i++) {
      const v = values[from + i] as number;
      if (v === 0) continue;
      this.index[k] = i;
      this.value[k++] = v * (worth[i] as number);
    }
    this.count = k;
    return this;
  }
}
