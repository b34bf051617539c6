import { Matrix, SingularValueDecomposition, solve } from "ml-matrix";
import { at } from "../../base/bug.ts";

/*
 * Linear least squares with bounds: minimize |A x - b|² with low <= x <= high, by active sets
 * (P. B. Stark and R. L. Parker, "Bounded-variable least-squares", Computational Statistics 10,
 * 1995): solve for the variables that are free, hold those that leave their bounds at them, and
 * let those go again whose gradient points inwards.
 */

export type Bounded = {
  readonly x: Float64Array;
  /** Where each variable ended: inside, or at a bound. */
  readonly at: readonly ("free" | "low" | "high")[];
};

/** A [rows][columns]; every row has as many columns as there are bounds. */
export function boundedLeastSquares(
  a: readonly (readonly number[])[],
  b: readonly number[],
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): Bounded {
  const n = low.length;
  const state = new Array<"free" | "low" | "high">(n).fill("free");
  const x = Float64Array.from({ length: n }, (_, j) => Math.min(Math.max(0, low[j] as number), high[j] as number));
  // Each round either holds one variable more or improves the sum; the limit only guards against cycling by rounding.
  for (let round = 0; round < 10 * n + 10; round++) {
    while (!solveFree(a, b, low, high, state, x)) {
      // A variable has reached a bound; solve again without it.
    }
    const release = mostInward(a, b, state, x);
    if (release === null) break;
    state[release] = "free";
  }
  return { x, at: state };
}

/** One solution for the free variables. Where it leaves the bounds, goes there as far as they allow, holds what has reached one, and is false. */
function solveFree(
  a: readonly (readonly number[])[],
  b: readonly number[],
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  state: ("free" | "low" | "high")[],
  x: Float64Array,
): boolean {
  const free = [...state.keys()].filter((j) => state[j] === "free");
  if (free.length === 0) return true;
  const rest = b.map((y, i) => y - at(a, i).reduce((s, w, j) => (state[j] === "free" ? s : s + w * (x[j] as number)), 0));
  const columns = new Matrix(a.map((row) => free.map((j) => at(row, j))));
  // By singular values, so that what nothing measures stays as small as it can.
  const z = solve(columns, Matrix.columnVector(rest), true).to1DArray();
  let step = 1;
  let blocking = -1;
  free.forEach((j, k) => {
    const [from, to] = [x[j] as number, at(z, k)];
    const bound = to < (low[j] as number) ? (low[j] as number) : to > (high[j] as number) ? (high[j] as number) : null;
    if (bound === null) return;
    const part = to === from ? 0 : (bound - from) / (to - from);
    if (part < step) {
      step = Math.max(0, part);
      blocking = j;
    }
  });
  free.forEach((j, k) => {
    x[j] = (x[j] as number) + step * (at(z, k) - (x[j] as number));
  });
  if (blocking < 0) return true;
  const upper = at(z, free.indexOf(blocking)) > (high[blocking] as number);
  x[blocking] = (upper ? high[blocking] : low[blocking]) as number;
  state[blocking] = upper ? "high" : "low";
  return false;
}

/** The held variable whose release lowers the sum fastest; null where none does. */
function mostInward(
  a: readonly (readonly number[])[],
  b: readonly number[],
  state: readonly ("free" | "low" | "high")[],
  x: Float64Array,
): number | null {
  const residual = b.map((y, i) => y - at(a, i).reduce((s, w, j) => s + w * (x[j] as number), 0));
  const scale = Math.max(1e-300, ...b.map(Math.abs));
  let best: number | null = null;
  let most = 1e-10 * scale;
  state.forEach((s, j) => {
    if (s === "free") return;
    const gradient = a.reduce((sum, row, i) => sum + at(row, j) * at(residual, i), 0);
    const inward = s === "low" ? gradient : -gradient;
    if (inward > most) {
      most = inward;
      best = j;
    }
  });
  return best;
}

/** How the rows of A tell the columns apart. */
export type Resolution = {
  /** Per column: 1 when the rows fix it alone, 0 when they say nothing of it, between where only sums with others are fixed. */
  readonly resolved: Float64Array;
  /** Per column: variance of the solution for rows of variance 1, within what is resolved. */
  readonly variance: Float64Array;
};

/** Directions of less than `cutoff` of the largest singular value count as not measured. */
export function resolutionOf(a: readonly (readonly number[])[], cutoff: number): Resolution {
  const columns = a[0]?.length ?? 0;
  const resolved = new Float64Array(columns);
  const variance = new Float64Array(columns);
  if (a.length === 0 || columns === 0) return { resolved, variance };
  const svd = new SingularValueDecomposition(new Matrix(a.map((row) => [...row])), { autoTranspose: true });
  const v = svd.rightSingularVectors;
  const largest = Math.max(...svd.diagonal);
  svd.diagonal.forEach((s, k) => {
    if (s <= cutoff * largest) return;
    for (let j = 0; j < columns; j++) {
      const w = v.get(j, k) ** 2;
      resolved[j] = (resolved[j] as number) + w;
      variance[j] = (variance[j] as number) + w / (s * s);
    }
  });
  return { resolved, variance };
}
