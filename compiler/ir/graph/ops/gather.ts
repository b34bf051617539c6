import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { numbersOf, sizeOf } from "../../../base/tensor.ts";
import { axisOf, data, need, op } from "./op.ts";

export const gather = op({
  name: "gather",
  summary: "the parts of the first input that the second names by index along an axis",
  arity: [2, 2],
  attrs: { axis: { help: "the axis that is indexed", kind: "int", default: 0 } },
  infer: (inputs, attrs) => {
    const x = need(inputs, 0);
    const indices = need(inputs, 1);
    if (indices.dtype !== "i64" && indices.dtype !== "i32")
      fail("graph-dtype", ["gather", `its indices are ${indices.dtype}, not i32 or i64`]);
    const axis = axisOf("gather", attrs.axis, x.shape.length);
    return [{ dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] }];
  },
  plan: (inputs, attrs) => {
    const { shape } = need(inputs, 0);
    const axis = axisOf("gather", attrs.axis, shape.length);
    const size = at(shape, axis);
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    return (ins, outs) => {
      const x = data(need(ins, 0));
      const y = data(need(outs, 0));
      const indices = numbersOf(need(ins, 1)).map((i) => {
        if (i < -size || i >= size) fail("graph-index", ["gather", String(i), size]);
        return i < 0 ? i + size : i;
      });
      let to = 0;
      for (let o = 0; o < outer; o++) {
        for (const i of indices) {
          const from = (o * size + i) * inner;
          y.set(x.subarray(from, from + inner), to);
          to += inner;
        }
      }
    };
  },
});
