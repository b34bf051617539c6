import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { showShape, sizeOf } from "../../../base/tensor.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { multiplier } from "./matrix.ts";
import { data, need, needFloat, op } from "./op.ts";

/** A vector on the left counts as one row, one on the right as one column; the added axis is dropped from the result. */
function factors(a: readonly number[], b: readonly number[]): { readonly a: readonly number[]; readonly b: readonly number[] } {
  return { a: a.length === 1 ? [1, ...a] : a, b: b.length === 1 ? [...b, 1] : b };
}

export const matmul = op({
  name: "matmul",
  summary: "product of matrices; axes before the last two are a batch and spread",
  arity: [2, 2],
  attrs: {},
  infer: (inputs) => {
    const [a, b] = [need(inputs, 0), need(inputs, 1)];
    needFloat("matmul", a);
    if (b.dtype !== a.dtype) fail("graph-dtype", ["matmul", `it multiplies ${a.dtype} with ${b.dtype}`]);
    if (a.shape.length === 0 || b.shape.length === 0) fail("graph-shape", ["matmul", "a scalar is not a matrix"]);
    const f = factors(a.shape, b.shape);
    if (f.a.at(-1) !== f.b.at(-2))
      fail("graph-shape", ["matmul", `${showShape(a.shape)} and ${showShape(b.shape)} differ in their inner sizes`]);
    const batch = broadcastShape("matmul", [f.a.slice(0, -2), f.b.slice(0, -2)]);
    const rows = a.shape.length === 1 ? [] : f.a.slice(-2, -1);
    const columns = b.shape.length === 1 ? [] : f.b.slice(-1);
    return [{ dtype: a.dtype, shape: [...batch, ...rows, ...columns] }];
  },
  plan: (inputs) => {
    const { a, b } = factors(need(inputs, 0).shape, need(inputs, 1).shape);
    const [rows, depth, columns] = [at(a, a.length - 2), at(a, a.length - 1), at(b, b.length - 1)];
    const batch = broadcastShape("matmul", [a.slice(0, -2), b.slice(0, -2)]);
    const mapA = spreadMap(a.slice(0, -2), batch);
    const mapB = spreadMap(b.slice(0, -2), batch);
    const multiply = multiplier(rows, depth, columns);
    const count = sizeOf(batch);
    return (ins, outs) => {
      const [x, w, y] = [data(need(ins, 0)), data(need(ins, 1)), data(need(outs, 0))];
      for (let i = 0; i < count; i++) {
        const viewA = { start: (mapA?.[i] ?? i) * rows * depth, row: depth, column: 1 };
        const viewB = { start: (mapB?.[i] ?? i) * depth * columns, row: columns, column: 1 };
        multiply(x, viewA, w, viewB, y, i * rows * columns);
      }
    };
  },
});
