import { fail } from "../base/diagnostic.ts";
import { showShape, sizeOf } from "../base/tensor.ts";
import { type DataFormat, openRecords } from "./data/detect.ts";
import { type Labels, readLabels } from "./data/labels.ts";
import type { RawSpec } from "./data/raw.ts";
import type { DataFile, Layout, Records } from "./data/records.ts";

/*
 * Samples for calibration and evaluation. Everything here is a function of bytes;
 * the command line opens the files. Samples are decoded when asked for, so a data
 * set costs its stored bytes and no more.
 */

export type { DataFile, Layout, RawSpec };
export { type DataFormat, dataFormats } from "./data/detect.ts";

/** Samples as the model takes them. */
export type SampleSet = {
  readonly count: number;
  /** Of one sample: the model's input without the batch. */
  readonly shape: readonly number[];
  /** Sample `index`, preprocessed and arranged as the model expects, row-major; a fresh array every time. */
  readonly sample: (index: number) => Float32Array;
  /** Null when there are no labels. */
  readonly label: (index: number) => number | null;
  readonly name: (index: number) => string;
};

/** value = (pixel × scale − mean) / std, mean and std once or per channel. */
export type Preprocessing = {
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** How arrays and raw data store their channels. Null: as the shape says, channels first where both fit. */
  readonly layout: Layout | null;
  /** Bare numbers; null: the format is recognised. */
  readonly raw: RawSpec | null;
};

/** Stored numbers as they are. */
export const unprocessed: Preprocessing = { scale: 1, mean: [0], std: [1], layout: null, raw: null };

export type SampleSource = {
  /** One file, the files of a folder (names relative to it), or an archive. */
  readonly files: readonly DataFile[];
  readonly labels?: DataFile | null;
  readonly format?: DataFormat;
  /** Which array of an .npz file. */
  readonly array?: string | null;
};

/** The shape of one sample, from the shape of the model's input: the batch is the first dimension. */
export function sampleShape(inputShape: readonly number[]): readonly number[] {
  return inputShape.length > 1 ? inputShape.slice(1) : inputShape;
}

/**
 * Opens samples for a model whose input has `expected` shape (without the batch)
 * and, if known, `classes` classes. Throws a Failure when files cannot be
 * read or do not fit the model.
 */
export async function openSamples(
  source: SampleSource,
  p: Preprocessing,
  expected: readonly number[],
  classes: number | null = null,
): Promise<SampleSet> {
  const what = source.files.length === 1 ? (source.files[0]?.name ?? "the data") : "the data";
  const wanted = { format: source.format ?? "auto", layout: p.layout, raw: p.raw, array: source.array ?? null, shape: expected };
  const records = await openRecords(what, source.files, wanted);
  if (records.count === 0) fail("data-empty", [what]);
  const arranged = arrange(records, what, p.layout, expected);
  const convert = preprocessor(p, arranged, sizeOf(expected));
  const labels = source.labels ? await readLabels(source.labels) : null;
  const label = labels === null ? records.label : labelOf(labels, records);
  if (classes !== null) checkLabels(label, records, classes);
  const stored = new Float64Array(sizeOf(records.shape));
  return {
    count: records.count,
    shape: expected,
    sample: (index) => {
      if (!Number.isInteger(index) || index < 0 || index >= records.count)
        fail("data-empty", [`${what} beyond sample ${records.count - 1}`]);
      records.read(index, stored);
      return convert(stored, records.name(index));
    },
    label,
    name: records.name,
  };
}

/** Channels of a stored sample, and where each stored number goes (null: to its own place). */
type Arrangement = { readonly channels: number; readonly channelOf: (stored: number) => number; readonly to: Int32Array | null };

function arrange(records: Records, what: string, asked: Layout | null, expected: readonly number[]): Arrangement {
  const shape = records.shape;
  if (sizeOf(shape) !== sizeOf(expected))
    fail("data-shape", [what, `${showShape(shape)} (${sizeOf(shape)} numbers)`, `${showShape(expected)} (${sizeOf(expected)} numbers)`]);
  if (shape.length !== 3) {
    const [first = 1] = shape;
    const per = shape.length === 2 ? sizeOf(shape) / first : sizeOf(shape);
    const channels = shape.length === 2 && expected.length === 2 ? first : 1;
    return { channels, channelOf: (i) => (channels === 1 ? 0 : Math.floor(i / per)), to: null };
  }
  return arrangeImage(shape, what, records.layout ?? asked, expected);
}

