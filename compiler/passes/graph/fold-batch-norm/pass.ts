import { at } from "../../../base/bug.ts";
import { diagnostic } from "../../../base/diagnostic.ts";
import { numbersOf, sizeOf } from "../../../base/tensor.ts";
import type { Node, ValueId } from "../../../ir/graph/types.ts";
import { type Context, pass } from "../../pass.ts";
import { type Channels, channel } from "../channels.ts";
import { inputOf, numberAttr, outputOf } from "../facts.ts";
import { addLayer, type Layer, layerOf } from "../layer.ts";
import { type Edit, rewrite, untilStable } from "../rewrite.ts";

/*
 * Folds a batch normalization into the weights and bias of the layer before it, or,
 * where there is none, of the layer behind it. It is f x + o per channel, with
 * f = scale / sqrt(var + epsilon) and o = bias - mean f, so
 *
 *     behind a layer    f (W x + b) + o  =  (f W) x + (f b + o)         per output channel,
 *     before a layer    W (f x + o) + b  =  (W f) x + (b + W o)         per input channel.
 *
 *     node c = conv(x, w) … -> p f32[1x2x4x4]
 *     node n = batch-normalization(p, s, b, m, v) -> y f32[1x2x4x4]
 *  =>
 *     node c = conv(x, w.folded, c.bias) … -> y f32[1x2x4x4]
 *
 * Before a padded convolution, W o is missing where the window lies on padding: such a
 * normalization is folded only if o is zero, and else left, with a note. A flattening between the
 * normalization and a gemm is looked through. Weights that other nodes read too are copied.
 */
export const foldBatchNorm = pass({
  name: "fold-batch-norm",
  on: "graph",
  summary: "Folds batch normalizations into the weights of the layer before or behind them.",
  keeps: "answers",
  options: {},
  run: (g, _, cx) => {
    const behind = untilStable(g, (now) => rewrite(now, foldBehind));
    const folded = untilStable(behind, (now) => rewrite(now, foldBefore));
    rewrite(folded, (n, edit) => explain(n, edit, cx));
    return folded;
  },
});

type Affine = { readonly factor: Channels; readonly offset: Channels };

/** The normalization as factor and offset per channel; null when a parameter is not constant. */
function affineOf(n: Node | null, edit: Edit): Affine | null {
  if (n === null || n.op !== "batch-normalization") return null;
  const tensors = n.inputs.slice(1).map((v) => edit.constant(v));
  if (tensors.includes(null)) return null;
  const [scale, bias, mean, variance] = tensors.map((t) => (t === null ? new Float64Array() : numbersOf(t))) as [
    Channels,
    Channels,
    Channels,
    Channels,
  ];
  const factor = scale.map((s, c) => s / Math.sqrt(at(variance, c) + numberAttr(n, "epsilon")));
  return { factor, offset: bias.map((b, c) => b - at(mean, c) * at(factor, c)) };
}

/** The layer before the normalization, when folding into it loses nothing that is used elsewhere. */
function layerBefore(n: Node, edit: Edit): Layer | null {
  const x = inputOf(n, 0);
  return edit.uses(x) === 1 ? layerOf(edit.producer(x), edit) : null;
}

function foldBehind(n: Node, edit: Edit): readonly ValueId[] | null {
  const affine = affineOf(n, edit);
  const layer = affine === null ? null : layerBefore(n, edit);
  if (affine === null || layer === null) return null;
  const { factor, offset } = affine;
  const input = edit.now(inputOf(layer.node, 0));
  const weight = (w: number, i: number): number => w * at(factor, layer.outputOf(i));
  return [addLayer(layer, input, weight, (b, o) => b * at(factor, o) + at(offset, o), n, edit)];
}

/** A normalization in front of a layer, and how many of the layer's inputs each of its channels became on the way. */
type Front = { readonly norm: Node; readonly affine: Affine; readonly inputsPerChannel: number };

function normBefore(n: Node, edit: Edit): Front | null {
  let x = inputOf(n, 0);
  let before = edit.producer(x);
  let inputsPerChannel = 1;
  if (edit.uses(x) !== 1) return null;
  if (before?.op === "reshape" && (n.op === "gemm" || n.op === "matmul")) {
    const from = edit.shape(inputOf(before, 0));
    const to = edit.shape(outputOf(before));
    if (from.length < 2 || to.length !== 2 || from[0] !== to[0]) return null;
    inputsPerChannel = sizeOf(from.slice(2));
    x = inputOf(before, 0);
    if (edit.uses(x) !== 1) return null;
    before = edit.producer(x);
  }
  const affine = affineOf(before, edit);
  if (before === null || affine === null || layerBefore(before, edit) !== null) return null;
  return { norm: before, affine, inputsPerChannel };
}

/** Whether the layer can take the normalization in front of it. */
function takes(layer: Layer, { affine }: Front): boolean {
  return !layer.padded || affine.offset.every((o) => o === 0);
}

/**
 * Folding touches two nodes: the normalization gives its input from now on, and
 * the layer makes up for it. Both decide by the same facts, and nothing else reads
 * what lies between them, so they are replaced together or not at all.
 */
function foldBefore(n: Node, edit: Edit): readonly ValueId[] | null {
  if (n.op === "batch-normalization") return isTaken(n, edit) ? [edit.now(inputOf(n, 0))] : null;
  const layer = layerOf(n, edit);
  const front = layer === null ? null : normBefore(n, edit);
  if (layer === null || front === null || !takes(layer, front)) return null;
  const { factor, offset } = front.affine;
  const of = (c: Channels, i: number): number => channel(c, Math.floor(layer.inputOf(i) / front.inputsPerChannel));
  const added = new Float64Array(layer.outputs);
  numbersOf(layer.weight).forEach((w, i) => {
    const o = layer.outputOf(i);
    added[o] = at(added, o) + w * layer.alpha * of(offset, i);
  });
  const input = edit.now(inputOf(n, 0));
  return [
    addLayer(
      layer,
      input,
      (w, i) => w * of(factor, i),
      (b, o) => b + at(added, o),
      n,
      edit,
    ),
  ];
}

/** Whether the layer behind this normalization, perhaps behind a flattening, takes it. */
function isTaken(norm: Node, edit: Edit): boolean {
  const next = edit.consumers(outputOf(norm))[0];
  const layerNode = next?.op === "reshape" ? edit.consumers(outputOf(next))[0] : next;
  const layer = layerOf(layerNode ?? null, edit);
  const front = layer === null ? null : normBefore(layer.node, edit);
  return layer !== null && front?.norm === norm && takes(layer, front);
}

/** Notes why a normalization in front of a layer was left. Never changes anything. */
function explain(n: Node, edit: Edit, cx: Context): null {
  const layer = layerOf(n, edit);
  const front = layer === null ? null : normBefore(n, edit);
  if (front !== null) {
    const why = `"${n.name}" behind it pads with zeros, to which its offset would have to be added`;
    cx.report(diagnostic("graph-batch-norm-left", [why], { at: `node ${JSON.stringify(front.norm.name)}`, origin: front.norm.origin }));
  }
  return null;
}
