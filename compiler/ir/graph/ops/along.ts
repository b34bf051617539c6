import { at } from "../../../base/bug.ts";
import { sizeOf } from "../../../base/tensor.ts";

/** A tensor seen as outer x size x inner around one axis; element i of a line lies at start + i * inner. */
export type Lines = { readonly outer: number; readonly size: number; readonly inner: number };

export function linesOf(shape: readonly number[], axis: number): Lines {
  return { outer: sizeOf(shape.slice(0, axis)), size: at(shape, axis), inner: sizeOf(shape.slice(axis + 1)) };
}

/** Visits each line: where it starts, and its number in the tensor without the axis. */
export function forEachLine({ outer, size, inner }: Lines, visit: (start: number, index: number) => void): void {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * size * inner + i, o * inner + i);
}
