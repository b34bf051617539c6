import { at } from "../../../base/bug.ts";
import { f64, numbersOf, sizeOf } from "../../../base/tensor.ts";
import { outShape, weightsOf } from "../../../ir/network/kernels/index.ts";
import type { Kernel } from "../../../ir/network/types.ts";
import { depthwise } from "../fold-amplitude/fold-kernel.ts";

/**
 * Neurons that share a scale: all of a population, or each output channel ([C,L],
 * [C,H,W]), or each neuron ([N]).
 */
export function groupCount(shape: readonly number[], perGroup: boolean): number {
  return perGroup ? at(shape, 0) : 1;
}

/** Whether every weight leads to one channel (or flat neuron) only. A convolution into a flattened population does not. */
export function separable(k: Kernel, inShape: readonly number[], target: readonly number[]): boolean {
  if (k.kind === "dense" || k.kind === "sparse") return true;
  return at(outShape(k, inShape), 0) === at(target, 0) || (k.kind === "one" && weightsOf(k).length === sizeOf(target));
}

/** The kernel in a form whose every weight belongs to one group: weights that are one number get one per channel. */
export function groupable(k: Kernel, inShape: readonly number[], groups: number): Kernel {
  if (groups === 1) return k;
  if (k.kind === "pool") return depthwise(k, at(inShape, 0));
  if (k.kind === "one" && (typeof k.weight === "number" || k.weight.data.length === 1))
    return { ...k, weight: f64([groups], new Float64Array(groups).fill(at(weightsOf(k), 0))) };
  return k;
}

/** The group of the target of each weight, by the weight's place in its tensor. */
export function groupOfWeight(k: Kernel, target: readonly number[], groups: number): (index: number) => number {
  if (groups === 1) return () => 0;
  const plane = sizeOf(target) / groups;
  switch (k.kind) {
    case "dense": {
      const inputs = at(k.weight.shape, 1);
      return (i) => Math.floor(i / inputs / plane);
    }
    case "conv": {
      const block = k.weight.data.length / at(k.weight.shape, 0);
      return (i) => Math.floor(i / block);
    }
    case "sparse": {
      const rows = numbersOf(k.rows);
      return (i) => Math.floor(at(rows, i) / plane);
    }
    case "one": {
      const per = weightsOf(k).length / groups;
      return (i) => Math.floor(i / per);
    }
    case "pool":
      return () => 0;
  }
}
