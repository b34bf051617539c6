import { z } from "zod";
import { type Diagnostic, diagnostic, fail } from "../../base/diagnostic.ts";
import { loadOf } from "../../pipeline.ts";
import type { Build } from "../build/build.ts";
import { openBuild } from "../build/read.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { openRecordings } from "../data/events.ts";
import { openData } from "../data/open.ts";
import { dataShape, evaluateBuild } from "../evaluate/evaluate.ts";
import { defaultWorkers } from "../evaluate/pool.ts";
import { coresUsed, type Summary } from "../evaluate/summary.ts";
import { besideFile, readYaml } from "../job/read.ts";
import { showTable } from "../tables.ts";
import { showCount, showJoules, showPercent, showSeconds } from "../units.ts";

type Flags = SharedFlags & { readonly budget: string };

/** `ganglion check build/ --budget FILE`: fails when the build needs more than the file allows. */
export const checkCommand: Register = (program, runner) => {
  program
    .command("check")
    .summary("fail when a build needs more cores, steps, cycles or energy than a budget file allows")
    .description(
      "Compares a build with a budget file, as a pull request's check: cores, steps and load time from the build, cycles, latency, energy and accuracy from samples that the file names.",
    )
    .argument("<build>", "a folder that `ganglion compile` wrote")
    .requiredOption("--budget <file>", "YAML: cores, steps, loadSeconds, cycles, seconds, energy, energyHigh, accuracy; data")
    .action((folder: string, flags: Flags) =>
      runner(flags, async (run) => {
        const rows = await check(run, folder, flags.budget);
        run.print(showTable({ title: "budget", rows: rows.map(({ what, found, budget, kept }) => ({ what, found, budget, kept })) }));
        run.json({ within: rows.every((r) => r.kept === "yes"), limits: rows.map((r) => r.json) });
        run.check();
      }),
    );
};

const count = z.number({ error: "a number is wanted" }).nonnegative();
/** `40 uJ`, `1.5 ms`, or a bare number in joules or seconds. */
const quantity = (unit: string) =>
  z.union([z.number(), z.string()]).transform((written, cx) => {
    const m = /^(\d+(?:\.\d+)?(?:e[-+]?\d+)?) ?([munpµk]?)([A-Za-z]?)$/i.exec(String(written).trim());
    const factor = { "": 1, m: 1e-3, u: 1e-6, µ: 1e-6, n: 1e-9, p: 1e-12, k: 1e3 }[m?.[2] ?? ""];
    if (m === null || factor === undefined || (m[3] !== "" && m[3] !== unit)) {
      cx.addIssue({ code: "custom", message: `a number with a unit such as "40 u${unit}" is wanted` });
      return z.NEVER;
    }
    return Number(m[1]) * factor;
  });
const share = z.union([z.number(), z.string()]).transform((written, cx) => {
  const m = /^(\d+(?:\.\d+)?) ?(%?)$/.exec(String(written).trim());
  if (m !== null && (m[2] === "%" || Number(m[1]) <= 1)) return m[2] === "%" ? Number(m[1]) / 100 : Number(m[1]);
  cx.addIssue({ code: "custom", message: "a percentage such as 98 %, or a fraction, is wanted" });
  return z.NEVER;
});

const schema = z.strictObject(
  {
    cores: count.optional(),
    steps: count.optional(),
    loadSeconds: quantity("s").optional(),
    cycles: count.optional(),
    seconds: quantity("s").optional(),
    energy: quantity("J").optional(),
    energyHigh: quantity("J").optional(),
    spikes: count.optional(),
    synapticEvents: count.optional(),
    accuracy: share.optional(),
    data: z
      .strictObject({
        data: z.string().optional(),
        events: z.string().optional(),
        labels: z.string().optional(),
        limit: z.int().positive().default(10),
      })
      .optional(),
  },
  { error: "a list of limits is wanted" },
);

type Budget = z.output<typeof schema>;
type Limit = Exclude<keyof Budget, "data">;

