import { at } from "../../compiler/base/bug.ts";
import type { Context } from "../../compiler/base/context.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin } from "../../compiler/base/origin.ts";
import { i32, sizeOf, spread, type Tensor } from "../../compiler/base/tensor.ts";
import type { Axon, Core, Cores, NeuronGroup, OutputPort, Row, Sends } from "../../compiler/ir/cores/types.ts";
import { missingNumbers, missingWords } from "../../compiler/ir/network/features.ts";
import { forEachSynapse } from "../../compiler/ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { Network, Population } from "../../compiler/ir/network/types.ts";
import type { Budget, Mapping } from "../../compiler/map/mapping.ts";
import type { ChipSpec } from "../chip.ts";
import { floor, thresholdMax } from "./core-words.ts";
import { extensionFor, type Own, ownOf, placeOf, rowBits, widthFor } from "./geometry.ts";

/*
 * A legal network as cores.
 *
 * A neuron has one destination: an axon, in all cores of a block. So populations that hear the same
 * source are put into one block and number all their sources alike; the block's fan-in is extended until all
 * of them fit. A core holds neurons of one population, as many as its dendrites allow.
 */

export const paicoreMapping: Mapping = { map, budget };

/** Populations that share sources, and the sources with the number of their first axon. */
type Block = { readonly targets: readonly Population[]; readonly sources: readonly { readonly pop: Population; readonly first: number }[] };

type Seat = { readonly pop: Population; readonly first: number; readonly count: number; readonly block: number };

function map(net: Network, chip: ChipSpec, _options: unknown, cx: Context): Cores {
  const own = ownOf(chip);
  const problems = illegal(net, chip);
  if (problems.length > 0) throw new Failure(problems);
  const blocks = blocksOf(net);
  const weights = net.pops.map((p) => weightsInto(net, p, blocks));
  const widths = weights.map((w) => widthFor(w === null ? [] : w));
  const tooLarge = blocks.flatMap((b) => misfit(b, widths, own));
  if (tooLarge.length > 0) throw new Failure(tooLarge);

  const { seats, places } = seat(blocks, widths, own);
  const used = Math.max(0, ...places.map((p) => p + 1));
  if (used > own.offline) throw new Failure([diagnostic("map-chip-full", [chip.name, used, own.offline])]);
  const ports = outputPorts(net);
  const destinations = net.pops.map((p) => destinationsOf(net, p, blocks, seats, ports.lineOf));
  const coreOf = (s: Seat, index: number): Core => {
    const slots = s.count;
    const indices = Int32Array.from({ length: slots }, (_, i) => s.first + i);
    const sends = sendsOf(Array.from(indices, (n) => at(at(destinations, s.pop.id), n)));
    return {
      id: id<"core">(index),
      at: placeOf(at(places, index)),
      groups: [groupOf(net, s.pop, indices)],
      sends,
      axons: [],
      shapes: [],
      rows: [],
      origin: origin(`${s.pop.name}[${s.first}..${s.first + slots - 1}]`),
    };
  };
  const bare = seats.map(coreOf);
  const inputs = net.inputs.map((input) => {
    const pop = at(net.pops, input.pop);
    const window = { start: pop.start, stop: pop.stop ?? net.steps };
    return {
      name: pop.name,
      code: input.code,
      params: input.params,
      spike: pop.spike,
      shape: pop.shape,
      window,
      sends: sendsOf(at(destinations, pop.id)),
    };
  });
  const delays = delaysAt(seats, blocks, net);
  const counts = axonCounts([...bare.map((c) => c.sends), ...inputs.map((i) => i.sends)], seats.length);
  const cores = bare.map((core, i) =>
    withRows(core, at(seats, i), at(counts, i), at(weights, at(seats, i).pop.id), at(delays, at(seats, i).block)),
  );
  cx.table(
    "blocks",
    blocks.map((b, k) => ({
      populations: b.targets.map((t) => t.name).join(" "),
      axons: axonsOf(b),
      "fan-in": `${1 << extensionFor(axonsOf(b), own)} x ${own.fanIn}`,
      "weight bits": b.targets.map((t) => 1 << at(widths, t.id)).join(" "),
      cores: seats.filter((s) => s.block === k).length,
    })),
  );
  return {
    kind: "cores",
    name: net.name,
    chip: chip.name,
    columns: chip.columns,
    rows: chip.rows,
    steps: net.steps,
    interval: net.steps,
    seed: cx.seed >>> 0,
    cores,
    inputs,
    outputs: ports.outputs,
  };
}

