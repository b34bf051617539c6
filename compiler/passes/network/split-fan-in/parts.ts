import { at } from "../../../base/bug.ts";
import { numbersOf, sizeOf } from "../../../base/tensor.ts";
import { mapWeights } from "../../../ir/network/kernels/index.ts";
import type { Kernel, Link } from "../../../ir/network/types.ts";

/*
 * A link can be divided by its sources: some columns of a dense or sparse kernel, some
 * input channels of a convolution. A part is the same kernel with the other weights 0;
 * shared kernels stay shared, and what is 0 costs nothing on a chip.
 */

/** A run of a link's smallest divisible pieces: pieces first … first+count-1. */
export type Part = { readonly link: Link; readonly inShape: readonly number[]; readonly first: number; readonly count: number };

/** How a link divides. */
export type Division = {
  readonly link: Link;
  readonly inShape: readonly number[];
  /** Number of pieces. */
  readonly pieces: number;
  /** Most sources that one piece gives to one neuron. */
  readonly sources: number;
};

export function divide(link: Link, inShape: readonly number[]): Division {
  const k = link.kernel;
  switch (k.kind) {
    case "dense":
      return { link, inShape, pieces: at(k.weight.shape, 1), sources: 1 };
    case "sparse":
      return { link, inShape, pieces: sizeOf(inShape), sources: 1 };
    case "conv": {
      const axis = k.shared ? 1 : inShape.length;
      return { link, inShape, pieces: at(k.weight.shape, axis), sources: sizeOf(k.weight.shape.slice(axis + 1)) };
    }
    case "pool":
      return { link, inShape, pieces: 1, sources: sizeOf(k.size) };
    case "one":
      return { link, inShape, pieces: 1, sources: 1 };
  }
}

/** The link with only the pieces of the part. */
export function linkOf(p: Part, d: Division): Link {
  if (p.count === d.pieces) return p.link;
  const k = p.link.kernel;
  const keep = (piece: number): boolean => piece >= p.first && piece < p.first + p.count;
  const piece = pieceOf(k, p.inShape);
  return { ...p.link, kernel: mapWeights(k, (w, i) => (keep(piece(i)) ? w : 0), dtypeOf(k)) };
}

/** The piece that a weight belongs to, by its place in the kernel's tensor. */
function pieceOf(k: Kernel, inShape: readonly number[]): (index: number) => number {
  switch (k.kind) {
    case "dense": {
      const inputs = at(k.weight.shape, 1);
      return (i) => i % inputs;
    }
    case "sparse": {
      const columns = numbersOf(k.columns);
      return (i) => at(columns, i);
    }
    case "conv": {
      const axis = k.shared ? 1 : inShape.length;
      const slots = at(k.weight.shape, axis);
      const taps = sizeOf(k.weight.shape.slice(axis + 1));
      return (i) => Math.floor(i / taps) % slots;
    }
    case "pool":
    case "one":
      return () => 0;
  }
}

/** Integer kernels stay integer. */
function dtypeOf(k: Kernel): "i8" | "i16" | "i32" | "f64" {
  const dtype = typeof k.weight === "number" ? "f64" : k.weight.dtype;
  return dtype === "i8" || dtype === "i16" || dtype === "i32" ? dtype : "f64";
}
