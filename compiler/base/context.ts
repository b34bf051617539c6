import type { Diagnostic } from "./diagnostic.ts";

/** What a stage is given besides its artifact: where to report, and the only source of chance. */
export type Context = {
  readonly report: (d: Diagnostic) => void;
  readonly seed: number;
  /** Called now and then by long work: what is going on, how much is done, of how much. */
  readonly progress: (what: string, done: number, total: number) => void;
  /** Collects what a report should show: a table, by title. */
  readonly table: (title: string, rows: readonly Readonly<Record<string, string | number>>[]) => void;
};

/** A context that reports nowhere, for tests and library use; override what is needed. */
export function quiet(over: Partial<Context> = {}): Context {
  return { report: () => {}, seed: 1, progress: () => {}, table: () => {}, ...over };
}
