import type { TensorShapeProto_Dimension as Dimension, ValueInfoProto } from "onnx-buf";
import { type Diagnostic, diagnostic } from "../../base/diagnostic.ts";
import { elementName, elements } from "./dtypes.ts";
import type { Element } from "./dtypes.ts";

export type InputType = { readonly element: Element; readonly shape: readonly number[] };

/**
 * The type of an input of the graph. A first dimension without a number is the
 * batch and taken as 1; so is 0 or -1, which older exporters write for it.
 * Reports onnx-input-type, onnx-dtype, onnx-symbolic-dimension, and gives null then.
 */
export function inputType(input: ValueInfoProto, report: (d: Diagnostic) => void): InputType | null {
  const place = { at: `input ${JSON.stringify(input.name)}` };
  const type = input.type?.value;
  const refuse = (d: Diagnostic): null => {
    report(d);
    return null;
  };
  if (type?.case !== "tensorType") {
    return refuse(
      diagnostic(
        "onnx-input-type",
        [input.name, type?.case === undefined ? "has no type" : `is a ${type.case.replace("Type", "")}, not a tensor`],
        place,
      ),
    );
  }
  const element = elements.get(type.value.elemType);
  if (element === undefined) return refuse(diagnostic("onnx-dtype", [elementName(type.value.elemType)], place));
  if (type.value.shape === undefined) return refuse(diagnostic("onnx-input-type", [input.name, "has no shape"], place));
  const sizes = type.value.shape.dim.map(sizeOf);
  const symbolic = sizes.flatMap((size, axis) => (size === null && axis > 0 ? [axis] : []));
  for (const axis of symbolic) {
    report(diagnostic("onnx-symbolic-dimension", [input.name, axis, symbolOf(type.value.shape.dim[axis])], place));
  }
  return symbolic.length > 0 ? null : { element, shape: sizes.map((s) => s ?? 1) };
}

/** The size of a dimension; null where the file gives no usable number. */
function sizeOf(d: Dimension): number | null {
  return d.value.case === "dimValue" && d.value.value > 0n ? Number(d.value.value) : null;
}

function symbolOf(d: Dimension | undefined): string {
  if (d?.value.case === "dimParam" && d.value.value !== "") return JSON.stringify(d.value.value);
  return d?.value.case === "dimValue" ? `of size ${d.value.value}` : "without a name";
}
