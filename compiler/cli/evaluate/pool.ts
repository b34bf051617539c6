import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Piscina } from "piscina";
import { InternalError } from "../../base/bug.ts";
import { Failure } from "../../base/diagnostic.ts";
import type { Build } from "../build/build.ts";
import { openRung, type Outcome, type RungName } from "./rungs.ts";
import type { Answer, Task } from "./worker.ts";

const chunk = 32;

export type Samples = { readonly count: number; readonly sample: (index: number) => Float32Array };
export type Runs = (rung: RungName, samples: Samples, progress: (done: number) => void) => Promise<readonly Outcome[]>;

/** As many as the machine has, at most two: a sample is a small piece of work and the rungs hold a copy of the network each. */
export function defaultWorkers(): number {
  return Math.min(2, availableParallelism());
}

/**
 * Runs samples over worker threads (or in this one when `workers` is 1) and hands
 * back one outcome per sample, in order. Each sample is independent of the others, so the
 * number of workers cannot change a result.
 */
export async function withRuns<T>(build: Build, folder: string, workers: number, use: (runs: Runs) => Promise<T>): Promise<T> {
  if (workers === 1) return use((rung, samples, progress) => inThisThread(build, rung, samples, progress));
  const source = import.meta.url.endsWith(".ts");
  const pool = new Piscina<Task, Answer>({
    filename: fileURLToPath(new URL(source ? "./worker.ts" : "./worker.js", import.meta.url)),
    // Node 20 cannot load TypeScript in a thread; a checkout's tests go through tsx.
    execArgv: source ? ["--import", typescriptLoader()] : [],
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: 60_000,
  });
  // Without a listener, a thread that does not even start would end the process.
  const crash = new Promise<never>((_, reject) => {
    pool.on("error", (error) => reject(crashed(error)));
  });
  try {
    return await Promise.race([
      crash,
      use((rung, samples, progress) => inThreads(pool, workers, { build: folder, rung }, samples, progress)),
    ]);
  } finally {
    await pool.destroy();
  }
}

/** Found from this file, not from the folder in which the command runs. */
function typescriptLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
}

/** What a thread died of: out of memory, or a mistake of ours that it has thrown. */
function crashed(error: unknown): InternalError {
  const what = error instanceof Error ? error : new Error(String(error));
  return new InternalError(`a thread of the evaluation ended: ${what.message}; --workers 1 does without threads`, { cause: what });
}

async function inThisThread(build: Build, name: RungName, samples: Samples, progress: (done: number) => void): Promise<readonly Outcome[]> {
  const rung = await openRung[name](build);
  const out: Outcome[] = [];
  for (let i = 0; i < samples.count; i++) {
    out.push(await rung(samples.sample(i)));
    if (i % 8 === 7) progress(i + 1);
  }
  return out;
}

/** Keeps two tasks per worker under way, so that decoded samples never pile up. */
async function inThreads(
  pool: Piscina<Task, Answer>,
  workers: number,
  task: Omit<Task, "samples">,
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
      const answer = await pool.run({ ...task, samples: mine }).catch((error: unknown) => {
        throw crashed(error);
      });
      if ("diagnostics" in answer) throw new Failure(answer.diagnostics);
      answer.outcomes.forEach((o, i) => {
        out[first + i] = o;
      });
      done += answer.outcomes.length;
      progress(done);
    }
  };
  await Promise.all(Array.from({ length: 2 * workers }, lane));
  return out;
}
