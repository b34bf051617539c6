import type { ChipSpec } from "../../targets/chip.ts";
import { at, bug } from "../base/bug.ts";
import { numbersOf, type Tensor, tensor } from "../base/tensor.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Limits } from "../ir/network/neurons/model.ts";

/* What every rung of the ladder has in common: how it is given a sample, and which class it answers. */

/** A sample as the tensor that the graph's only input wants. */
export function inputTensor(g: Graph, sample: Float32Array): Tensor {
  const { dtype, shape } = at(g.values, at(g.inputs, 0));
  if (dtype === "f32") return tensor("f32", shape, sample);
  if (dtype === "f64") return tensor("f64", shape, Float64Array.from(sample));
  return bug(`a model's input of type ${dtype} cannot be given numbers`);
}

/** A model that ends in ArgMax answers with the class itself, others with a score per class. */
export function classOf(answer: Tensor): number {
  const scores = numbersOf(answer);
  return answer.dtype === "i64" && scores.length === 1 ? at(scores, 0) : indexOfMaximum(scores);
}

/** Ties go to the lowest index, on every rung alike. */
export function indexOfMaximum(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (at(scores, i) > at(scores, best)) best = i;
  return best;
}

/** The range a chip's potential saturates at: two's complement of its bits. */
export function potentialLimits(chip: ChipSpec): Limits {
  const high = 2 ** (chip.potential.bits - 1) - 1;
  return { low: -high - 1, high };
}
