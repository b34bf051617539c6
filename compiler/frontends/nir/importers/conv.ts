import { numbersOf, showShape, sizeOf, spread, tensor, type Tensor } from "../../../base/tensor.ts";
import { kernelProblem, outShape } from "../../../ir/network/kernels/index.ts";
import type { Kernel } from "../../../ir/network/types.ts";
import type { Importer, Linear } from "../importer.ts";
import type { Params } from "../params.ts";

/** Convolutions of rank 1 and 2. The output's shape is computed from all axes and groups; `input_shape` of the file is not needed. */
export const conv1dImporter: Importer = { kind: "linear", read: (p, inShape) => read(p, inShape, 1) };
export const conv2dImporter: Importer = { kind: "linear", read: (p, inShape) => read(p, inShape, 2) };

function read(p: Params, inShape: readonly number[], rank: number): Linear {
  const weight = p.weight("weight");
  if (weight.shape.length !== rank + 2) p.misfit(`its weight ${showShape(weight.shape)} is not that of a convolution of rank ${rank}`);
  if (inShape.length !== rank + 1) p.misfit(`it takes ${rank + 1} axes, and ${showShape(inShape)} arrives`);
  const dilation = p.axes("dilation", rank, 1, 1);
  const [groups = 1] = p.axes("groups", 1, 1, 1);
  const kernel: Kernel = {
    kind: "conv",
    weight,
    stride: p.axes("stride", rank, 1, 1),
    pads: pads(p, weight, rank, dilation),
    dilation,
    groups,
    shared: true,
  };
  const fault = kernelProblem(kernel, inShape);
  if (fault !== null) p.misfit(fault);
  const shape = outShape(kernel, inShape);
  const given = p.has("bias") ? p.weight("bias") : null;
  if (given !== null && given.data.length !== 1 && given.data.length !== shape[0])
    p.misfit(`its bias has ${given.data.length} numbers for ${shape[0]} channels`);
  const bias = given === null ? null : spread(tensor("f64", [sizeOf(given.shape)], Float64Array.from(numbersOf(given))), shape);
  return { kernel, outShape: shape, bias, delay: null };
}

/** [begin…, end…]; "same" puts the odd one at the end, as PyTorch does. */
function pads(p: Params, weight: Tensor, rank: number, dilation: readonly number[]): readonly number[] {
  const word = p.text("padding");
  if (word === "valid") return new Array<number>(2 * rank).fill(0);
  if (word === "same") {
    const total = dilation.map((d, i) => d * ((weight.shape[i + 2] ?? 1) - 1));
    return [...total.map((t) => Math.floor(t / 2)), ...total.map((t) => Math.ceil(t / 2))];
  }
  const each = p.axes("padding", rank, 0, 0);
  return [...each, ...each];
}
