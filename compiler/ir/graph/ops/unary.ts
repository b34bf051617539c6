import { fail } from "../../../base/diagnostic.ts";
import type { Dtype } from "../../../base/tensor.ts";
import { type AttrTable, type AttrValues, data, isFloat, need, type Op, op } from "./op.ts";

type Unary<A extends AttrTable> = {
  readonly name: string;
  readonly summary: string;
  readonly attrs: A;
  /** Whether integers are taken too; all but i64 go through `of`. */
  readonly integers: boolean;
  readonly of: (attrs: AttrValues<A>) => (x: number) => number;
};

/** An operation on each element alone: y = f(x). */
export function unary<const A extends AttrTable>(u: Unary<A>): Op {
  return op({
    name: u.name,
    summary: u.summary,
    arity: [1, 1],
    attrs: u.attrs,
    infer: (inputs) => {
      const { dtype, shape } = need(inputs, 0);
      if (!isFloat(dtype) && (!u.integers || dtype === "bool")) fail("graph-dtype", [u.name, `it does not take ${dtype}`]);
      return [{ dtype, shape }];
    },
    plan: (inputs, attrs) => {
      const f = u.of(attrs);
      if (need(inputs, 0).dtype === "i64") {
        return ([x], [y]) => {
          const from = x?.data as BigInt64Array;
          const to = y?.data as BigInt64Array;
          for (let i = 0; i < to.length; i++) to[i] = BigInt(f(Number(from[i])));
        };
      }
      return (ins, outs) => {
        const from = data(need(ins, 0));
        const to = data(need(outs, 0));
        for (let i = 0; i < to.length; i++) to[i] = f(from[i] as number);
      };
    },
  });
}

/** Half to even, as ONNX rounds. */
export function roundEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

/**
 * How an intermediate result is kept. Rounding to a grid looks at a quotient that
 * other implementations hold in the type of the input, and must see the same number.
 */
export function narrowing(dtype: Dtype): (x: number) => number {
  return dtype === "f64" ? (x) => x : Math.fround;
}

function plain(name: string, summary: string, integers: boolean, f: (x: number) => number): Op {
  return unary({ name, summary, attrs: {}, integers, of: () => f });
}

export const neg = plain("neg", "-x", true, (x) => -x);
export const abs = plain("abs", "|x|", true, Math.abs);
export const sign = plain("sign", "-1, 0 or 1", true, Math.sign);
export const floor = plain("floor", "the next integer below or at x", false, Math.floor);
export const ceil = plain("ceil", "the next integer above or at x", false, Math.ceil);
export const round = plain("round", "the nearest integer, halves to the even one", false, roundEven);
export const sqrt = plain("sqrt", "the square root", false, Math.sqrt);
export const exp = plain("exp", "e to the power of x", false, Math.exp);
export const log = plain("log", "the natural logarithm", false, Math.log);
export const sigmoid = plain("sigmoid", "1 / (1 + exp(-x))", false, (x) => 1 / (1 + Math.exp(-x)));
export const tanh = plain("tanh", "the hyperbolic tangent", false, Math.tanh);
export const relu = plain("relu", "max(x, 0)", true, (x) => (x < 0 ? 0 : x));

export const leakyRelu = unary({
  name: "leaky-relu",
  summary: "x, or alpha x where x is negative",
  attrs: { alpha: { help: "slope for negative x", kind: "float", default: 0.01 } },
  integers: false,
  of:
    ({ alpha }) =>
    (x) =>
      x < 0 ? alpha * x : x,
});

export const clip = unary({
  name: "clip",
  summary: "x limited to min..max",
  attrs: {
    min: { help: "lower end", kind: "float", default: -Infinity },
    max: { help: "upper end", kind: "float", default: Infinity },
  },
  integers: true,
  of:
    ({ min, max }) =>
    (x) =>
      x < min ? (min > max ? max : min) : x > max ? max : x,
});

export const not = op({
  name: "not",
  summary: "logical negation",
  arity: [1, 1],
  attrs: {},
  infer: (inputs) => {
    const { dtype, shape } = need(inputs, 0);
    if (dtype !== "bool") fail("graph-dtype", ["not", `it takes bool, not ${dtype}`]);
    return [{ dtype, shape }];
  },
  plan: () => (ins, outs) => {
    const from = data(need(ins, 0));
    const to = data(need(outs, 0));
    for (let i = 0; i < to.length; i++) to[i] = from[i] === 0 ? 1 : 0;
  },
});
