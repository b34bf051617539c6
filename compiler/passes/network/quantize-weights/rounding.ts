import { at } from "../../../base/bug.ts";
import { sizeOf } from "../../../base/tensor.ts";
import type { Kernel } from "../../../ir/network/types.ts";

/*
 * Which way a weight is rounded. To the nearest, each weight errs by little, but what
 * a neuron gets errs by the sum: neighbours in a map are alike, so the nine errors of a 3x3 kernel
 * meet nine inputs that are nearly one number. Rounding some weights the other way keeps the
 * sums: first of the weights that meet one channel of the source, then of all weights of a row.
 *
 *   nearest     0.4 0.4 0.4 0.4  ->  0 0 0 0       the sum errs by 1.6
 *   sums        0.4 0.4 0.4 0.4  ->  1 1 0 0       by 0.4
 *
 * Those are turned whose own error grows least. No data is needed. (SQuant: Guo et al., SQuant:
 * On-the-Fly Data-Free Quantization via Diagonal Hessian Approximation, ICLR 2022.)
 */

/** Weights of a kernel as rows (one for each target or output channel) of blocks (one for each source channel) that are stored one behind the other. */
type Blocks = { readonly row: number; readonly block: number };

/** Null where a kernel has no rows of many weights. */
export function blocksOf(k: Kernel, inShape: readonly number[]): Blocks | null {
  switch (k.kind) {
    case "dense": {
      const inputs = at(k.weight.shape, 1);
      return { row: inputs, block: inputs / at(inShape, 0) };
    }
    case "conv": {
      const perRow = k.weight.shape.slice(k.shared ? 1 : 1 + k.stride.length);
      return { row: sizeOf(perRow), block: sizeOf(perRow.slice(1)) };
    }
    default:
      return null;
  }
}

/** Whole numbers for `exact`, within ±most, with the sums of blocks and rows kept. */
export function roundSums(exact: Float64Array, { row, block }: Blocks, most: number): Float64Array {
  const whole = exact.map((x) => Math.min(most, Math.max(-most, Math.round(x))));
  for (let r = 0; r < exact.length; r += row) {
    const left: { readonly error: number; readonly from: number }[] = [];
    for (let from = r; from < r + row; from += block) {
      turn(whole, exact, from, block, errorOf(whole, exact, from, block), most);
      left.push({ error: errorOf(whole, exact, from, block), from });
    }
    const sum = left.reduce((s, b) => s + b.error, 0);
    const sign = Math.sign(sum);
    left.sort((a, b) => sign * (b.error - a.error));
    let rest = Math.round(Math.abs(sum));
    for (const b of left) if (rest > 0) rest -= turn(whole, exact, b.from, block, sign, most);
  }
  return whole;
}

/** By how much the block's sum is too large; weights that are clipped err on purpose. */
function errorOf(whole: Float64Array, exact: Float64Array, from: number, block: number): number {
  let sum = 0;
  for (let i = from; i < from + block; i++) {
    const e = at(whole, i) - at(exact, i);
    if (Math.abs(e) < 1) sum += e;
  }
  return sum;
}

/** Rounds as many weights the other way as bring the block's sum nearest to `error` less; those first that were nearly rounded that way. Returns how many. */
function turn(whole: Float64Array, exact: Float64Array, from: number, block: number, error: number, most: number): number {
  const count = Math.round(Math.abs(error));
  if (count === 0) return 0;
  const sign = Math.sign(error);
  const able: number[] = [];
  for (let i = from; i < from + block; i++) {
    const e = sign * (at(whole, i) - at(exact, i));
    if (e > 0 && e <= 0.5 && Math.abs(at(whole, i) - sign) <= most) able.push(i);
  }
  able.sort((a, b) => sign * (at(whole, b) - at(exact, b)) - sign * (at(whole, a) - at(exact, a)) || a - b);
  for (const i of able.slice(0, count)) whole[i] = at(whole, i) - sign;
  return Math.min(count, able.length);
}
