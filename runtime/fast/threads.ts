import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { bug } from "../../compiler/base/bug.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { Built, Machine } from "./build.ts";
import type { Workers } from "./engine.ts";
import { control, Gate, waitFor } from "./gate.ts";

/*
 * A machine in several threads. All work on the same memory; each has its own cores, tables and
 * lists. A step begins when the main thread opens it and ends when all have arrived; nobody
 * is ahead of anybody, so the number of threads cannot change a result.
 */

/** What a thread is started with. */
export type Assignment = {
  readonly built: Built;
  readonly module: Machine["module"];
  readonly shared: Machine["shared"];
  readonly thread: number;
  readonly gate: SharedArrayBuffer;
};

/** Node 20 cannot load TypeScript in a thread, and no thread can begin with it: a checkout's tests go through tsx. */
function fromSource(workerData: Assignment): Worker {
  const loader = new URL("./index.mjs", pathToFileURL(createRequire(import.meta.url).resolve("tsx/esm/api"))).href;
  const worker = new URL("./worker.ts", import.meta.url).href;
  const code = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(worker)}); })`;
  return new Worker(code, { eval: true, workerData });
}

/** Starts a thread for every share of the machine but the first, which is the caller's. */
export async function startThreads(machine: Machine): Promise<Workers> {
  const threads = machine.built.tables.length;
  const gate = new SharedArrayBuffer(4 * (control + threads));
  const words = new Int32Array(gate);
  const source = import.meta.url.endsWith(".ts");
  const workers = Array.from({ length: threads - 1 }, (_, k) => {
    const assignment: Assignment = { built: machine.built, module: machine.module, shared: machine.shared, thread: k + 1, gate };
    return source ? fromSource(assignment) : new Worker(new URL("./worker.js", import.meta.url), { workerData: assignment });
  });
  let broken: Error | null = null;
  for (const w of workers) {
    w.on("error", (e) => {
      broken = e;
    });
    w.unref();
  }
  await Promise.all(workers.map((w) => new Promise<void>((resolve, reject) => w.once("message", () => resolve()).once("error", reject))));
  const kernels: Kernels = machine.kernels;
  let round = 0;
  return {
    step: (t) => {
      if (broken !== null) bug(`a thread of the simulator ended: ${String(broken)}`);
      round++;
      words[Gate.step] = t;
      Atomics.store(words, Gate.arrived, 0);
      Atomics.store(words, Gate.round, round);
      Atomics.notify(words, Gate.round);
      const end = kernels.runShare(machine.built.machine, 0, t);
      waitFor(words, Gate.arrived, (n) => n === threads - 1);
      return [end, ...Array.from({ length: threads - 1 }, (_, k) => words[control + k + 1]! >>> 0)];
    },
    close: async () => {
      Atomics.store(words, Gate.step, -1);
      Atomics.store(words, Gate.round, round + 1);
      Atomics.notify(words, Gate.round);
      await Promise.all(workers.map((w) => w.terminate()));
    },
  };
}
