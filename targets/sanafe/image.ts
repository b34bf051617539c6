import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Architecture, Cost, Group, Hops, MappedNetwork, Soma, SomaUnit } from "../../compiler/frontends/sanafe/types.ts";

/*
 * What the machine runs: tables of a mapped network, in the order in which the chip works. Neurons are numbered core by core, as mapped.
 * An axon is what one firing neuron sends to one core: a message, and there a list of synapses.
 */

/** A core with neurons. Its neurons are `first` … `first + count - 1`. */
export type ImageCore = {
  readonly name: string;
  readonly tile: number;
  readonly x: number;
  readonly y: number;
  readonly offset: number;
  readonly hops: Hops;
  readonly axonIn: Cost;
  readonly axonOut: Cost;
  readonly first: number;
  readonly count: number;
};

/** Neighbours in a core with the same settings and unit: indices into somas and units. */
export type NeuronRun = {
  readonly core: number;
  readonly first: number;
  readonly count: number;
  readonly soma: number;
  readonly unit: number;
};

/** The synapses of a message by what one costs: how many each of indices into synapse and dendrite costs. */
export type Load = { readonly synapses: number; readonly parts: readonly (readonly [synapse: number, dendrite: number, count: number])[] };

export type SanafeTables = {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly linkBuffer: number;
  readonly maxCoresPerTile: number;
  /** Seconds of the barrier that ends a step. */
  readonly sync: number;
  readonly cores: readonly ImageCore[];
  readonly runs: readonly NeuronRun[];
  readonly somas: readonly Soma[];
  readonly somaUnits: readonly Omit<SomaUnit, "name" | "model">[];
  readonly synapseCosts: readonly Cost[];
  readonly dendriteCosts: readonly Cost[];
  readonly loads: readonly Load[];
  readonly groups: readonly Group[];
  /** Weights are 16-bit integers times this; 0: they are doubles. */
  readonly unit: number;
};

export type SanafeArrays = {
  /** By neuron. `id`: its number in the network. `axons`: its first axon; one entry more. */
  readonly bias: Float64Array;
  readonly id: Uint32Array;
  readonly axons: Uint32Array;
  /** By axon: core, index into loads, first synapse (one entry more). */
  readonly axonCore: Uint16Array;
  readonly axonLoad: Uint16Array;
  readonly axonSynapses: Uint32Array;
  /** By synapse: slot in the core, above it the weight in 16 bits; empty where weights are doubles. */
  readonly synapses: Uint32Array;
  /** By synapse, where weights are doubles; else empty. */
  readonly slots: Uint16Array;
  readonly weights: Float64Array;
};

export type SanafeImage = { readonly tables: SanafeTables; readonly arrays: SanafeArrays };

/** Lays a mapped network out. */
export function buildImage(chip: Architecture, net: MappedNetwork): SanafeImage {
  const placed = placeNeurons(chip, net);
  const edges = bySource(net, placed.local);
  const unit = weightUnit(edges.weights);
  const units = new Units(chip, net);
  const axons = layAxons(placed, edges, units);
  const synapses = unit === 0 ? new Uint32Array(0) : new Uint32Array(edges.targets.length);
  for (let i = 0; i < synapses.length; i++) synapses[i] = axons.slots[i]! | ((axons.weights[i]! / unit) << 16);
  const tiles = new Set(placed.cores.map((c) => c.tile)).size;
  return {
    tables: {
      name: net.name,
      width: chip.width,
      height: chip.height,
      linkBuffer: chip.linkBuffer,
      maxCoresPerTile: Math.max(...chip.tiles.map((t) => t.cores.length)),
      sync: (chip.sync.findLast(([from]) => from <= tiles) ?? at(chip.sync, 0))[1],
      cores: placed.cores,
      runs: runsOf(placed, net, units),
      somas: net.somas,
      somaUnits: units.somas,
      synapseCosts: units.synapses,
      dendriteCosts: units.dendrites,
      loads: axons.loads,
      groups: net.groups,
      unit,
    },
    arrays: {
      bias: Float64Array.from(placed.ids, (id) => net.bias[id]!),
      id: placed.ids,
      axons: axons.first,
      axonCore: axons.core,
      axonLoad: axons.load,
      axonSynapses: axons.synapses,
      synapses,
      slots: unit === 0 ? axons.slots : new Uint16Array(0),
      weights: unit === 0 ? axons.weights : new Float64Array(0),
    },
  };
}

