import { fail } from "../../base/diagnostic.ts";
import { unpack } from "../data/archive.ts";
import { type DataFile, showStart } from "../data/records.ts";
import type { SampleSet } from "../samples.ts";
import { formatOf } from "./formats.ts";
import { baseName, type LabelRow, readLabelTable } from "./labels.ts";
import { framesOf } from "./recording.ts";

export type EventSource = {
  /** Recordings, the files of a folder, or archives of them; a labels.csv among them counts as the labels. */
  readonly files: readonly DataFile[];
  readonly labels: DataFile | null;
  /** Only recordings whose column of the label table has this value. */
  readonly only: { readonly column: string; readonly value: string } | null;
};

/** How recordings become samples for the code `events`. */
export type Binning = {
  /** Of the input: [N], [H,W] or [C,H,W]. */
  readonly shape: readonly number[];
  readonly steps: number;
  /** Duration of a step in seconds. */
  readonly dt: number;
};

/**
 * Recordings as samples [steps × input], each cut into steps when asked for, so that a set
 * costs its stored bytes. Throws a Failure for files that are no recordings and for labels
 * that do not fit.
 */
export async function openEvents(source: EventSource, binning: Binning, classes: number | null): Promise<SampleSet> {
  if (!(binning.dt > 0)) fail("events-step", []);
  const unpacked = (await Promise.all(source.files.map(unpack))).flat();
  const table = source.labels ?? unpacked.find((f) => /^labels\.csv$/i.test(baseName(f.name))) ?? null;
  const labels = table === null ? null : readLabelTable(table);
  const recordings = unpacked.filter((f) => !/\.(md|txt|csv|json)$/i.test(f.name) && !baseName(f.name).startsWith("."));
  for (const f of recordings) if (formatOf(f) === null) fail("events-unknown", [f.name, showStart(f.bytes)]);
  const chosen = recordings.filter((f) => wanted(labels?.get(baseName(f.name)), source.only));
  if (chosen.length === 0) fail("data-empty", [source.files.length === 1 ? (source.files[0]?.name ?? "the data") : "the data"]);
  if (labels !== null && table !== null) checkLabels(chosen, labels, table, classes);
  const shape = spatial(binning.shape);
  return {
    count: chosen.length,
    shape: [binning.steps, ...binning.shape],
    sample: (index) => framesOf(chosen[index] ?? fail("data-empty", [`sample ${index}`]), shape, binning.steps, binning.dt),
    label: (index) => labels?.get(baseName(chosen[index]?.name ?? ""))?.label ?? null,
    name: (index) => chosen[index]?.name ?? "",
  };
}

/** [C,H,W], with ones in front. */
function spatial(shape: readonly number[]): readonly number[] {
  return [...new Array<number>(Math.max(0, 3 - shape.length)).fill(1), ...shape];
}

function wanted(row: LabelRow | undefined, only: EventSource["only"]): boolean {
  return only === null || row?.columns[only.column] === only.value;
}

function checkLabels(files: readonly DataFile[], labels: ReadonlyMap<string, LabelRow>, table: DataFile, classes: number | null): void {
  const without = files.filter((f) => !labels.has(baseName(f.name)));
  const [example] = without;
  if (example !== undefined) fail("labels-unnamed", [table.name, without.length, example.name]);
  for (const f of files) {
    const label = labels.get(baseName(f.name))?.label ?? 0;
    if (classes !== null && (label < 0 || label >= classes)) fail("label-range", [label, f.name, classes]);
  }
}
