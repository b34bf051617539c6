import { availableParallelism } from "node:os";
import { bug } from "../../base/bug.ts";
import { Failure } from "../../base/diagnostic.ts";
import type { Build } from "../build/build.ts";
import { localQueue } from "../queue/local.ts";
import type { JobQueue } from "../queue/queue.ts";
import { openRung, type Outcome, type RunName } from "./rungs.ts";

const chunk = 32;

export type Samples = { readonly count: number; readonly sample: (index: number) => Float32Array };
export type Runs = (rung: RunName, samples: Samples, progress: (done: number) => void) => Promise<readonly Outcome[]>;

/** As many as the machine has, at most two: a sample is a small piece of work and the rungs hold a copy of the network each. */
export function defaultWorkers(): number {
  return Math.min(2, availableParallelism());
}

/** Samples one after another in this thread. */
export async function withOneThread<T>(build: Build, use: (runs: Runs) => Promise<T>): Promise<T> {
  return use((rung, samples, progress) => inThisThread(build, rung, samples, progress));
}

/** A folder that holds a build, and the hash of its list of files. */
export type BuildPlace = { readonly build: string; readonly hash: string };

/**
 * Runs samples over a queue's workers and hands back one outcome per sample, in order.
 * Each sample is independent of the others, so neither the number of workers nor where they are
 * can change a result.
 */
export async function withQueue<T>(place: BuildPlace, queue: JobQueue, use: (runs: Runs) => Promise<T>): Promise<T> {
  return use((rung, samples, progress) => overQueue(queue, place, rung, samples, progress));
}

/** The same over threads of this process. */
export async function withThreads<T>(place: BuildPlace, workers: number, use: (runs: Runs) => Promise<T>): Promise<T> {
  const queue = localQueue(workers);
  try {
    return await withQueue(place, queue, use);
  } finally {
    await queue.close();
  }
}

async function inThisThread(build: Build, name: RunName, samples: Samples, progress: (done: number) => void): Promise<readonly Outcome[]> {
  const rung = await openRung[name](build);
  const out: Outcome[] = [];
  for (let i = 0; i < samples.count; i++) {
    out.push(await rung(samples.sample(i)));
    if (i % 8 === 7) progress(i + 1);
  }
  return out;
}

/** Keeps only as many tasks under way as the queue is wide, so that decoded samples never pile up. */
async function overQueue(
  queue: JobQueue,
  place: BuildPlace,
  rung: RunName,
  samples: Samples,
  progress: (done: number) => void,
): Promise<readonly Outcome[]> {
  const out = new Array<Outcome>(samples.count);
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (next < samples.count) {
      const first = next;
      next = Math.min(samples.count, first + chunk);
      const mine = Array.from({ length: next - first }, (_, i) => samples.sample(first + i));
      const answer = await queue.run({ kind: "samples", ...place, rung, samples: mine });
      if (answer.kind === "failed") throw new Failure(answer.diagnostics);
      if (answer.kind !== "samples") bug(`samples were answered with a ${answer.kind}`);
      answer.outcomes.forEach((o, i) => {
        out[first + i] = o;
      });
      done += answer.outcomes.length;
      progress(done);
    }
  };
  await Promise.all(Array.from({ length: queue.width }, lane));
  return out;
}
