import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { stridesOf, walk } from "./broadcast.ts";
import { moved } from "./move.ts";
import { need, op } from "./op.ts";

export const transpose = op({
  name: "transpose",
  summary: "axes in another order",
  arity: [1, 1],
  attrs: { perm: { help: "which axis of the input each axis of the output is", kind: "ints", default: null } },
  infer: (inputs, { perm }) => {
    const { dtype, shape } = need(inputs, 0);
    if (perm.length !== shape.length || shape.some((_, a) => !perm.includes(a))) {
      fail("graph-shape", ["transpose", `[${perm.join(" ")}] is not an order of ${shape.length} axes`]);
    }
    return [{ dtype, shape: perm.map((a) => at(shape, a)) }];
  },
  plan: (inputs, { perm }, outputs) => {
    const strides = stridesOf(need(inputs, 0).shape);
    return moved(
      walk(
        need(outputs, 0).shape,
        perm.map((a) => at(strides, a)),
      ),
    );
  },
});
