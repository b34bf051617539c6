import type { ChipSpec } from "../../targets/chip.ts";
import { at } from "../base/bug.ts";
import { numbersOf, sizeOf } from "../base/tensor.ts";
import { shapeLimits, weightBits } from "../ir/cores/storage.ts";
import { type Axis, axesOf, planeOf } from "../ir/network/kernels/axis.ts";
import { pooledShape, synapsesOf } from "../ir/network/kernels/index.ts";
import type { Kernel, Link, Network } from "../ir/network/types.ts";
import { type Layout, layoutOf } from "./layout.ts";

/*
 * How a link is stored. A convolution is stored as shared rows: one row per input
 * channel and tile, with an axon at each source position. Everything else is a list:
 * one row per source and tile, dense or sparse. A source with a single target in a
 * tile needs no row of its own: a row of one weight serves all such sources with that
 * weight, their axons saying which slot (as the position in a 1 × 1 convolution).
 *
 * On a chip whose axons can move a list, equal lists of one tile are stored once. Of a
 * convolution that is a list for each set of taps that falls inside the tile.
 */

/** A convolution with its weights at hand. Groups of a pool are its channels. */
export type Conv = {
  readonly y: Axis;
  readonly x: Axis;
  readonly groups: number;
  /** Input and output channels of a group. */
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: (outputChannel: number, inputOfGroup: number, ky: number, kx: number) => number;
  /** Input channels that have a weight other than 0: of all groups, and the most of one group. */
  readonly used: { readonly total: number; readonly most: number };
};

export type LinkForm = {
  readonly link: Link;
  readonly index: number;
  /** The source after pooling. */
  readonly shape: readonly number[];
  readonly source: Layout;
  readonly sources: number;
  readonly target: Layout;
  /** Width of the widest weight. */
  readonly bits: number;
  readonly conv: Conv | null;
  /** For lists. */
  readonly list: ListFacts | null;
  /** A convolution stored as lists that its positions share, moved by their axons. */
  readonly moved: Conv | null;
  /** Kinds of rows that the chip has for lists. */
  readonly lists: ChipSpec["lists"];
  /** How far axons move lists. */
  readonly listOffsets: number;
};

/** What planning needs to know of a list. */
export type ListFacts = {
  /** Non-zero synapses of each source. */
  readonly fanOut: Int32Array;
  readonly sources: number;
  readonly maxFanOut: number;
  readonly maxFanIn: number;
  /** True when every source has at most one target. */
  readonly single: boolean;
  /** Distinct weights, counted up to some hundreds. */
  readonly distinct: number;
};

export function linkForm(net: Network, index: number, chip: ChipSpec): LinkForm {
  const link = at(net.links, index);
  const from = at(net.pops, link.from);
  const to = at(net.pops, link.to);
  const shape = pooledShape(link.pool, from.shape);
  const target = layoutOf(to.shape);
  const kernel = chip.lists.length === 0 && target.height === 1 && target.width === 1 ? wholeMap(link.kernel, shape) : link.kernel;
  const conv = chip.sharedKernels ? convOf(kernel, shape) : null;
  return {
    link,
    index,
    shape,
    source: layoutOf(shape),
    sources: sizeOf(shape),
    target,
    bits: kernelBits(link.kernel, chip.weight.bitsMin),
    conv,
    list: conv === null ? listFacts(link.kernel, shape, to.shape) : null,
    moved: conv === null && chip.listOffsets > 1 ? geometryOf(kernel, shape) : null,
    lists: chip.lists,
    listOffsets: chip.listOffsets,
  };
}

/** A dense kernel as a convolution whose window is the whole map (one position of a flat source), for chips whose rows are all shared kernels. */
function wholeMap(kernel: Kernel, shape: readonly number[]): Kernel {
  if (kernel.kind !== "dense") return kernel;
  const { channels, height, width } = layoutOf(shape);
  const size = [height, width].slice(3 - shape.length);
  const [zeros, ones] = [size.map(() => 0), size.map(() => 1)];
  const weight = { ...kernel.weight, shape: [at(kernel.weight.shape, 0), channels, ...size] };
  return { kind: "conv", weight, stride: ones, pads: [...zeros, ...zeros], dilation: ones, groups: 1, shared: true };
}

