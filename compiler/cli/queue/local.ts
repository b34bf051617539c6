import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Piscina } from "piscina";
import { InternalError } from "../../base/bug.ts";
import type { Answer, JobQueue, Task } from "./queue.ts";

/** Threads of this process: the default, and all that one machine needs. */
export function localQueue(threads: number): JobQueue {
  const source = import.meta.url.endsWith(".ts");
  const pool = new Piscina<Task, Answer>({
    filename: fileURLToPath(new URL(source ? "./work.ts" : "./work.js", import.meta.url)),
    // Node 20 cannot load TypeScript in a thread; a checkout's tests go through tsx.
    execArgv: source ? ["--import", typescriptLoader()] : [],
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: 60_000,
  });
  // Without a listener, a thread that does not even start would end the process.
  let crash: (error: InternalError) => void = () => {};
  const died = new Promise<never>((_, reject) => {
    crash = reject;
  });
  died.catch(() => {});
  pool.on("error", (error) => crash(crashed(error)));
  return {
    width: 2 * threads,
    run: (task) =>
      Promise.race([
        died,
        pool.run(task).catch((error: unknown) => {
          throw crashed(error);
        }),
      ]),
    close: () => pool.destroy(),
  };
}

/** Found from this file, not from the folder in which the command runs. */
function typescriptLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
}

/** What a thread died of: out of memory, or a mistake of ours that it has thrown. */
function crashed(error: unknown): InternalError {
  const what = error instanceof Error ? error : new Error(String(error));
  return new InternalError(`a worker thread ended: ${what.message}; --workers 1 does without threads`, { cause: what });
}
