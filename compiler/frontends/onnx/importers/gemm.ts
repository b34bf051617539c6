import { importer } from "../importer.ts";

/** alpha·A·B + beta·C, A and B possibly transposed; C may be left out since opset 11. */
export const gemm = importer((n) => {
  const attrs = {
    alpha: n.attributes.float("alpha", 1),
    beta: n.attributes.float("beta", 1),
    transA: n.attributes.int("transA", 0),
    transB: n.attributes.int("transB", 0),
  };
  const c = n.optional(2);
  return n.emit("gemm", c === null ? [n.input(0), n.input(1)] : [n.input(0), n.input(1), c], attrs);
});
