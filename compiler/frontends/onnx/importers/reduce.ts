import { at } from "../../../base/bug.ts";
import { f32, sizeOf } from "../../../base/tensor.ts";
import type { Entry } from "../entry.ts";
import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/**
 * The axes that a node reduces, and the shape that it gives. Axes were an attribute before opset `since` and
 * are an input from there on; none means all, unless the node says that none means none (null).
 */
function reduced(
  n: ImportNode,
  since: number,
): { readonly axes: readonly number[]; readonly keepdims: number; readonly shape: number[] } | null {
  const { shape } = n.input(0);
  const given = (n.opset < since ? n.attributes.ints("axes", null) : n.knownInts(1, "axes")) ?? [];
  if (given.length === 0 && n.attributes.int("noop_with_empty_axes", 0) !== 0) return null;
  const axes = given.length === 0 ? shape.map((_, a) => a) : given.map((a) => n.axis(a, shape.length)).sort((a, b) => a - b);
  const keepdims = n.attributes.int("keepdims", 1);
  return { axes, keepdims, shape: shape.flatMap((d, a) => (!axes.includes(a) ? [d] : keepdims !== 0 ? [1] : [])) };
}

export const reduceMean = importer(
  (n) => {
    const r = reduced(n, 18);
    if (r === null) return n.emit("identity", [n.input(0)]);
    return n.emit("reduce-mean", [n.input(0)], { axes: r.axes, keepdims: r.keepdims });
  },
  { since: 1, static: [1] },
);

/** The mean times the number of elements; of integers through doubles, exact up to 2^53. */
export const reduceSum = importer(
  (n) => {
    const r = reduced(n, 13);
    const x = n.input(0);
    if (r === null) return n.emit("identity", [x]);
    const real = x.dtype === "f32" || x.dtype === "f64";
    const wide = real ? x : n.step("cast", [x], { to: "f64" }, "real");
    const mean = n.step("reduce-mean", [wide], { axes: r.axes, keepdims: r.keepdims }, "mean");
    const count = sizeOf(r.axes.map((a) => at(x.shape, a)));
    const factor = n.step("cast", [n.constant(f32([], [count]), "count")], { to: wide.dtype }, "count");
    if (real) return n.emit("mul", [mean, factor]);
    const sum = n.step("round", [n.step("mul", [mean, factor], {}, "product")], {}, "sum");
    return n.emit("cast", [sum], { to: x.dtype });
  },
  { since: 1, static: [1] },
);

/** Global max pooling, over the axes behind the channels or over axes that are brought there. */
export const reduceMax = importer(
  (n) => {
    const r = reduced(n, 18);
    const x = n.input(0);
    if (r === null) return n.emit("identity", [x]);
    const { shape } = x;
    const kept = shape.map((_, a) => a).filter((a) => !r.axes.includes(a));
    let pooled: Entry;
    if (shape.length > 2 && kept.join() === "0,1") {
      if (r.keepdims !== 0) return n.emit("global-max-pool", [x]);
      pooled = n.step("global-max-pool", [x], {}, "pool");
    } else {
      const order = [...kept, ...r.axes];
      const behind = order.every((a, i) => a === i) ? x : n.step("transpose", [x], { perm: order }, "order");
      const flat = [1, sizeOf(kept.map((a) => at(shape, a))), sizeOf(r.axes.map((a) => at(shape, a)))];
      pooled = n.step("global-max-pool", [n.step("reshape", [behind], { shape: flat }, "flat")], {}, "pool");
    }
    return n.emit("reshape", [pooled], { shape: r.shape });
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
