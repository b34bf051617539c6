import { fail } from "../../../base/diagnostic.ts";
import { forEachLine, linesOf } from "./along.ts";
import { axisOf, data, need, op } from "./op.ts";

export const argmax = op({
  name: "argmax",
  summary: "the index of the largest number along an axis",
  arity: [1, 1],
  attrs: {
    axis: { help: "the axis that is searched", kind: "int", default: 0 },
    keepdims: { help: "1 to keep the axis with size 1", kind: "int", default: 1 },
    selectLastIndex: { help: "1 to take the last of several largest instead of the first", kind: "int", default: 0 },
  },
  infer: (inputs, attrs) => {
    const { dtype, shape } = need(inputs, 0);
    if (dtype === "bool") fail("graph-dtype", ["argmax", "it does not take bool"]);
    const axis = axisOf("argmax", attrs.axis, shape.length);
    if (shape[axis] === 0) fail("graph-shape", ["argmax", `axis ${axis} is empty`]);
    return [{ dtype: "i64", shape: shape.flatMap((d, a) => (a !== axis ? [d] : attrs.keepdims ? [1] : [])) }];
  },
  plan: (inputs, attrs) => {
    const { shape } = need(inputs, 0);
    const lines = linesOf(shape, axisOf("argmax", attrs.axis, shape.length));
    const last = attrs.selectLastIndex !== 0;
    return (ins, outs) => {
      const x = data(need(ins, 0));
      const y = need(outs, 0).data as BigInt64Array;
      forEachLine(lines, (start, index) => {
        let best = 0;
        for (let i = 1; i < lines.size; i++) {
          const [now, then] = [x[start + i * lines.inner] as number, x[start + best * lines.inner] as number];
          if (now > then || (last && now === then)) best = i;
        }
        y[index] = BigInt(best);
      });
    };
  },
});
