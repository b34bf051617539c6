import { fail } from "../../../base/diagnostic.ts";
import { showShape } from "../../../base/tensor.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { moved } from "./move.ts";
import { data, need, op } from "./op.ts";

export const expand = op({
  name: "expand",
  summary: "its input repeated along axes of size 1, to what it and the shape spread to together",
  arity: [1, 1],
  attrs: { shape: { help: "the shape to spread to", kind: "ints", default: null } },
  infer: (inputs, { shape }) => {
    const x = need(inputs, 0);
    if (shape.some((d) => d < 0)) fail("graph-shape", ["expand", `${showShape(shape)} is not a shape`]);
    return [{ dtype: x.dtype, shape: broadcastShape("expand", [x.shape, shape]) }];
  },
  plan: (inputs, _, outputs) => {
    const map = spreadMap(need(inputs, 0).shape, need(outputs, 0).shape);
    return map === null ? (ins, outs) => data(need(outs, 0)).set(data(need(ins, 0))) : moved(map);
  },
});
