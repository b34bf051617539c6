import { at, bug } from "../../compiler/base/bug.ts";
import { type Diagnostic, diagnostic, Failure, fail } from "../../compiler/base/diagnostic.ts";
import type { Context } from "../../compiler/base/context.ts";
import { id } from "../../compiler/base/id.ts";
import { origin } from "../../compiler/base/origin.ts";
import { sizeOf, spread } from "../../compiler/base/tensor.ts";
import type { Core, Cores, NeuronGroup, OutputPort, Sends } from "../../compiler/ir/cores/types.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import type { Budget, Mapping, MappingOptions } from "../../compiler/map/mapping.ts";
import { places } from "../../compiler/map/place/index.ts";
import type { ChipSpec } from "../chip.ts";
import { connectedAxons } from "./axons.ts";
import { axonsOf, gathered, rowsOf } from "./canonical.ts";
import { type Parameters, parametersOf } from "./parameters.ts";
import { cut, type Misfit, type Tile } from "./tiles.ts";
import { fits } from "./words.ts";

/*
 * A legal network as cores: cut into tiles, tiles into cores, cores into cells, axons numbered, and
 * every neuron as often as it has destinations.
 */

export const rancMapping: Mapping = { map, budget };

/** Populations whose slots hold copies: the same neurons once more, for another destination. */
const copiesSuffix = ".copies";

function map(net: Network, chip: ChipSpec, options: MappingOptions, cx: Context): Cores {
  const p = parametersOf(chip);
  const problems = illegal(net, chip, p);
  if (problems.length > 0) throw new Failure(problems);
  const found = cut(net, { axons: p.axons, neurons: p.neurons, most: 2 ** (p.weightBits - 1) });
  if ("misfit" in found) throw new Failure([misfitReport(net, found.misfit, chip)]);
  const { tiles } = found;
  const copies = copiesIn(net, tiles);
  const bins = pack(tiles, copies, p, options.partition);
  const cells = cellsFor(bins.length, chip, p, options.place);
  const cores = fill(net, chip, p, tiles, copies, bins, cells, cx.seed);
  report(net, tiles, copies, cores, cx);
  return cores;
}

function illegal(net: Network, chip: ChipSpec, p: Parameters): Diagnostic[] {
  const out: Diagnostic[] = [];
  const say = (what: string, where: { readonly origin: Network["pops"][number]["origin"] }): void =>
    void out.push(diagnostic("map-illegal", [what], { origin: where.origin }));
  for (const pop of net.pops) {
    if (pop.spike.kind !== "binary") say(`${pop.name} has ${pop.spike.kind} spikes; the chip has binary ones`, pop);
    if (pop.neuron.model === "input") {
      if (net.outputs.some((o) => o.pop === pop.id)) say(`input ${pop.name} is an output too`, pop);
      continue;
    }
    if (pop.neuron.model !== "ranc") {
      say(`${pop.name} has the neuron model ${pop.neuron.model}; the chip has ranc`, pop);
      continue;
    }
    if (pop.start > 0 || pop.silent > 0 || (pop.stop !== null && pop.stop < net.steps)) say(`${pop.name} is not active in every step`, pop);
    out.push(...outOfRange(pop, p));
  }
  for (const l of net.links) {
    const { weight } = l.kernel;
    const name = `${at(net.pops, l.from).name} -> ${at(net.pops, l.to).name}`;
    if (typeof weight === "number" ? !Number.isInteger(weight) : Array.from(weight.data, Number).some((w) => !Number.isInteger(w)))
      say(`link ${name} has weights that are no integers`, l);
    if (l.delay < 1 || l.delay > 1 + chip.core.delayMax)
      say(`link ${name} has delay ${l.delay}; the chip has 1 to ${1 + chip.core.delayMax}`, l);
    if (l.gain !== null) say(`link ${name} has a gain`, l);
    if (l.pool !== null && l.pool.mode !== "or") say(`link ${name} pools with ${l.pool.mode}; the chip has or`, l);
  }
  const lines = net.outputs.reduce((n, o) => n + sizeOf(at(net.pops, o.pop).shape), 0);
  if (lines > chip.outputs) out.push(diagnostic("map-outputs", [lines, chip.outputs]));
  for (const o of net.outputs)
    if (o.code !== "spikes") say(`output ${o.name} is read as ${o.code}; the chip sends spikes`, at(net.pops, o.pop));
  return out;
}

