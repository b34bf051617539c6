import { at } from "../../base/bug.ts";
import { numbersOf, type Tensor } from "../../base/tensor.ts";
import { type Channels, channel, withNumbers, real } from "./channels.ts";
import { inputOf, numberAttr } from "./facts.ts";
import type { Node, ValueId } from "../../ir/graph/types.ts";
import type { Edit } from "./rewrite.ts";

/*
 * A layer with constant weights, seen alike whatever operation writes it: numbers
 * w[i], each belonging to one input channel and one output channel, and a bias per output channel.
 */
export type Layer = {
  readonly node: Node;
  readonly weight: Tensor;
  /** The factor that gemm applies to the product; 1 elsewhere. */
  readonly alpha: number;
  readonly bias: Channels;
  readonly outputs: number;
  /** Output and input channel of weight i. */
  readonly outputOf: (i: number) => number;
  readonly inputOf: (i: number) => number;
  /** True when zeros are added around the input. */
  readonly padded: boolean;
};

/** The layer that the node is; null when it is none, or weights or bias are not constant. */
export function layerOf(n: Node | null, edit: Edit): Layer | null {
  if (n === null) return null;
  const weight = edit.constant(n.inputs[1]);
  const read = readers[n.op];
  if (weight === null || read === undefined) return null;
  const biasId = n.inputs[2] ?? null;
  const biasTensor = edit.constant(biasId);
  if (biasId !== null && biasTensor === null) return null;
  return read(n, weight, biasTensor, edit);
}

type Reader = (n: Node, weight: Tensor, bias: Tensor | null, edit: Edit) => Layer | null;

const noBias = (): Channels => new Float64Array(1);

const readers: Readonly<Record<string, Reader>> = {
  conv: (n, weight, bias) => {
    const group = numberAttr(n, "group");
    const outputs = at(weight.shape, 0);
    const perGroup = at(weight.shape, 1);
    const inner = weight.data.length / outputs / perGroup;
    const outputOf = (i: number): number => Math.floor(i / (perGroup * inner));
    const inputOfWeight = (i: number): number =>
      Math.floor(outputOf(i) / (outputs / group)) * perGroup + (Math.floor(i / inner) % perGroup);
    const padded = (n.attrs["pads"] as readonly number[]).some((p) => p !== 0);
    return {
      node: n,
      weight,
      alpha: 1,
      bias: bias === null ? noBias() : numbersOf(bias),
      outputs,
      outputOf,
      inputOf: inputOfWeight,
      padded,
    };
  },
  "conv-transpose": (n, weight, bias) => {
    const group = numberAttr(n, "group");
    const perGroup = at(weight.shape, 1);
    const inner = weight.data.length / at(weight.shape, 0) / perGroup;
    const inputOfWeight = (i: number): number => Math.floor(i / (perGroup * inner));
    const outputOf = (i: number): number =>
      Math.floor(inputOfWeight(i) / (at(weight.shape, 0) / group)) * perGroup + (Math.floor(i / inner) % perGroup);
    // Its outputs at the border collect from fewer inputs, so an offset of the input is no bias.
    return {
      node: n,
      weight,
      alpha: 1,
      bias: bias === null ? noBias() : numbersOf(bias),
      outputs: perGroup * group,
      outputOf,
      inputOf: inputOfWeight,
      padded: true,
    };
  },
  gemm: (n, weight, bias) => {
    if (numberAttr(n, "transA") !== 0) return null;
    const columns = numberAttr(n, "transB") === 0;
    const outputs = at(weight.shape, columns ? 1 : 0);
    const spread = bias === null ? noBias() : rowOf(bias, outputs);
    if (spread === null) return null;
    const scaled = spread.map((b) => b * numberAttr(n, "beta"));
    return { node: n, weight, alpha: numberAttr(n, "alpha"), bias: scaled, outputs, ...matrix(weight, columns), padded: false };
  },
  matmul: (n, weight, _, edit) => {
    if (weight.shape.length !== 2 || edit.shape(inputOf(n, 0)).length !== 2) return null;
    return { node: n, weight, alpha: 1, bias: noBias(), outputs: at(weight.shape, 1), ...matrix(weight, true), padded: false };
  },
};

/** Whose row and column a weight of a matrix belongs to. */
function matrix(weight: Tensor, outputsAreColumns: boolean): Pick<Layer, "outputOf" | "inputOf"> {
  const width = at(weight.shape, 1);
  const row = (i: number): number => Math.floor(i / width);
  const column = (i: number): number => i % width;
  return outputsAreColumns ? { outputOf: column, inputOf: row } : { outputOf: row, inputOf: column };
}

/** A bias of gemm that is the same for every row; null when it is not. */
function rowOf(t: Tensor, columns: number): Channels | null {
  const numbers = numbersOf(t);
  if (numbers.length === 1) return numbers;
  return t.shape.at(-1) === columns && numbers.length === columns ? numbers : null;
}

/**
 * Puts a layer with other numbers in the place of `like`: weight(i) and bias(output)
 * give them. A product of matrices becomes a gemm, which has room for the bias.
 */
export function addLayer(
  l: Layer,
  input: ValueId,
  weight: (w: number, i: number) => number,
  bias: (b: number, output: number) => number,
  like: Node,
  edit: Edit,
): ValueId {
  const w = Float64Array.from(numbersOf(l.weight), (v, i) => weight(v * l.alpha, i));
  const b = Float64Array.from({ length: l.outputs }, (_, o) => bias(channel(l.bias, o), o));
  const weightId = inputOf(l.node, 1);
  const name = edit.value(weightId).name;
  const biasId = l.node.inputs[2] ?? null;
  const biasName = biasId === null ? `${l.node.name}.bias` : edit.value(biasId).name;
  const sameWeights = w.every((v, i) => v === Number(l.weight.data[i]));
  const newWeight = sameWeights ? edit.now(weightId) : edit.newConstant(folded(name), withNumbers(l.weight, w));
  const dtype = l.weight.dtype === "f64" ? "f64" : "f32";
  const newBias = edit.newConstant(biasId === null ? biasName : folded(biasName), real(dtype, [l.outputs], b));
  const isMatrix = l.node.op === "gemm" || l.node.op === "matmul";
  const attrs = isMatrix ? { transB: l.node.op === "gemm" ? numberAttr(l.node, "transB") : 0 } : l.node.attrs;
  const named: Node = { ...like, name: l.node.name, origin: l.node.origin };
  return edit.add(isMatrix ? "gemm" : (l.node.op as "conv"), [input, newWeight, newBias], attrs, named);
}

function folded(name: string): string {
  return name.endsWith(".folded") ? name : `${name}.folded`;
}
