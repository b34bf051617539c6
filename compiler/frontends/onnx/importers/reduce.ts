import { importer } from "../importer.ts";

/** The axes were an attribute up to opset 17 and are an input since; none means all, unless the node says that none means none. */
export const reduceMean = importer(
  (n) => {
    const { shape } = n.input(0);
    const given = (n.opset < 18 ? n.attributes.ints("axes", null) : n.knownInts(1, "axes")) ?? [];
    if (given.length === 0 && n.attributes.int("noop_with_empty_axes", 0) !== 0) return n.emit("identity", [n.input(0)]);
    const axes = given.length === 0 ? shape.map((_, a) => a) : given.map((a) => n.axis(a, shape.length));
    return n.emit("reduce-mean", [n.input(0)], { axes, keepdims: n.attributes.int("keepdims", 1) });
  },
  { since: 1, static: [1] },
);

export const argMax = importer(
  (n) => {
    if (n.attributes.int("select_last_index", 0) !== 0) n.fail("onnx-unsupported-form", [n.op, "with select_last_index"]);
    const axis = n.axis(n.attributes.int("axis", 0), n.input(0).shape.length);
    return n.emit("argmax", [n.input(0)], { axis, keepdims: n.attributes.int("keepdims", 1) });
  },
  { since: 1 },
);
