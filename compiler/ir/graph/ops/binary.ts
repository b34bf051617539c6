import { fail } from "../../../base/diagnostic.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { data, isFloat, type Kernel, need, type Op, op, type Signature } from "./op.ts";

type Real = (a: number, b: number) => number;
type Big = (a: bigint, b: bigint) => bigint;
type Arithmetic = {
  /** On real numbers. */
  readonly real: Real;
  /** On the small integers, where that differs; the result is wrapped to the dtype. */
  readonly whole?: Real;
  readonly big: Big;
};

/** y[i] = f(a[i], b[i]) where a null map means that the element itself is meant. */
function loop(f: Real, mapA: Int32Array | null, mapB: Int32Array | null): (a: Float64Array, b: Float64Array, y: Float64Array) => void {
  if (mapA === null && mapB === null) {
    return (a, b, y) => {
      for (let i = 0; i < y.length; i++) y[i] = f(a[i] as number, b[i] as number);
    };
  }
  return (a, b, y) => {
    for (let i = 0; i < y.length; i++) {
      y[i] = f(a[mapA === null ? i : (mapA[i] as number)] as number, b[mapB === null ? i : (mapB[i] as number)] as number);
    }
  };
}

function bigLoop(f: Big, mapA: Int32Array | null, mapB: Int32Array | null): (a: BigInt64Array, b: BigInt64Array, y: BigInt64Array) => void {
  return (a, b, y) => {
    for (let i = 0; i < y.length; i++) y[i] = f(a[mapA?.[i] ?? i] as bigint, b[mapB?.[i] ?? i] as bigint);
  };
}

function sameDtype(name: string, inputs: readonly (Signature | null)[]): Signature["dtype"] {
  const dtypes = inputs.map((_, i) => need(inputs, i).dtype);
  const dtype = need(inputs, 0).dtype;
  if (dtypes.some((d) => d !== dtype)) fail("graph-dtype", [name, `its inputs are of different types: ${dtypes.join(", ")}`]);
  return dtype;
}

/** The kernel for two inputs that spread to `out`. */
function arithmetic(
  f: Arithmetic,
  dtype: Signature["dtype"],
  a: Signature,
  b: Signature,
  out: readonly number[],
): (a: Tensor, b: Tensor, y: Tensor) => void {
  const mapA = spreadMap(a.shape, out);
  const mapB = spreadMap(b.shape, out);
  if (dtype === "i64") {
    const run = bigLoop(f.big, mapA, mapB);
    return (p, q, y) => run(p.data as BigInt64Array, q.data as BigInt64Array, y.data as BigInt64Array);
  }
  const run = loop(isFloat(dtype) ? f.real : (f.whole ?? f.real), mapA, mapB);
  return (p, q, y) => run(data(p), data(q), data(y));
}

/** An element-wise operation on two inputs of one dtype, which spread to a common shape. */
function binary(name: string, summary: string, f: Arithmetic): Op {
  return op({
    name,
    summary,
    arity: [2, 2],
    attrs: {},
    infer: (inputs) => {
      const dtype = sameDtype(name, inputs);
      if (dtype === "bool") fail("graph-dtype", [name, "it does not take bool"]);
      return [{ dtype, shape: broadcastShape(name, [need(inputs, 0).shape, need(inputs, 1).shape]) }];
    },
    plan: (inputs, _, outputs): Kernel => {
      const out = need(outputs, 0);
      const run = arithmetic(f, out.dtype, need(inputs, 0), need(inputs, 1), out.shape);
      return (ins, outs) => run(need(ins, 0), need(ins, 1), need(outs, 0));
    },
  });
}

/** An element-wise operation on any number of inputs, taken from left to right. */
function variadic(name: string, summary: string, f: Arithmetic): Op {
  return op({
    name,
    summary,
    arity: [1, Infinity],
    attrs: {},
    infer: (inputs) => {
      const dtype = sameDtype(name, inputs);
      if (dtype === "bool") fail("graph-dtype", [name, "it does not take bool"]);
      return [
        {
          dtype,
          shape: broadcastShape(
            name,
            inputs.map((_, i) => need(inputs, i).shape),
          ),
        },
      ];
    },
    plan: (inputs, _, outputs): Kernel => {
      const out = need(outputs, 0);
      const first = spreadMap(need(inputs, 0).shape, out.shape);
      const steps = inputs.slice(1).map((_, i) => arithmetic(f, out.dtype, out, need(inputs, i + 1), out.shape));
      return (ins, outs) => {
        const y = need(outs, 0);
        const x = data(need(ins, 0));
        const to = data(y);
        if (first === null) to.set(x);
        else for (let i = 0; i < to.length; i++) to[i] = x[first[i] as number] as number;
        steps.forEach((run, i) => run(y, need(ins, i + 1), y));
      };
    },
  });
}

/** A comparison: bool out. Doubles and 64-bit integers are compared by the same operator. */
function comparison(name: string, summary: string, holds: <T extends number | bigint>(a: T, b: T) => boolean): Op {
  return op({
    name,
    summary,
    arity: [2, 2],
    attrs: {},
    infer: (inputs) => {
      sameDtype(name, inputs);
      return [{ dtype: "bool", shape: broadcastShape(name, [need(inputs, 0).shape, need(inputs, 1).shape]) }];
    },
    plan: (inputs, _, outputs): Kernel => {
      const out = need(outputs, 0).shape;
      const run = loop((a, b) => (holds(a, b) ? 1 : 0), spreadMap(need(inputs, 0).shape, out), spreadMap(need(inputs, 1).shape, out));
      return (ins, outs) => run(data(need(ins, 0)), data(need(ins, 1)), data(need(outs, 0)));
    },
  });
}

function nonZero(name: string, b: number | bigint): void {
  if (Number(b) === 0) fail("graph-division", [name]);
}

const plus: Arithmetic = { real: (a, b) => a + b, big: (a, b) => a + b };

export const add = binary("add", "a + b", plus);
export const sub = binary("sub", "a - b", { real: (a, b) => a - b, big: (a, b) => a - b });
export const mul = binary("mul", "a b", { real: (a, b) => a * b, whole: Math.imul, big: (a, b) => a * b });
export const div = binary("div", "a / b; integers are cut toward zero", {
  real: (a, b) => a / b,
  whole: (a, b) => {
    nonZero("div", b);
    return Math.trunc(a / b);
  },
  big: (a, b) => {
    nonZero("div", b);
    return a / b;
  },
});

export const sum = variadic("sum", "the sum of all inputs", plus);
export const min = variadic("min", "the smallest of all inputs", { real: Math.min, big: (a, b) => (a < b ? a : b) });
export const max = variadic("max", "the largest of all inputs", { real: Math.max, big: (a, b) => (a > b ? a : b) });

export const equal = comparison("equal", "a = b", (a, b) => a === b);
export const greater = comparison("greater", "a > b", (a, b) => a > b);
export const greaterOrEqual = comparison("greater-or-equal", "a >= b", (a, b) => a >= b);
export const less = comparison("less", "a < b", (a, b) => a < b);
export const lessOrEqual = comparison("less-or-equal", "a <= b", (a, b) => a <= b);
