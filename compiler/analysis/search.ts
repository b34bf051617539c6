import { at } from "../base/bug.ts";

/**
 * The smallest n in low … high that passes, if what passes at n passes beyond: doubles n until
 * it passes, then halves the gap. So n passes and n - 1, where it is in range, does not. Null when `high` does not pass.
 */
export async function smallest(low: number, high: number, passes: (n: number) => Promise<boolean>): Promise<number | null> {
  let failing = low - 1;
  let passing = low;
  while (!(await passes(passing))) {
    if (passing === high) return null;
    failing = passing;
    passing = Math.min(high, 2 * passing);
  }
  while (passing - failing > 1) {
    const middle = Math.floor((failing + passing) / 2);
    if (await passes(middle)) passing = middle;
    else failing = middle;
  }
  return passing;
}

/** The smallest n that passes going down from `high` one by one, stopping at the first that does not; null when `high` does not. */
export async function lowest(low: number, high: number, passes: (n: number) => Promise<boolean>): Promise<number | null> {
  let best: number | null = null;
  for (let n = high; n >= low && (await passes(n)); n--) best = n;
  return best;
}

/** The smallest n that passes going up from `low` one by one; null when none does. */
export async function first(low: number, high: number, passes: (n: number) => Promise<boolean>): Promise<number | null> {
  for (let n = low; n <= high; n++) if (await passes(n)) return n;
  return null;
}

/** Which points no other point beats: at least as good in everything, and better in something. Every measure is better when larger. */
export function frontOf(points: readonly (readonly number[])[]): readonly boolean[] {
  const beats = (a: readonly number[], b: readonly number[]): boolean => a.every((x, k) => x >= at(b, k)) && a.some((x, k) => x > at(b, k));
  return points.map((p) => !points.some((other) => beats(other, p)));
}
