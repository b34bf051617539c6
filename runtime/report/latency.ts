/** A distribution of numbers, one per sample, in whatever unit they have. */
export type Distribution = {
  readonly samples: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Equal bins from `low` on, each `width` wide; the last one includes its end. */
  readonly histogram: { readonly low: number; readonly width: number; readonly counts: readonly number[] };
};

/** Percentiles are of the samples themselves: the smallest value that so many per cent do not exceed. */
export function distributionOf(values: readonly number[], binsMax = 40): Distribution {
  const sorted = Float64Array.from(values).sort();
  const samples = sorted.length;
  const rank = (p: number): number => sorted[Math.max(0, Math.ceil(p * samples) - 1)] ?? 0;
  return {
    samples,
    mean: samples === 0 ? 0 : sorted.reduce((a, b) => a + b, 0) / samples,
    p50: rank(0.5),
    p99: rank(0.99),
    max: sorted.at(-1) ?? 0,
    histogram: histogramOf(sorted, binsMax),
  };
}

function histogramOf(sorted: Float64Array, binsMax: number): Distribution["histogram"] {
  const low = sorted[0] ?? 0;
  const high = sorted.at(-1) ?? 0;
  // Integers get bins of whole width, so that no bin catches more integers than another.
  const integers = sorted.every((v) => Number.isInteger(v));
  const bins = Math.max(1, Math.min(binsMax, sorted.length, integers ? high - low + 1 : binsMax));
  const exact = (high - low + (integers ? 1 : 0)) / bins;
  const width = integers ? Math.max(1, Math.ceil(exact)) : exact > 0 ? exact : 1;
  const counts = new Array<number>(Math.max(1, Math.min(bins, integers ? Math.ceil((high - low + 1) / width) : bins))).fill(0);
  for (const v of sorted) {
    const k = Math.min(counts.length - 1, Math.floor((v - low) / width));
    counts[k] = (counts[k] as number) + 1;
  }
  return { low, width, counts };
}
