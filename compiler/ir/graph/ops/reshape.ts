import { fail } from "../../../base/diagnostic.ts";
import { showShape, sizeOf } from "../../../base/tensor.ts";
import { data, need, op } from "./op.ts";

export const reshape = op({
  name: "reshape",
  summary: "the same numbers in another shape; also stands for Flatten, Squeeze and Unsqueeze",
  arity: [1, 1],
  attrs: { shape: { help: "the new shape, every size given", kind: "ints", default: null } },
  infer: (inputs, { shape }) => {
    const x = need(inputs, 0);
    if (shape.some((d) => d < 0) || sizeOf(shape) !== sizeOf(x.shape)) {
      fail("graph-shape", ["reshape", `${sizeOf(x.shape)} numbers of shape ${showShape(x.shape)} do not fill ${showShape(shape)}`]);
    }
    return [{ dtype: x.dtype, shape }];
  },
  plan: () => (ins, outs) => data(need(outs, 0)).set(data(need(ins, 0))),
});
