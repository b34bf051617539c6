import type { Node } from "../../../ir/graph/types.ts";
import { opNamed } from "../../../ir/graph/ops/index.ts";
import { pass } from "../../pass.ts";
import { inputOf, listAttr, numberAttr, outputOf } from "../facts.ts";
import { type Edit, rewrite, untilStable } from "../rewrite.ts";

/*
 * Moves a padding with zeros into the convolution or average pooling behind it, which
 * pads with zeros itself. Exporters write such paddings for "same" convolutions and
 * for models translated from other layouts; behind it there is one node less, and no
 * population of neurons is made for padding.
 *
 *     node p = pad(x) pads=[0 0 1 1 0 0 1 1] -> q f32[1x1x6x6]
 *     node c = conv(q, w) … pads=[0 0 0 0] … -> y f32[1x1x4x4]
 *  =>
 *     node c = conv(x, w) … pads=[1 1 1 1] … -> y f32[1x1x4x4]
 *
 * A pooling that leaves its own padding out of the mean counts these zeros, so it takes
 * them only while it has no padding of its own, and then counts padding.
 */
export const mergePads = pass({
  name: "merge-pads",
  on: "graph",
  summary: "Moves padding with zeros into the convolution or average pooling behind it.",
  keeps: "answers",
  options: {},
  run: (g) =>
    untilStable(g, (now) =>
      rewrite(now, (n, edit) => {
        const pad = edit.producer(n.inputs[0]);
        if (pad === null || pad.op !== "pad") return null;
        const added = spatialPads(pad, edit);
        const attrs = added === null ? null : mergedAttrs(n, added);
        if (attrs === null) return null;
        const inputs = [inputOf(pad, 0), ...n.inputs.slice(1)];
        const types = inputs.map((v) => (v === null ? null : edit.value(v)));
        const shape = opNamed(n.op)?.infer(types, attrs)[0]?.shape ?? [];
        // With ceilMode, where the last window may begin depends on what is padding.
        if (shape.join() !== edit.shape(outputOf(n)).join()) return null;
        return [
          edit.add(
            n.op as "conv",
            inputs.map((v) => (v === null ? null : edit.now(v))),
            attrs,
            n,
          ),
        ];
      }),
    ),
});

/** The pads of the spatial axes, when the node adds zeros there and nothing else anywhere. */
function spatialPads(pad: Node, edit: Edit): readonly number[] | null {
  const pads = listAttr(pad, "pads");
  const rank = edit.shape(inputOf(pad, 0)).length;
  if (pad.attrs["mode"] !== "constant" || pad.attrs["value"] !== 0 || rank < 3) return null;
  const other = [pads[0], pads[1], pads[rank], pads[rank + 1]];
  if (other.some((p) => p !== 0) || pads.some((p) => p < 0)) return null;
  return [...pads.slice(2, rank), ...pads.slice(rank + 2)];
}

function mergedAttrs(n: Node, added: readonly number[]): Node["attrs"] | null {
  if (n.op !== "conv" && n.op !== "average-pool") return null;
  const own = listAttr(n, "pads");
  const pads = own.map((p, i) => p + (added[i] ?? 0));
  if (n.op === "conv") return { ...n.attrs, pads };
  const counted = numberAttr(n, "countIncludePad") !== 0 || own.every((p) => p === 0);
  return counted ? { ...n.attrs, pads, countIncludePad: 1 } : null;
}
