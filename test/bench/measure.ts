import { at } from "../../compiler/base/bug.ts";

/** What a benchmark found, by name. `comparedWith` says with what, in words. */
export type Figures = Readonly<Record<string, number | string>>;

/** Seconds that `work` takes: the median of `runs` runs. */
export async function seconds(runs: number, work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const from = performance.now();
    await work();
    times.push((performance.now() - from) / 1000);
  }
  return at(
    times.sort((a, b) => a - b),
    runs >> 1,
  );
}

/** Most memory that the process has had, in bytes. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Additions a second of rows of 256 int16 weights in cache into int32 sums, in plain TypeScript. */
export async function bareLoop(): Promise<number> {
  const weights = Int16Array.from({ length: 64 * 256 }, (_, i) => (i * 7919) % 255);
  const sums = new Int32Array(256);
  const rounds = 2000;
  const one = (): void => {
    for (let n = 0; n < rounds; n++) {
      const row = (n % 64) * 256;
      for (let i = 0; i < 256; i++) sums[i] = (sums[i] as number) + (weights[row + i] as number);
    }
  };
  one();
  return (rounds * 256) / (await seconds(9, one));
}
