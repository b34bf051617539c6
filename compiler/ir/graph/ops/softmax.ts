import { forEachLine, linesOf } from "./along.ts";
import { axisOf, data, need, needFloat, op } from "./op.ts";

export const softmax = op({
  name: "softmax",
  summary: "exp(x) divided by its sum along an axis",
  arity: [1, 1],
  attrs: { axis: { help: "the axis that adds up to 1", kind: "int", default: -1 } },
  infer: (inputs, { axis }) => {
    const { dtype, shape } = need(inputs, 0);
    needFloat("softmax", need(inputs, 0));
    axisOf("softmax", axis, shape.length);
    return [{ dtype, shape }];
  },
  plan: (inputs, { axis }) => {
    const { shape } = need(inputs, 0);
    const lines = linesOf(shape, axisOf("softmax", axis, shape.length));
    const powers = new Float64Array(lines.size);
    return (ins, outs) => {
      const x = data(need(ins, 0));
      const y = data(need(outs, 0));
      forEachLine(lines, (start) => {
        // The largest is subtracted so that no power overflows; the quotient stays the same.
        let best = -Infinity;
        for (let i = 0; i < lines.size; i++) best = Math.max(best, x[start + i * lines.inner] as number);
        let sum = 0;
        for (let i = 0; i < lines.size; i++) {
          const power = Math.exp((x[start + i * lines.inner] as number) - best);
          powers[i] = power;
          sum += power;
        }
        for (let i = 0; i < lines.size; i++) y[start + i * lines.inner] = (powers[i] as number) / sum;
      });
    };
  },
});
