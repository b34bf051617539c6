import { type Tensor, numbersOf, sizeOf } from "../../../base/tensor.ts";
import type { Kernel } from "../types.ts";
import type { KernelModel } from "./kernel.ts";

type Sparse = Extract<Kernel, { kind: "sparse" }>;

export const sparseKernel: KernelModel<Sparse> = {
  summary: "a list of synapses: rows (target), columns (source), weight, all [n]",

  problem(k, inShape) {
    const n = k.weight.data.length;
    if ([k.rows, k.columns, k.weight].some((t) => t.shape.length !== 1 || t.data.length !== n))
      return "its rows, columns and weight must be lists of the same length";
    const count = sizeOf(inShape);
    const whole = (x: number): boolean => Number.isInteger(x) && x >= 0;
    if (!numbersOf(k.rows).every(whole)) return "its rows must be neuron indices";
    const beyond = numbersOf(k.columns).find((c) => !whole(c) || c >= count);
    return beyond === undefined ? null : `its column ${beyond} is not one of the source's ${count} neurons`;
  },

  outShape(k) {
    let last = -1;
    for (const r of numbersOf(k.rows)) if (r > last) last = r;
    return [last + 1];
  },

  visitor(k, inShape) {
    const { start, target, weight, index } = columnsOf(k, sizeOf(inShape));
    return (source, visit) => {
      for (let e = start[source]!; e < start[source + 1]!; e++) visit(target[e]!, weight[e]!, index[e]!);
    };
  },

  fanIn(k, _inShape, outShape) {
    const out = new Int32Array(sizeOf(outShape));
    for (const r of numbersOf(k.rows)) out[r]!++;
    return out;
  },

  fanOut(k, inShape) {
    const out = new Int32Array(sizeOf(inShape));
    for (const c of numbersOf(k.columns)) out[c]!++;
    return out;
  },

  scatter(k, inShape) {
    const { start, target, weight } = columnsOf(k, sizeOf(inShape));
    return (count, index, value, drive) => {
      for (let e = 0; e < count; e++) {
        const p = value[e]!;
        const end = start[index[e]! + 1]!;
        for (let s = start[index[e]!]!; s < end; s++) {
          const t = target[s]!;
          drive[t] = drive[t]! + p * weight[s]!;
        }
      }
    };
  },

  withWeight: (k, weight) => ({ ...k, weight: weight as Tensor }),
};

/** The list by source, and by target within a source (CSR of the columns). */
type Columns = { readonly start: Int32Array; readonly target: Int32Array; readonly weight: Float64Array; readonly index: Int32Array };

/** Sorting is worth remembering: callers ask for one source at a time. Pure, so the memory cannot be observed. */
const known = new WeakMap<Sparse, Columns>();

function columnsOf(k: Sparse, sources: number): Columns {
  const found = known.get(k);
  if (found !== undefined && found.start.length === sources + 1) return found;
  const [rows, columns, weights] = [numbersOf(k.rows), numbersOf(k.columns), numbersOf(k.weight)];
  const index = Int32Array.from(rows, (_, i) => i);
  index.sort((a, b) => columns[a]! - columns[b]! || rows[a]! - rows[b]! || a - b);
  const start = new Int32Array(sources + 1);
  for (const c of columns) start[c + 1]!++;
  for (let c = 0; c < sources; c++) start[c + 1]! += start[c]!;
  const made = { start, target: Int32Array.from(index, (i) => rows[i]!), weight: Float64Array.from(index, (i) => weights[i]!), index };
  known.set(k, made);
  return made;
}
