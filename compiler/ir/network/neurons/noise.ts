import { counterNoise } from "../../../base/random.ts";

/*
 * Noise of the comparison. Every value is a pure function of (seed, key, step), so
 * no order of evaluation can change it.
 */

/** Real-valued noise: uniform in [0, width), or the sum of four such numbers less its mean ("gauss"). */
export function realNoise(
  count: number,
  out: Float64Array,
  kind: string,
  width: Float64Array,
  key: Float64Array,
  seed: number,
  step: number,
): void {
  const draws = kind === "gauss" ? 4 : 1;
  for (let i = 0; i < count; i++) {
    let sum = draws === 4 ? -2 * width[i]! : 0;
    for (let k = 0; k < draws; k++) sum += (counterNoise(seed, key[i]!, draws * step + k) / 2 ** 32) * width[i]!;
    out[i] = sum;
  }
}

/** Integer noise of so many bits: uniform in 0 … 2^bits-1, or the sum of four less 2*(2^bits-1). Zero bits give 0. */
export function integerNoise(
  count: number,
  out: Float64Array,
  kind: string,
  bits: Float64Array,
  key: Float64Array,
  seed: number,
  step: number,
): void {
  const draws = kind === "gauss" ? 4 : 1;
  for (let i = 0; i < count; i++) {
    const b = bits[i]!;
    let sum = draws === 4 ? -2 * (2 ** b - 1) : 0;
    if (b > 0) for (let k = 0; k < draws; k++) sum += counterNoise(seed, key[i]!, draws * step + k) >>> (32 - b);
    out[i] = sum;
  }
}
