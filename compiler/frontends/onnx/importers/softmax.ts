import { sizeOf } from "../../../base/tensor.ts";
import { type Importer, importer } from "../importer.ts";

export const softmax = alongAxis("softmax");
export const logSoftmax = alongAxis("log-softmax");

/**
 * Up to opset 12 Softmax and LogSoftmax see their input as a matrix, rows up to
 * `axis` and columns from there on, with 1 as default; since opset 13 they work
 * along one axis, by default the last.
 */
function alongAxis(op: "softmax" | "log-softmax"): Importer {
  return importer(
    (n) => {
      const x = n.input(0);
      const rank = x.shape.length;
      if (n.opset >= 13) return n.emit(op, [x], { axis: n.axis(n.attributes.int("axis", -1), rank) });
      const axis = n.attributes.int("axis", 1);
      const from = axis === rank ? rank : n.axis(axis, rank);
      const columns = sizeOf(x.shape.slice(from));
      if (columns === (x.shape[from] ?? 0)) return n.emit(op, [x], { axis: from });
      const matrix = n.step("reshape", [x], { shape: [sizeOf(x.shape.slice(0, from)), columns] }, "rows");
      return n.emit("reshape", [n.step(op, [matrix], { axis: 1 }, op)], { shape: x.shape });
    },
    { since: 1 },
  );
}
