import type { ChipSpec } from "../../targets/chip.ts";
import { at } from "../base/bug.ts";
import { numbersOf } from "../base/tensor.ts";
import { poolLimits } from "../ir/cores/storage.ts";
import type { Axon } from "../ir/cores/types.ts";
import type { Axis } from "../ir/network/kernels/axis.ts";
import { synapsesOf } from "../ir/network/kernels/index.ts";
import type { Link, Population } from "../ir/network/types.ts";
import type { CoreBuilder } from "./core.ts";
import { type Layout, layoutOf, placesOf, type Tile } from "./layout.ts";
import type { Conv, LinkForm } from "./link.ts";

/*
 * The arriving side of a link: for every tile of its target, the axons of the (pooled)
 * source neurons that reach it, and the rows they name. Nothing is expanded beyond the
 * tile at hand; a list is walked once, source by source.
 */

/** A tile in its core. */
export type Seat = {
  readonly tile: Tile;
  readonly core: number;
  readonly builder: CoreBuilder;
  readonly group: number;
  readonly first: number;
};

/** Axons of one link: entry k says that source `source[k]` (after pooling) arrives at axon `axon[k]` of core `core[k]`. */
export type Arrivals = { readonly source: number[]; readonly core: number[]; readonly axon: number[] };

export function arrivalsOf(form: LinkForm, target: Population, seats: readonly Seat[], chip: ChipSpec): Arrivals {
  const out: Arrivals = { source: [], core: [], axon: [] };
  const gain = gainsOf(form, chip);
  const add = (seat: Seat, source: number, row: number, y: number, x: number): void => {
    const g = gain(source);
    if (g.gain === 0) return;
    const axon: Axon = { row, ...modeOf(form.link, seat), delay: form.link.delay - 1, ...g, y, x };
    out.source.push(source);
    out.core.push(seat.core);
    out.axon.push(seat.builder.addAxon(axon));
  };
  if (form.conv !== null) convArrivals(form, form.conv, seats, add);
  else listArrivals(form, target, seats, add);
  return out;
}

type Add = (seat: Seat, source: number, row: number, y: number, x: number) => void;

function modeOf(link: Link, seat: Seat): Pick<Axon, "mode" | "need"> {
  if (link.pool === null) return { mode: "each", need: 0 };
  if (link.pool.mode === "gate") return { mode: "gate", need: seat.group };
  return { mode: "at-least", need: link.pool.mode === "or" ? 1 : link.pool.size.reduce((a, b) => a * b, 1) };
}

/** The link's gain of a source as gain * 2^shift, with the smallest shift. */
function gainsOf(form: LinkForm, chip: ChipSpec): (source: number) => { readonly gain: number; readonly shift: number } {
  const { gain } = form.link;
  if (gain === null) return () => ({ gain: 1, shift: 0 });
  if (typeof gain === "number") {
    const split = splitGain(gain, chip);
    return () => split ?? { gain: 1, shift: 0 };
  }
  const values = numbersOf(gain);
  const per = form.sources / values.length;
  return (source) => splitGain(at(values, Math.floor(source / per)), chip) ?? { gain: 1, shift: 0 };
}

/** A gain as multiplier and shift; null when the chip cannot say it. */
export function splitGain(value: number, chip: ChipSpec): { readonly gain: number; readonly shift: number } | null {
  const half = chip.gain.bits === 0 ? 2 : 2 ** (chip.gain.bits - 1);
  for (let shift = 0; shift <= chip.gain.shiftMax; shift++) {
    const gain = value / 2 ** shift;
    if (!Number.isInteger(gain)) return null;
    if (gain >= -half && gain < half) return chip.gain.bits === 0 && value !== 1 ? null : { gain, shift };
  }
  return null;
}

/** Largest window that a pool of this mode may have; gate counts per member. */
export function windowMax(mode: "or" | "and" | "gate"): number {
  return mode === "gate" ? poolLimits.members : mode === "and" ? poolLimits.need : Number.POSITIVE_INFINITY;
}