/** Which field of the word holds each parameter. */
const fieldBits: Readonly<Record<string, (p: Parameters) => number>> = {
  threshold: (p) => p.thresholdBits,
  negativeThreshold: (p) => p.thresholdBits,
  resetValue: (p) => p.potentialBits,
  leak: (p) => p.leakBits,
};

function outOfRange(pop: Network["pops"][number], p: Parameters): Diagnostic[] {
  const params = neuronParams(pop);
  const values: [string, Float64Array, number][] = Object.entries(fieldBits).map(([name, bits]) => [
    name,
    params[name] ?? new Float64Array(),
    bits(p),
  ]);
  values.push(["initial potential", spread(pop.initial["v"] ?? 0, pop.shape), p.potentialBits]);
  const out = values.flatMap(([name, list, bits]) => {
    const wrong = list.findIndex((v) => !fits({ bits, signed: true }, v));
    if (wrong < 0) return [];
    const half = 2 ** (bits - 1);
    return [diagnostic("map-range", [`${name} of ${pop.name}[${wrong}]`, at(list, wrong), -half, half - 1], { origin: pop.origin })];
  });
  const width = params["bits"]?.find((b) => b !== p.potentialBits);
  if (width !== undefined)
    out.push(
      diagnostic("map-illegal", [`${pop.name} has potentials of ${width} bits; the chip has ${p.potentialBits}`], { origin: pop.origin }),
    );
  return out;
}

function misfitReport(net: Network, m: Misfit, chip: ChipSpec): Diagnostic {
  const pop = at(net.pops, m.pop);
  const place = { origin: pop.origin };
  if (m.weights) return diagnostic("ranc-weights", [pop.name, chip.weight.bitsMax], place);
  if (m.resource === "axons") return diagnostic("ranc-fan-in", [pop.name, m.needed, chip.core.axons], place);
  return diagnostic("ranc-fan-out", [pop.name, m.needed, chip.core.neurons], place);
}

/** Destinations of each neuron of each population. */
function copiesIn(net: Network, tiles: readonly Tile[]): Int32Array[] {
  const copies = net.pops.map((p) => new Int32Array(sizeOf(p.shape)));
  for (const o of net.outputs) {
    const list = at(copies, o.pop);
    for (let i = 0; i < list.length; i++) list[i] = at(list, i) + 1;
  }
  for (const t of tiles)
    t.sources.forEach((s, i) => {
      const list = at(copies, s.pop);
      for (const m of s.members) list[m] = at(list, m) + at(t.plan.types, i).length;
    });
  return copies;
}

function slotsOf(t: Tile, copies: readonly Int32Array[]): number {
  let slots = 0;
  for (const n of t.neurons) slots += Math.max(1, at(at(copies, t.pop), n));
  return slots;
}

/** Tiles of each core: one each (tiles), or as many as fit (packed), first fit. */
function pack(tiles: readonly Tile[], copies: readonly Int32Array[], p: Parameters, partition: string): number[][] {
  if (partition !== "tiles" && partition !== "packed") fail("map-strategy-unknown", ["partition", partition, ["tiles", "packed"]]);
  if (partition === "tiles") return tiles.map((_, i) => [i]);
  const bins: { tiles: number[]; axons: number; neurons: number }[] = [];
  tiles.forEach((t, i) => {
    const neurons = slotsOf(t, copies);
    const bin = bins.find((b) => b.axons + t.plan.axons <= p.axons && b.neurons + neurons <= p.neurons);
    if (bin === undefined) bins.push({ tiles: [i], axons: t.plan.axons, neurons });
    else {
      bin.tiles.push(i);
      bin.axons += t.plan.axons;
      bin.neurons += neurons;
    }
  });
  return bins.map((b) => b.tiles);
}

/** Cells for the cores, in the placement's order, the output cell left out. */
function cellsFor(count: number, chip: ChipSpec, p: Parameters, placement: string): { x: number; y: number }[] {
  const place = places[placement] ?? fail("map-strategy-unknown", ["placement", placement, Object.keys(places)]);
  const room = p.columns * p.rows - 1;
  if (count > room) {
    const larger = Object.entries(chip.sizes ?? {}).filter(([, s]) => s.columns * s.rows - 1 >= count);
    const help = larger.slice(0, 1).map(([name]) => `${name} has room for it`);
    throw new Failure([diagnostic("map-chip-full", [chip.name, count, room], help.length > 0 ? { help } : {})]);
  }
  return place
    .place([p.columns * p.rows], p.columns, p.rows)
    .filter((c) => c.x !== p.outputX || c.y !== p.outputY)
    .slice(0, count);
}

