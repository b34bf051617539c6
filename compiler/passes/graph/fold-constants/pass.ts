import { at } from "../../../base/bug.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { opNamed } from "../../../ir/graph/ops/index.ts";
import { pass } from "../../pass.ts";
import { rewrite } from "../rewrite.ts";

/*
 * Computes nodes whose inputs are all constant, and the sizes of values, which are
 * always known. What exporters leave of shape arithmetic and of reparametrized or
 * quantized weights becomes a constant, and later passes look for constants only.
 *
 *     constant a = f32[2]{1 2}
 *     constant b = f32[2]{3 4}                     constant c = f32[2]{4 6}
 *     node s = add(a, b) -> c f32[2]       =>      node m = mul(x, c) -> y f32[2]
 *     node m = mul(x, c) -> y f32[2]
 */
export const foldConstants = pass({
  name: "fold-constants",
  on: "graph",
  summary: "Computes what depends on constants only.",
  keeps: "answers",
  options: {},
  run: (g) => {
    // Constants made in this run, by the old value they stand for: chains fold in one sweep.
    const made = new Map<number, Tensor>();
    return rewrite(g, (n, edit) => {
      const op = opNamed(n.op);
      const inputs = n.inputs.map((v) => (v === null ? null : (made.get(v) ?? edit.constant(v))));
      const known = n.inputs.every((v, i) => v === null || inputs[i] !== null);
      if (op === null || !(known || n.op === "shape")) return null;
      const given = known ? inputs : n.inputs.map((v) => (v === null ? null : placeholder(edit.shape(v))));
      return op.run(given, n.attrs).map((t, i) => {
        const v = at(n.outputs, i);
        made.set(v, t);
        return edit.standIn(v, t);
      });
    });
  },
});

/** A tensor of which only the shape is asked. */
function placeholder(shape: readonly number[]): Tensor {
  return { dtype: "bool", shape, data: new Uint8Array(0) };
}
