import { fail } from "../../../base/diagnostic.ts";
import { f32, showShape } from "../../../base/tensor.ts";
import { data, need, op } from "./op.ts";

export const constantOfShape = op({
  name: "constant-of-shape",
  summary: "one number repeated to fill a shape",
  arity: [0, 0],
  attrs: {
    shape: { help: "the shape", kind: "ints", default: null },
    value: { help: "a tensor of one element; its dtype is the output's", kind: "tensor", default: f32([1], [0]) },
  },
  infer: (_, { shape, value }) => {
    if (shape.some((d) => d < 0)) fail("graph-shape", ["constant-of-shape", `${showShape(shape)} is not a shape`]);
    if (value.data.length !== 1) fail("graph-shape", ["constant-of-shape", `its value has ${value.data.length} elements, not one`]);
    return [{ dtype: value.dtype, shape }];
  },
  plan:
    (_, { value }) =>
    (_, outs) =>
      data(need(outs, 0)).fill(data(value)[0] as number),
});
