import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import { numbersOf, sizeOf } from "../../../base/tensor.ts";
import { outShape } from "../../../ir/network/kernels/index.ts";
import type { Kernel } from "../../../ir/network/types.ts";

/*
 * What a kernel costs to store. A shared kernel counts its weights once; an unshared
 * one counts the taps that lie inside the map, and a row header for every source.
 */

/** Weights that have to be stored. */
export function weightCount(k: Kernel): number {
  switch (k.kind) {
    case "dense":
    case "sparse":
      return k.weight.data.length;
    case "one":
      return typeof k.weight === "number" ? 1 : k.weight.data.length;
    case "pool":
      return 1;
    case "conv":
      return k.shared ? k.weight.data.length : nonZero(numbersOf(k.weight));
  }
}

function nonZero(numbers: Float64Array): number {
  let n = 0;
  for (const v of numbers) if (v !== 0) n++;
  return n;
}

/** Weights of the kernel once it is unshared: the taps inside the map, counted without making them. */
export function unsharedCount(k: Kernel, shape: readonly number[]): number {
  if (k.kind !== "conv" && k.kind !== "pool") return weightCount(k);
  const out = outShape(k, shape);
  let taps = 1;
  for (let axis = 0; axis + 1 < shape.length; axis++) {
    const size = k.kind === "pool" ? at(k.size, axis) : at(k.weight.shape, k.weight.shape.length - k.stride.length + axis);
    const dilation = k.kind === "pool" ? 1 : at(k.dilation, axis);
    let inside = 0;
    for (let o = 0; o < at(out, axis + 1); o++) {
      for (let t = 0; t < size; t++) {
        const source = o * at(k.stride, axis) + t * dilation - at(k.pads, axis);
        if (source >= 0 && source < at(shape, axis + 1)) inside++;
      }
    }
    taps *= inside;
  }
  const perOutput = k.kind === "pool" ? 1 : at(k.weight.shape, k.shared ? 1 : shape.length);
  return taps * at(out, 0) * perOutput;
}

/** Elements of the tensor that unsharing would make, taps outside the map included. */
export function unsharedSize(k: Kernel, shape: readonly number[]): number {
  const out = outShape(k, shape);
  const block = k.kind === "conv" ? sizeOf(k.weight.shape.slice(k.shared ? 1 : shape.length)) : k.kind === "pool" ? sizeOf(k.size) : 1;
  return sizeOf(out) * block;
}

/**
 * Whether a gain per axon is cheaper than an unshared kernel: one coefficient for
 * every source neuron against a weight for every synapse and a header for every
 * source. Chips whose axons cannot multiply, and no chip at all, have no choice.
 */
export function axonIsCheaper(chip: ChipSpec | null, k: Kernel, shape: readonly number[]): boolean {
  if (chip === null || chip.gain.bits === 0) return false;
  const perWord = Math.max(1, Math.floor(32 / chip.weight.bitsMax));
  const unshared = unsharedCount(k, shape) / perWord + sizeOf(shape);
  return weightCount(k) / perWord + sizeOf(shape) < unshared;
}
