import { at } from "../../../base/bug.ts";
import { fail } from "../../../base/diagnostic.ts";
import { sizeOf } from "../../../base/tensor.ts";
import type { AttrSpec } from "./op.ts";

/** How a window moves over the spatial axes, for convolution and pooling; every list has one number per axis, `pads` two. */
export type Window = {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  /** Before each axis, then behind each axis. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
};

const list = (help: string): AttrSpec<"ints"> & { readonly default: null } => ({ help, kind: "ints", default: null });

export const windowAttrs = {
  strides: list("steps between windows, per spatial axis"),
  pads: list("zeros added before each spatial axis, then behind each"),
  dilations: list("distance of a window's elements, per spatial axis"),
};

/** How far a window reaches along an axis. */
export function extent(w: Window, axis: number): number {
  return (at(w.kernel, axis) - 1) * at(w.dilations, axis) + 1;
}

/** Checks the lengths and signs of the lists against the number of spatial axes. */
export function checkWindow(name: string, w: Window, rank: number): void {
  const lists = { "kernel size": w.kernel, strides: w.strides, dilations: w.dilations };
  for (const [what, numbers] of Object.entries(lists)) {
    if (numbers.length !== rank || numbers.some((n) => n < 1)) {
      fail("graph-shape", [name, `${what} [${numbers.join(" ")}] must be ${rank} positive numbers, one per spatial axis`]);
    }
  }
  if (w.pads.length !== 2 * rank || w.pads.some((n) => n < 0)) {
    fail("graph-shape", [name, `pads [${w.pads.join(" ")}] must be ${2 * rank} numbers of at least 0, two per spatial axis`]);
  }
}

/** Sizes behind the window: floor((size + pads - extent) / stride) + 1. */
export function windowedShape(name: string, spatial: readonly number[], w: Window): number[] {
  return spatial.map((size, a) => {
    const room = size + at(w.pads, a) + at(w.pads, a + spatial.length) - extent(w, a);
    if (room < 0) fail("graph-shape", [name, `the window of ${extent(w, a)} is larger than the padded axis of ${room + extent(w, a)}`]);
    return Math.floor(room / at(w.strides, a)) + 1;
  });
}

/** Copies one image of `channels` x `spatial`, starting at `from`, into the middle of a zeroed, padded one. */
export type PadCopy = (x: Float64Array, from: number, padded: Float64Array) => void;

export function padCopy(
  channels: number,
  spatial: readonly number[],
  pads: readonly number[],
): { readonly shape: readonly number[]; readonly copy: PadCopy } {
  const rank = spatial.length;
  const shape = spatial.map((d, a) => d + at(pads, a) + at(pads, a + rank));
  const width = spatial[rank - 1] ?? 1;
  const rows: number[] = [];
  const outer = spatial.slice(0, -1);
  const index = outer.map(() => 0);
  for (let r = 0; r < sizeOf(outer); r++) {
    let to = 0;
    for (let a = 0; a < rank; a++) to = to * at(shape, a) + (index[a] ?? 0) + at(pads, a);
    rows.push(to);
    for (let a = outer.length - 1; a >= 0; a--) {
      index[a] = at(index, a) + 1;
      if (at(index, a) < at(outer, a)) break;
      index[a] = 0;
    }
  }
  const starts = Int32Array.from(rows);
  const volume = sizeOf(shape);
  const copy: PadCopy = (x, from, padded) => {
    let i = from;
    for (let c = 0; c < channels; c++) {
      for (const row of starts) {
        const to = c * volume + row;
        for (let j = 0; j < width; j++) padded[to + j] = x[i++] as number;
      }
    }
  };
  return { shape, copy };
}