type Placed = {
  readonly cores: readonly ImageCore[];
  /** Number in the network by neuron, and the other way round. */
  readonly ids: Uint32Array;
  readonly local: Uint32Array;
  readonly coreOf: Uint16Array;
};

function placeNeurons(chip: Architecture, net: MappedNetwork): Placed {
  const ids = Uint32Array.from(net.core, (_, i) => i).sort((a, b) => net.core[a]! - net.core[b]! || net.order[a]! - net.order[b]!);
  const local = new Uint32Array(ids.length);
  const coreOf = new Uint16Array(ids.length);
  const cores: ImageCore[] = [];
  for (let first = 0; first < ids.length; ) {
    const c = net.core[ids[first]!]!;
    let end = first;
    while (end < ids.length && net.core[ids[end]!] === c) {
      local[ids[end]!] = end;
      coreOf[end] = cores.length;
      end++;
    }
    const { tile, kind } = at(chip.cores, c);
    const { x, y, hops, cores: siblings } = at(chip.tiles, tile);
    const offset = siblings.indexOf(c);
    if (end - first > slotsMax) fail("sanafe-full", [`${tile}.${offset}`, end - first, slotsMax]);
    cores.push({
      name: `${tile}.${offset}`,
      tile,
      x,
      y,
      offset,
      hops,
      axonIn: kind.axonIn,
      axonOut: kind.axonOut,
      first,
      count: end - first,
    });
    first = end;
  }
  return { cores, ids, local, coreOf };
}

const slotsMax = 65536;

type BySource = { readonly first: Uint32Array; readonly targets: Uint32Array; readonly weights: Float64Array };

/** All connections by source, each source's in the order of the network. */
function bySource(net: MappedNetwork, local: Uint32Array): BySource {
  const first = new Uint32Array(local.length + 1);
  for (const edges of net.edges)
    edges((s) => {
      first[local[s]! + 1]!++;
    });
  for (let i = 0; i < local.length; i++) first[i + 1]! += first[i]!;
  const next = first.slice();
  const targets = new Uint32Array(first[local.length]!);
  const weights = new Float64Array(targets.length);
  for (const edges of net.edges)
    edges((s, t, w) => {
      const i = next[local[s]!]!++;
      targets[i] = local[t]!;
      weights[i] = w;
    });
  return { first, targets, weights };
}

/** The largest power of two, at most 1, of which all weights are multiples in 16 bits; 0 where there is none. */
function weightUnit(weights: Float64Array): number {
  let unit = 1;
  for (const w of weights) {
    while (!Number.isInteger(w / unit)) {
      unit /= 2;
      if (unit < 2 ** -15) return 0;
    }
  }
  return weights.every((w) => Math.abs(w / unit) <= 32767) ? unit : 0;
}

/** Numbers of the units that the network uses: alike ones are one. */
class Units {
  readonly synapses: Cost[] = [];
  readonly dendrites: Cost[] = [];
  readonly somas: Omit<SomaUnit, "name" | "model">[] = [];
  readonly #known = new Map<string, number>();
  readonly #chip: Architecture;
  readonly #net: MappedNetwork;

  constructor(chip: Architecture, net: MappedNetwork) {
    this.#chip = chip;
    this.#net = net;
  }

  soma(id: number): number {
    const { access, update, spike } = at(this.#kind(id).somas, this.#net.somaUnit[id]!);
    return this.#number("soma", this.somas, { access, update, spike });
  }

  /** Of synapses that lead to a neuron. */
  synapse(id: number): number {
    return this.#number("synapse", this.synapses, at(this.#kind(id).synapses, this.#net.synapseUnit[id]!).event);
  }

  dendrite(id: number): number {
    return this.#number("dendrite", this.dendrites, at(this.#kind(id).dendrites, this.#net.dendriteUnit[id]!).event);
  }

  #kind(id: number): Architecture["cores"][number]["kind"] {
    return at(this.#chip.cores, this.#net.core[id]!).kind;
  }

  #number<T>(what: string, list: T[], unit: T): number {
    const key = what + JSON.stringify(unit);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, list.length);
    return list.push(unit) - 1;
  }
}

