import { fail } from "../../base/diagnostic.ts";
import { type DataFile, recordName, showStart } from "../data/records.ts";
import { isHdf5 } from "../nir/hdf5.ts";
import type { SampleSet } from "../samples.ts";
import { type Member, membersOf } from "./archive.ts";
import { type ByteSource, wholeOf } from "./bytes.ts";
import { formatOf } from "./formats.ts";
import { baseName, type LabelRow, readLabelTable } from "./labels.ts";
import { observedFrames, readNirData } from "./nirdata.ts";
import { framesOf } from "./recording.ts";

export type EventSource = {
  /** Recordings, the files of a folder, or archives of them; a labels.csv among them counts as the labels. */
  readonly files: readonly ByteSource[];
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
  /** The name of the network's input, by which NIRData finds its node. */
  readonly input: string;
};

/** A recording, and how it becomes frames [steps x input]. */
type Recording = { readonly name: string; readonly frames: () => Float32Array };

/**
 * Recordings as samples [steps × input], each read and cut into steps when asked for, so that a
 * set costs the memory of one sample. Throws a Failure for files that are no recordings and for
 * labels that do not fit.
 */
export async function openEvents(source: EventSource, binning: Binning, classes: number | null): Promise<SampleSet> {
  if (!(binning.dt > 0)) fail("events-step", []);
  const members: Member[] = [];
  for (const file of source.files) members.push(...(await membersOf(file)));
  const beside = members.find((m) => /^labels\.csv$/i.test(baseName(m.source.name)))?.source;
  const table = source.labels ?? (beside === undefined ? null : { name: beside.name, bytes: wholeOf(beside) });
  const labels = table === null ? null : readLabelTable(table);
  const recordings: Recording[] = [];
  for (const m of members) {
    const { name } = m.source;
    if (!/\.(md|txt|csv|json)$/i.test(name) && !baseName(name).startsWith(".")) recordings.push(...(await recordingsOf(m, binning)));
  }
  const chosen = recordings.filter((r) => wanted(labels?.get(baseName(r.name)), source.only));
  if (chosen.length === 0) fail("data-empty", [source.files.length === 1 ? (source.files[0]?.name ?? "the data") : "the data"]);
  if (labels !== null && table !== null) checkLabels(chosen, labels, table, classes);
  return {
    count: chosen.length,
    shape: [binning.steps, ...binning.shape],
    sample: (index) => (chosen[index] ?? fail("data-empty", [`sample ${index}`])).frames(),
    label: (index) => labels?.get(baseName(chosen[index]?.name ?? ""))?.label ?? null,
    name: (index) => chosen[index]?.name ?? "",
  };
}

/** One of an event camera's file; as many as there are samples of NIRData. */
async function recordingsOf({ source, start }: Member, { shape, steps, dt, input }: Binning): Promise<readonly Recording[]> {
  if (isHdf5(start)) {
    const observable = await readNirData(wholeOf(source), source.name, input);
    return Array.from({ length: observable.samples }, (_, i) => {
      const name = recordName(source.name, i);
      return { name, frames: () => observedFrames(observable, i, name, shape, steps, dt) };
    });
  }
  const format = formatOf({ name: source.name, bytes: start }) ?? fail("events-unknown", [source.name, showStart(start)]);
  return [{ name: source.name, frames: () => framesOf(source, format, spatial(shape), steps, dt) }];
}

/** [C,H,W], with ones in front. */
function spatial(shape: readonly number[]): readonly number[] {
  return [...new Array<number>(Math.max(0, 3 - shape.length)).fill(1), ...shape];
}

function wanted(row: LabelRow | undefined, only: EventSource["only"]): boolean {
  return only === null || row?.columns[only.column] === only.value;
}

function checkLabels(files: readonly Recording[], labels: ReadonlyMap<string, LabelRow>, table: DataFile, classes: number | null): void {
  const without = files.filter((f) => !labels.has(baseName(f.name)));
  const [example] = without;
  if (example !== undefined) fail("labels-unnamed", [table.name, without.length, example.name]);
  for (const f of files) {
    const label = labels.get(baseName(f.name))?.label ?? 0;
    if (classes !== null && (label < 0 || label >= classes)) fail("label-range", [label, f.name, classes]);
  }
}
