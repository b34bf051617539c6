import type { ChipSpec } from "../chip.ts";

/*
 * Places of cores and addresses of axons.
 *
 * Cores are numbered along the routing tree: bit 0 of a place is bit 0 of y, bit 1 is bit 0 of x, and
 * so on. 2^k places from a multiple of 2^k on are a block, which one destination with a mask reaches.
 */

export type Place = { readonly x: number; readonly y: number };

export const bitsOfCoordinate = 5;

export function placeOf(index: number): Place {
  let x = 0;
  let y = 0;
  for (let b = 0; b < bitsOfCoordinate; b++) {
    y |= ((index >> (2 * b)) & 1) << b;
    x |= ((index >> (2 * b + 1)) & 1) << b;
  }
  return { x, y };
}

export function indexOfPlace({ x, y }: Place): number {
  let index = 0;
  for (let b = 0; b < bitsOfCoordinate; b++) index |= (((y >> b) & 1) << (2 * b)) | (((x >> b) & 1) << (2 * b + 1));
  return index;
}

/** A block of cores: its first one and the mask of coordinate bits that do not count. */
export type Block = { readonly base: Place; readonly mask: Place };

/** The block of 2^k places from `first` on. */
export function blockOf(first: number, k: number): Block {
  return { base: placeOf(first), mask: placeOf((1 << k) - 1) };
}

/** All places of a block, in the order of their numbers. */
export function placesOf({ base, mask }: Block): Place[] {
  const values = (start: number, free: number): number[] => {
    const out: number[] = [];
    for (let v = 0; v < 1 << bitsOfCoordinate; v++) if ((v & ~free) === (start & ~free)) out.push(v);
    return out;
  };
  const all = values(base.x, mask.x).flatMap((x) => values(base.y, mask.y).map((y) => ({ x, y })));
  return all.sort((a, b) => indexOfPlace(a) - indexOfPlace(b));
}

/** The file's own numbers. */
export type Own = {
  readonly offline: number;
  readonly fanIn: number;
  readonly extensionMax: number;
  readonly dendrites: number;
  readonly hostChip: Place;
};

export function ownOf(chip: ChipSpec): Own {
  const n = (key: string): number => chip.own[key] as number;
  return {
    offline: n("offline"),
    fanIn: n("fanIn"),
    extensionMax: n("extensionMax"),
    dendrites: n("dendrites"),
    hostChip: { x: n("hostChipX"), y: n("hostChipY") },
  };
}

/** Exponent of the smallest extension with which so many axons fit. */
export function extensionFor(axons: number, own: Own): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(1, Math.ceil(axons / own.fanIn)))));
}

/** Exponent of the fewest bits that hold all weights: 1 bit is 0 or 1, more are two's complement. */
export function widthFor(weights: Iterable<number>): number {
  let width = 0;
  for (const w of weights) {
    while (width < 4 && (width === 0 ? w < 0 || w > 1 : w < -(2 ** (2 ** width - 1)) || w > 2 ** (2 ** width - 1) - 1)) width++;
  }
  return width;
}

/** Bits of the rows of a core with this width; rows of one bit mean something else in Cores. */
export const rowBits = (width: number): number => Math.max(2, 1 << width);