function kernelBits(kernel: Kernel, least: number): number {
  const weights = typeof kernel.weight === "number" ? [kernel.weight] : numbersOf(kernel.weight);
  let [low, high, zero] = [0, 0, false];
  for (const w of weights) {
    if (w < low) low = w;
    if (w > high) high = w;
    zero ||= w === 0;
  }
  return weightBits(low, high, !zero, least);
}

/** The kernel as a convolution, when one shared row per input channel is what stores it best. */
function convOf(kernel: Kernel, shape: readonly number[]): Conv | null {
  const conv = geometryOf(kernel, shape);
  if (conv === null) return null;
  const axes = [conv.y, conv.x];
  if (axes.some((a) => a.kernel > shapeLimits.kernel || a.stride > shapeLimits.stride || a.dilation > shapeLimits.dilation)) return null;
  const single = conv.outputs === 1 && axes.every((a) => span(a) <= a.stride);
  return single ? null : conv;
}

function geometryOf(kernel: Kernel, shape: readonly number[]): Conv | null {
  const spatial = shape.slice(1);
  if (kernel.kind === "pool") {
    const [y, x] = planeOf(axesOf(spatial, kernel.size, kernel.stride, kernel.pads, null));
    return { y, x, groups: at(shape, 0), inputs: 1, outputs: 1, weight: () => kernel.weight, used: { total: at(shape, 0), most: 1 } };
  }
  if (kernel.kind !== "conv" || !kernel.shared) return null;
  const size = kernel.weight.shape.slice(2);
  const [y, x] = planeOf(axesOf(spatial, size, kernel.stride, kernel.pads, kernel.dilation));
  const inputs = at(kernel.weight.shape, 1);
  const data = numbersOf(kernel.weight);
  return {
    y,
    x,
    groups: kernel.groups,
    inputs,
    outputs: at(kernel.weight.shape, 0) / kernel.groups,
    weight: (co, ci, ky, kx) => at(data, ((co * inputs + ci) * y.kernel + ky) * x.kernel + kx),
    used: usedInputs(data, kernel.groups, inputs, y.kernel * x.kernel),
  };
}

/** Input channels with a weight other than 0. Weights are [output channel, input channel of its group, tap]. */
function usedInputs(data: Float64Array, groups: number, inputs: number, taps: number): Conv["used"] {
  const used = new Uint8Array(groups * inputs);
  const perGroup = data.length / groups;
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) used[Math.floor(i / perGroup) * inputs + (Math.floor(i / taps) % inputs)] = 1;
  const counts = Array.from({ length: groups }, (_, g) => used.subarray(g * inputs, (g + 1) * inputs).reduce((a, b) => a + b, 0));
  return { total: counts.reduce((a, b) => a + b, 0), most: Math.max(...counts) };
}

/** Input positions that a window covers. */
export function span(a: Axis): number {
  return (a.kernel - 1) * a.dilation + 1;
}

const distinctMax = 1024;

function listFacts(kernel: Kernel, shape: readonly number[], targetShape: readonly number[]): ListFacts {
  const sources = sizeOf(shape);
  const fanOut = new Int32Array(sources);
  const fanIn = new Int32Array(sizeOf(targetShape));
  const distinct = new Set<number>();
  const visit = synapsesOf(kernel, shape, targetShape);
  let used = 0;
  let maxFanOut = 0;
  for (let s = 0; s < sources; s++) {
    let n = 0;
    visit(s, (target, w) => {
      if (w === 0) return;
      n++;
      fanIn[target] = at(fanIn, target) + 1;
      if (distinct.size < distinctMax) distinct.add(w);
    });
    fanOut[s] = n;
    if (n > 0) used++;
    maxFanOut = Math.max(maxFanOut, n);
  }
  const maxFanIn = fanIn.reduce((a, b) => Math.max(a, b), 0);
  return {
    fanOut,
    sources: used,
    maxFanOut,
    maxFanIn,
    single: maxFanOut <= 1,
    distinct: distinct.size < distinctMax ? distinct.size : sources,
  };
}
