import { at } from "../../../base/bug.ts";
import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/** Parts of an axis as slices, sizes as given (attribute up to opset 12, input since) or equal. */
export const split = importer(
  (n) => {
    const x = n.input(0);
    const axis = n.axis(n.attributes.int("axis", 0), x.shape.length);
    const size = at(x.shape, axis);
    const sizes = sizesOf(n, size);
    if (sizes.reduce((a, b) => a + b, 0) !== size)
      n.fail("graph-shape", ["split", `parts of ${sizes.join("+")} do not make up the axis of ${size}`]);
    let start = 0;
    return sizes.map((part, i) => {
      const attrs = { starts: [start], ends: [start + part], axes: [axis], steps: [1] };
      start += part;
      return n.emit("slice", [x], attrs, i);
    });
  },
  { since: 2, static: [1] },
);

function sizesOf(n: ImportNode, size: number): readonly number[] {
  const given = n.opset < 13 ? n.attributes.ints("split", null) : n.knownInts(1, "sizes");
  if (given !== null) return given;
  const count = n.attributes.int("num_outputs", n.outputCount);
  if (count < 1 || count > size) n.fail("onnx-attribute-value", [n.op, "num_outputs", String(count), `1..${size}`]);
  // The last part may be smaller, since opset 18.
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.min(part, Math.max(size - i * part, 0)));
}
