import { type Diagnostic, Failure } from "../../base/diagnostic.ts";
import { openBuild } from "../build/read.ts";
import { Files } from "../files.ts";
import { openRung, type Outcome, type Rung, type RungName } from "./rungs.ts";

/** What one task of the pool is: samples first … of one rung of one build. */
export type Task = { readonly build: string; readonly rung: RungName; readonly samples: readonly Float32Array[] };

/** Errors do not survive the way between threads as what they are; their diagnostics do. */
export type Answer = { readonly outcomes: readonly Outcome[] } | { readonly diagnostics: readonly Diagnostic[] };

/** A worker thread opens each rung once; the pool belongs to one evaluation. */
const opened = new Map<string, Promise<Rung>>();

export default async function work(task: Task): Promise<Answer> {
  const key = `${task.rung} ${task.build}`;
  try {
    const rung = await (opened.get(key) ?? keep(key, open(task)));
    const outcomes: Outcome[] = [];
    for (const sample of task.samples) outcomes.push(await rung(sample));
    return { outcomes };
  } catch (error) {
    if (error instanceof Failure) return { diagnostics: error.diagnostics };
    throw error;
  }
}

function keep(key: string, rung: Promise<Rung>): Promise<Rung> {
  opened.set(key, rung);
  return rung;
}

async function open(task: Task): Promise<Rung> {
  const files = new Files({ cwd: task.build, stdout: () => {}, stderr: () => {}, isTTY: false });
  return openRung[task.rung](openBuild(files, task.build));
}
