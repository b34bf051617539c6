import { sizeOf, spread } from "../../../base/tensor.ts";
import type { Kernel } from "../types.ts";
import type { KernelModel } from "./kernel.ts";

type One = Extract<Kernel, { kind: "one" }>;

export const oneKernel: KernelModel<One> = {
  summary: "neuron i to neuron i; weight a number, per channel or per neuron",

  problem(k, inShape) {
    if (typeof k.weight === "number") return null;
    const n = k.weight.data.length;
    return n === 1 || n === inShape[0] || n === sizeOf(inShape)
      ? null
      : `its ${n} weights are neither one, nor one per channel, nor one per neuron of [${inShape.join(",")}]`;
  },

  outShape: (_k, inShape) => [...inShape],

  visitor(k, inShape) {
    const w = spread(k.weight, inShape);
    const per = typeof k.weight === "number" ? sizeOf(inShape) : sizeOf(inShape) / k.weight.data.length;
    return (source, visit) => visit(source, w[source]!, Math.floor(source / per));
  },

  fanIn: (_k, inShape) => new Int32Array(sizeOf(inShape)).fill(1),
  fanOut: (_k, inShape) => new Int32Array(sizeOf(inShape)).fill(1),

  scatter(k, inShape) {
    const w = spread(k.weight, inShape);
    return (count, index, value, drive) => {
      for (let e = 0; e < count; e++) {
        const i = index[e]!;
        drive[i] = drive[i]! + value[e]! * w[i]!;
      }
    };
  },

  withWeight: (k, weight) => ({ ...k, weight }),
};
