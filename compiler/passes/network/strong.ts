import type { ChipSpec } from "../../../targets/chip.ts";
import { at } from "../../base/bug.ts";
import { dtypeFor, make, numbersOf, sizeOf, type Tensor } from "../../base/tensor.ts";
import { mapWeights, weightsOf } from "../../ir/network/kernels/index.ts";
import type { Kernel } from "../../ir/network/types.ts";
import { largestWeight } from "./quantize-weights/population.ts";
import { type AxonGain, representable } from "./quantize-weights/gains.ts";

/*
 * Whole weights of any size. Legalization makes links that give back a reset or open a
 * gate, and these may be worth more than the widest weight of the chip. Such a link
 * becomes several whose sum it is: a multiple of a power of two on an axon's gain and the
 * rest, or, without gains, equal parts.
 */

/** Most links that one weight is divided into. */
const partsMax = 16;

export type WeightWidth = { readonly bits: number; readonly axon: AxonGain };

/** The widest weights of the chip; 16 bits and mesh's gains without a chip. */
export function widthOf(chip: ChipSpec | null): WeightWidth {
  return chip === null ? { bits: 16, axon: { bits: 8, shiftMax: 7 } } : { bits: chip.weight.bitsMax, axon: chip.gain };
}

/** Numbers that links can hold, with the gain on their axons; those of all parts together sum to what was asked. */
export type Part = { readonly numbers: Float64Array; readonly gain: number | null };

/** Null when the chip needs too many links for it. */
export function partsOf(numbers: Float64Array, width: WeightWidth): readonly Part[] | null {
  const largest = largestWeight(width.bits);
  const most = numbers.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  if (most === 0) return [];
  if (most <= largest) return [{ numbers, gain: null }];
  const gain = width.axon.bits === 0 ? null : leastGain(most / largest, width.axon);
  if (gain !== null) {
    const high = numbers.map((v) => Math.trunc(v / gain));
    const rest = partsOf(
      numbers.map((v, i) => v - gain * at(high, i)),
      width,
    );
    return rest === null ? null : [{ numbers: high, gain }, ...rest];
  }
  const parts = Math.ceil(most / largest);
  if (parts > partsMax) return null;
  // Part k of v is trunc((k+1)v/parts) - trunc(kv/parts): they differ by 1 at most, and sum to v.
  return Array.from({ length: parts }, (_, k) => ({
    numbers: numbers.map((v) => Math.trunc(((k + 1) * v) / parts) - Math.trunc((k * v) / parts)),
    gain: null,
  }));
}

/** The least power of two that is at least `least` and fits an axon. */
function leastGain(least: number, axon: AxonGain): number | null {
  let g = 2;
  while (g < least) g *= 2;
  return representable(g, axon) ? g : null;
}

/** Neuron i to neuron i with these weights, one for each neuron of the shape. */
export function oneKernel(numbers: Float64Array, shape: readonly number[]): Kernel {
  const first = at(numbers, 0);
  return { kind: "one", weight: numbers.every((v) => v === first) ? first : wholeTensor(shape, numbers) };
}

/** From one neuron to all of the shape. */
export function fanKernel(numbers: Float64Array, shape: readonly number[]): Kernel {
  return { kind: "dense", weight: wholeTensor([sizeOf(shape), 1], numbers) };
}

export function wholeTensor(shape: readonly number[], numbers: Float64Array): Tensor {
  let [low, high] = [0, 0];
  for (const v of numbers) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const dtype = dtypeFor(low, high);
  const data = make[dtype](numbers.length);
  data.set(numbers);
  return { dtype, shape, data } as Tensor;
}

/** The kernel with every weight times a whole number. */
export function timesKernel(k: Kernel, factor: number): Kernel {
  if (factor === 1) return k;
  if (typeof k.weight === "number" || numbersOf(k.weight).some((w) => !Number.isInteger(w))) return mapWeights(k, (w) => w * factor + 0);
  let [low, high] = [0, 0];
  for (const w of weightsOf(k)) [low, high] = [Math.min(low, w * factor), Math.max(high, w * factor)];
  return mapWeights(k, (w) => w * factor + 0, dtypeFor(low, high));
}
