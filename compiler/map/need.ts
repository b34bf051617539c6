import type { ChipSpec } from "../../targets/chip.ts";
import { sizeOf } from "../base/tensor.ts";
import { convWords, denseWords, shapeLimits, slotMax, sparseWords } from "../ir/cores/storage.ts";
import type { Axis } from "../ir/network/kernels/axis.ts";
import type { Link } from "../ir/network/types.ts";
import { gridOf, type Layout, type TileSize } from "./layout.ts";
import { type Conv, type LinkForm, type ListFacts, span } from "./link.ts";

/*
 * What a tile of a given size needs of a core, as an upper bound that no weight has to
 * be looked at for. Shared rows and rows of zeros make the real need smaller.
 */

export const resources = ["neurons", "axons", "synapse words", "routes", "profiles", "shapes"] as const;
/** What memories hold, and how many events can wait at the same time. */
export type Resource = (typeof resources)[number] | "events";
export type Need = Readonly<Record<Resource, number>>;

export function limitsOf(chip: ChipSpec): Need {
  return {
    neurons: Math.min(chip.core.neurons, slotMax),
    axons: chip.core.axons,
    "synapse words": chip.core.synapseWords,
    routes: chip.core.routes,
    profiles: chip.core.profiles,
    shapes: chip.core.shapes,
    events: chip.core.events,
  };
}

const needed: readonly Resource[] = [...resources, "events"];

export function addNeeds(a: Need, b: Need): Need {
  return Object.fromEntries(needed.map((r) => [r, a[r] + b[r]])) as Need;
}

export function exceeded(need: Need, limits: Need): Resource[] {
  return needed.filter((r) => need[r] > limits[r]);
}

/** Events of one axon of a link that can wait at the end of a step, at most: all its sources in every step of its delay. */
export function eventsPerAxon(link: Link, delayMin: number): number {
  return sizeOf(link.pool?.size ?? []) * (link.delay - delayMin + 1);
}

/** What the links that end in a tile need there. */
export function incomingNeed(
  form: LinkForm,
  size: TileSize,
  bits: number,
): { readonly axons: number; readonly words: number; readonly shapes: number } {
  const neurons = size.channels * size.height * size.width;
  if (form.conv !== null) return convNeed(form.conv, form.source, size, bits);
  const need = listNeed(form.list as ListFacts, neurons, bits, form.lists);
  if (form.moved === null) return need;
  const moved = movedNeed(form, form.moved, size, bits);
  return { ...need, axons: Math.min(need.axons, moved.axons), words: Math.min(need.words, moved.words) };
}

/**
 * A convolution as lists that axons move: a list for each input channel and set of taps that falls inside the tile, again for
 * each stretch of slots that an axon cannot move it across.
 */
function movedNeed(form: LinkForm, conv: Conv, size: TileSize, bits: number): { axons: number; words: number } {
  const { channels, height, width } = size;
  const inputs = Math.min(groupsIn(conv, channels) * conv.used.most, conv.used.total);
  const reached = Math.min(channels, conv.outputs);
  const most = Math.ceil((channels * height * width) / form.listOffsets);
  let words = 0;
  const columns = tapSets(conv.x, width);
  for (const y of tapSets(conv.y, height)) {
    for (const x of columns) {
      const span = (y.spread * width + x.spread) * channels + reached;
      const dense = form.lists.includes("dense") ? denseWords(span, bits) : Number.POSITIVE_INFINITY;
      const sparse = form.lists.includes("sparse") ? sparseWords(y.taps * x.taps * reached) : Number.POSITIVE_INFINITY;
      words += Math.min(y.positions * x.positions, most) * Math.min(dense, sparse);
    }
  }
  return { axons: inputs * reach(conv.y, height, form.source.height) * reach(conv.x, width, form.source.width), words: inputs * words };
}

/** How many taps, outputs from the first to the last that they reach, and positions of the source for which it is so. */
type TapSet = { readonly taps: number; readonly spread: number; readonly positions: number };

/** The sets of taps by which positions of one axis reach `outputs` consecutive outputs. */
function tapSets(a: Axis, outputs: number): readonly TapSet[] {
  const sets = new Map<string, TapSet>();
  for (let position = 0; position < (outputs - 1) * a.stride + span(a); position++) {
    const taps: number[] = [];
    for (let k = 0; k < a.kernel; k++) {
      const o = (position - k * a.dilation) / a.stride;
      if (Number.isInteger(o) && o >= 0 && o < outputs) taps.push(k);
    }
    if (taps.length === 0) continue;
    const spread = (((taps.at(-1) ?? 0) - (taps[0] ?? 0)) * a.dilation) / a.stride;
    const key = taps.join();
    sets.set(key, { taps: taps.length, spread, positions: (sets.get(key)?.positions ?? 0) + 1 });
  }
  return [...sets.values()];
}

