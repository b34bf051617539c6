import { type Tensor, numbersOf, sizeOf } from "../../../base/tensor.ts";
import type { Kernel } from "../types.ts";
import type { KernelModel, Scatter } from "./kernel.ts";

type Dense = Extract<Kernel, { kind: "dense" }>;

/** Above so many weights, those that fit 32-bit floats exactly are kept as such. */
const wideMax = 2 ** 24;

export const denseKernel: KernelModel<Dense> = {
  summary: "every source to every target; weight [out, in], both flattened row-major",

  problem(k, inShape) {
    if (k.weight.shape.length !== 2) return `its weight must be [out, in], not [${k.weight.shape.join(",")}]`;
    const count = sizeOf(inShape);
    return k.weight.shape[1] === count ? null : `its weight has ${k.weight.shape[1]} inputs, the source has ${count} neurons`;
  },

  outShape: (k) => [k.weight.shape[0]!],

  visitor(k) {
    const [outputs, inputs] = [k.weight.shape[0]!, k.weight.shape[1]!];
    const w = numbersOf(k.weight);
    return (source, visit) => {
      for (let o = 0, i = source; o < outputs; o++, i += inputs) visit(o, w[i]!, i);
    };
  },

  fanIn: (k) => new Int32Array(k.weight.shape[0]!).fill(k.weight.shape[1]!),
  fanOut: (k) => new Int32Array(k.weight.shape[1]!).fill(k.weight.shape[0]!),
  scatter: (k) => denseScatter(transposed(k.weight), k.weight.shape[0]!),
  withWeight: (k, weight) => ({ ...k, weight: weight as Tensor }),
};

/** Weights with a source's row contiguous. */
function transposed(weight: Tensor): Float64Array | Float32Array {
  const [outputs, inputs] = [weight.shape[0]!, weight.shape[1]!];
  const narrow = weight.data.length > wideMax && weight.dtype !== "f64" && weight.dtype !== "i32" && weight.dtype !== "i64";
  const out = narrow ? new Float32Array(outputs * inputs) : new Float64Array(outputs * inputs);
  const w = weight.dtype === "i64" ? numbersOf(weight) : (weight.data as Float64Array);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) out[i * outputs + o] = w[o * inputs + i]!;
  return out;
}

/** Four sources at a time, so that each element of `drive` is read and written once for the four; the order of additions stays that of the events. */
function denseScatter(rows: Float64Array | Float32Array, outputs: number): Scatter {
  return (count, index, value, drive) => {
    let e = 0;
    for (; e + 4 <= count; e += 4) {
      const [a, b, c, d] = [index[e]! * outputs, index[e + 1]! * outputs, index[e + 2]! * outputs, index[e + 3]! * outputs];
      const [p, q, r, s] = [value[e]!, value[e + 1]!, value[e + 2]!, value[e + 3]!];
      for (let o = 0; o < outputs; o++) drive[o] = drive[o]! + p * rows[a + o]! + q * rows[b + o]! + r * rows[c + o]! + s * rows[d + o]!;
    }
    for (; e < count; e++) {
      const row = index[e]! * outputs;
      const p = value[e]!;
      for (let o = 0; o < outputs; o++) drive[o] = drive[o]! + p * rows[row + o]!;
    }
  };
}
