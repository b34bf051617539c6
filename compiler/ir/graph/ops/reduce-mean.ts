import { at } from "../../../base/bug.ts";
import { stridesOf, walk } from "./broadcast.ts";
import { axisOf, data, need, needFloat, op } from "./op.ts";

export const reduceMean = op({
  name: "reduce-mean",
  summary: "the mean over some axes",
  arity: [1, 1],
  attrs: {
    axes: { help: "the axes over which the mean is taken", kind: "ints", default: null },
    keepdims: { help: "1 to keep these axes with size 1", kind: "int", default: 1 },
  },
  infer: (inputs, attrs) => {
    const { dtype, shape } = need(inputs, 0);
    needFloat("reduce-mean", need(inputs, 0));
    const axes = new Set(attrs.axes.map((a) => axisOf("reduce-mean", a, shape.length)));
    return [{ dtype, shape: shape.flatMap((d, a) => (!axes.has(a) ? [d] : attrs.keepdims ? [1] : [])) }];
  },
  plan: (inputs, attrs) => {
    const { shape } = need(inputs, 0);
    const axes = new Set(attrs.axes.map((a) => axisOf("reduce-mean", a, shape.length)));
    const strides = stridesOf(shape);
    const split = (kept: boolean): Int32Array => {
      const some = shape.map((_, a) => a).filter((a) => axes.has(a) !== kept);
      return walk(
        some.map((a) => at(shape, a)),
        some.map((a) => at(strides, a)),
      );
    };
    const starts = split(true);
    const steps = split(false);
    const count = steps.length;
    return (ins, outs) => {
      const x = data(need(ins, 0));
      const y = data(need(outs, 0));
      for (let i = 0; i < y.length; i++) {
        const start = starts[i] as number;
        let sum = 0;
        for (let j = 0; j < count; j++) sum += x[start + (steps[j] as number)] as number;
        y[i] = sum / count;
      }
    };
  },
});
