import { at } from "../../compiler/base/bug.ts";
import { sizeOf } from "../../compiler/base/tensor.ts";
import { pooledShape, synapsesOf } from "../../compiler/ir/network/kernels/index.ts";
import { windowsOf } from "../../compiler/ir/network/pooling.ts";
import type { Link, Network } from "../../compiler/ir/network/types.ts";
import { type AxonPlan, type Column, planAxons } from "./axons.ts";

/*
 * Cutting populations into tiles that fit a core.
 *
 * A neuron has one destination: one axon of one core, or one output line. A neuron that has to reach
 * more is there more than once, with the same synapses; copies are in the same core and
 * share its axons. So what a tile takes in neurons depends on how its targets were cut, and
 * populations are cut from the outputs back; where they feed each other, again and again until nothing changes.
 */

/** A source of a tile: a neuron or channel, or a window of several of which any will do, that arrives with a delay. */
export type Source = { readonly key: string; readonly pop: number; readonly members: readonly number[]; readonly delay: number };

export type Tile = {
  readonly pop: number;
  /** The neurons, by index in the population. */
  readonly neurons: Int32Array;
  readonly sources: readonly Source[];
  readonly columns: readonly Column[];
  readonly plan: AxonPlan;
};

/** What a tile lacks, for the report. */
export type Misfit = { readonly pop: number; readonly resource: "axons" | "neurons"; readonly needed: number; readonly weights: boolean };

export type Limits = { readonly axons: number; readonly neurons: number; readonly most: number };

/** Synapses into every neuron of a population, sources of all links together. */
type Inbox = { readonly sources: readonly Source[]; readonly columns: readonly { sources: number[]; weights: number[] }[] };

function inboxOf(net: Network, pop: number): Inbox {
  const target = at(net.pops, pop);
  const sources: Source[] = [];
  const columns = Array.from({ length: sizeOf(target.shape) }, () => new Map<number, number>());
  const known = new Map<string, number>();
  for (const link of net.links) {
    if (link.to !== pop) continue;
    const from = at(net.pops, link.from);
    const shape = pooledShape(link.pool, from.shape);
    const visit = synapsesOf(link.kernel, shape, target.shape);
    const members = membersOf(link, from.shape);
    for (let s = 0; s < sizeOf(shape); s++) {
      visit(s, (t, w) => {
        if (w === 0) return;
        const key = `${link.from} ${link.delay} ${members(s).join()}`;
        let index = known.get(key);
        if (index === undefined) {
          index = sources.length;
          known.set(key, index);
          sources.push({ key, pop: link.from, members: members(s), delay: link.delay });
        }
        const column = at(columns, t);
        column.set(index, (column.get(index) ?? 0) + w);
      });
    }
  }
  return {
    sources,
    columns: columns.map((c) => {
      const kept = [...c].filter(([, w]) => w !== 0);
      return { sources: kept.map(([s]) => s), weights: kept.map(([, w]) => w) };
    }),
  };
}

/** The neurons that a source of a link stands for. */
function membersOf(link: Link, shape: readonly number[]): (source: number) => readonly number[] {
  if (link.pool === null) return (s) => [s];
  const { start, window } = windowsOf(link.pool, shape);
  const out: number[][] = Array.from({ length: sizeOf(pooledShape(link.pool, shape)) }, () => []);
  for (let s = 0; s + 1 < start.length; s++) for (let k = at(start, s); k < at(start, s + 1); k++) at(out, at(window, k)).push(s);
  return (s) => at(out, s);
}

/** Tiles of every population but inputs; or what does not fit. `copies[p][n]`: destinations of neuron n. */
export function cut(net: Network, limits: Limits): { readonly tiles: readonly Tile[] } | { readonly misfit: Misfit } {
  const inboxes = net.pops.map((p) => (p.neuron.model === "input" ? null : inboxOf(net, p.id)));
  const tiles: (readonly Tile[])[] = net.pops.map(() => []);
  const order = net.pops.map((p) => p.id).reverse();
  for (let round = 0; round <= rounds; round++) {
    let changed = false;
    for (const pop of order) {
      const inbox = at(inboxes, pop);
      if (inbox === null) continue;
      const copies = copiesOf(net, tiles, pop);
      const found = cutOne(net, pop, inbox, copies, limits);
      if ("misfit" in found) return found;
      const before = at(tiles, pop);
      changed ||= before.length !== found.tiles.length || before.some((t, i) => t.neurons.join() !== at(found.tiles, i).neurons.join());
      tiles[pop] = found.tiles;
    }
    if (!changed) return { tiles: tiles.flat() };
  }
  const feeding = net.links.find((l) => l.from >= l.to);
  const pop = feeding?.from ?? 0;
  return { misfit: { pop, resource: "neurons", needed: limits.neurons + 1, weights: false } };
}