type Axons = {
  readonly first: Uint32Array;
  readonly core: Uint16Array;
  readonly load: Uint16Array;
  readonly synapses: Uint32Array;
  readonly slots: Uint16Array;
  readonly weights: Float64Array;
  readonly loads: readonly Load[];
};

/** Cuts each neuron's connections into axons, by number of core; within one their order stays. */
function layAxons(placed: Placed, edges: BySource, units: Units): Axons {
  const { cores, coreOf, ids } = placed;
  const neurons = ids.length;
  const first = new Uint32Array(neurons + 1);
  const slots = new Uint16Array(edges.targets.length);
  const weights = new Float64Array(edges.targets.length);
  const core: number[] = [];
  const load: number[] = [];
  const synapses: number[] = [];
  const loads: Load[] = [];
  const known = new Map<string, number>();
  // What a synapse to each neuron costs: index of the pair of synapse and dendrite unit.
  const pairs: (readonly [number, number])[] = [];
  const pairOf = Uint16Array.from(ids, (id) => {
    const pair = [units.synapse(id), units.dendrite(id)] as const;
    const i = pairs.findIndex((p) => p[0] === pair[0] && p[1] === pair[1]);
    return i < 0 ? pairs.push(pair) - 1 : i;
  });
  const count = new Uint32Array(cores.length);
  const next = new Uint32Array(cores.length);
  for (let n = 0; n < neurons; n++) {
    const [from, to] = [edges.first[n]!, edges.first[n + 1]!];
    const reached: number[] = [];
    for (let i = from; i < to; i++) {
      const c = coreOf[edges.targets[i]!]!;
      if (count[c]!++ === 0) reached.push(c);
    }
    reached.sort((a, b) => a - b);
    let place = from;
    for (const c of reached) {
      core.push(c);
      synapses.push(place);
      next[c] = place;
      place += count[c]!;
    }
    for (let i = from; i < to; i++) {
      const t = edges.targets[i]!;
      const c = coreOf[t]!;
      const p = next[c]!++;
      slots[p] = t - cores[c]!.first;
      weights[p] = edges.weights[i]!;
    }
    let p = from;
    for (const c of reached) {
      const tally = new Map<number, number>();
      for (const end = p + count[c]!; p < end; p++) {
        const pair = pairOf[cores[c]!.first + slots[p]!]!;
        tally.set(pair, (tally.get(pair) ?? 0) + 1);
      }
      const key = [...tally].sort((a, b) => a[0] - b[0]).join(" ");
      let index = known.get(key);
      if (index === undefined) {
        index = loads.length;
        known.set(key, index);
        loads.push({ synapses: count[c]!, parts: [...tally].map(([pair, k]) => [...at(pairs, pair), k] as const) });
      }
      load.push(index);
      count[c] = 0;
    }
    first[n + 1] = core.length;
  }
  synapses.push(edges.targets.length);
  return {
    first,
    core: Uint16Array.from(core),
    load: Uint16Array.from(load),
    synapses: Uint32Array.from(synapses),
    slots,
    weights,
    loads,
  };
}

function runsOf(placed: Placed, net: MappedNetwork, units: Units): NeuronRun[] {
  const runs: NeuronRun[] = [];
  placed.cores.forEach((c, core) => {
    for (let first = c.first; first < c.first + c.count; ) {
      const id = placed.ids[first]!;
      const unit = units.soma(id);
      let end = first + 1;
      while (end < c.first + c.count && net.soma[placed.ids[end]!] === net.soma[id] && units.soma(placed.ids[end]!) === unit) end++;
      runs.push({ core, first, count: end - first, soma: net.soma[id]!, unit });
      first = end;
    }
  });
  return runs;
}
