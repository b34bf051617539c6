import { sizeOf, tensor } from "../../../base/tensor.ts";
import { importer } from "../importer.ts";

/** Shapes are static, so Shape is a constant. Since opset 15 it may give a part, whose ends are held inside the rank. */
export const shape = importer(
  (n) => {
    const dims = n.input(0).shape;
    const rank = dims.length;
    const limit = (i: number): number => Math.min(Math.max(i < 0 ? i + rank : i, 0), rank);
    const part = dims.slice(limit(n.attributes.int("start", 0)), limit(n.attributes.int("end", rank)));
    return n.constant(tensor("i64", [part.length], BigInt64Array.from(part, BigInt)));
  },
  { since: 1 },
);

export const size = importer((n) => n.constant(tensor("i64", [], BigInt64Array.of(BigInt(sizeOf(n.input(0).shape))))), { since: 1 });
