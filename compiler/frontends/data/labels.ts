import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { unpack } from "./archive.ts";
import { elementReader } from "./elements.ts";
import { isIdx, readIdx } from "./idx.ts";
import { isNpy, npyNumbers, readNpy } from "./npy.ts";
import type { DataFile } from "./records.ts";

/** Labels in order, or by file name. */
export type Labels =
  | { readonly kind: "ordered"; readonly file: string; readonly values: ArrayLike<number> }
  | { readonly kind: "named"; readonly file: string; readonly values: ReadonlyMap<string, number> };

/** Reads IDX, .npy or text: one class number a line, or comma-separated columns `file,…,class`. */
export async function readLabels(given: DataFile): Promise<Labels> {
  const [file = given] = await unpack(given);
  if (isIdx(file.bytes)) return idxLabels(file);
  if (isNpy(file.bytes)) return npyLabels(file);
  return textLabels(file);
}

function idxLabels(file: DataFile): Labels {
  const { dims, type, bytes } = readIdx(file);
  const count = sizeOf(dims);
  if (dims.length !== 1) fail("data-malformed", [file.name, "IDX label", `it has ${dims.length} dimensions, not 1`]);
  const element = elementReader({ bytes, type, little: false });
  return { kind: "ordered", file: file.name, values: Float64Array.from({ length: count }, (_, i) => element(i)) };
}

function npyLabels(file: DataFile): Labels {
  const array = readNpy(file);
  return { kind: "ordered", file: file.name, values: classesOf(npyNumbers(array), array.shape) };
}

/** A row of scores (one-hot) per sample counts as its largest entry. */
function classesOf(numbers: Float64Array, shape: readonly number[]): Float64Array {
  const [count = 1, classes = 1] = shape;
  if (shape.length !== 2 || classes === 1) return numbers;
  return Float64Array.from({ length: count }, (_, i) => {
    const row = numbers.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
}

function textLabels(file: DataFile): Labels {
  const rows = new TextDecoder()
    .decode(file.bytes)
    .split(/\r?\n/)
    .map((text, i) => ({ line: i + 1, text: text.trim() }))
    .filter((r) => r.text !== "" && !r.text.startsWith("#"));
  const isClass = (text: string): boolean => /^-?\d+$/.test((text.split(/[,;\t]/).at(-1) ?? "").trim());
  const [head] = rows;
  // A table may begin with the names of its columns.
  const body = head !== undefined && rows.length > 1 && /[,;\t]/.test(head.text) && !isClass(head.text) ? rows.slice(1) : rows;
  const named = new Map<string, number>();
  const ordered: number[] = [];
  for (const { line, text } of body) {
    if (!isClass(text)) fail("labels-syntax", [file.name, line, text.length > 60 ? `${text.slice(0, 60)}…` : text]);
    const columns = text.split(/[,;\t]/).map((c) => c.trim());
    const label = Number(columns.at(-1));
    ordered.push(label);
    const [key] = columns;
    if (columns.length > 1 && key !== undefined && !/^-?\d+$/.test(key)) named.set(key, label);
  }
  if (named.size > 0 && named.size === ordered.length) return { kind: "named", file: file.name, values: named };
  return { kind: "ordered", file: file.name, values: Float64Array.from(ordered) };
}
