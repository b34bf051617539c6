import { forEachLine, linesOf } from "./along.ts";
import { axisOf, data, need, needFloat, type Op, op } from "./op.ts";

export const softmax = alongAxis(
  "softmax",
  "exp(x) divided by its sum along an axis",
  "the axis that adds up to 1",
  (x, sum) => Math.exp(x) / sum,
);

export const logSoftmax = alongAxis(
  "log-softmax",
  "x less the logarithm of the sum of exp(x) along an axis",
  "the axis along which the powers are added up",
  (x, sum) => x - Math.log(sum),
);

/** `of` is given x less the largest of its line, so that no power overflows, and the sum of the powers of all such. */
function alongAxis(name: string, summary: string, help: string, of: (x: number, sum: number) => number): Op {
  return op({
    name,
    summary,
    arity: [1, 1],
    attrs: { axis: { help, kind: "int", default: -1 } },
    infer: (inputs, { axis }) => {
      const { dtype, shape } = need(inputs, 0);
      needFloat(name, need(inputs, 0));
      axisOf(name, axis, shape.length);
      return [{ dtype, shape }];
    },
    plan: (inputs, { axis }) => {
      const { shape } = need(inputs, 0);
      const lines = linesOf(shape, axisOf(name, axis, shape.length));
      return (ins, outs) => {
        const x = data(need(ins, 0));
        const y = data(need(outs, 0));
        forEachLine(lines, (start) => {
          let best = -Infinity;
          for (let i = 0; i < lines.size; i++) best = Math.max(best, x[start + i * lines.inner] as number);
          let sum = 0;
          for (let i = 0; i < lines.size; i++) sum += Math.exp((x[start + i * lines.inner] as number) - best);
          for (let i = 0; i < lines.size; i++) {
            const place = start + i * lines.inner;
            y[place] = of((x[place] as number) - best, sum);
          }
        });
      };
    },
  });
}
