import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { type Dtype, showShape } from "../../../base/tensor.ts";
import { axisOf, data, isFloat, need, op, type Signature } from "./op.ts";
import { narrowing, roundEven } from "./unary.ts";

const axisAttr = { axis: { help: "the axis to which a scale per channel belongs", kind: "int", default: 1 } } as const;

const ranges: Readonly<Partial<Record<Dtype, readonly [number, number]>>> = {
  u8: [0, 255],
  i8: [-128, 127],
  i16: [-32768, 32767],
  i32: [-(2 ** 31), 2 ** 31 - 1],
};

/** One scale for all, or one per slice of the axis. */
function checkScale(name: string, x: Signature, scale: Signature, zero: Signature | null, axis: number): void {
  const perAxis = scale.shape.length === 1 && at(scale.shape, 0) !== 1;
  if (perAxis && scale.shape[0] !== at(x.shape, axisOf(name, axis, x.shape.length))) {
    fail("graph-shape", [name, `${showShape(scale.shape)} scales for axis ${axis} of ${showShape(x.shape)}`]);
  }
  if (scale.shape.length > 1) fail("graph-shape", [name, "scales in blocks are not supported"]);
  if (zero !== null && zero.shape.join() !== scale.shape.join()) fail("graph-shape", [name, "scale and zero point differ in shape"]);
}

/** For each element, which scale it has. */
function scaleIndex(x: Signature, scale: Signature, axis: number): (i: number) => number {
  if (scale.shape.length === 0 || at(scale.shape, 0) === 1) return () => 0;
  const a = axisOf("scale", axis, x.shape.length);
  const inner = x.shape.slice(a + 1).reduce((n, d) => n * d, 1);
  const size = at(x.shape, a);
  return (i) => Math.floor(i / inner) % size;
}

export const quantizeLinear = op({
  name: "quantize-linear",
  summary: "round(x / scale) + zero point, limited to the zero point's type; u8 without one",
  arity: [2, 3],
  attrs: axisAttr,
  infer: (inputs, { axis }) => {
    const [x, scale, zero] = [need(inputs, 0), need(inputs, 1), inputs[2] ?? null];
    if (!isFloat(x.dtype) && x.dtype !== "i32") fail("graph-dtype", ["quantize-linear", `it does not take ${x.dtype}`]);
    const dtype = zero?.dtype ?? "u8";
    if (ranges[dtype] === undefined) fail("graph-dtype", ["quantize-linear", `it does not give ${dtype}`]);
    checkScale("quantize-linear", x, scale, zero, axis);
    return [{ dtype, shape: x.shape }];
  },
  plan: (inputs, { axis }, outputs) => {
    const index = scaleIndex(need(inputs, 0), need(inputs, 1), axis);
    const [low, high] = ranges[need(outputs, 0).dtype] ?? [0, 255];
    const narrow = narrowing(need(inputs, 0).dtype);
    return (ins, outs) => {
      const [x, scale, y] = [data(need(ins, 0)), data(need(ins, 1)), data(need(outs, 0))];
      const zero = ins[2] ? data(ins[2]) : null;
      for (let i = 0; i < y.length; i++) {
        const c = index(i);
        const q = roundEven(narrow((x[i] as number) / (scale[c] as number))) + (zero?.[c] ?? 0);
        y[i] = q < low ? low : q > high ? high : q;
      }
    };
  },
});

export const dequantizeLinear = op({
  name: "dequantize-linear",
  summary: "(x - zero point) scale",
  arity: [2, 3],
  attrs: axisAttr,
  infer: (inputs, { axis }) => {
    const [x, scale, zero] = [need(inputs, 0), need(inputs, 1), inputs[2] ?? null];
    if (isFloat(x.dtype) || x.dtype === "i64" || x.dtype === "bool")
      fail("graph-dtype", ["dequantize-linear", `it does not take ${x.dtype}`]);
    if (zero !== null && zero.dtype !== x.dtype)
      fail("graph-dtype", ["dequantize-linear", `its zero point is ${zero.dtype} for numbers of ${x.dtype}`]);
    checkScale("dequantize-linear", x, scale, zero, axis);
    return [{ dtype: scale.dtype, shape: x.shape }];
  },
  plan: (inputs, { axis }) => {
    const index = scaleIndex(need(inputs, 0), need(inputs, 1), axis);
    return (ins, outs) => {
      const [x, scale, y] = [data(need(ins, 0)), data(need(ins, 1)), data(need(outs, 0))];
      const zero = ins[2] ? data(ins[2]) : null;
      for (let i = 0; i < y.length; i++) {
        const c = index(i);
        y[i] = ((x[i] as number) - (zero?.[c] ?? 0)) * (scale[c] as number);
      }
    };
  },
});
