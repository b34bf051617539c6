/*
 * Delta debugging: the smallest part of a list that still shows what the whole shows. Halves are
 * tried first, then quarters, and so on (Zeller and Hildebrandt, "Simplifying and Isolating
 * Failure-Inducing Input", IEEE TSE 28(2), 2002).
 */

export type ShrinkOptions = {
  /** Trials at most; the best so far is returned when they are used up. */
  readonly trials: number;
  readonly progress?: (done: number, left: number) => void;
};

/** `shows` is asked about parts of `items`, in their order; the whole is known to show it. */
export async function shrink<T>(
  items: readonly T[],
  shows: (part: readonly T[]) => boolean | Promise<boolean>,
  options: ShrinkOptions,
): Promise<readonly T[]> {
  let best = items;
  let pieces = 2;
  let trials = 0;
  const ask = async (part: readonly T[]): Promise<boolean> => {
    trials++;
    options.progress?.(trials, best.length);
    return shows(part);
  };
  if (best.length > 0 && options.trials > 0 && (await ask([]))) return [];
  while (best.length >= 2 && trials < options.trials) {
    const size = Math.ceil(best.length / pieces);
    let smaller: readonly T[] | null = null;
    for (let from = 0; from < best.length && smaller === null && trials < options.trials; from += size) {
      const rest = [...best.slice(0, from), ...best.slice(from + size)];
      if (rest.length > 0 && (await ask(rest))) smaller = rest;
    }
    if (smaller !== null) {
      best = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) return best;
    else pieces = Math.min(best.length, 2 * pieces);
  }
  return best;
}

/** A sample with only some of its numbers; the others are 0. */
export function keepOnly(
  sample: readonly ArrayLike<number>[],
  kept: readonly { readonly input: number; readonly index: number }[],
): Float64Array[] {
  const out = sample.map((s) => new Float64Array(s.length));
  for (const { input, index } of kept) (out[input] as Float64Array)[index] = sample[input]?.[index] ?? 0;
  return out;
}

/** The numbers of a sample that are not 0. */
export function entriesOf(sample: readonly ArrayLike<number>[]): { readonly input: number; readonly index: number }[] {
  return sample.flatMap((s, input) =>
    Array.from(s, (v, index) => ({ v, index })).flatMap(({ v, index }) => (v === 0 ? [] : [{ input, index }])),
  );
}

/** The sample with as few numbers as still make `shows` true. */
export async function shrinkSample(
  sample: readonly ArrayLike<number>[],
  shows: (sample: readonly Float64Array[]) => boolean | Promise<boolean>,
  options: ShrinkOptions,
): Promise<readonly Float64Array[]> {
  const kept = await shrink(entriesOf(sample), (part) => shows(keepOnly(sample, part)), options);
  return keepOnly(sample, kept);
}
