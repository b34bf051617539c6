import type { ChipSpec } from "../../targets/chip.ts";
import { at } from "../base/bug.ts";
import { numbersOf, type Tensor, tensor, tensorFrom } from "../base/tensor.ts";
import type { Graph, ValueId } from "../ir/graph/types.ts";
import type { Limits } from "../ir/network/neurons/model.ts";

/* What every rung of the ladder has in common: how it is given a sample, and which class it answers. */

/** A sample as the tensor that the graph's only input wants. */
export function inputTensor(g: Graph, sample: Float32Array): Tensor {
  const { dtype, shape } = at(g.values, at(g.inputs, 0));
  return dtype === "f32" ? tensor("f32", shape, sample) : tensorFrom(dtype, shape, sample);
}

/**
 * The class that a graph answers with its first output: a model that ends in ArgMax gives the class itself,
 * others a score per class. A single score tells two classes apart, as a logit or, behind a sigmoid, as a probability.
 */
export function classOf(g: Graph, answer: Tensor): number {
  const scores = numbersOf(answer);
  if (scores.length !== 1) return classOfScores(scores);
  const score = at(scores, 0);
  return answer.dtype === "i64" ? score : classOfScores([endsInSigmoid(g) ? score - 0.5 : score]);
}

function endsInSigmoid(g: Graph): boolean {
  let value: ValueId | null | undefined = g.outputs[0];
  for (;;) {
    const node = g.nodes.find((n) => value != null && n.outputs.includes(value));
    if (node === undefined || !passedOver.has(node.op)) return node?.op === "sigmoid";
    value = node.inputs[0];
  }
}

const passedOver: ReadonlySet<string> = new Set(["reshape", "identity", "cast", "dropout", "transpose"]);

/** The largest of several scores, ties to the lowest index; of a single one whether it is above 0. On every rung alike. */
export function classOfScores(scores: ArrayLike<number>): number {
  if (scores.length === 1) return at(scores, 0) > 0 ? 1 : 0;
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (at(scores, i) > at(scores, best)) best = i;
  return best;
}

/** The range a chip's potential saturates at: two's complement of its bits. */
export function potentialLimits(chip: ChipSpec): Limits {
  const high = 2 ** (chip.potential.bits - 1) - 1;
  return { low: -high - 1, high };
}