function convArrivals(form: LinkForm, conv: Conv, seats: readonly Seat[], add: Add): void {
  const kernels = new Map<string, ChannelWeights | null>();
  for (const seat of seats) {
    const { tile } = seat;
    const hitsY = hitsOf(conv.y, tile.y0, tile.y1, form.source.height);
    const hitsX = hitsOf(conv.x, tile.x0, tile.x1, form.source.width);
    const shape = seat.builder.shape({
      kernelY: conv.y.kernel,
      kernelX: conv.x.kernel,
      strideY: conv.y.stride,
      strideX: conv.x.stride,
      dilationY: conv.y.dilation,
      dilationX: conv.x.dilation,
      height: tile.y1 - tile.y0,
      width: tile.x1 - tile.x0,
      pitch: tile.c1 - tile.c0,
    });
    const firstGroup = Math.floor(tile.c0 / conv.outputs);
    const lastGroup = Math.floor((tile.c1 - 1) / conv.outputs);
    for (let ci = firstGroup * conv.inputs; ci < (lastGroup + 1) * conv.inputs; ci++) {
      const key = `${ci} ${tile.c0} ${tile.c1}`;
      let weights = kernels.get(key);
      if (weights === undefined) {
        weights = channelWeights(conv, ci, tile);
        kernels.set(key, weights);
      }
      if (weights === null) continue;
      const row = seat.builder.convRow(seat.first + weights.offset, shape, weights.channels, weights.values);
      channelAxons(form.source, conv, ci, weights, hitsY, hitsX, (source, y, x) =>
        add(seat, source, row, y - tile.y0 * conv.y.stride, x - tile.x0 * conv.x.stride),
      );
    }
  }
}

/** Weights of one input channel for a tile's channels, [tap][channel], from the tile's channel `offset` on; and which taps have one that is not zero. */
type ChannelWeights = { readonly offset: number; readonly channels: number; readonly values: Int32Array; readonly taps: Uint8Array };

/** Null when all weights are zero. */
function channelWeights(conv: Conv, ci: number, tile: Tile): ChannelWeights | null {
  const group = Math.floor(ci / conv.inputs);
  const low = Math.max(tile.c0, group * conv.outputs);
  const high = Math.min(tile.c1, (group + 1) * conv.outputs);
  const channels = high - low;
  const count = conv.y.kernel * conv.x.kernel;
  const values = new Int32Array(count * channels);
  const taps = new Uint8Array(count);
  for (let ky = 0; ky < conv.y.kernel; ky++) {
    for (let kx = 0; kx < conv.x.kernel; kx++) {
      const t = ky * conv.x.kernel + kx;
      for (let c = 0; c < channels; c++) {
        const w = conv.weight(low + c, ci - group * conv.inputs, ky, kx);
        values[t * channels + c] = w;
        if (w !== 0) taps[t] = 1;
      }
    }
  }
  return taps.includes(1) ? { offset: low - tile.c0, channels, values, taps } : null;
}

/** For each input position that reaches outputs from … to-1: the taps by which it does. */
type Hits = readonly { readonly position: number; readonly taps: readonly number[] }[];

function hitsOf(a: Axis, from: number, to: number, input: number): Hits {
  const out: { position: number; taps: number[] }[] = [];
  for (let position = 0; position < input; position++) {
    const taps: number[] = [];
    for (let k = 0; k < a.kernel; k++) {
      const o = (position + a.padBegin - k * a.dilation) / a.stride;
      if (Number.isInteger(o) && o >= from && o < to) taps.push(k);
    }
    if (taps.length > 0) out.push({ position, taps });
  }
  return out;
}

/** Visits the positions of one input channel that reach the tile by a weight that is not zero. */
function channelAxons(
  source: Layout,
  conv: Conv,
  ci: number,
  weights: ChannelWeights,
  hitsY: Hits,
  hitsX: Hits,
  visit: (source: number, y: number, x: number) => void,
): void {
  const all = !weights.taps.includes(0);
  for (const hy of hitsY) {
    for (const hx of hitsX) {
      if (!all && !hy.taps.some((ky) => hx.taps.some((kx) => weights.taps[ky * conv.x.kernel + kx] === 1))) continue;
      const index = (ci * source.height + hy.position) * source.width + hx.position;
      visit(index, hy.position + conv.y.padBegin, hx.position + conv.x.padBegin);
    }
  }
}

function listArrivals(form: LinkForm, target: Population, seats: readonly Seat[], add: Add): void {
  const tiles = seats.map((s) => s.tile);
  const places = placesOf(layoutOf(target.shape), tiles);
  const scratch = seats.map((s) => new Int32Array(at(s.builder.groups, s.group).count));
  const isTouched = new Uint8Array(seats.length);
  const touched: number[] = [];
  const visit = synapsesOf(form.link.kernel, form.shape, target.shape);
  for (let source = 0; source < form.sources; source++) {
    visit(source, (neuron, weight) => {
      if (weight === 0) return;
      const tile = at(places.tile, neuron);
      if (isTouched[tile] === 0) {
        isTouched[tile] = 1;
        touched.push(tile);
      }
      const column = at(scratch, tile);
      const slot = at(places.slot, neuron);
      column[slot] = at(column, slot) + weight;
    });
    touched.sort((a, b) => a - b);
    for (const tile of touched) {
      isTouched[tile] = 0;
      const seat = at(seats, tile);
      const column = at(scratch, tile);
      if (column.some((w) => w !== 0)) {
        const { row, y, x } = seat.builder.listRow(seat.first, column);
        add(seat, source, row, y, x);
      }
      column.fill(0);
    }
    touched.length = 0;
  }
}
