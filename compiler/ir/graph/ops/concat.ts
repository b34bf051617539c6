import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { showShape, sizeOf } from "../../../base/tensor.ts";
import { axisOf, data, need, op } from "./op.ts";

export const concat = op({
  name: "concat",
  summary: "its inputs one behind the other along an axis",
  arity: [1, Infinity],
  attrs: { axis: { help: "the axis along which they are joined", kind: "int", default: null } },
  infer: (inputs, attrs) => {
    const { dtype, shape } = need(inputs, 0);
    const axis = axisOf("concat", attrs.axis, shape.length);
    let size = 0;
    inputs.forEach((_, i) => {
      const x = need(inputs, i);
      if (x.dtype !== dtype) fail("graph-dtype", ["concat", `it joins ${dtype} and ${x.dtype}`]);
      if (x.shape.length !== shape.length || x.shape.some((d, a) => a !== axis && d !== shape[a])) {
        fail("graph-shape", ["concat", `${showShape(shape)} and ${showShape(x.shape)} cannot be joined along axis ${axis}`]);
      }
      size += at(x.shape, axis);
    });
    return [{ dtype, shape: shape.map((d, a) => (a === axis ? size : d)) }];
  },
  plan: (inputs, attrs, outputs) => {
    const out = need(outputs, 0).shape;
    const axis = axisOf("concat", attrs.axis, out.length);
    const row = sizeOf(out.slice(axis));
    const pieces = inputs.map((_, i) => sizeOf(need(inputs, i).shape.slice(axis)));
    const rows = sizeOf(out.slice(0, axis));
    return (ins, outs) => {
      const y = data(need(outs, 0));
      let start = 0;
      pieces.forEach((piece, i) => {
        const x = data(need(ins, i));
        for (let r = 0; r < rows; r++) y.set(x.subarray(r * piece, (r + 1) * piece), r * row + start);
        start += piece;
      });
    };
  },
});
