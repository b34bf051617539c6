import { must } from "../../base/bug.ts";
import type { Neurons } from "./spiking.ts";
import type { Course } from "./through-time.ts";

/*
 * How a layer's output differs from what ReLU makes of its own mean input z̄ (bias
 * included). Per neuron and sample:
 *
 *   ReLU(z̄) - θN/T  =  [ReLU(z̄) - clip(z̄,0,θ)]  +  [clip(z̄,0,θ) - QC(z̄)]  +  [QC(z̄) - θN/T]
 *        total               clipping                  quantization              residual
 *   QC(z) = θ·clip(floor(zT/θ + ½), 0, T)/T
 *
 * The residual part is a multiple of θ/T: charge that came too early (fired, and then driven
 * below zero: too many spikes) or too late (left above the threshold: too few). A network
 * trained with quantized clips knows the first two, so they cost it little; the residual is
 * what it does not know. Wang et al., IEEE TNNLS 36(2):3189.
 */

/** Means over neurons and samples, in units of the threshold. The signed ones add up: total = clipping + quantization + residual. */
export type LayerErrors = {
  readonly layer: string;
  /** Trained network's value less the layer's output, which is what phase II makes small. */
  readonly difference: { readonly mean: number; readonly size: number };
  readonly mean: Parts;
  /** Means of absolute values. */
  readonly size: Parts;
  /** Fraction of neurons that end below zero having fired, and at the threshold or above having been silent in some step. */
  readonly below: number;
  readonly above: number;
};

export type Parts = { readonly total: number; readonly clipping: number; readonly quantization: number; readonly residual: number };

const parts = ["total", "clipping", "quantization", "residual"] as const;

/** The parts of one neuron in one sample. */
export function errorParts(charge: number, fired: number, theta: number, steps: number): Parts {
  const mean = charge / steps;
  const output = (theta * fired) / steps;
  const relu = Math.max(mean, 0);
  const clip = Math.min(relu, theta);
  const counted = (theta * Math.min(Math.max(Math.floor((mean * steps) / theta + 0.5), 0), steps)) / steps;
  return { total: relu - output, clipping: relu - clip, quantization: clip - counted, residual: counted - output };
}

/** Gathers the errors of one layer. Asserts for every neuron and sample that charge is conserved and that the parts add up. */
export class ErrorSums {
  readonly #layer: string;
  readonly #mean = parts.map(() => 0);
  readonly #size = parts.map(() => 0);
  readonly #difference = { mean: 0, size: 0 };
  #count = 0;
  #below = 0;
  #above = 0;

  constructor(layer: string) {
    this.#layer = layer;
  }

  add({ theta, initial }: Neurons, course: Course, steps: number, values: ArrayLike<number>): void {
    const { charge, fired, last } = course;
    for (let i = 0; i < theta.length; i++) {
      const [c, n, v] = [charge[i]!, fired[i]!, theta[i]!];
      must(near(c + initial[i]!, v * n + last[i]!, v + Math.abs(c)), `layer ${this.#layer} conserves charge`);
      const e = errorParts(c, n, v, steps);
      must(near(e.total, e.clipping + e.quantization + e.residual, v + Math.abs(c)), `the errors of layer ${this.#layer} add up`);
      parts.forEach((p, k) => {
        this.#mean[k]! += e[p] / v;
        this.#size[k]! += Math.abs(e[p]) / v;
      });
      const difference = (values[i]! - (v * n) / steps) / v;
      this.#difference.mean += difference;
      this.#difference.size += Math.abs(difference);
      if (last[i]! < 0 && n > 0) this.#below++;
      if (last[i]! >= v && n < steps) this.#above++;
    }
    this.#count += theta.length;
  }

  means(): LayerErrors {
    const per = (sums: readonly number[]): Parts =>
      Object.fromEntries(parts.map((p, k) => [p, sums[k]! / Math.max(1, this.#count)])) as Parts;
    const share = (n: number): number => n / Math.max(1, this.#count);
    const difference = { mean: share(this.#difference.mean), size: share(this.#difference.size) };
    return {
      layer: this.#layer,
      difference,
      mean: per(this.#mean),
      size: per(this.#size),
      below: share(this.#below),
      above: share(this.#above),
    };
  }
}

function near(a: number, b: number, size: number): boolean {
  return Math.abs(a - b) <= 1e-9 * (size + Math.abs(a));
}

/** Rows for a report, as parts of the threshold. */
export function errorRows(errors: readonly LayerErrors[]): readonly Record<string, string>[] {
  const show = (x: number): string => x.toFixed(4);
  return errors.map((e) => ({
    layer: e.layer,
    ...Object.fromEntries(parts.map((p) => [p, `${show(e.mean[p])} (${show(e.size[p])})`])),
    "from the trained": `${show(e.difference.mean)} (${show(e.difference.size)})`,
    "ends below 0": `${(100 * e.below).toFixed(2)}%`,
    "ends above θ": `${(100 * e.above).toFixed(2)}%`,
  }));
}
