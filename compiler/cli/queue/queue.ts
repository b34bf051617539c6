import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Outcome, RunName } from "../evaluate/rungs.ts";
import type { PointTask, Row } from "../sweep/point.ts";

/** Samples to run on one rung of a build. */
export type SamplesTask = {
  readonly kind: "samples";
  /** The build folder, as the worker sees it, and the hash of its list of files: another build there is refused. */
  readonly build: string;
  readonly hash: string;
  readonly rung: RunName;
  readonly samples: readonly Float32Array[];
};

/** A piece of work that a thread or another machine can do on its own. */
export type Task = SamplesTask | PointTask;

/** Errors do not survive the way between threads and machines as what they are; their diagnostics do. */
export type Answer =
  | { readonly kind: "samples"; readonly outcomes: readonly Outcome[] }
  | { readonly kind: "point"; readonly row: Row }
  | { readonly kind: "failed"; readonly diagnostics: readonly Diagnostic[] };

/** Where tasks are done: threads of this process, or workers on several machines. */
export type JobQueue = {
  /** How many tasks it pays to keep under way. */
  readonly width: number;
  readonly run: (task: Task) => Promise<Answer>;
  readonly close: () => Promise<void>;
};
