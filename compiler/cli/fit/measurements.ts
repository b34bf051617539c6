import { extname } from "node:path";
import { z } from "zod";
import type { ChipSpec } from "../../../targets/chip.ts";
import type { Measurement } from "../../analysis/fit/fit.ts";
import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { openBuild } from "../build/read.ts";
import type { Run } from "../command.ts";
import { openData } from "../data/open.ts";
import { dataShape, evaluateBuild } from "../evaluate/evaluate.ts";
import { mean, meanCounts } from "../evaluate/summary.ts";
import { besideFile, readYaml } from "../job/read.ts";

const positive = z.number({ error: "a number is wanted" });
const percentage = z.string().regex(/^\d+(\.\d+)? ?%$/, { error: "a percentage such as 5 % is wanted" });

const schema = z.strictObject(
  {
    measurements: z.array(
      z.strictObject({
        name: z.string().optional(),
        joules: positive,
        tolerance: percentage.optional(),
        seconds: positive.optional(),
        cycles: positive.optional(),
        counts: z.record(z.string(), z.number({ error: "a number is wanted" })).optional(),
        /** What was run, where the simulator is to count. */
        build: z.string().optional(),
        data: z.string().optional(),
        limit: z.int().positive().optional(),
      }),
      { error: "a list of measurements is wanted" },
    ),
  },
  { error: "`measurements:` with a list is wanted" },
);

/** Measurements of a board, from YAML or from a table. */
export async function readMeasurements(run: Run, file: string, chip: ChipSpec): Promise<readonly Measurement[]> {
  const text = run.files.text(file);
  if (extname(file).toLowerCase() === ".csv") return fromTable(text, file, chip);
  const { measurements } = readYaml(text, file, schema);
  const out: Measurement[] = [];
  for (const [i, m] of measurements.entries()) {
    const name = m.name ?? m.build ?? String(i + 1);
    const tolerance = m.tolerance === undefined ? null : Number.parseFloat(m.tolerance) / 100;
    const counted =
      m.build === undefined
        ? null
        : await count(run, besideFile(file, m.build), besideFile(file, m.data ?? fail("budget-data", [name], { at: file })), m.limit ?? 10);
    const seconds = m.seconds ?? (m.cycles ?? counted?.cycles ?? fail("fit-columns", ["seconds"], { at: file })) / chip.clockHz;
    out.push({ name, counts: { ...counted?.counts, ...m.counts }, seconds, joules: m.joules, tolerance });
  }
  return out;
}

/** What the simulator counts per sample, on average over the first ones. */
async function count(run: Run, folder: string, place: string, limit: number) {
  const build = openBuild(run.files, folder);
  const { shape, classes } = dataShape(build);
  const data = await openData(run, { data: place }, build.preprocessing, shape, classes);
  const { outcomes } = await evaluateBuild(run, folder, build, data, { ann: null, snn: null, chip: limit }, 1);
  const chip = outcomes.chip ?? [];
  const priced = Object.entries(meanCounts(chip)).filter(([name]) => Object.hasOwn(build.chip.costs, name));
  return { counts: Object.fromEntries(priced), cycles: mean(chip.map((o) => o.cycles)) };
}

const others = new Set(["name", "joules", "seconds", "cycles", "tolerance"]);

function fromTable(text: string, file: string, chip: ChipSpec): readonly Measurement[] {
  const lines = text.split(/\r?\n/).filter((l) => l.trim() !== "" && !l.startsWith("#"));
  const head = (lines[0] ?? "").split(",").map((c) => c.trim());
  if (!head.includes("joules")) fail("fit-columns", ["joules"], { at: `${file}:1` });
  if (!head.includes("seconds") && !head.includes("cycles")) fail("fit-columns", ["seconds"], { at: `${file}:1` });
  return lines.slice(1).map((line, i) => {
    const cells = line.split(",").map((c) => c.trim());
    const place = { at: `${file}:${i + 2}` };
    const cell = (column: string): string | null => (head.includes(column) ? (cells[head.indexOf(column)] ?? "") : null);
    const number = (column: string, written: string): number => {
      const n = Number(written.replace(/ ?%$/, ""));
      return written !== "" && Number.isFinite(n) ? n : fail("fit-number", [column, written], place);
    };
    const seconds = cell("seconds") ?? null;
    const tolerance = cell("tolerance");
    return {
      name: cell("name") ?? String(i + 1),
      counts: Object.fromEntries(head.filter((c) => !others.has(c)).map((c) => [c, number(c, at(cells, head.indexOf(c)))])),
      seconds: seconds === null ? number("cycles", cell("cycles") ?? "") / chip.clockHz : number("seconds", seconds),
      joules: number("joules", cell("joules") ?? ""),
      tolerance: tolerance === null ? null : number("tolerance", tolerance) / 100,
    };
  });
}
