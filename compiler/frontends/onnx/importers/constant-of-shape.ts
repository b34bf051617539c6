import { f32 } from "../../../base/tensor.ts";
import { importer } from "../importer.ts";

/** A tensor of one repeated value, 0 in float32 by default. */
export const constantOfShape = importer(
  (n) => {
    const shape = n.knownInts(0, "shape") ?? [];
    if (shape.some((d) => d < 0)) n.fail("onnx-attribute-value", [n.op, "shape", `[${shape.join(",")}]`, "sizes from 0"]);
    const value = n.attributes.tensor("value", f32([1], [0]));
    const scalar = n.step("reshape", [n.constant(value, "value")], { shape: [] }, "scalar");
    return n.emit("expand", [scalar], { shape });
  },
  { since: 9, static: [0] },
);
