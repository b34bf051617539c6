import { at } from "../base/bug.ts";

/**
 * Counts of values that are not negative, over a range that doubles whenever a
 * larger value comes. One pass over the data is enough, and its memory is fixed.
 */
export class Histogram {
  readonly #counts: Float64Array;
  #width = 0;
  #zeros = 0;
  #total = 0;
  #max = 0;

  constructor(bins: number) {
    this.#counts = new Float64Array(bins);
  }

  get max(): number {
    return this.#max;
  }

  /** Fraction of values above zero. */
  get active(): number {
    return this.#total === 0 ? 0 : 1 - this.#zeros / this.#total;
  }

  add(value: number): void {
    this.#total++;
    if (!(value > 0)) {
      this.#zeros++;
      return;
    }
    if (value > this.#max) this.#max = value;
    const bins = this.#counts.length;
    if (this.#width === 0) this.#width = value / bins;
    while (value >= this.#width * bins) this.#halve();
    const bin = Math.min(bins - 1, Math.floor(value / this.#width));
    this.#counts[bin] = at(this.#counts, bin) + 1;
  }

  /** Two bins become one, and the range twice as wide. */
  #halve(): void {
    const c = this.#counts;
    const half = c.length / 2;
    for (let i = 0; i < half; i++) c[i] = at(c, 2 * i) + at(c, 2 * i + 1);
    c.fill(0, half);
    this.#width *= 2;
  }

  /** The value that `percent` of all values, zeros included, do not exceed. */
  percentile(percent: number): number {
    let above = this.#total * (1 - percent / 100);
    if (above <= 0) return this.#max;
    for (let i = this.#counts.length - 1; i >= 0; i--) {
      const count = at(this.#counts, i);
      if (above < count) return Math.min(this.#max, (i + 1 - above / count) * this.#width);
      above -= count;
    }
    return 0;
  }

  /** Fraction of the values above zero that exceed `limit`. */
  above(limit: number): number {
    const active = this.#total - this.#zeros;
    if (active === 0 || limit >= this.#max) return 0;
    let count = 0;
    for (let i = this.#counts.length - 1; i >= 0 && (i + 0.5) * this.#width > limit; i--) count += at(this.#counts, i);
    return count / active;
  }

  /** Mean square of x - θ/T·clip(floor(xT/θ + ½), 0, T) over all values. */
  error(theta: number, steps: number): number {
    let sum = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      const count = at(this.#counts, i);
      if (count === 0) continue;
      const x = (i + 0.5) * this.#width;
      const level = Math.min(steps, Math.floor((x * steps) / theta + 0.5));
      sum += count * (x - (level * theta) / steps) ** 2;
    }
    return this.#total === 0 ? 0 : sum / this.#total;
  }

  /** The threshold in (0, max] with the least `error`: a coarse search, then a fine one around its best. */
  bestThreshold(steps: number): number {
    const search = (low: number, high: number, parts: number): number => {
      let [best, least] = [high, Infinity];
      for (let k = 1; k <= parts; k++) {
        const theta = low + ((high - low) * k) / parts;
        const error = this.error(theta, steps);
        if (error < least) [best, least] = [theta, error];
      }
      return best;
    };
    if (this.#max === 0) return 0;
    const coarse = search(0, this.#max, 64);
    const step = this.#max / 64;
    return search(Math.max(0, coarse - step), Math.min(this.#max, coarse + step), 16);
  }
}
