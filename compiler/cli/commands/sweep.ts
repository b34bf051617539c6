import { basename, join } from "node:path";
import { bug } from "../../base/bug.ts";
import { fail, Failure } from "../../base/diagnostic.ts";
import { sha256 } from "../../base/hash.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { defaultWorkers } from "../evaluate/pool.ts";
import { whole } from "../flags.ts";
import type { JobSpec } from "../job/job.ts";
import { addQueueFlags, openQueue, type ServerFlags } from "../queue/flags.ts";
import type { JobQueue } from "../queue/queue.ts";
import { fingerprint } from "../sweep/fingerprint.ts";
import { sweepPage } from "../sweep/page.ts";
import type { PointTask, Row, ScoredData } from "../sweep/point.ts";
import { readSweep, type Settings, type Sweep } from "../sweep/sweep.ts";
import { csv, shortRows, withFront } from "../sweep/table.ts";
import { showTable } from "../tables.ts";
import { version } from "../version.ts";
import { Option } from "commander";
import { z } from "zod";
import { parsed } from "../json.ts";

type Flags = SharedFlags & ServerFlags & { readonly output: string; readonly workers?: number };

/** `ganglion sweep sweep.yaml -o DIR`: every combination of the lists in the file, compiled and measured. */
export const sweepCommand: Register = (program, runner) => {
  const command = program
    .command("sweep")
    .summary("compile and measure every combination of chips, methods, steps, bits and mappings")
    .description(
      "Goes through the product of the lists under `sweep` in a YAML file that otherwise is a job file, and writes table.csv, table.json and page.html with the Pareto front. Finished points are kept as they come: the same command goes on after an interrupt.",
    )
    .argument("<file>", "sweep.yaml (see docs/how-to/sweep.md)")
    .requiredOption("-o, --output <folder>", "where points and tables go")
    .addOption(new Option("--workers <n>", "threads (results do not depend on it)").argParser(whole(1, 64)));
  addQueueFlags(command);
  command.action((file: string, flags: Flags) => runner(flags, (run) => sweep(run, file, flags)));
};

async function sweep(run: Run, file: string, flags: Flags): Promise<void> {
  const text = run.files.text(file);
  const plan = readSweep(text, file);
  const store = new Store(run, flags.output, file, text);
  const tasks = tasksOf(run, plan);
  const rows = new Map<string, Row>();
  for (const { key } of tasks) {
    const known = store.read(key);
    if (known !== null) rows.set(key, known);
  }
  const open = tasks.filter((t) => !rows.has(t.key));
  if (rows.size > 0) run.say(`${rows.size} of ${tasks.length} points are there from an earlier run`);
  if (open.length > 0) {
    const queue = await openQueue(flags, flags.workers ?? defaultWorkers(), run.report);
    try {
      await goThrough(run, queue, open, tasks.length, rows, store);
    } finally {
      await queue.close();
    }
  }
  const lines = withFront(tasks.map((t) => ({ settings: t.settings, ...(rows.get(t.key) ?? bug("a point has no row")) })));
  store.write("table.csv", csv(plan.axes, lines));
  store.write("table.json", `${JSON.stringify({ generator: `ganglion ${version()}`, axes: plan.axes, points: lines }, null, 1)}\n`);
  store.write("page.html", sweepPage(`Sweep ${basename(file)}`, plan.axes, lines, `ganglion ${version()}`));
  run.print(showTable({ title: "sweep", rows: shortRows(plan.axes, lines) }));
  run.print(`written ${flags.output}/table.csv, table.json, page.html`);
  run.json({ axes: plan.axes, points: lines });
}

type Named = { readonly key: string; readonly settings: Settings; readonly task: PointTask };

