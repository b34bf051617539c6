import { fail } from "../../../base/diagnostic.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { data, need, op } from "./op.ts";

export const where = op({
  name: "where",
  summary: "the element of the second input where the first is true, else that of the third",
  arity: [3, 3],
  attrs: {},
  infer: (inputs) => {
    const [c, a, b] = [need(inputs, 0), need(inputs, 1), need(inputs, 2)];
    if (c.dtype !== "bool") fail("graph-dtype", ["where", `its condition is ${c.dtype}, not bool`]);
    if (a.dtype !== b.dtype) fail("graph-dtype", ["where", `it chooses between ${a.dtype} and ${b.dtype}`]);
    return [{ dtype: a.dtype, shape: broadcastShape("where", [c.shape, a.shape, b.shape]) }];
  },
  plan: (inputs, _, outputs) => {
    const out = need(outputs, 0).shape;
    const [mapC, mapA, mapB] = [0, 1, 2].map((i) => spreadMap(need(inputs, i).shape, out));
    return (ins, outs) => {
      const [c, a, b, y] = [data(need(ins, 0)), data(need(ins, 1)), data(need(ins, 2)), data(need(outs, 0))];
      for (let i = 0; i < y.length; i++) y[i] = c[mapC?.[i] ?? i] !== 0 ? (a[mapA?.[i] ?? i] as number) : (b[mapB?.[i] ?? i] as number);
    };
  },
});
