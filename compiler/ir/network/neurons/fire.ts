import { saturate } from "./integrate.ts";
import type { Moment } from "./model.ts";

/*
 * The second half of a step, shared by the models that fire:
 *
 *   w = u + noise                         noise for the comparison only
 *   s = +1 if w >= threshold (ge) or w > threshold (gt)
 *   s = -1 if negative != none and w < -negativeThreshold and (free or fired > 0)
 *   fired: after +1: fired+1; after -1 in mode counted: fired-1; kept in 0 … 255
 *   payload: unit: s.  value: u clamped to the spike's range.  digit: s*place, and threshold and reset count place times too
 *            count: floor(u / threshold) for +1, but at least 1 and at most the largest payload
 *   v = sat(u - n*r) (subtract; n = payload for count and digit, else s), r (set), or u (none); r = resetValue, or negativeReset after -1
 *
 *   place = 2^(active steps that follow), at most 2^14: the first digit of a code counts most, the last one 1
 *
 * No neuron fires in the silent period.
 */

/** Largest value of the fired counter. */
export const firedMax = 255;

/** Largest exponent of a digit's place: 2^14 and its negative fit payloads of 16 bits. */
export const placeMax = 14;

/** What a digit is worth when so many active steps follow. */
export function placeOf(left: number): number {
  return 2 ** Math.min(placeMax, left);
}

export type Firing = {
  readonly threshold: Float64Array;
  readonly negativeThreshold: Float64Array;
  readonly resetValue: Float64Array;
  readonly negativeReset: Float64Array;
  /** Spikes sent so far, for the latch; not kept up where no negative spike can ask for it. */
  readonly fired: Float64Array;
  readonly compare: string;
  readonly reset: string;
  readonly negative: string;
  readonly emit: string;
  /** True when `out` holds the noise of each neuron on entry. */
  readonly noisy: boolean;
};

/** Compares and resets neurons 0 … count-1; on entry v holds u. Every element of `out` is written. */
export function fire(count: number, v: Float64Array, f: Firing, out: Float64Array, moment: FiringMoment, spike: PayloadRange): void {
  if (!moment.mayFire) {
    out.fill(0, 0, count);
    return;
  }
  if (f.negative === "none" && f.emit === "unit" && !f.noisy) firePlain(count, v, f, out);
  else fireAny(count, v, f, out, spike, f.emit === "digit" ? placeOf(moment.left) : 1);
  if (f.reset === "subtract") saturate(count, v, moment.limits);
}

type FiringMoment = Pick<Moment, "mayFire" | "limits" | "left">;
type PayloadRange = { readonly low: number; readonly high: number };

/** How often the threshold fits into u; at least 1, because noise may have fired a lower potential. */
function countOf(u: number, threshold: number, most: number): number {
  return threshold <= 0 ? most : Math.min(Math.max(Math.floor(u / threshold), 1), most);
}

/** The common case, binary spikes without noise: one compare per neuron. */
function firePlain(count: number, v: Float64Array, f: Firing, out: Float64Array): void {
  const { threshold, resetValue } = f;
  const orEqual = f.compare === "ge";
  const keep = f.reset === "none";
  const set = f.reset === "set";
  for (let i = 0; i < count; i++) {
    const u = v[i]!;
    const t = threshold[i]!;
    if (orEqual ? u >= t : u > t) {
      out[i] = 1;
      if (!keep) v[i] = set ? resetValue[i]! : u - resetValue[i]!;
    } else {
      out[i] = 0;
    }
  }
}

function fireAny(count: number, v: Float64Array, f: Firing, out: Float64Array, spike: PayloadRange, place: number): void {
  const { threshold, negativeThreshold, resetValue, negativeReset, fired, noisy } = f;
  const orEqual = f.compare === "ge";
  const signed = f.negative !== "none";
  const free = f.negative === "free";
  const counted = f.negative === "counted";
  for (let i = 0; i < count; i++) {
    const u = v[i]!;
    const w = noisy ? u + out[i]! : u;
    let s = 0;
    const t = threshold[i]! * place;
    if (orEqual ? w >= t : w > t) s = 1;
    else if (signed && w < -negativeThreshold[i]! * place && (free || fired[i]! > 0)) s = -1;
    if (s === 0) {
      out[i] = 0;
      continue;
    }
    if (s > 0) fired[i] = Math.min(firedMax, fired[i]! + 1);
    else if (counted) fired[i] = Math.max(0, fired[i]! - 1);
    let n = s * place;
    if (f.emit === "value") {
      out[i] = u < spike.low ? spike.low : u > spike.high ? spike.high : u;
    } else {
      if (f.emit === "count" && s > 0) n = countOf(u, threshold[i]!, spike.high);
      out[i] = n;
    }
    const r = s > 0 ? resetValue[i]! : negativeReset[i]!;
    if (f.reset === "subtract") v[i] = u - n * r;
    else if (f.reset === "set") v[i] = r;
  }
}