/** The points as tasks that any machine with the same files can do; the key stands for everything that decides the result. */
function tasksOf(run: Run, plan: Sweep): readonly Named[] {
  const prints = new Map<string, string>();
  const print = (path: string): string => {
    const known = prints.get(path) ?? fingerprint(path) ?? fail("file-missing", [path]);
    prints.set(path, known);
    return known;
  };
  const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : run.files.path(path));
  const data: ScoredData = {
    ...plan.data,
    data: absolute(plan.data.data),
    events: absolute(plan.data.events),
    labels: absolute(plan.data.labels),
  };
  return plan.points.map(({ settings, job: given }) => {
    const job: JobSpec = {
      ...given,
      model: run.files.path(given.model),
      chip: absolute(given.chip),
      calibration: given.calibration && {
        ...given.calibration,
        data: run.files.path(given.calibration.data),
        labels: absolute(given.calibration.labels),
      },
    };
    const paths = [job.model, job.chip, job.calibration?.data, job.calibration?.labels, data.data, data.events, data.labels];
    const files = Object.fromEntries(paths.filter((p) => p !== undefined).map((p) => [p, print(p)]));
    const task: PointTask = { kind: "point", job, data, files };
    const { limit, chipLimit, only } = data;
    const decides = {
      version: version(),
      job: { ...job, model: "", chip: "", calibration: job.calibration && { ...job.calibration, data: "", labels: "" } },
      limit,
      chipLimit,
      only,
      files: Object.values(files),
    };
    return { key: sha256(new TextEncoder().encode(JSON.stringify(decides))), settings, task };
  });
}

async function goThrough(
  run: Run,
  queue: JobQueue,
  open: readonly Named[],
  total: number,
  rows: Map<string, Row>,
  store: Store,
): Promise<void> {
  let next = 0;
  let stopped = false;
  const lane = async (): Promise<void> => {
    while (next < open.length && !stopped) {
      const named = open[next++];
      if (named === undefined) return;
      const answer = await queue.run(named.task).catch((error: unknown) => {
        stopped = true;
        throw error;
      });
      if (answer.kind === "failed") {
        stopped = true;
        throw new Failure(answer.diagnostics);
      }
      if (answer.kind !== "point") bug(`a point was answered with ${answer.kind}`);
      rows.set(named.key, answer.row);
      store.write(`points/${named.key}.json`, `${JSON.stringify(answer.row)}\n`);
      run.progress.show("sweep", rows.size, total);
    }
  };
  await Promise.all(Array.from({ length: Math.min(queue.width, open.length) }, lane));
}

/** The output folder, which belongs to one sweep file. */
class Store {
  readonly #run: Run;
  readonly #folder: string;

  constructor(run: Run, folder: string, file: string, text: string) {
    this.#run = run;
    this.#folder = folder;
    const mark = join(folder, "sweep.yaml");
    if (run.files.exists(folder) && !run.files.isFolder(folder)) fail("output-occupied", [folder]);
    if (run.files.exists(mark) && run.files.text(mark) !== text) fail("sweep-output", [folder, file]);
    this.write("sweep.yaml", text);
  }

  write(name: string, content: string): void {
    this.#run.files.write(join(this.#folder, name), content);
  }

  /** A row that was finished before; what does not read as one is done again. */
  read(key: string): Row | null {
    const path = join(this.#folder, `points/${key}.json`);
    if (!this.#run.files.exists(path)) return null;
    const value = parsed(z.unknown(), this.#run.files.text(path));
    return rowSchema.safeParse(value).success ? (value as Row) : null;
  }
}

/** The form of a row, as far as the tables go into it. */
const rowSchema = z
  .object({
    refused: z.object({ code: z.string(), message: z.string() }).nullable(),
    summary: z
      .looseObject({
        accuracy: z.looseObject({}),
        latency: z.looseObject({}),
        energy: z.looseObject({}),
        spikes: z.looseObject({}),
        cores: z.looseObject({}),
      })
      .nullable(),
    load: z.object({ words: z.number(), seconds: z.number() }).nullable(),
  })
  .refine((r) => (r.refused === null) !== (r.summary === null));
