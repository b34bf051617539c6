import { at } from "../../../base/bug.ts";

/** What an axon can multiply by: g * 2^s with g of so many bits (two's complement) and 0 <= s <= shiftMax. */
export type AxonGain = { readonly bits: number; readonly shiftMax: number };

/** Whether the axon can multiply by this number. */
export function representable(v: number, axon: AxonGain): boolean {
  if (!Number.isInteger(v)) return false;
  const most = 2 ** (axon.bits - 1) - 1;
  let g = Math.abs(v);
  for (let s = 0; s < axon.shiftMax && g > most && g % 2 === 0; s++) g /= 2;
  return g <= most;
}

/**
 * Real gains as whole ones times a unit. Exact when they are multiples of the
 * smallest that an axon can hold, such as powers of two; else rounded to the axon's bits.
 */
export function wholeGains(
  gains: Float64Array,
  axon: AxonGain,
): { readonly unit: number; readonly gains: Float64Array; readonly most: number } {
  const sizes = gains.map(Math.abs).filter((g) => g > 0);
  if (sizes.length === 0) return { unit: 1, gains: gains.slice(), most: 1 };
  let [least, most] = [Infinity, 0];
  for (const g of sizes) [least, most] = [Math.min(least, g), Math.max(most, g)];
  const exact = gains.map((g) => g / least);
  if (exact.every((g, i) => representable(g, axon) && g * least === at(gains, i))) return { unit: least, gains: exact, most: most / least };
  const unit = most / (2 ** (axon.bits - 1) - 1);
  return { unit, gains: gains.map((g) => Math.round(g / unit)), most: 2 ** (axon.bits - 1) - 1 };
}
