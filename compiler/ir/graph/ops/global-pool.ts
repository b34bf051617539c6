import { fail } from "../../../base/diagnostic.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { data, need, needFloat, type Op, op } from "./op.ts";

function globalPool(name: string, summary: string, reduce: (x: Float64Array, start: number, end: number) => number): Op {
  return op({
    name,
    summary,
    arity: [1, 1],
    attrs: {},
    infer: (inputs) => {
      const { dtype, shape } = need(inputs, 0);
      needFloat(name, need(inputs, 0));
      if (shape.length < 3) fail("graph-shape", [name, "its input has no spatial axis"]);
      return [{ dtype, shape: shape.map((d, a) => (a < 2 ? d : 1)) }];
    },
    plan: (inputs) => {
      const volume = sizeOf(need(inputs, 0).shape.slice(2));
      return (ins, outs) => {
        const x = data(need(ins, 0));
        const y = data(need(outs, 0));
        for (let i = 0; i < y.length; i++) y[i] = reduce(x, i * volume, (i + 1) * volume);
      };
    },
  });
}

export const globalAveragePool = globalPool("global-average-pool", "the mean of each channel", (x, start, end) => {
  let sum = 0;
  for (let i = start; i < end; i++) sum += x[i] as number;
  return sum / (end - start);
});

export const globalMaxPool = globalPool("global-max-pool", "the largest number of each channel", (x, start, end) => {
  let best = -Infinity;
  for (let i = start; i < end; i++) best = Math.max(best, x[i] as number);
  return best;
});