/** Rounds after which populations that feed each other are given up. */
const rounds = 12;

/** Destinations of each neuron of a population: axons of its targets' tiles, and output lines. */
function copiesOf(net: Network, tiles: readonly (readonly Tile[])[], pop: number): Int32Array {
  const out = new Int32Array(sizeOf(at(net.pops, pop).shape));
  for (const o of net.outputs) if (o.pop === pop) for (let i = 0; i < out.length; i++) out[i] = at(out, i) + 1;
  for (const list of tiles)
    for (const t of list)
      t.sources.forEach((s, i) => {
        if (s.pop === pop) for (const m of s.members) out[m] = at(out, m) + at(t.plan.types, i).length;
      });
  return out;
}

function cutOne(
  net: Network,
  pop: number,
  inbox: Inbox,
  copies: Int32Array,
  limits: Limits,
): { readonly tiles: readonly Tile[] } | { readonly misfit: Misfit } {
  const order = neighbours(at(net.pops, pop).shape);
  const tiles: Tile[] = [];
  for (let from = 0; from < order.length; ) {
    // As many neurons as fit, by doubling and halving: what fits grows with their number, or nearly so.
    let good: Tile | null = null;
    let [low, high] = [0, order.length - from];
    let size = Math.min(high, limits.neurons);
    while (low < high) {
      const tried = tileOf(pop, inbox, order.slice(from, from + size), copies, limits);
      if ("plan" in tried) {
        good = tried;
        low = size;
      } else {
        if (size === 1) return { misfit: { pop, ...tried } };
        high = size - 1;
      }
      size = good === null ? Math.max(1, Math.floor(high / 2)) : Math.ceil((low + high) / 2);
      if (good === null && high === 0) break;
    }
    if (good === null) return { misfit: { pop, resource: "axons", needed: limits.axons + 1, weights: false } };
    tiles.push(good);
    from += good.neurons.length;
  }
  return { tiles };
}

/** Neurons in an order in which near ones share sources: by blocks of positions, all channels of a position together. */
function neighbours(shape: readonly number[]): Int32Array {
  const [channels = 1, a, b] = shape;
  if (a === undefined) return Int32Array.from({ length: channels }, (_, i) => i);
  const [height, width] = b === undefined ? [1, a] : [a, b];
  const side = b === undefined ? width : 4;
  const places: [number, number][] = [];
  for (let y0 = 0; y0 < height; y0 += side)
    for (let x0 = 0; x0 < width; x0 += side)
      for (let y = y0; y < Math.min(height, y0 + side); y++) for (let x = x0; x < Math.min(width, x0 + side); x++) places.push([y, x]);
  return Int32Array.from(places.flatMap(([y, x]) => Array.from({ length: channels }, (_, c) => (c * height + y) * width + x)));
}

function tileOf(
  pop: number,
  inbox: Inbox,
  neurons: Int32Array,
  copies: Int32Array,
  limits: Limits,
): Tile | { readonly resource: "axons" | "neurons"; readonly needed: number; readonly weights: boolean } {
  let slots = 0;
  for (const n of neurons) slots += Math.max(1, at(copies, n));
  if (slots > limits.neurons) return { resource: "neurons", needed: slots, weights: false };
  const local = new Map<number, number>();
  const columns = Array.from(neurons, (n): Column => {
    const c = at(inbox.columns, n);
    return {
      sources: Int32Array.from(c.sources, (s) => {
        let i = local.get(s);
        if (i === undefined) {
          i = local.size;
          local.set(s, i);
        }
        return i;
      }),
      weights: Int32Array.from(c.weights),
    };
  });
  if (local.size > limits.axons) return { resource: "axons", needed: local.size, weights: false };
  const plan = planAxons(columns, local.size, limits.most);
  if (plan === null) return { resource: "axons", needed: local.size, weights: true };
  if (plan.axons > limits.axons) return { resource: "axons", needed: plan.axons, weights: false };
  return { pop, neurons, sources: [...local.keys()].map((s) => at(inbox.sources, s)), columns, plan };
}
