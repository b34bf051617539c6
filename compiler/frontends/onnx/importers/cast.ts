import { elements } from "../dtypes.ts";
import { importer } from "../importer.ts";

/**
 * Half floats are computed as float32; a cast to a still narrower type would have
 * to round and saturate, which the graph's types cannot say.
 */
export const cast = importer(
  (n) => {
    const kind = n.attributes.int("to");
    const element = elements.get(kind);
    if (element !== undefined && element.decode !== null && element.bits < 16)
      n.fail("onnx-unsupported-form", [n.op, `to ${element.name}`]);
    return n.emit("cast", [n.input(0)], { to: n.dtype(kind) });
  },
  { since: 6 },
);

/** Cast to the type of the second input. */
export const castLike = importer((n) => n.emit("cast", [n.input(0)], { to: n.input(1).dtype }), { since: 15 });
