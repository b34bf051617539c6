import type { ChipSpec } from "../../../targets/chip.ts";
import { at, bug } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import { profileParams } from "../../ir/cores/storage.ts";
import { neuronParams } from "../../ir/network/neurons/index.ts";
import type { Network, Population } from "../../ir/network/types.ts";
import { gridOf, type Layout, layoutOf, type TileSize } from "../layout.ts";
import type { LinkForm } from "../link.ts";
import { eventsPerAxon, exceeded, incomingNeed, limitsOf, type Need, positionsFit, type Resource, routesOf } from "../need.ts";

/*
 * How each population is cut. All sizes of a tile are tried; of those that fit a core, the
 * one with the fewest tiles wins, then the one that copies the fewest source neurons
 * to several tiles, then the one whose tiles are reached by the fewest routes.
 *
 * A source's routes depend on how its targets are cut, so populations are taken
 * from the last to the first, and again until nothing changes (recurrent links).
 */

export type Cut = { readonly pop: number; readonly size: TileSize; readonly need: Need };

/** A population that does not fit, at the size that comes closest. */
export type Misfit = Cut & { readonly over: readonly Resource[] };

/** What-if: fewer weight bits than the network has. */
export type PlanOptions = { readonly weightBits: number | null };

export type Sizes = { readonly cuts: readonly (Cut | null)[]; readonly misfits: readonly Misfit[] };

/** A cut for each population; null for inputs, which live on the host. */
export function chooseSizes(net: Network, forms: readonly LinkForm[], chip: ChipSpec, options: PlanOptions): Sizes {
  const cuts: (Cut | null)[] = net.pops.map(() => null);
  let misfits: Misfit[] = [];
  for (let round = 0; round < 4; round++) {
    let changed = false;
    misfits = [];
    for (let pop = net.pops.length - 1; pop >= 0; pop--) {
      if (at(net.pops, pop).neuron.model === "input") continue;
      const best = chooseSize(net, forms, chip, options, cuts, pop);
      if (best.over.length > 0) misfits.push(best);
      const before = cuts[pop];
      if (before === undefined || before === null || !sameSize(before.size, best.size)) changed = true;
      cuts[pop] = { pop, size: best.size, need: best.need };
    }
    if (!changed || forms.every((f) => f.link.from < f.link.to)) break;
  }
  return { cuts, misfits: misfits.reverse() };
}

function sameSize(a: TileSize, b: TileSize): boolean {
  return a.channels === b.channels && a.height === b.height && a.width === b.width;
}

type Candidate = Misfit & { readonly rank: readonly number[] };

function chooseSize(
  net: Network,
  forms: readonly LinkForm[],
  chip: ChipSpec,
  options: PlanOptions,
  cuts: readonly (Cut | null)[],
  pop: number,
): Misfit {
  const layout = layoutOf(at(net.pops, pop).shape);
  const incoming = forms.filter((f) => f.link.to === pop);
  const routes = routesPerNeuron(net, forms, cuts, pop);
  const limits = limitsOf(chip);
  const profiles = profilesOf(at(net.pops, pop));
  let best: Candidate | null = null;
  for (const size of candidates(layout)) {
    const neurons = size.channels * size.height * size.width;
    if (neurons > limits.neurons) continue;
    if (incoming.some((f) => f.conv !== null && !positionsFit(f.conv, size))) continue;
    const need = { ...incomingNeeds(incoming, size, chip, options), neurons, routes: neurons * routes, profiles: profiles(size) };
    const over = exceeded(need, limits);
    const grid = gridOf(layout, size);
    const tiles = grid.channels * grid.height * grid.width;
    const fanOut = incoming.reduce((n, f) => n + routesOf(f, size), 0);
    const excess = over.reduce((n, r) => n + need[r] / limits[r], 0);
    const rank = [excess, tiles, tiles * need.axons, fanOut];
    if (best === null || before(rank, best.rank)) best = { pop, size, need, over, rank };
  }
  return best ?? bug(`population ${pop} has no size of tile`);
}

function before(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) {
    const d = at(a, i) - at(b, i);
    if (d !== 0) return d < 0;
  }
  return false;
}

/** What arrives at a tile. */
function incomingNeeds(
  incoming: readonly LinkForm[],
  size: TileSize,
  chip: ChipSpec,
  options: PlanOptions,
): Pick<Need, "axons" | "synapse words" | "shapes" | "events"> {
  let [axons, words, shapes, events] = [0, 0, 0, 0];
  for (const f of incoming) {
    const n = incomingNeed(f, size, options.weightBits === null ? f.bits : Math.min(f.bits, options.weightBits));
    axons += n.axons;
    words += n.words;
    shapes += n.shapes;
    events += n.axons * eventsPerAxon(f.link, chip.delayMin);
  }
  return { axons, "synapse words": words, shapes, events };
}

/** Profiles that a tile of a population needs, at most. */
function profilesOf(pop: Population): (size: TileSize) => number {
  const params = neuronParams(pop);
  const lists = profileParams.flatMap((key) => params[key] ?? []);
  const tuples = Array.from({ length: sizeOf(pop.shape) }, (_, i) => lists.map((l) => l[i]).join());
  const distinct = new Set(tuples).size;
  const plane = tuples.length / at(pop.shape, 0);
  const perChannel = tuples.every((t, i) => t === tuples[i - (i % plane)]);
  return ({ channels, height, width }) => Math.min(distinct, perChannel ? channels : channels * height * width);
}

/** Routes that one neuron of a population needs, at most: axons it reaches, and a line for each output. */
export function routesPerNeuron(net: Network, forms: readonly LinkForm[], cuts: readonly (Cut | null)[], pop: number): number {
  let n = net.outputs.filter((o) => o.pop === pop).length;
  for (const f of forms) {
    if (f.link.from !== pop) continue;
    const target = cuts[f.link.to];
    n += target === null || target === undefined ? 1 : routesOf(f, target.size);
  }
  return n;
}

/** Every size of tile worth trying: for each number of cuts of an axis, the smallest size that makes so many. */
function* candidates(layout: Layout): Generator<TileSize> {
  for (const channels of cutsOf(layout.channels)) {
    for (const height of cutsOf(layout.height)) {
      for (const width of cutsOf(layout.width)) yield { channels, height, width };
    }
  }
}

function cutsOf(extent: number): number[] {
  const out: number[] = [];
  for (let parts = 1; parts <= extent; parts++) {
    const size = Math.ceil(extent / parts);
    if (out.at(-1) !== size) out.push(size);
  }
  return out;
}
