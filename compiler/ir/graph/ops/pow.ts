import { numbersOf } from "../../../base/tensor.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { data, need, needFloat, op } from "./op.ts";

export const pow = op({
  name: "pow",
  summary: "a to the power of b; the exponent may be of any type",
  arity: [2, 2],
  attrs: {},
  infer: (inputs) => {
    const a = need(inputs, 0);
    needFloat("pow", a);
    return [{ dtype: a.dtype, shape: broadcastShape("pow", [a.shape, need(inputs, 1).shape]) }];
  },
  plan: (inputs, _, outputs) => {
    const out = need(outputs, 0).shape;
    const mapA = spreadMap(need(inputs, 0).shape, out);
    const mapB = spreadMap(need(inputs, 1).shape, out);
    return (ins, outs) => {
      const a = data(need(ins, 0));
      const b = numbersOf(need(ins, 1));
      const y = data(need(outs, 0));
      for (let i = 0; i < y.length; i++) y[i] = (a[mapA?.[i] ?? i] as number) ** (b[mapB?.[i] ?? i] as number);
    };
  },
});
