import { fail } from "../../base/diagnostic.ts";
import { showShape, sizeOf } from "../../base/tensor.ts";
import { type NpyArray, npyNumbers, npyRecords, readNpy } from "./npy.ts";
import type { DataFile, Layout, Records } from "./records.ts";

type Named = { readonly name: string; readonly array: NpyArray };

/**
 * Chooses the samples, and the labels if they are there, among the arrays of an
 * .npz. `wanted` names the data array; without it the one whose records have the
 * size of the model's input is taken, and if several have, the one with a usual name.
 */
export function npzRecords(
  file: string,
  entries: readonly DataFile[],
  wanted: string | null,
  layout: Layout | null,
  sampleSize: number,
): Records {
  const arrays: Named[] = entries.map((e) => ({
    name: e.name.replace(/\.npy$/, ""),
    array: readNpy({ name: `${file}:${e.name}`, bytes: e.bytes }),
  }));
  const fits = arrays.filter((a) => (wanted === null ? holdsSamples(a.array, sampleSize) : a.name === wanted));
  const usual = fits.filter((a) => /^(x|data|images?|inputs?|samples)$/i.test(a.name));
  const data = fits.length === 1 ? fits[0] : usual.length === 1 ? usual[0] : undefined;
  if (data === undefined) fail("data-array-choice", [file, arrays.map((a) => `${a.name} ${showShape(a.array.shape)}`)]);
  const records = npyRecords(data.array, `${file}:${data.name}`, layout, sampleSize);
  const labels = findLabels(arrays, data, records.count);
  return labels === null ? records : { ...records, label: (i) => labels[i] ?? null };
}

function holdsSamples(a: NpyArray, sampleSize: number): boolean {
  const size = sizeOf(a.shape);
  return size === sampleSize || (a.shape.length > 1 && size === sampleSize * (a.shape[0] ?? 0));
}

/** The partner by name (x_test, y_test), else the only list of that many whole numbers. */
function findLabels(arrays: readonly Named[], data: Named, count: number): Float64Array | null {
  const lists = arrays.filter((a) => a !== data && sizeOf(a.array.shape) === count && !/^f/.test(a.array.type));
  const partner = [
    data.name.replace(/^x/i, (x) => (x === "X" ? "Y" : "y")),
    data.name.replace(/^X/, "y"),
    data.name.replace(/images?|data|inputs?|samples/i, "labels"),
  ];
  const found =
    lists.find((a) => partner.includes(a.name)) ??
    lists.find((a) => /^(y|labels?|targets?)$/i.test(a.name)) ??
    (lists.length === 1 ? lists[0] : undefined);
  return found === undefined ? null : npyNumbers(found.array);
}