function convNeed(conv: Conv, source: Layout, size: TileSize, bits: number): { axons: number; words: number; shapes: number } {
  const inputs = Math.min(groupsIn(conv, size.channels) * conv.used.most, conv.used.total);
  const positions = reach(conv.y, size.height, source.height) * reach(conv.x, size.width, source.width);
  const words = convWords(conv.y.kernel * conv.x.kernel, Math.min(size.channels, conv.outputs), bits);
  return { axons: inputs * positions, words: inputs * words, shapes: 1 };
}

/** Groups that `channels` consecutive output channels can touch, at most. */
function groupsIn(conv: Conv, channels: number): number {
  if (conv.outputs === 1) return channels;
  return channels % conv.outputs === 0 ? channels / conv.outputs : Math.ceil(channels / conv.outputs) + 1;
}

/** Input positions that `outputs` consecutive outputs see, at most. */
function reach(a: Axis, outputs: number, input: number): number {
  return Math.min(input, (outputs - 1) * a.stride + span(a));
}

/** A row of one weight, which sources with a single target share: stored once for each weight and each half of the slots. */
const singleWords = convWords(1, 1, 1);

function listNeed(
  list: ListFacts,
  neurons: number,
  bits: number,
  kinds: ChipSpec["lists"],
): { axons: number; words: number; shapes: number } {
  const axons = Math.min(list.sources, neurons * list.maxFanIn);
  if (list.single) return { axons, words: singleWords * Math.min(2 * list.distinct, axons), shapes: 2 };
  const dense = kinds.includes("dense") ? denseWords(neurons, bits) : Number.POSITIVE_INFINITY;
  const entries = kinds.includes("sparse");
  let words = 0;
  for (const n of list.fanOut) if (n > 0) words += Math.max(singleWords, entries ? Math.min(dense, 1 + Math.min(n, neurons)) : dense);
  return { axons, words: entries ? Math.min(words, neurons * list.maxFanIn + 2 * axons) : words, shapes: 2 };
}

/** Whether the positions of a tile's axons can be written. */
export function positionsFit(conv: Conv, size: TileSize): boolean {
  const last = (a: Axis, outputs: number): number => (outputs - 1) * a.stride + span(a) - 1;
  return last(conv.y, size.height) <= shapeLimits.positionMax && last(conv.x, size.width) <= shapeLimits.positionMax;
}

/** Axons that one neuron of the source reaches through a link, at most, when the target has tiles of a given size. */
export function routesOf(form: LinkForm, size: TileSize): number {
  const grid = gridOf(form.target, size);
  const conv = form.conv ?? form.moved;
  const tiles = conv === null ? listTiles(form.list as ListFacts, grid) : convTiles(conv, form.target, size, grid);
  return tiles * windowsOf(form.link);
}

function listTiles(list: ListFacts, grid: TileSize): number {
  return Math.min(list.maxFanOut, grid.channels * grid.height * grid.width);
}

function convTiles(conv: Conv, target: Layout, size: TileSize, grid: TileSize): number {
  const channels = Math.min(grid.channels, conv.outputs === 1 ? 1 : Math.ceil((conv.outputs - 1) / size.channels) + 1);
  return channels * axisTiles(conv.y, target.height, size.height) * axisTiles(conv.x, target.width, size.width);
}

/** Tiles of one axis that a source position reaches, at most: outputs within a window of it. */
function axisTiles(a: Axis, outputs: number, size: number): number {
  const reached = Math.min(
    outputs,
    Math.ceil(span(a) / a.stride),
    a.stride === 1 && a.dilation === 1 ? a.kernel : Number.POSITIVE_INFINITY,
  );
  return Math.min(Math.ceil(outputs / size), Math.ceil((reached - 1) / size) + 1);
}

/** Windows of the link's pool that one source neuron is in, at most. */
function windowsOf(link: Link): number {
  if (link.pool === null) return 1;
  return link.pool.size.reduce((n, size, i) => n * Math.ceil(size / (link.pool?.stride[i] ?? 1)), 1);
}
