import { i32, type Tensor } from "../../compiler/base/tensor.ts";
import type { Axon, Row } from "../../compiler/ir/cores/types.ts";

/* The one form in which mapping and decoder write what a core holds, so that both give the same Cores. */

/** One number when all are equal, else a tensor. */
export function gathered(values: readonly number[]): number | Tensor {
  const first = values[0] ?? 0;
  return values.every((v) => v === first) ? first : i32([values.length], Int32Array.from(values));
}

/** Dense rows of what each axon adds to each slot; equal ones once, in the order of their axons. */
export function rowsOf(columns: readonly Int32Array[], bits: number): { readonly rows: Row[]; readonly rowOf: number[] } {
  const rows: Row[] = [];
  const known = new Map<string, number>();
  const rowOf = columns.map((weights) => {
    const key = weights.join();
    let row = known.get(key);
    if (row === undefined) {
      row = rows.length;
      known.set(key, row);
      rows.push({ kind: "dense", bits, base: 0, weights });
    }
    return row;
  });
  return { rows, rowOf };
}

/** Axons with their delays; where several neurons send to one it acts once a tick, as every axon of the design does. */
export function axonsOf(rowOf: readonly number[], delays: readonly number[], shared: readonly boolean[]): Axon[] {
  return rowOf.map((row, i) => ({
    row,
    mode: shared[i] === true ? "at-least" : "each",
    need: shared[i] === true ? 1 : 0,
    delay: delays[i] ?? 0,
    gain: 1,
    shift: 0,
    y: 0,
    x: 0,
  }));
}
