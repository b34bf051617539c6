import { at } from "../base/bug.ts";
import { type OwnParts, ownPartNames } from "./own.ts";
import type { Reading } from "./reading.ts";
import { Correlation, type Share, Shares } from "./sums.ts";

/** What became of one layer. Values are the model's numbers; fractions are of all neurons and samples. */
export type LayerLoss = {
  readonly layer: string;
  readonly neurons: number;
  /** Mean absolute value in the trained model, to measure deviations by. */
  readonly size: number;
  /** Of the last form from the first one. */
  readonly deviation: Share;
  /** Parts of that, which add up to it in `mean` and in `absolute`. */
  readonly parts: readonly (Share & { readonly part: string })[];
  /** Pearson's correlation of the last form with the first one; null where one of them is constant. */
  readonly correlation: number | null;
  /** Fraction of the model's values above what the neurons can say. Null for the answer. */
  readonly clipped: number | null;
  /** Fraction of values of the spiking network that are not those nearest to the layer's own input. Null where it cannot be known. */
  readonly wrong: number | null;
  /** Fraction of neurons that stay at zero, or at their largest value, in all samples. Null for the answer. */
  readonly silent: number | null;
  readonly full: number | null;
  /** What the layer itself does wrong in the spiking network, apart from what it inherits; adds up to that network's deviation. */
  readonly own: readonly (Share & { readonly part: (typeof ownPartNames)[number] })[] | null;
};

type Measured = { readonly name: string; readonly neurons: number; readonly reading: Reading | null };

/** Gathers one layer over the samples. */
export class LayerSums {
  readonly #layer: Measured;
  readonly #parts: readonly string[];
  /** Which forms have the layer, once the first sample has shown it. */
  #present: readonly number[] | null = null;
  #shares = new Shares(0);
  readonly #own = new Shares(ownPartNames.length);
  readonly #correlation = new Correlation();
  readonly #moved: Uint8Array;
  readonly #lower: Uint8Array;
  #neurons: number;
  #clipped = 0;
  #wrong = 0;
  #measured = 0;
  #values = 0;

  constructor(layer: Measured, parts: readonly string[]) {
    this.#layer = layer;
    this.#parts = parts;
    this.#neurons = layer.neurons;
    this.#moved = new Uint8Array(layer.neurons);
    this.#lower = new Uint8Array(layer.neurons);
  }

  /** One sample: the layer in every form, and its own flaws where they are known. */
  add(forms: readonly (Float64Array | null)[], own: OwnParts | null): void {
    this.#present ??= this.#start(forms);
    const chain = this.#present.map((r) => forms[r] as Float64Array);
    if (chain.length === 0) return;
    const [first, last] = [at(chain, 0), at(chain, chain.length - 1)];
    this.#neurons = first.length;
    this.#values += first.length;
    this.#shares.add(chain);
    this.#correlation.add(first, last);
    this.#watch(first, last);
    if (own === null) return;
    this.#own.add(own.chain);
    this.#wrong += own.wrong;
    this.#measured += first.length;
  }

  #start(forms: readonly (Float64Array | null)[]): readonly number[] {
    const present = forms.flatMap((f, r) => (f === null ? [] : [r]));
    this.#shares = new Shares(Math.max(0, present.length - 1));
    return present;
  }

  #watch(first: Float64Array, last: Float64Array): void {
    const { reading } = this.#layer;
    if (reading === null) return;
    for (let i = 0; i < last.length; i++) {
      const top = at(reading.unit, i) * reading.levels;
      if (at(first, i) > top * (1 + slack)) this.#clipped++;
      if (at(last, i) !== 0) this.#moved[i] = 1;
      if (at(last, i) < top * (1 - slack)) this.#lower[i] = 1;
    }
  }

  get loss(): LayerLoss {
    const present = this.#present ?? [];
    const all = Math.max(1, this.#values);
    const read = this.#layer.reading !== null;
    const neurons = Math.max(1, this.#layer.neurons);
    const without = (seen: Uint8Array): number => seen.reduce((n, s) => n + (s === 0 ? 1 : 0), 0) / neurons;
    return {
      layer: this.#layer.name,
      neurons: this.#neurons,
      size: this.#correlation.size,
      deviation: this.#shares.total,
      parts: this.#shares.parts.map((share, k) => ({ part: at(this.#parts, at(present, k + 1)), ...share })),
      correlation: this.#correlation.value,
      clipped: read ? this.#clipped / all : null,
      wrong: this.#measured === 0 ? null : this.#wrong / this.#measured,
      silent: read ? without(this.#moved) : null,
      full: read ? without(this.#lower) : null,
      own: this.#measured === 0 ? null : this.#own.parts.map((share, k) => ({ part: at(ownPartNames, k), ...share })),
    };
  }
}

/** float32 models against double thresholds. */
const slack = 1e-6;