function illegal(net: Network, chip: ChipSpec): Diagnostic[] {
  const out: Diagnostic[] = [];
  const say = (what: string, where: { readonly origin: Population["origin"] }): void =>
    void out.push(diagnostic("map-illegal", [what], { origin: where.origin }));
  for (const pop of net.pops) {
    if (pop.spike.kind !== "binary" && !(pop.neuron.params["output"] === "yes"))
      say(`${pop.name} has ${pop.spike.kind} spikes; the chip has binary ones`, pop);
    if (spread(pop.amplitude, pop.shape).some((a) => a !== 1)) say(`a spike of ${pop.name} is not worth 1`, pop);
    if (pop.neuron.model !== "input") illegalNeuron(net, pop, chip, say, out);
  }
  for (const l of net.links) {
    const name = `${at(net.pops, l.from).name} -> ${at(net.pops, l.to).name}`;
    if (l.gain !== null) say(`link ${name} has a gain`, l);
    if (l.pool !== null) say(`link ${name} pools spikes`, l);
    const others = net.links.filter((o) => o.from === l.from && o.delay !== l.delay);
    if (others.length > 0) say(`the links of ${at(net.pops, l.from).name} have different delays; a neuron has one destination`, l);
  }
  for (const o of net.outputs) {
    if (o.code === "spikes" && net.links.some((l) => l.from === o.pop))
      out.push(diagnostic("paicore-destinations", [at(net.pops, o.pop).name], { origin: at(net.pops, o.pop).origin }));
  }
  if (net.steps > chip.stepsMax)
    say(`a sample takes ${net.steps} steps; the chip counts to ${chip.stepsMax}`, { origin: origin(net.name) });
  const lines = net.outputs.reduce((n, o) => n + sizeOf(at(net.pops, o.pop).shape), 0);
  if (lines > chip.outputs) out.push(diagnostic("map-outputs", [lines, chip.outputs]));
  return out;
}

function illegalNeuron(
  net: Network,
  pop: Population,
  chip: ChipSpec,
  say: (what: string, where: Population) => void,
  out: Diagnostic[],
): void {
  if (pop.neuron.model !== "unit") return say(`${pop.name} has the neuron model ${pop.neuron.model}; the chip has unit`, pop);
  const words = neuronWords(pop);
  const params = neuronParams(pop);
  const initial = spread(pop.initial["v"] ?? 0, pop.shape);
  for (const m of [...missingWords(words, chip), ...missingNumbers(params, initial, chip)])
    say(`${pop.name} needs ${m.setting}; the chip has ${m.has}`, pop);
  if (words["leak"] === "multiply" && params["leakArgument"]?.some((a) => a !== 0))
    say(`${pop.name} multiplies its potential by other than 0`, pop);
  if (pop.silent > 0) say(`${pop.name} has silent steps`, pop);
  if (pop.stop !== null && pop.stop <= pop.start) say(`${pop.name} is never active`, pop);
  const read = words["output"] === "yes";
  if (read && (pop.stop ?? net.steps) !== net.steps) say(`${pop.name} is read before the sample ends`, pop);
  if (words["reset"] === "subtract" && params["resetValue"]?.some((v, i) => v !== params["threshold"]?.[i]))
    say(`${pop.name} subtracts other than its threshold`, pop);
  const ranges: Readonly<Record<string, readonly [number, number]>> = {
    ...(read ? {} : { threshold: [0, words["reset"] === "none" ? thresholdMax - 1 : thresholdMax] }),
    bias: [-(2 ** 29), floor],
    initial: [-floor, floor],
    ...(words["reset"] === "set" ? { resetValue: [-(2 ** 29), floor] } : {}),
  };
  const values: Readonly<Record<string, Float64Array>> = { ...params, initial };
  for (const [key, [low, high]] of Object.entries(ranges)) {
    const wrong = values[key]?.findIndex((v) => !Number.isInteger(v) || v < low || v > high) ?? -1;
    if (wrong >= 0)
      out.push(diagnostic("map-range", [`${key} of ${pop.name}[${wrong}]`, values[key]?.[wrong] ?? 0, low, high], { origin: pop.origin }));
  }
}