type Measure = {
  readonly title: string;
  /** Null: it cannot be known of this build. */
  readonly of: (build: Build, s: Summary | null) => number | null;
  readonly runs: boolean;
  readonly show: (x: number) => string;
  /** True for what must reach the limit, not stay below it. */
  readonly atLeast?: true;
};

const measures: Readonly<Record<Limit, Measure>> = {
  cores: { title: "cores", of: (b) => coresUsed(b), runs: false, show: showCount },
  steps: { title: "steps of a sample", of: (b) => b.image.steps, runs: false, show: showCount },
  loadSeconds: { title: "loading", of: (b) => loadOf(b.image, b.chip).seconds, runs: false, show: showSeconds },
  cycles: { title: "cycles of a sample", of: (_, s) => s?.latency.cycles?.mean ?? null, runs: true, show: showCount },
  seconds: { title: "latency of a sample", of: (_, s) => s?.latency.seconds?.mean ?? null, runs: true, show: showSeconds },
  energy: { title: "energy of a sample", of: (_, s) => s?.energy.joules?.typical ?? null, runs: true, show: showJoules },
  energyHigh: { title: "upper end of the energy", of: (_, s) => s?.energy.joules?.high ?? null, runs: true, show: showJoules },
  spikes: { title: "spikes of a sample", of: (_, s) => s?.spikes.perSample ?? null, runs: true, show: showCount },
  synapticEvents: { title: "synaptic events of a sample", of: (_, s) => s?.synapticEvents.perSample ?? null, runs: true, show: showCount },
  accuracy: { title: "accuracy on the chip", of: (_, s) => s?.accuracy.chip ?? null, runs: true, show: showPercent, atLeast: true },
};

type Row = { readonly what: string; readonly found: string; readonly budget: string; readonly kept: "yes" | "no"; readonly json: object };

async function check(run: Run, folder: string, file: string): Promise<readonly Row[]> {
  const budget = readYaml(run.files.text(file), file, schema);
  const build = openBuild(run.files, folder);
  const limits = (Object.keys(measures) as Limit[]).filter((k) => budget[k] !== undefined);
  const runs = limits.filter((k) => measures[k].runs);
  if (runs.length > 0 && budget.data === undefined) fail("budget-data", [runs.join(", ")], { at: file });
  const summary = runs.length === 0 || budget.data === undefined ? null : await measure(run, folder, build, file, budget.data);
  const exceeded: Diagnostic[] = [];
  const rows = limits.map((k): Row => {
    const { title, of, show, atLeast } = measures[k];
    const limit = budget[k] as number;
    const found = of(build, summary) ?? fail("labels-needed", [k], { at: file });
    const kept = atLeast ? found >= limit : found <= limit;
    const words = `${atLeast ? "at least" : "at most"} ${show(limit)}`;
    if (!kept) exceeded.push(diagnostic("budget-exceeded", [title, show(found), words], { at: folder }));
    return { what: title, found: show(found), budget: words, kept: kept ? "yes" : "no", json: { name: k, found, limit, kept } };
  });
  for (const d of exceeded) run.report(d);
  return rows;
}

async function measure(run: Run, folder: string, build: Build, file: string, place: NonNullable<Budget["data"]>): Promise<Summary> {
  const { shape, classes } = dataShape(build);
  const beside = (path: string): string => besideFile(file, path);
  const labels = place.labels === undefined ? {} : { labels: beside(place.labels) };
  const data =
    place.events === undefined
      ? await openData(
          run,
          { data: beside(place.data ?? fail("budget-data", ["cycles"], { at: file })), ...labels },
          build.preprocessing,
          shape,
          classes,
        )
      : await openRecordings(run, { events: beside(place.events), ...labels }, build.network, classes);
  const plan = { ann: null, snn: place.limit, chip: place.limit };
  return (await evaluateBuild(run, folder, build, data, plan, defaultWorkers())).summary;
}
