import { Failure } from "../../base/diagnostic.ts";
import { runSamples } from "../evaluate/worker.ts";
import { runPoint } from "../sweep/point.ts";
import type { Answer, Task } from "./queue.ts";

/** What a thread of the pool does with a task. */
export default async function work(task: Task): Promise<Answer> {
  try {
    return task.kind === "point" ? { kind: "point", row: await runPoint(task) } : { kind: "samples", outcomes: await runSamples(task) };
  } catch (error) {
    if (error instanceof Failure) return { kind: "failed", diagnostics: error.diagnostics };
    throw error;
  }
}
