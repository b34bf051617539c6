import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
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

/** Processors, and how many processes want one (mean of a minute): a rate means something where the second is less than the first. */
export function machineLoad(): Figures {
  return { processors: availableParallelism(), loadAverage: Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]) };
}

/** Processor seconds of each thread of this process so far, by its number. */
export function threadSeconds(): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (const task of readdirSync("/proc/self/task")) {
    // Behind the name, which is in brackets: user and system time are the 12th and the 13th field, in hundredths.
    const fields = readFileSync(`/proc/self/task/${task}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    out.set(task, (Number(fields[11]) + Number(fields[12])) / 100);
  }
  return out;
}

/** What threads have used since, the busiest first, those of less than a hundredth of the first left out. */
export function secondsSince(before: ReadonlyMap<string, number>): number[] {
  const used = [...threadSeconds()].map(([task, s]) => s - (before.get(task) ?? 0)).sort((a, b) => b - a);
  return used.filter((s) => s > 0 && s >= 0.01 * at(used, 0));
}
