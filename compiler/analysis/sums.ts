import { at } from "../base/bug.ts";

/*
 * Sums over neurons and samples for one layer. The forms of a network are a chain
 * a₀, a₁ … aₖ of values of the same neuron, with dᵣ = aᵣ - aᵣ₋₁ and D = aₖ - a₀ = Σ dᵣ. Two ways to
 * share out the size of D add up exactly, whatever the signs:
 *
 *   mean        E[D]   = Σ E[dᵣ]
 *   absolute    E[|D|] = Σ E[dᵣ · sign D]
 *
 * A part is negative where it makes up for others.
 */

/** One part of a layer's deviation. */
export type Share = {
  readonly mean: number;
  /** Its share of the mean absolute deviation. */
  readonly absolute: number;
  /** Its own root mean square, which does not add up. */
  readonly rms: number;
};

type Sum = { mean: number; absolute: number; squares: number };

export class Shares {
  readonly #parts: readonly Sum[];
  readonly #total: Sum = { mean: 0, absolute: 0, squares: 0 };
  #count = 0;

  constructor(parts: number) {
    this.#parts = Array.from({ length: parts }, () => ({ mean: 0, absolute: 0, squares: 0 }));
  }

  /** Adds a sample: the chain of forms, each with a value per neuron. */
  add(chain: readonly Float64Array[]): void {
    const first = at(chain, 0);
    const last = at(chain, chain.length - 1);
    for (let i = 0; i < first.length; i++) {
      const total = (last[i] as number) - (first[i] as number);
      const sign = Math.sign(total);
      this.#total.mean += total;
      this.#total.absolute += total * sign;
      this.#total.squares += total * total;
      for (let r = 1; r < chain.length; r++) {
        const d = ((chain[r] as Float64Array)[i] as number) - ((chain[r - 1] as Float64Array)[i] as number);
        if (d === 0) continue;
        const part = this.#parts[r - 1] as Sum;
        part.mean += d;
        part.absolute += d * sign;
        part.squares += d * d;
      }
    }
    this.#count += first.length;
  }

  get parts(): readonly Share[] {
    return this.#parts.map((p) => this.#share(p));
  }

  get total(): Share {
    return this.#share(this.#total);
  }

  #share({ mean, absolute, squares }: Sum): Share {
    const n = Math.max(1, this.#count);
    return { mean: mean / n, absolute: absolute / n, rms: Math.sqrt(squares / n) };
  }
}

/** Pearson's correlation of two lists of numbers that come piece by piece, and the mean size of the first. */
export class Correlation {
  #n = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #yy = 0;
  #xy = 0;
  #size = 0;

  add(x: Float64Array, y: Float64Array): void {
    for (let i = 0; i < x.length; i++) {
      const [a, b] = [x[i] as number, y[i] as number];
      this.#x += a;
      this.#y += b;
      this.#xx += a * a;
      this.#yy += b * b;
      this.#xy += a * b;
      this.#size += Math.abs(a);
    }
    this.#n += x.length;
  }

  /** Null where one of the lists never changes. */
  get value(): number | null {
    const n = Math.max(1, this.#n);
    const [vx, vy] = [this.#xx - (this.#x * this.#x) / n, this.#yy - (this.#y * this.#y) / n];
    // What rounding leaves of a variance that is zero is no variance.
    if (vx <= tiny * this.#xx || vy <= tiny * this.#yy) return null;
    return (this.#xy - (this.#x * this.#y) / n) / Math.sqrt(vx * vy);
  }

  get size(): number {
    return this.#size / Math.max(1, this.#n);
  }
}

const tiny = 1e-12;
