import { numbersOf, showShape, sizeOf } from "../../../base/tensor.ts";
import type { Importer, Linear } from "../importer.ts";
import type { Params } from "../params.ts";

/** y = W x (+ b); x is taken row by row, whatever its shape. */
export const linearImporter: Importer = { kind: "linear", read: (p, inShape) => read(p, inShape, null) };
export const affineImporter: Importer = { kind: "linear", read: (p, inShape) => read(p, inShape, "bias") };

function read(p: Params, inShape: readonly number[], biasName: string | null): Linear {
  const weight = p.weight("weight");
  const [outputs = 0, inputs = 0] = weight.shape;
  if (weight.shape.length !== 2 || inputs !== sizeOf(inShape))
    p.misfit(`its weight ${showShape(weight.shape)} takes ${inputs} numbers, and ${showShape(inShape)} arrive`);
  const bias = biasName !== null && p.has(biasName) ? numbersOf(p.weight(biasName)) : null;
  if (bias !== null && bias.length !== outputs) p.misfit(`its bias has ${bias.length} numbers for ${outputs} outputs`);
  return { kernel: { kind: "dense", weight }, outShape: [outputs], bias, delay: null };
}
