import type { Limits } from "./model.ts";

/*
 * The first half of a step, shared by the models: leak, then add input and bias.
 * The potential is updated in place, so that after these calls `v` holds u, the
 * potential before firing.
 */

/** Fraction of the chip-style multipliers: a factor is m / 4096. */
export const factorUnit = 4096;

/** v = decay * v, in one of the ways hardware rounds it. `real` does not round. */
export function leak(count: number, v: Float64Array, decay: Float64Array, how: string): void {
  if (how === "multiply") leakMultiply(count, v, decay, factorUnit);
  else if (how === "shift") for (let i = 0; i < count; i++) v[i] = v[i]! - Math.floor(v[i]! * (1 - decay[i]!));
  else for (let i = 0; i < count; i++) v[i] = v[i]! * decay[i]!;
}

/** v = trunc(v * round(factor * scale) / 4096). */
export function leakMultiply(count: number, v: Float64Array, factor: Float64Array, scale: number): void {
  for (let i = 0; i < count; i++) v[i] = Math.trunc((v[i]! * Math.round(factor[i]! * scale)) / factorUnit);
}

/** v = sat(v + drive + bias); the bias is left out where it is null. */
export function integrate(count: number, v: Float64Array, drive: Float64Array, bias: Float64Array | null, limits: Limits): void {
  if (bias === null) for (let i = 0; i < count; i++) v[i] = v[i]! + drive[i]!;
  else for (let i = 0; i < count; i++) v[i] = v[i]! + drive[i]! + bias[i]!;
  saturate(count, v, limits);
}

/** Clamps to the limits; free when they are infinite. */
export function saturate(count: number, v: Float64Array, limits: Limits): void {
  const { low, high } = limits;
  if (low === -Infinity && high === Infinity) return;
  for (let i = 0; i < count; i++) {
    const x = v[i]!;
    if (x < low) v[i] = low;
    else if (x > high) v[i] = high;
  }
}
