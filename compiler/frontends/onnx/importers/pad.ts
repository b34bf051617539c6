import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/** Pads and value were attributes up to opset 10; since they are inputs, and since opset 18 axes may be named. */
export const pad = importer(
  (n) => {
    const x = n.input(0);
    const old = n.opset < 11;
    if (!old) n.input(1);
    const given = old ? n.attributes.ints("pads") : (n.knownInts(1, "pads") ?? []);
    const value = old ? n.attributes.float("value", 0) : (n.knownNumber(2, "value") ?? 0);
    const axes = n.opset < 18 ? null : n.knownInts(3, "axes");
    return n.emit("pad", [x], { pads: onAllAxes(n, given, axes, x.shape.length), mode: n.attributes.string("mode", "constant"), value });
  },
  { since: 2, static: [1, 2, 3] },
);

/** Pads of the named axes, with 0 for all others. */
function onAllAxes(n: ImportNode, given: readonly number[], axes: readonly number[] | null, rank: number): readonly number[] {
  const count = axes?.length ?? rank;
  if (given.length !== 2 * count) n.fail("onnx-attribute-value", [n.op, "pads", `[${given.join(",")}]`, `${2 * count} integers`]);
  if (axes === null) return given;
  const pads = Array.from({ length: 2 * rank }, () => 0);
  axes.forEach((a, i) => {
    const axis = n.axis(a, rank);
    pads[axis] = given[i] ?? 0;
    pads[axis + rank] = given[i + count] ?? 0;
  });
  return pads;
}
