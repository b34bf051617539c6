import type { Coord } from "../../ir/cores/types.ts";
import { hilbert } from "./hilbert.ts";
import { rows } from "./rows.ts";

/** Where cores go: coordinates of the cores in order, given how many cores each layer begins with. There is room for all. */
export type Place = { readonly summary: string; readonly place: (layerSizes: readonly number[], columns: number, rows: number) => Coord[] };

export const places: Readonly<Record<string, Place>> = {
  rows: { summary: "each layer in rows of its own, near the host first", place: rows },
  hilbert: { summary: "cores in order along a Hilbert curve", place: hilbert },
};
