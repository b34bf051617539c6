import type { Node, ValueId } from "../../../ir/graph/types.ts";
import { pass } from "../../pass.ts";
import { channel, channelsOf } from "../channels.ts";
import { inputOf } from "../facts.ts";
import { addLayer, layerOf } from "../layer.ts";
import { type Edit, rewrite, untilStable } from "../rewrite.ts";

/*
 * Adds a constant that is added to, or subtracted from, the result of a convolution, gemm or product of matrices to
 * the layer's bias; a product of matrices becomes a gemm by that. Exporters write a linear layer on more
 * than two axes, and a convolution without bias under a separate bias layer, this way.
 *
 *     node m = matmul(x, w) -> p f32[1x2]
 *     node a = add(p, b) -> y f32[1x2]         =>      node m = gemm(x, w, m.bias) -> y f32[1x2]
 *
 * Left alone when another node uses the layer's result, which would then be computed twice.
 */
export const fuseBias = pass({
  name: "fuse-bias",
  on: "graph",
  summary: "Moves added constants into the bias of the layer before them.",
  keeps: "answers",
  options: {},
  run: (g) => untilStable(g, (now) => rewrite(now, fuse)),
});

function fuse(n: Node, edit: Edit): readonly ValueId[] | null {
  if (n.op !== "add" && n.op !== "sub") return null;
  const index = [1, 0].find((i) => edit.constant(inputOf(n, i)) !== null);
  if (index === undefined || (n.op === "sub" && index === 0)) return null;
  const sum = inputOf(n, 1 - index);
  const constant = edit.constant(inputOf(n, index));
  const layer = layerOf(edit.producer(sum), edit);
  if (layer === null || constant === null || edit.uses(sum) !== 1) return null;
  const added = channelsOf(constant, edit.shape(sum));
  if (added === null) return null;
  const sign = n.op === "sub" ? -1 : 1;
  const input = edit.now(inputOf(layer.node, 0));
  return [
    addLayer(
      layer,
      input,
      (w) => w,
      (b, o) => b + sign * channel(added, o),
      n,
      edit,
    ),
  ];
}
