import type { ChipSpec } from "../../targets/chip.ts";
import { sizeOf } from "../base/tensor.ts";
import { convWords, denseWords, shapeLimits, slotMax } from "../ir/cores/storage.ts";
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
  return form.conv === null ? listNeed(form.list as ListFacts, neurons, bits, form.lists) : convNeed(form.conv, form.source, size, bits);
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
  const tiles = form.conv === null ? listTiles(form.list as ListFacts, grid) : convTiles(form.conv, form.target, size, grid);
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
