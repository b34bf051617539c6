import { showShape, sizeOf } from "../../../base/tensor.ts";
import { kernelProblem, outShape } from "../../../ir/network/kernels/index.ts";
import type { Kernel } from "../../../ir/network/types.ts";
import type { Importer, Linear } from "../importer.ts";
import type { Params } from "../params.ts";

/** Sums and averages over windows of each channel; an average counts the padding. */
export const sumPool2dImporter: Importer = { kind: "linear", read: (p, inShape) => read(p, inShape, () => 1) };
export const avgPool2dImporter: Importer = { kind: "linear", read: (p, inShape) => read(p, inShape, (size) => 1 / sizeOf(size)) };

function read(p: Params, inShape: readonly number[], weightOf: (size: readonly number[]) => number): Linear {
  if (inShape.length !== 3) p.misfit(`it takes 3 axes, and ${showShape(inShape)} arrives`);
  const size = p.axes("kernel_size", 2, 1);
  const each = p.axes("padding", 2, 0, 0);
  const kernel: Kernel = { kind: "pool", weight: weightOf(size), size, stride: p.axes("stride", 2, 1), pads: [...each, ...each] };
  const fault = kernelProblem(kernel, inShape);
  if (fault !== null) p.misfit(fault);
  return { kernel, outShape: outShape(kernel, inShape), bias: null, delay: null };
}
