import { type Dtype, make, type Tensor } from "../../../base/tensor.ts";
import { elements } from "../dtypes.ts";
import type { Entry } from "../entry.ts";
import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/**
 * saturate(round(x / scale) + zero point), saturating at the range of the zero
 * point's type. Types narrower than ours (int4, uint16 …) saturate in the wider
 * one and are then clipped, which gives the same numbers.
 */
export const quantizeLinear = importer(
  (n) => {
    refuseBlocks(n);
    const { zero, range } = zeroPoint(n);
    const inputs = [n.input(0), scalarIfSingle(n, n.input(1), "scale"), scalarIfSingle(n, zero, "zero")];
    const attrs = { axis: quantizedAxis(n) };
    if (range === null) return n.emit("quantize-linear", inputs, attrs);
    return n.emit("clip", [n.step("quantize-linear", inputs, attrs, "wide")], { min: range[0], max: range[1] });
  },
  { since: 10, static: [2] },
);

/** (x − zero point) · scale. */
export const dequantizeLinear = importer(
  (n) => {
    refuseBlocks(n);
    const zero = n.optional(2);
    const inputs = [n.input(0), scalarIfSingle(n, n.input(1), "scale"), ...(zero === null ? [] : [scalarIfSingle(n, zero, "zero")])];
    return n.emit("dequantize-linear", inputs, { axis: quantizedAxis(n) });
  },
  { since: 10 },
);

function refuseBlocks(n: ImportNode): void {
  if (n.attributes.int("block_size", 0) !== 0) n.fail("onnx-unsupported-form", [n.op, "in blocks (block_size)"]);
}

/** The axis that several scales lie along; of no meaning with one scale, and then 0. */
function quantizedAxis(n: ImportNode): number {
  if (n.input(1).shape.length === 0 || n.input(1).shape.join() === "1") return 0;
  return n.axis(n.opset < 13 ? 1 : n.attributes.int("axis", 1), n.input(0).shape.length);
}

/** A list of one number stands for one number for all. */
function scalarIfSingle(n: ImportNode, x: Entry, suffix: string): Entry {
  return x.shape.join() === "1" ? n.step("reshape", [x], { shape: [] }, suffix) : x;
}

/** The zero point, or zeros of the output's type (uint8 unless output_dtype says otherwise), and the range to clip to. */
function zeroPoint(n: ImportNode): { readonly zero: Entry; readonly range: readonly [number, number] | null } {
  const zero = n.optional(2);
  // Its type decides where the output saturates, so a zero point that is computed from the data is refused.
  if (zero !== null)
    return zero.kind === "constant" ? { zero, range: zero.range } : n.fail("onnx-input-dynamic", [n.op, "zero point", zero.name]);
  const kind = n.attributes.int("output_dtype", 0);
  const dtype: Dtype = kind === 0 ? "u8" : n.dtype(kind);
  const { shape } = n.input(1);
  const tensor = { dtype, shape, data: make[dtype](shape.reduce((a, b) => a * b, 1)) } as Tensor;
  return { zero: n.constant(tensor, "zero"), range: elements.get(kind)?.range ?? null };
}