type Destination = { readonly core: number; readonly axon: number };

function fill(
  net: Network,
  chip: ChipSpec,
  p: Parameters,
  tiles: readonly Tile[],
  copies: readonly Int32Array[],
  bins: readonly (readonly number[])[],
  cells: readonly { readonly x: number; readonly y: number }[],
  seed: number,
): Cores {
  const destinations: Destination[][][] = net.pops.map((pop) => Array.from({ length: sizeOf(pop.shape) }, () => []));
  const outputs = outputPorts(net, destinations);
  // First axons, so that every neuron's destinations are known.
  const firstAxon = new Map<number, number>();
  bins.forEach((bin, core) => {
    let axon = 0;
    for (const i of bin) {
      const t = at(tiles, i);
      firstAxon.set(i, axon);
      t.sources.forEach((s, k) => {
        for (const _ of at(t.plan.types, k)) {
          for (const m of s.members) at(at(destinations, s.pop), m).push({ core, axon });
          axon++;
        }
      });
    }
  });
  const cores = bins.map((bin, index): Core => {
    const groups: NeuronGroup[] = [];
    const sends: Destination[][] = [];
    const weights: number[][] = [];
    const delays: number[] = [];
    const shared: boolean[] = [];
    for (const i of bin) {
      const t = at(tiles, i);
      const first = firstAxon.get(i) ?? bug("a tile has no axons");
      for (const [k, s] of t.sources.entries())
        for (const _ of at(t.plan.types, k)) {
          delays.push(s.delay - 1);
          shared.push(s.members.length > 1);
          weights.push([]);
        }
      const base = firstsOf(t, first);
      for (const copy of [false, true]) {
        const list = slotList(t, at(copies, t.pop), copy);
        if (list.length === 0) continue;
        const start = sends.length;
        for (const { position, neuron, which } of list) {
          const slot = sends.length;
          sends.push(at(at(destinations, t.pop), neuron).slice(which, which + 1));
          const column = at(t.columns, position);
          column.sources.forEach((s, q) => {
            const value = at(column.weights, q);
            for (const a of connectedAxons(t.plan, position, s, value))
              at(weights, at(base, s) + a)[slot] = at(at(t.plan.weights, position), at(at(t.plan.types, s), a));
          });
        }
        groups.push(groupOf(net, t, list, start, copy));
      }
    }
    const slots = sends.length;
    const columns = weights.map((w) => Int32Array.from({ length: slots }, (_, n) => w[n] ?? 0));
    const { rows, rowOf } = rowsOf(columns, p.weightBits);
    return {
      id: id<"core">(index),
      at: at(cells, index),
      groups,
      sends: sendsOf(sends),
      axons: axonsOf(rowOf, delays, shared),
      shapes: [],
      rows,
      origin: origin(bin.map((i) => tileName(net, at(tiles, i))).join(", ")),
    };
  });
  return {
    kind: "cores",
    name: net.name,
    chip: chip.name,
    columns: chip.columns,
    rows: chip.rows,
    steps: net.steps,
    interval: net.steps,
    seed: seed >>> 0,
    cores,
    inputs: net.inputs.map((input) => {
      const pop = at(net.pops, input.pop);
      return {
        name: pop.name,
        code: input.code,
        params: input.params,
        spike: pop.spike,
        shape: pop.shape,
        window: { start: pop.start, stop: pop.stop ?? net.steps },
        sends: sendsOf(at(destinations, pop.id)),
      };
    }),
    outputs,
  };
}

/** First axon of each source of a tile. */
function firstsOf(t: Tile, first: number): number[] {
  let axon = first;
  return t.plan.types.map((types) => {
    const mine = axon;
    axon += types.length;
    return mine;
  });
}

type Slot = { readonly position: number; readonly neuron: number; readonly which: number };

/** Neurons of a tile with their first destination, or (`copy`) their others. */
function slotList(t: Tile, copies: Int32Array, copy: boolean): Slot[] {
  return Array.from(t.neurons).flatMap((neuron, position) => {
    const count = at(copies, neuron);
    if (!copy) return [{ position, neuron, which: 0 }];
    return Array.from({ length: Math.max(0, count - 1) }, (_, k) => ({ position, neuron, which: k + 1 }));
  });
}

