import { sizeOf } from "../../../base/tensor.ts";
import { importer } from "../importer.ts";

/** Elements of the last axis by index; the indices are taken as one list, whatever their shape. */
export const arrayFeatureExtractor = importer(
  (n) => {
    const [x, indices] = [n.input(0), n.input(1)];
    const flat = n.step("reshape", [indices], { shape: [sizeOf(indices.shape)] }, "indices");
    const rows = x.shape.length === 1 ? n.step("reshape", [x], { shape: [1, ...x.shape] }, "row") : x;
    return n.emit("gather", [rows, flat], { axis: rows.shape.length - 1 });
  },
  { since: 1 },
);
