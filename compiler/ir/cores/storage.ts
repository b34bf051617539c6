import { at } from "../../base/bug.ts";
import type { Core, NeuronGroup, Row, Shape } from "./types.ts";

/*
 * What things occupy in a core's memories: the rules that mapping, budget,
 * verification and emission share.
 *
 * A synapse row is counted in 32-bit words. Weights are packed from bit 0 up,
 * floor(32 / bits) to a word, never across a word's end. A dense or sparse row
 * has one header word, a convolution row two; each tap of a convolution begins
 * a new word, and each entry of a sparse row is a word.
 */

const weightWordBits = 32;

/** Words that `count` packed weights take. */
export function packedWords(count: number, bits: number): number {
  return Math.ceil(count / Math.floor(weightWordBits / bits));
}

export function denseWords(count: number, bits: number): number {
  return 1 + packedWords(count, bits);
}

export function sparseWords(count: number): number {
  return 1 + count;
}

export function convWords(taps: number, channels: number, bits: number): number {
  return 2 + taps * packedWords(channels, bits);
}

/** Words of one row, headers included. */
export function rowWords(row: Row, shapes: readonly Shape[]): number {
  if (row.kind === "dense") return denseWords(row.weights.length, row.bits);
  if (row.kind === "sparse") return sparseWords(row.weights.length);
  const shape = at(shapes, row.shape);
  return convWords(shape.kernelY * shape.kernelX, row.channels, row.bits);
}

/**
 * Width that holds every weight in low..high, at least `least`. One bit holds only
 * -1 and +1, so `withoutZero` must say that no weight is 0.
 */
export function weightBits(low: number, high: number, withoutZero: boolean, least: number): number {
  if (least <= 1 && withoutZero && low >= -1 && high <= 1) return 1;
  let bits = 2;
  while (low < -(2 ** (bits - 1)) || high > 2 ** (bits - 1) - 1) bits++;
  return Math.max(bits, least);
}

/** `weightBits` of actual weights. */
export function bitsOf(weights: ArrayLike<number>, least: number): number {
  let low = 0;
  let high = 0;
  let zero = false;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i] as number;
    if (w < low) low = w;
    if (w > high) high = w;
    if (w === 0) zero = true;
  }
  return weightBits(low, high, !zero, least);
}

/** Parameters that a profile holds: slots of a group that differ in them need different profiles. */
export const profileParams = ["leakArgument", "currentDecay", "noiseBits"] as const;

/** Profiles that a group needs: the distinct combinations of `profileParams`. */
export function profileCount(group: NeuronGroup): number {
  const columns = profileParams.flatMap((key) => {
    const value = group.params[key];
    return typeof value === "object" ? [value.data] : [];
  });
  if (columns.length === 0) return 1;
  const seen = new Set<string>();
  for (let i = 0; i < group.count; i++) seen.add(columns.map((c) => c[i]).join());
  return seen.size;
}

/** Entries of the route memory: slots with the same list of sends share it. */
export function routeCount(core: Core): number {
  const seen = new Set<string>();
  let count = 0;
  const { start, core: to, axon, member } = core.sends;
  for (let s = 0; s + 1 < start.length; s++) {
    const list: number[] = [];
    for (let k = at(start, s); k < at(start, s + 1); k++) list.push(at(to, k), at(axon, k), at(member, k));
    const key = list.join();
    if (list.length === 0 || seen.has(key)) continue;
    seen.add(key);
    count += list.length / 3;
  }
  return count;
}

/** Words of a core's synapse memory. */
export function synapseWords(core: Core): number {
  let words = 0;
  for (const r of core.rows) words += rowWords(r, core.shapes);
  return words;
}

/** What a shape and an axon can say; geometry beyond it is stored in sparse or dense rows. Positions run from 0 to positionMax. */
export const shapeLimits = { kernel: 31, stride: 15, dilation: 15, positionMax: 511 } as const;

/** Members of a gated window, and the most arrivals that "at-least" can ask for. */
export const poolLimits = { members: 16, need: 63 } as const;

/** Slots that one core can number in rows. */
export const slotMax = 1024;
