import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, Failure } from "../../base/diagnostic.ts";
import { openBuild } from "../build/read.ts";
import { Run } from "../command.ts";
import { openRecordings } from "../data/events.ts";
import { openData } from "../data/open.ts";
import { dataShape, evaluateBuild } from "../evaluate/evaluate.ts";
import { hasReference } from "../evaluate/rungs.ts";
import type { Summary } from "../evaluate/summary.ts";
import { compileJob } from "../job/compile-job.ts";
import type { JobSpec } from "../job/job.ts";
import { fingerprint } from "./fingerprint.ts";

/** The samples that are scored. */
export type ScoredData = {
  readonly data?: string | undefined;
  readonly events?: string | undefined;
  readonly only?: string | undefined;
  readonly labels?: string | undefined;
  readonly limit?: number | undefined;
  readonly chipLimit?: number | undefined;
};

/** One point of a sweep, with absolute paths and what the files there were when it was made. */
export type PointTask = {
  readonly kind: "point";
  readonly job: JobSpec;
  readonly data: ScoredData;
  readonly files: Readonly<Record<string, string>>;
};

/** What one point gave. */
export type Row = {
  /** The first diagnostic of a point that cannot be compiled; null when it was measured. */
  readonly refused: { readonly code: string; readonly message: string } | null;
  readonly summary: Summary | null;
  readonly load: { readonly words: number; readonly seconds: number } | null;
};

/** Compiles and measures a point. Other files than those it was made for are a Failure; what the compiler refuses is its result. */
export async function runPoint(task: PointTask): Promise<Row> {
  const io = { cwd: "/", stdout: () => {}, stderr: () => {}, isTTY: false };
  const run = new Run(io, { seed: String(task.job.seed) });
  for (const [path, hash] of Object.entries(task.files)) if (fingerprint(path) !== hash) fail("queue-file", [path]);
  const folder = mkdtempSync(join(tmpdir(), "ganglion-point-"));
  try {
    const report = await compileJob(run, { ...task.job, output: join(folder, "build") });
    return { refused: null, summary: await measure(run, join(folder, "build"), task.data), load: report.load };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const first = [...error.diagnostics, ...run.diagnostics].find((d) => d.severity === "error");
    if (first === undefined) throw error;
    return { refused: { code: first.code, message: first.message }, summary: null, load: null };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(run: Run, folder: string, place: ScoredData): Promise<Summary> {
  const build = openBuild(run.files, folder);
  const { shape, classes } = dataShape(build);
  const { events, data, labels, only } = place;
  const set =
    events === undefined
      ? await openData(run, { data: data ?? fail("option-missing", ["a sweep", "`data`"]), labels }, build.preprocessing, shape, classes)
      : await openRecordings(
          run,
          { events, ...(labels === undefined ? {} : { labels }), ...(only === undefined ? {} : { only }) },
          build.network,
          classes,
        );
  const all = place.limit ?? Infinity;
  const plan = { ann: hasReference(build) ? all : null, snn: all, chip: Math.min(all, place.chipLimit ?? Infinity) };
  return (await evaluateBuild(run, folder, build, set, plan, 1)).summary;
}
