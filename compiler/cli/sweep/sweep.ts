import type { z } from "zod";
import { fail } from "../../base/diagnostic.ts";
import { besideFile, jobFrom, readYaml } from "../job/read.ts";
import type { JobSpec } from "../job/job.ts";
import { parseNamed } from "../names.ts";
import type { ScoredData } from "./point.ts";
import { sweepSchema } from "./schema.ts";

/** One value of every list, by the list's name. */
export type Settings = Readonly<Record<string, string>>;

export type Sweep = {
  /** The lists with more or fewer values, in the order of the columns. */
  readonly axes: readonly string[];
  readonly points: readonly { readonly settings: Settings; readonly job: JobSpec }[];
  readonly data: ScoredData;
};

const most = 100_000;

/** Reads a sweep file; every mistake is reported with its place. */
export function readSweep(text: string, file: string): Sweep {
  const { data, sweep, ...base } = readYaml(text, file, sweepSchema);
  const job = jobFrom(base as Parameters<typeof jobFrom>[0], file);
  const axes = axesOf(sweep, file);
  const total = axes.reduce((n, a) => n * a.values.length, 1);
  if (axes.every((a) => a.values.length < 2)) fail("sweep-empty", [], { at: file });
  if (total > most) fail("sweep-large", [total, most], { at: file });
  const points = Array.from({ length: total }, (_, index) => {
    const chosen = choose(axes, index);
    const settings = Object.fromEntries(chosen.map(({ axis, value }) => [axis.name, value.name]));
    return { settings, job: chosen.reduce((j, { value }) => value.change(j), job) };
  });
  const beside = (path: string | undefined): string | undefined => (path === undefined ? undefined : besideFile(file, path));
  return {
    axes: axes.map((a) => a.name),
    points,
    data: { ...data, data: beside(data.data), events: beside(data.events), labels: beside(data.labels) },
  };
}

type Value = { readonly name: string; readonly change: (job: JobSpec) => JobSpec };
type Axis = { readonly name: string; readonly values: readonly Value[] };

/** The value that each axis has at a point; the last axis changes fastest. */
function choose(axes: readonly Axis[], index: number): { axis: Axis; value: Value }[] {
  let rest = index;
  return axes
    .map((axis) => axis)
    .reverse()
    .map((axis) => {
      const value = axis.values[rest % axis.values.length] as Value;
      rest = Math.floor(rest / axis.values.length);
      return { axis, value };
    })
    .reverse();
}

function axesOf(sweep: z.output<typeof sweepSchema>["sweep"], file: string): Axis[] {
  const chips: Value[] = [
    ...(sweep.target ?? []).map((name) => ({ name, change: (j: JobSpec) => ({ ...j, target: name, chip: undefined }) })),
    ...(sweep.chip ?? []).map((name) => ({ name, change: (j: JobSpec) => ({ ...j, chip: besideFile(file, name), target: undefined }) })),
  ];
  const methods = (sweep.method ?? []).map((text) => {
    const { name, given } = parseNamed(text);
    return { name: text, change: (j: JobSpec) => ({ ...j, method: name, options: { ...j.options, ...given } }) };
  });
  const option = (key: string) => (value: string | number | boolean) => ({
    name: String(value),
    change: (j: JobSpec) => ({ ...j, options: { ...j.options, [key]: String(value) } }),
  });
  const bits = (pass: string) => (n: number) => ({
    name: String(n),
    change: (j: JobSpec) => ({ ...j, passOptions: { ...j.passOptions, [pass]: { ...j.passOptions[pass], bits: String(n) } } }),
  });
  const mapping = (text: string) => {
    const [partition, place] = text.split("/");
    return { name: text, change: (j: JobSpec) => ({ ...j, partition, place }) };
  };
  const all: Axis[] = [
    { name: "chip", values: chips },
    { name: "method", values: methods },
    { name: "steps", values: (sweep.steps ?? []).map(option("steps")) },
    ...Object.entries(sweep.options ?? {}).map(([key, values]) => ({ name: key, values: values.map(option(key)) })),
    { name: "weightBits", values: (sweep.weightBits ?? []).map(bits("quantize-weights")) },
    { name: "inputBits", values: (sweep.inputBits ?? []).map(bits("quantize-inputs")) },
    { name: "mapping", values: (sweep.mapping ?? []).map(mapping) },
  ];
  return all.filter((a) => a.values.length > 0);
}
