import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { showShape } from "../../../base/tensor.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { multiplier } from "./matrix.ts";
import { data, need, needFloat, op } from "./op.ts";

export const gemm = op({
  name: "gemm",
  summary: "alpha A B + beta C, with A and B transposed on demand; C spreads to the result",
  arity: [2, 3],
  attrs: {
    alpha: { help: "factor of the product", kind: "float", default: 1 },
    beta: { help: "factor of C", kind: "float", default: 1 },
    transA: { help: "1 when A is given transposed", kind: "int", default: 0 },
    transB: { help: "1 when B is given transposed", kind: "int", default: 0 },
  },
  infer: (inputs, { transA, transB }) => {
    const [a, b, c] = [need(inputs, 0), need(inputs, 1), inputs[2] ?? null];
    needFloat("gemm", a);
    if (b.dtype !== a.dtype || (c !== null && c.dtype !== a.dtype)) fail("graph-dtype", ["gemm", "its inputs are of different types"]);
    if (a.shape.length !== 2 || b.shape.length !== 2)
      fail("graph-shape", ["gemm", `A and B are matrices, not ${showShape(a.shape)} and ${showShape(b.shape)}`]);
    const [rows, depth] = transA ? [at(a.shape, 1), at(a.shape, 0)] : [at(a.shape, 0), at(a.shape, 1)];
    const [depthB, columns] = transB ? [at(b.shape, 1), at(b.shape, 0)] : [at(b.shape, 0), at(b.shape, 1)];
    if (depth !== depthB) {
      fail("graph-shape", [
        "gemm",
        `A is ${rows}x${depth} and B is ${depthB}x${columns}${transB ? " (transposed)" : ""}: the inner sizes differ`,
      ]);
    }
    const out = [rows, columns];
    if (c !== null && broadcastShape("gemm", [c.shape, out]).some((d, i) => d !== out[i])) {
      fail("graph-shape", ["gemm", `C ${showShape(c.shape)} does not spread to ${showShape(out)}`]);
    }
    return [{ dtype: a.dtype, shape: out }];
  },
  plan: (inputs, { alpha, beta, transA, transB }, outputs) => {
    const [a, b, c] = [need(inputs, 0), need(inputs, 1), inputs[2] ?? null];
    const out = need(outputs, 0).shape;
    const multiply = multiplier(at(out, 0), at(a.shape, transA ? 0 : 1), at(out, 1));
    const viewA = transA ? { start: 0, row: 1, column: at(a.shape, 1) } : { start: 0, row: at(a.shape, 1), column: 1 };
    const viewB = transB ? { start: 0, row: 1, column: at(b.shape, 1) } : { start: 0, row: at(b.shape, 1), column: 1 };
    const map = c === null ? null : spreadMap(c.shape, out);
    // The product is kept in doubles until the bias is added, so that it is rounded once.
    const sums = new Float64Array(at(out, 0) * at(out, 1));
    return (ins, outs) => {
      multiply(data(need(ins, 0)), viewA, data(need(ins, 1)), viewB, sums, 0);
      const y = data(need(outs, 0));
      const bias = ins[2] ? data(ins[2]) : null;
      for (let i = 0; i < y.length; i++) {
        const offset = bias === null ? 0 : beta * (bias[map === null ? i : (map[i] as number)] as number);
        y[i] = alpha * (sums[i] as number) + offset;
      }
    };
  },
});