/** Populations joined by common sources, in the order of their first ones. */
function blocksOf(net: Network): Block[] {
  const root = net.pops.map((_, i) => i);
  const find = (i: number): number => (at(root, i) === i ? i : find(at(root, i)));
  for (const source of net.pops) {
    const targets = net.links.filter((l) => l.from === source.id).map((l) => find(l.to));
    for (const t of targets) root[find(t)] = find(at(targets, 0));
  }
  const neurons = net.pops.filter((p) => p.neuron.model !== "input");
  const roots = [...new Set(neurons.map((p) => find(p.id)))];
  return roots.map((r) => {
    const targets = neurons.filter((p) => find(p.id) === r);
    const ids = new Set<number>(targets.map((t) => t.id));
    const sources = net.pops.filter((p) => net.links.some((l) => l.from === p.id && ids.has(l.to)));
    let first = 0;
    return {
      targets,
      sources: sources.map((pop) => {
        const mine = { pop, first };
        first += sizeOf(pop.shape);
        return mine;
      }),
    };
  });
}

function axonsOf(b: Block): number {
  return b.sources.reduce((n, s) => n + sizeOf(s.pop.shape), 0);
}

/** What each axon of its block adds to each neuron: [neuron * axons + axon]; null for inputs. */
function weightsInto(net: Network, pop: Population, blocks: readonly Block[]): Int32Array | null {
  const block = blocks.find((b) => b.targets.includes(pop));
  if (block === undefined) return null;
  const axons = axonsOf(block);
  const out = new Int32Array(axons * sizeOf(pop.shape));
  for (const l of net.links) {
    if (l.to !== pop.id) continue;
    const source = at(net.pops, l.from);
    const first = block.sources.find((s) => s.pop.id === l.from)?.first ?? 0;
    const count = sizeOf(source.shape);
    for (let i = 0; i < count; i++)
      forEachSynapse(l.kernel, source.shape, pop.shape, i, (target, weight) => {
        const k = target * axons + first + i;
        out[k] = (out[k] as number) + weight;
      });
  }
  return out;
}

function misfit(b: Block, widths: readonly number[], own: Own): Diagnostic[] {
  const extension = extensionFor(axonsOf(b), own);
  return b.targets.flatMap((t) => {
    const dendrites = 1 << (extension + at(widths, t.id));
    if (at(widths, t.id) > 3)
      return [
        diagnostic("map-illegal", [`weights of several links between the same neurons of ${t.name} add up to more than 8 bits`], {
          origin: t.origin,
        }),
      ];
    if (1 << extension > own.extensionMax || dendrites > own.dendrites)
      return [
        diagnostic("paicore-fan-in", [t.name, axonsOf(b), own.fanIn * own.extensionMax, dendrites, own.dendrites], { origin: t.origin }),
      ];
    return [];
  });
}

/** Neurons to cores, and cores to places: every block from a multiple of its size on. */
function seat(blocks: readonly Block[], widths: readonly number[], own: Own): { readonly seats: Seat[]; readonly places: number[] } {
  const seats: Seat[] = [];
  const places: number[] = [];
  let next = 0;
  blocks.forEach((b, block) => {
    const extension = extensionFor(axonsOf(b), own);
    const mine = b.targets.flatMap((pop) => {
      const room = own.dendrites >> (extension + at(widths, pop.id));
      const size = sizeOf(pop.shape);
      return Array.from({ length: Math.ceil(size / room) }, (_, i) => ({
        pop,
        first: i * room,
        count: Math.min(room, size - i * room),
        block,
      }));
    });
    const size = 2 ** Math.ceil(Math.log2(mine.length));
    next = Math.ceil(next / size) * size;
    mine.forEach((s, i) => {
      seats.push(s);
      places.push(next + i);
    });
    // The rest of the block hears the same spikes, so nobody else can sit there.
    next += size;
  });
  return { seats, places };
}

type Destination = { readonly core: number; readonly axon: number };