function groupOf(net: Network, t: Tile, list: readonly Slot[], first: number, copy: boolean): NeuronGroup {
  const pop = at(net.pops, t.pop);
  const words = neuronWords(pop);
  const all = neuronParams(pop);
  const pickBy = (values: ArrayLike<number>): number[] => list.map((s) => at(values, s.neuron));
  const params: Record<string, ReturnType<typeof gathered> | string> = { reset: words["reset"] ?? "set" };
  for (const [name, values] of Object.entries(all)) params[name] = gathered(pickBy(values));
  for (let k = 0; k < 4; k++) params[`weight${k}`] = gathered(list.map((s) => at(at(t.plan.weights, s.position), k)));
  return {
    first,
    count: list.length,
    model: "ranc",
    params,
    initial: { v: gathered(pickBy(spread(pop.initial["v"] ?? 0, pop.shape))) },
    spike: pop.spike,
    start: 0,
    silent: 0,
    stop: null,
    pop: copy ? `${pop.name}${copiesSuffix}` : pop.name,
    indices: Int32Array.from(list, (s) => s.neuron),
    origin: origin(tileName(net, t), pop.origin),
  };
}

function tileName(net: Network, t: Tile): string {
  const pop = at(net.pops, t.pop);
  return t.neurons.length === sizeOf(pop.shape) ? pop.name : `${pop.name}[${at(t.neurons, 0)}..]`;
}

function sendsOf(lists: readonly (readonly Destination[])[]): Sends {
  const start = new Int32Array(lists.length + 1);
  lists.forEach((l, i) => {
    start[i + 1] = at(start, i) + l.length;
  });
  const flat = lists.flat();
  return {
    start,
    core: Int32Array.from(flat, (d) => d.core),
    axon: Int32Array.from(flat, (d) => d.axon),
    member: new Int32Array(flat.length),
  };
}

/** Numbers the output lines and gives them to their neurons. */
function outputPorts(net: Network, destinations: readonly (readonly Destination[][])[]): OutputPort[] {
  let first = 0;
  return net.outputs.map((o) => {
    const { shape } = at(net.pops, o.pop);
    const count = sizeOf(shape);
    for (let i = 0; i < count; i++) at(at(destinations, o.pop), i).push({ core: -1, axon: first + i });
    const port: OutputPort = { name: o.name, code: o.code, first, count, shape, scale: o.scale, offset: o.offset };
    first += count;
    return port;
  });
}

/** The axon bill: what each population pays for its weights and for its destinations. */
function report(net: Network, tiles: readonly Tile[], copies: readonly Int32Array[], cores: Cores, cx: Context): void {
  const rows = net.pops.flatMap((pop) => {
    const mine = tiles.filter((t) => t.pop === pop.id);
    if (mine.length === 0) return [];
    const sources = mine.reduce((n, t) => n + t.sources.length, 0);
    const axons = mine.reduce((n, t) => n + t.plan.axons, 0);
    const roles = [...new Set(mine.map((t) => (t.plan.roles === null ? "one axon each" : t.plan.roles.filter((r) => r !== 0).join(" "))))];
    const most = at(copies, pop.id).reduce((a, b) => Math.max(a, b), 0);
    return [
      {
        population: pop.name,
        tiles: mine.length,
        inputs: sources,
        axons,
        "axons per input": sources === 0 ? 0 : Math.round((100 * axons) / sources) / 100,
        weights: roles.slice(0, 3).join("; "),
        "most copies": most,
        neurons: mine.reduce((n, t) => n + slotsOf(t, copies), 0),
      },
    ];
  });
  cx.table("axon bill", rows);
  const inputs = rows.reduce((n, r) => n + r.inputs, 0);
  const axons = rows.reduce((n, r) => n + r.axons, 0);
  const neurons = rows.reduce((n, r) => n + r.neurons, 0);
  const own = net.pops.reduce((n, pop) => n + (pop.neuron.model === "input" ? 0 : sizeOf(pop.shape)), 0);
  cx.report(diagnostic("ranc-bill", [cores.cores.length, inputs, axons, own, neurons]));
}

/** Used and available: cores of the grid, neurons and axons of each core. */
function budget(cores: Cores, chip: ChipSpec): Budget[] {
  const out: Budget[] = [{ core: null, resource: "cores", used: cores.cores.length, available: chip.columns * chip.rows - 1 }];
  for (const core of cores.cores) {
    out.push({ core: core.id, resource: "neurons", used: core.groups.reduce((n, g) => n + g.count, 0), available: chip.core.neurons });
    out.push({ core: core.id, resource: "axons", used: core.axons.length, available: chip.core.axons });
  }
  return out;
}
