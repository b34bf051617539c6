import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { isZip, unpack } from "./archive.ts";
import { cifarLabelBytes, cifarRecords } from "./cifar.ts";
import { idxRecords, isIdx } from "./idx.ts";
import { isNpy, npyRecords, readNpy } from "./npy.ts";
import { npzRecords } from "./npz.ts";
import { isPng, pngRecords } from "./png.ts";
import { type RawSpec, rawRecords } from "./raw.ts";
import { type DataFile, type Layout, type Records, showStart } from "./records.ts";

export const dataFormats = ["auto", "idx", "cifar10", "cifar100", "npy", "png", "raw"] as const;
export type DataFormat = (typeof dataFormats)[number];

/** What a reader needs to know besides the bytes. */
export type Wanted = {
  readonly format: DataFormat;
  readonly layout: Layout | null;
  readonly raw: RawSpec | null;
  /** The array of an .npz file to take; null chooses by shape. */
  readonly array: string | null;
  /** The model's input, without the batch. */
  readonly shape: readonly number[];
};

type Known = Exclude<DataFormat, "auto">;

/** Recognises a format by its mark, or by its size and labels for CIFAR, which has no mark. */
function detect(file: DataFile): Known | null {
  if (isIdx(file.bytes)) return "idx";
  if (isNpy(file.bytes)) return "npy";
  if (isPng(file.bytes)) return "png";
  const labels = cifarLabelBytes(file.bytes);
  return labels === null ? null : labels === 1 ? "cifar10" : "cifar100";
}

const readers: Readonly<Record<Known, (files: readonly DataFile[], w: Wanted) => readonly Records[]>> = {
  idx: (files) => files.map(idxRecords),
  cifar10: (files) => files.map((f) => cifarRecords(f, 1)),
  cifar100: (files) => files.map((f) => cifarRecords(f, 2)),
  npy: (files, w) => files.map((f) => npyRecords(readNpy(f), f.name, w.layout, sizeOf(w.shape))),
  png: (files) => [pngRecords(files)],
  raw: (files, w) => {
    const spec = w.raw;
    if (spec === null) return [];
    return files.map((f) => rawRecords(f, spec, spec.shape ?? w.shape, w.layout));
  },
};

/** Opens files, folders (given as their files) and archives as one list of records. */
export async function openRecords(what: string, given: readonly DataFile[], w: Wanted): Promise<Records> {
  const [only] = given;
  const files = (await Promise.all(given.map(unpack))).flat().filter((f) => !isAside(f.name));
  if (only === undefined || files.length === 0) fail("data-empty", [what]);
  if (isZip(only.bytes) && files.every((f) => isNpy(f.bytes))) return npzRecords(only.name, files, w.array, w.layout, sizeOf(w.shape));
  const format = w.raw !== null ? "raw" : w.format === "auto" ? commonFormat(files) : w.format;
  return joined(readers[format](sorted(files, format), w));
}

/** Files that lie beside the data in many folders: documentation, lists, hidden files. */
function isAside(name: string): boolean {
  const base = name.split(/[/\\]/).at(-1) ?? "";
  return base.startsWith(".") || /\.(md|txt|csv|json|ya?ml|html)$/i.test(base) || /^(licen[cs]e|readme)$/i.test(base);
}

function commonFormat(files: readonly DataFile[]): Known {
  let common: { readonly format: Known; readonly name: string } | null = null;
  for (const f of files) {
    const format = detect(f);
    if (format === null) fail("data-format-unknown", [f.name, showStart(f.bytes)], { notes: unknownNotes(f) });
    if (common !== null && common.format !== format) fail("data-mixed", [common.name, f.name]);
    common ??= { format, name: f.name };
  }
  return common?.format ?? "raw";
}

function unknownNotes(f: DataFile): string[] {
  if (!/cifar|batch|\.bin$/i.test(f.name)) return [];
  const over = f.bytes.length % 3073;
  return over === 0
    ? []
    : [`as CIFAR-10 records of 3073 bytes it would be ${Math.floor(f.bytes.length / 3073)} records and ${over} bytes: it may be cut short`];
}

/** Files of a folder come in the order of their names, so that results do not depend on the file system; archives keep theirs unless they hold images. */
function sorted(files: readonly DataFile[], format: Known): readonly DataFile[] {
  if (format !== "png") return files;
  return [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function joined(parts: readonly Records[]): Records {
  const [first] = parts;
  if (first === undefined || parts.length === 1)
    return first ?? { count: 0, shape: [], layout: null, read: () => {}, label: () => null, name: () => "" };
  const starts = [0];
  for (const p of parts) {
    if (p.shape.length !== first.shape.length || p.shape.some((d, i) => d !== first.shape[i]))
      fail("data-mixed", [first.name(0), p.name(0)]);
    starts.push((starts.at(-1) ?? 0) + p.count);
  }
  const find = (index: number): [Records, number] => {
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return [parts[low] ?? first, index - (starts[low] ?? 0)];
  };
  return {
    count: starts.at(-1) ?? 0,
    shape: first.shape,
    layout: first.layout,
    read: (index, out) => {
      const [part, i] = find(index);
      part.read(i, out);
    },
    label: (index) => {
      const [part, i] = find(index);
      return part.label(i);
    },
    name: (index) => {
      const [part, i] = find(index);
      return part.name(i);
    },
  };
}