/** Where each neuron of a population sends: its axon in every core of the block, or its output line. */
function destinationsOf(
  net: Network,
  pop: Population,
  blocks: readonly Block[],
  seats: readonly Seat[],
  lineOf: ReadonlyMap<number, number>,
): Destination[][] {
  const block = blocks.findIndex((b) => b.sources.some((s) => s.pop === pop));
  const first = blocks[block]?.sources.find((s) => s.pop === pop)?.first ?? 0;
  const cores = seats.flatMap((s, core) => (s.block === block ? [core] : []));
  const line = lineOf.get(pop.id);
  return Array.from({ length: sizeOf(pop.shape) }, (_, i) => [
    ...cores.map((core) => ({ core, axon: first + i })),
    ...(line === undefined || net.links.some((l) => l.from === pop.id && pop.neuron.params["output"] !== "yes")
      ? []
      : [{ core: -1, axon: line + i }]),
  ]);
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

function outputPorts(net: Network): { readonly outputs: OutputPort[]; readonly lineOf: ReadonlyMap<number, number> } {
  let first = 0;
  const lineOf = new Map<number, number>();
  const outputs = net.outputs.map((o) => {
    const { shape } = at(net.pops, o.pop);
    const count = sizeOf(shape);
    lineOf.set(o.pop, first);
    const port: OutputPort = { name: o.name, code: o.code, first, count, shape, scale: o.scale, offset: o.offset };
    first += count;
    return port;
  });
  return { outputs, lineOf };
}

/** The group's numbers as the neuron memory holds them. */
function groupOf(net: Network, pop: Population, indices: Int32Array): NeuronGroup {
  const words = neuronWords(pop);
  const params = neuronParams(pop);
  const read = words["output"] === "yes";
  const initial = spread(pop.initial["v"] ?? 0, pop.shape);
  const pick = (key: string): number | Tensor => gathered(Int32Array.from(indices, (i) => params[key]?.[i] ?? 0));
  const threshold = read ? thresholdMax : pick("threshold");
  return {
    first: 0,
    count: indices.length,
    model: "unit",
    params: {
      ...words,
      reset: read ? "none" : (words["reset"] ?? "subtract"),
      threshold,
      resetValue: words["reset"] === "set" && !read ? pick("resetValue") : threshold,
      bias: pick("bias"),
      leakArgument: 0,
      currentDecay: 0,
      noiseBits: 0,
      noiseKey: 0,
    },
    initial: { v: gathered(Int32Array.from(indices, (i) => at(initial, i))) },
    spike: { kind: "binary" },
    start: pop.start,
    silent: 0,
    stop: pop.stop ?? net.steps,
    pop: pop.name,
    indices,
    origin: origin(pop.name, pop.origin),
  };
}

/** One number when all are equal, else a tensor. */
export function gathered(values: Int32Array): number | Tensor {
  const first = values[0] ?? 0;
  return values.every((v) => v === first) ? first : i32([values.length], values);
}

/** Per block: steps that each axon adds to the transport's one. */
function delaysAt(seats: readonly Seat[], blocks: readonly Block[], net: Network): Int32Array[] {
  return blocks.map((b, k) => {
    const out = new Int32Array(axonsOf(b));
    if (!seats.some((s) => s.block === k)) return out;
    for (const s of b.sources) {
      const delay = (net.links.find((l) => l.from === s.pop.id)?.delay ?? 1) - 1;
      out.fill(delay, s.first, s.first + sizeOf(s.pop.shape));
    }
    return out;
  });
}

/** Axons of each core: up to the last one that somebody sends to. */
export function axonCounts(sends: readonly Sends[], cores: number): Int32Array {
  const out = new Int32Array(cores);
  for (const s of sends)
    s.core.forEach((core, k) => {
      if (core >= 0) out[core] = Math.max(at(out, core), at(s.axon, k) + 1);
    });
  return out;
}

function withRows(core: Core, s: Seat, axons: number, weights: Int32Array | null, delays: Int32Array): Core {
  const all = weights === null ? 0 : weights.length / sizeOf(s.pop.shape);
  const columns = Array.from({ length: axons }, (_, a) =>
    Int32Array.from({ length: s.count }, (_, i) => weights?.[(s.first + i) * all + a] ?? 0),
  );
  return { ...core, ...rowsOf(columns, delays) };
}

/** Axons and their rows, in the one form in which mapping and decoder write them. */
export function rowsOf(columns: readonly Int32Array[], delays: ArrayLike<number>): { readonly axons: Axon[]; readonly rows: Row[] } {
  let width = 0;
  for (const c of columns) width = Math.max(width, widthFor(c));
  return {
    axons: columns.map((_, a) => ({ row: a, mode: "each", need: 0, delay: delays[a] ?? 0, gain: 1, shift: 0, y: 0, x: 0 })),
    rows: columns.map((weights) => ({ kind: "dense", bits: rowBits(width), base: 0, weights })),
  };
}

/** Used and available: cores, and the dendrites and axons of each core. */
function budget(cores: Cores, chip: ChipSpec): Budget[] {
  const own = ownOf(chip);
  const out: Budget[] = [{ core: null, resource: "cores", used: cores.cores.length, available: own.offline }];
  for (const core of cores.cores) {
    const extension = extensionFor(core.axons.length, own);
    const width = core.rows.reduce((w, r) => Math.max(w, widthFor(r.weights)), 0);
    out.push({
      core: core.id,
      resource: "dendrites",
      used: core.groups.reduce((n, g) => n + g.count, 0) << (extension + width),
      available: own.dendrites,
    });
    out.push({ core: core.id, resource: "axons", used: core.axons.length, available: own.fanIn << extension });
  }
  return out;
}
