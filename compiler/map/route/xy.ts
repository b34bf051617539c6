import type { Coord } from "../../ir/cores/types.ts";

/** Hops of a packet by XY routing. */
export function distance(from: Coord, to: Coord): number {
  return Math.abs(from.x - to.x) + Math.abs(from.y - to.y);
}
