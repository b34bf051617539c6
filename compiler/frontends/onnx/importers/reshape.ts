import { sizeOf } from "../../../base/tensor.ts";
import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/** 0 copies the input's size (unless allowzero), one -1 takes what is left. */
export const reshape = importer(
  (n) => {
    const x = n.input(0);
    n.input(1);
    const asked = n.knownInts(1, "shape") ?? [];
    const copied = asked.map((d, i) => (d === 0 && n.attributes.int("allowzero", 0) === 0 ? (x.shape[i] ?? 0) : d));
    return n.emit("reshape", [x], { shape: filled(n, x.shape, copied, asked) });
  },
  { since: 5, static: [1] },
);

function filled(n: ImportNode, from: readonly number[], shape: readonly number[], asked: readonly number[]): readonly number[] {
  const open = shape.flatMap((d, i) => (d < 0 ? [i] : []));
  const rest = sizeOf(shape.filter((d) => d >= 0));
  const missing = open.length === 0 ? 1 : sizeOf(from) / rest;
  if (open.length > 1 || shape.some((d) => d < -1) || !Number.isInteger(missing) || rest * missing !== sizeOf(from)) {
    n.fail("graph-shape", ["reshape", `[${from.join(",")}] cannot take the shape [${asked.join(",")}]`]);
  }
  return shape.map((d) => (d === -1 ? missing : d));
}

/** All axes before `axis` become one, and all from there on another. */
export const flatten = importer(
  (n) => {
    const { shape } = n.input(0);
    const given = n.attributes.int("axis", 1);
    const axis = given === shape.length ? given : n.axis(given, shape.length);
    return n.emit("reshape", [n.input(0)], { shape: [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))] });
  },
  { since: 1 },
);

/** Removes axes of size 1; all of them when none is named. */
export const squeeze = importer(
  (n) => {
    const { shape } = n.input(0);
    const given = axesOf(n);
    const axes = given === null ? shape.flatMap((d, a) => (d === 1 ? [a] : [])) : given.map((a) => n.axis(a, shape.length));
    const wide = axes.find((a) => shape[a] !== 1);
    if (wide !== undefined) n.fail("graph-shape", ["squeeze", `axis ${wide} of [${shape.join(",")}] is not of size 1`]);
    return n.emit("reshape", [n.input(0)], { shape: shape.filter((_, a) => !axes.includes(a)) });
  },
  { since: 1, static: [1] },
);

/** Adds axes of size 1 at the named places of the result. */
export const unsqueeze = importer(
  (n) => {
    const { shape } = n.input(0);
    const given = axesOf(n) ?? (n.opset < 13 ? n.attributes.missing("axes") : n.fail("onnx-input-missing", [n.op, 1]));
    const rank = shape.length + given.length;
    const axes = new Set(given.map((a) => n.axis(a, rank)));
    if (axes.size !== given.length) n.fail("onnx-attribute-value", [n.op, "axes", `[${given.join(",")}]`, "each axis once"]);
    const rest = [...shape];
    return n.emit("reshape", [n.input(0)], { shape: Array.from({ length: rank }, (_, a) => (axes.has(a) ? 1 : (rest.shift() ?? 1))) });
  },
  { since: 1, static: [1] },
);

/** The axes were an attribute up to opset 12 and are an input since. */
function axesOf(n: ImportNode): readonly number[] | null {
  return n.opset < 13 ? n.attributes.ints("axes", null) : n.knownInts(1, "axes");
}
