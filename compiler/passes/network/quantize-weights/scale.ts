import { at } from "../../../base/bug.ts";

/** What decides the scale of one group of neurons. */
export type Need = {
  /** Least unit at which no weight is clipped: max |w| / largest whole weight, gains included. */
  readonly unclipped: number;
  /** Weights that compete for the range; only for clip=mse. */
  readonly weights: Float64Array | null;
  /** Largest whole weight. */
  readonly most: number;
  /** The threshold, if all neurons of the group have the same and it is positive. */
  readonly threshold: number | null;
  /** Whether half a threshold occurs too (as initial potential), so that the threshold had better be even. */
  readonly even: boolean;
  /** A bias that all neurons of the group have and whose rounding is doubled in every later step; null: none. */
  readonly bias: number | null;
  /** Width of the noise, which must become a power of two; 0 without noise. */
  readonly noise: number;
  /** Largest threshold, bias, reset or initial potential. */
  readonly parameters: number;
  /** Largest of these once they are whole. */
  readonly room: number;
};

/**
 * The unit of a group: real value of a weight of 1. As fine as the weight's range
 * allows; a little coarser where that makes the threshold a whole number, because every
 * spike depends on the threshold.
 */
export function scaleFor(n: Need): number {
  const least = Math.max(n.parameters / n.room, Number.MIN_VALUE);
  if (n.unclipped === 0) return n.parameters === 0 ? 1 : aligned(least, n, false);
  const fine = n.weights === null ? n.unclipped : leastSquares(n.weights, n.unclipped, n.most);
  if (n.noise > 0) return noiseScale(n.noise, Math.max(fine, least));
  return aligned(Math.max(fine, least), n, n.weights !== null);
}

/** threshold / k for a whole k: the greatest that keeps the unit from shrinking, or with clipping allowed the nearest. */
function aligned(unit: number, n: Need, nearest: boolean): number {
  if (n.threshold === null) return unit;
  const ratio = n.threshold / unit;
  let k = nearest ? Math.round(ratio) : Math.floor(ratio + 1e-9);
  if (n.even && k > 2 && k % 2 === 1) k--;
  return k >= 1 ? n.threshold / (n.bias === null ? k : forBias(n.threshold, k, n.bias, n.even)) : unit;
}

/** How much coarser a unit may be so that the bias is rounded less. */
const allowance = 1 / 16;

/** Among k and the somewhat smaller ones, that for which the bias is nearest to a whole number of units. */
function forBias(threshold: number, k: number, bias: number, even: boolean): number {
  const least = Math.max(k * (1 - allowance), k - 64);
  let [best, error] = [k, Infinity];
  for (let other = k; other >= least && other >= 1; other -= even ? 2 : 1) {
    const units = (bias * other) / threshold;
    const off = Math.abs(units - Math.round(units)) / other;
    if (off < error * (1 - 1e-9)) [best, error] = [other, off];
  }
  return best;
}

/** width / 2^b for the greatest b that keeps the unit from shrinking; the unit itself where noise is below it. */
function noiseScale(width: number, unit: number): number {
  const bits = Math.floor(Math.log2(width / unit) + 1e-9);
  return bits < 0 ? unit : width / 2 ** Math.min(bits, 23);
}

/** The unit among 1, 0.98, 0.96 … 0.3 of the unclipped one with the least squared error of the weights. */
export function leastSquares(weights: Float64Array, unclipped: number, most: number): number {
  let best = unclipped;
  let least = Infinity;
  for (let step = 0; step <= 35; step++) {
    const unit = unclipped * (1 - step * 0.02);
    let error = 0;
    for (let i = 0; i < weights.length; i++) {
      const w = at(weights, i);
      const d = w - unit * Math.min(most, Math.max(-most, Math.round(w / unit)));
      error += d * d;
    }
    if (error < least) [best, least] = [unit, error];
  }
  return best;
}
