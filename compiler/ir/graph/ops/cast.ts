import { fail } from "../../../base/diagnostic.ts";
import { type Dtype, make } from "../../../base/tensor.ts";
import { data, isFloat, need, op } from "./op.ts";

function isDtype(word: string): word is Dtype {
  return Object.hasOwn(make, word);
}

export const cast = op({
  name: "cast",
  summary: "the same numbers as another type; reals are cut toward zero to become integers",
  arity: [1, 1],
  attrs: { to: { help: "f32, f64, i8, i16, i32, i64, u8 or bool", kind: "string", default: null } },
  infer: (inputs, { to }) => {
    if (!isDtype(to)) fail("graph-dtype", ["cast", `"${to}" is not a type`]);
    return [{ dtype: to, shape: need(inputs, 0).shape }];
  },
  plan: (inputs, { to }) => {
    const from = need(inputs, 0).dtype;
    if (from === to) return (ins, outs) => data(need(outs, 0)).set(data(need(ins, 0)));
    if (to === "bool") {
      return (ins, outs) => {
        const y = data(need(outs, 0));
        need(ins, 0).data.forEach((v: number | bigint, i: number) => {
          y[i] = Number(v) === 0 ? 0 : 1;
        });
      };
    }
    if (to === "i64") {
      return (ins, outs) => {
        const y = need(outs, 0).data as BigInt64Array;
        need(ins, 0).data.forEach((v: number | bigint, i: number) => {
          y[i] = BigInt(Math.trunc(finite(Number(v))));
        });
      };
    }
    const whole = !isFloat(to as Dtype);
    return (ins, outs) => {
      const y = data(need(outs, 0));
      need(ins, 0).data.forEach((v: number | bigint, i: number) => {
        y[i] = whole ? Math.trunc(Number(v)) : Number(v);
      });
    };
  },
});

function finite(n: number): number {
  if (!Number.isFinite(n)) fail("graph-dtype", ["cast", `${n} is not an integer`]);
  return n;
}
