import { parentPort, workerData } from "node:worker_threads";
import { viewsOf, wasmKernels, type WasmMemory } from "../kernels/kernels.ts";
import { twinKernels } from "../kernels/twin/index.ts";
import { arrive, control, Gate, waitFor } from "./gate.ts";
import type { Assignment } from "./threads.ts";

/* A thread of the simulator: it does its share of every step that is opened. */
const { built, module, shared, thread, gate } = workerData as Assignment;
const words = new Int32Array(gate);
const memory = viewsOf(module === null ? (shared as SharedArrayBuffer) : (shared as WasmMemory).buffer);
const kernels = module === null ? twinKernels(memory) : wasmKernels(module, shared as WasmMemory);

parentPort?.postMessage("ready");
for (let round = 0; ; ) {
  round = waitFor(words, Gate.round, (n) => n !== round);
  const t = Atomics.load(words, Gate.step);
  if (t < 0) break;
  words[control + thread] = kernels.runShare(built.machine, thread, t) | 0;
  arrive(words);
}