function arrangeImage(shape: readonly number[], what: string, stored: Layout | null, expected: readonly number[]): Arrangement {
  const same = (a: readonly number[]): boolean => expected.length !== 3 || a.every((d, i) => d === expected[i]);
  const [a = 1, b = 1, c = 1] = shape;
  const layout = stored ?? (same(shape) ? "nchw" : same([c, a, b]) ? "nhwc" : "nchw");
  const [channels, height, width] = layout === "nchw" ? [a, b, c] : [c, a, b];
  const first = same([channels, height, width]);
  // One channel has no order; a flat or reshaped input of it takes the pixels row by row.
  if (!first && !same([height, width, channels])) {
    if (channels !== 1 || expected.filter((d) => d !== 1).join() !== [height, width].filter((d) => d !== 1).join())
      fail("data-shape", [what, showShape(shape), showShape(expected)]);
  }
  const source = layout === "nchw" ? "nchw" : "nhwc";
  const target = first ? "nchw" : "nhwc";
  const pixels = height * width;
  return {
    channels,
    channelOf: (i) => (source === "nchw" ? Math.floor(i / pixels) : i % channels),
    to: source === target || channels === 1 ? null : permutation(source, channels, pixels),
  };
}

/** Where each stored number goes when channels move to the other end. */
function permutation(source: Layout, channels: number, pixels: number): Int32Array {
  const to = new Int32Array(channels * pixels);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < pixels; p++) {
      if (source === "nhwc") to[p * channels + c] = c * pixels + p;
      else to[c * pixels + p] = p * channels + c;
    }
  }
  return to;
}

function perChannel(option: string, given: readonly number[], channels: number): Float64Array {
  if (given.length !== 1 && given.length !== channels) fail("data-channels", [option, given.length, channels]);
  return Float64Array.from({ length: channels }, (_, c) => given[given.length === 1 ? 0 : c] ?? 0);
}

function preprocessor(
  p: Preprocessing,
  { channels, channelOf, to }: Arrangement,
  size: number,
): (stored: Float64Array, name: string) => Float32Array {
  const mean = perChannel("mean", p.mean, channels);
  const std = perChannel("std", p.std, channels);
  if (!Number.isFinite(p.scale) || p.scale === 0) fail("data-preprocessing", [`the scale is ${p.scale}`]);
  if (mean.some((m) => !Number.isFinite(m))) fail("data-preprocessing", ["the mean is not a finite number"]);
  if (std.some((s) => !Number.isFinite(s) || s === 0)) fail("data-preprocessing", ["the standard deviation is zero or not finite"]);
  const channel = Int32Array.from({ length: size }, (_, i) => channelOf(i));
  return (stored, name) => {
    const out = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const c = channel[i] ?? 0;
      const value = ((stored[i] ?? 0) * p.scale - (mean[c] ?? 0)) / (std[c] ?? 1);
      if (!Number.isFinite(value)) fail("data-not-finite", [name, i]);
      out[to === null ? i : (to[i] ?? 0)] = value;
    }
    return out;
  };
}

function labelOf(labels: Labels, records: Records): (index: number) => number | null {
  if (labels.kind === "ordered") return ordered(labels.values, labels.file, records);
  const base = (name: string): string => name.split(/[/\\]/).at(-1) ?? name;
  const byBase = new Map([...labels.values].map(([name, label]) => [base(name), label]));
  const find = (index: number): number | undefined => labels.values.get(records.name(index)) ?? byBase.get(base(records.name(index)));
  const missing = Array.from({ length: records.count }, (_, i) => i).filter((i) => find(i) === undefined);
  const [example] = missing;
  // Names that mean nothing here (the samples are records of one file): the order must do.
  if (missing.length === records.count && labels.values.size === records.count)
    return ordered([...labels.values.values()], labels.file, records);
  if (example !== undefined) fail("labels-unnamed", [labels.file, missing.length, records.name(example)]);
  return (index) => find(index) ?? null;
}

function ordered(values: ArrayLike<number>, file: string, records: Records): (index: number) => number | null {
  if (values.length !== records.count) fail("labels-length", [file, values.length, records.count]);
  return (index) => values[index] ?? null;
}

function checkLabels(label: (index: number) => number | null, records: Records, classes: number): void {
  for (let i = 0; i < records.count; i++) {
    const value = label(i);
    if (value !== null && !(Number.isInteger(value) && value >= 0 && value < classes))
      fail("label-range", [value, records.name(i), classes]);
  }
}
