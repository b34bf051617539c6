import type { Target, WordPlace } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import { sizeOf, spread, type Tensor } from "../../base/tensor.ts";
import type { Core, Cores, NeuronGroup, Row, Sends } from "../../ir/cores/types.ts";
import type { Image } from "../../ir/image/types.ts";
import { neuronParams, neuronWords } from "../../ir/network/neurons/index.ts";
import type { Network, Param, PopId, Population } from "../../ir/network/types.ts";
import { type Arrival, visitorOf } from "./cone.ts";

/*
 * What an image says about one neuron, held against the network: the weights of everything that
 * can reach it and its own parameters. What differs is suspect, and the words that say it are named.
 */

export type Suspect = {
  /** `weight of h2[17] -> h3[1], delay 1`. */
  readonly what: string;
  readonly network: string;
  readonly image: string;
  readonly words: readonly WordPlace[];
};

/** Place of a neuron in decoded cores; null where it has none. */
export function placeIn(cores: Cores, pop: string, neuron: number): { readonly core: number; readonly slot: number } | null {
  for (const core of cores.cores)
    for (const g of core.groups) {
      if (g.pop !== pop) continue;
      const i = g.indices.indexOf(neuron);
      if (i >= 0) return { core: core.id, slot: g.first + i };
    }
  return null;
}

/** All suspects of one neuron, its own parameters first. */
export function suspectsOf(network: Network, target: Target, image: Image, cores: Cores, pop: PopId, neuron: number): readonly Suspect[] {
  const place = placeIn(cores, at(network.pops, pop).name, neuron);
  if (place === null) return [];
  const words = (core: number, slot: number, axon: number | null): readonly WordPlace[] => target.wordsOf?.(image, core, slot, axon) ?? [];
  const own = words(place.core, place.slot, null);
  return [
    ...parameterSuspects(at(network.pops, pop), neuron, at(cores.cores, place.core), place.slot).map((s) => ({
      ...s,
      words: naming(own, s.what),
    })),
    ...weightSuspects(network, cores, pop, neuron, place, words),
  ];
}

/** What an image says of a neuron and of the spikes that reached it, with the axons of those nearest first. Of the same word once. */
export function wordsBehind(
  network: Network,
  target: Target,
  image: Image,
  cores: Cores,
  pop: PopId,
  neuron: number,
  arrivals: readonly Arrival[],
): readonly WordPlace[] {
  const place = placeIn(cores, at(network.pops, pop).name, neuron);
  if (place === null || target.wordsOf === undefined) return [];
  const found = imageWeights(cores, network, place);
  const axons = new Set(arrivals.flatMap((a) => found.get(`${a.pop} ${a.neuron} ${at(network.links, a.link).delay}`)?.axons ?? []));
  const lists = [...axons].map((a) => target.wordsOf?.(image, place.core, place.slot, a) ?? []);
  const seen = new Set<string>();
  return [...nearest(lists), ...target.wordsOf(image, place.core, place.slot, null)].filter((w) => {
    const key = `${w.section} ${w.address}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The words whose reason names the parameter, or all of them where none does. */
function naming(words: readonly WordPlace[], what: string): readonly WordPlace[] {
  const name = what.slice(0, what.indexOf(" "));
  const own = words.filter((w) => w.why.split(/[\s,:]+/).includes(name));
  return own.length > 0 ? own : words;
}

type Words = (core: number, slot: number, axon: number | null) => readonly WordPlace[];

function parameterSuspects(pop: Population, neuron: number, core: Core, slot: number): Omit<Suspect, "words">[] {
  const group = core.groups.find((g) => slot >= g.first && slot < g.first + g.count);
  if (group === undefined || group.model !== pop.neuron.model) return [];
  const out: Omit<Suspect, "words">[] = [];
  const differ = (what: string, a: unknown, b: unknown): void => {
    if (String(a) !== String(b)) out.push({ what: `${what} of ${pop.name}[${neuron}]`, network: String(a), image: String(b) });
  };
  for (const [name, numbers] of Object.entries(neuronParams(pop)))
    if (name in group.params) differ(name, numbers[neuron], valueAt(group, group.params[name], slot));
  for (const [name, word] of Object.entries(neuronWords(pop))) if (name in group.params) differ(name, word, group.params[name]);
  const v = group.initial["v"];
  if (v !== undefined) differ("initial", spread(pop.initial["v"] ?? 0, pop.shape)[neuron], valueAt(group, v, slot));
  for (const key of ["start", "silent", "stop"] as const) differ(key, pop[key], group[key]);
  return out;
}

function valueAt(group: NeuronGroup, value: Param | undefined, slot: number): unknown {
  return typeof value === "object" ? (value as Tensor).data[slot - group.first] : value;
}

/** Sums of weights by source and delay, in network and image. */
function weightSuspects(
  network: Network,
  cores: Cores,
  pop: PopId,
  neuron: number,
  place: { readonly core: number; readonly slot: number },
  words: Words,
): Suspect[] {
  const wanted = networkWeights(network, pop, neuron);
  const found = imageWeights(cores, network, place);
  const out: Suspect[] = [];
  for (const key of new Set([...wanted.keys(), ...found.keys()])) {
    const w = wanted.get(key)?.weight ?? 0;
    const f = found.get(key);
    if (w === (f?.weight ?? 0)) continue;
    const source = (wanted.get(key) ?? f) as { readonly pop: PopId; readonly neuron: number; readonly delay: number };
    out.push({
      what: `weight of ${at(network.pops, source.pop).name}[${source.neuron}] -> ${at(network.pops, pop).name}[${neuron}], delay ${source.delay}`,
      network: String(w),
      image: String(f?.weight ?? 0),
      words: f === undefined ? senderWords(network, cores, source, words) : nearest(f.axons.map((a) => words(place.core, place.slot, a))),
    });
  }
  return out;
}

/** The words of several axons, those that are nearest to the weight first. */
function nearest(lists: readonly (readonly WordPlace[])[]): readonly WordPlace[] {
  // An axon whose row holds no weight for the slot has a shorter list.
  const longest = Math.max(0, ...lists.map((l) => l.length));
  return [...lists.filter((l) => l.length === longest), ...lists.filter((l) => l.length < longest)].flat();
}

/** The image has no way from the source to the neuron: what matters are the sender's own words. */
function senderWords(
  network: Network,
  cores: Cores,
  source: { readonly pop: PopId; readonly neuron: number },
  words: Words,
): readonly WordPlace[] {
  const from = placeIn(cores, at(network.pops, source.pop).name, source.neuron);
  return from === null ? [] : words(from.core, from.slot, null);
}

type Weight = { readonly pop: PopId; readonly neuron: number; readonly delay: number; weight: number; readonly axons: number[] };

function networkWeights(network: Network, pop: PopId, neuron: number): Map<string, Weight> {
  const out = new Map<string, Weight>();
  for (const l of network.links) {
    if (l.to !== pop) continue;
    const visit = visitorOf(network, l);
    const count = sizeOf(at(network.pops, l.from).shape);
    for (let n = 0; n < count; n++)
      visit(n, (target, weight) => {
        if (target === neuron && weight !== 0) weightAt(out, l.from, n, l.delay).weight += weight;
      });
  }
  return out;
}

function weightAt(map: Map<string, Weight>, pop: PopId, neuron: number, delay: number): Weight {
  const key = `${pop} ${neuron} ${delay}`;
  let found = map.get(key);
  if (found === undefined) {
    found = { pop, neuron, delay, weight: 0, axons: [] };
    map.set(key, found);
  }
  return found;
}

/** What the image adds to a slot for each source that sends to its core. */
function imageWeights(cores: Cores, network: Network, place: { readonly core: number; readonly slot: number }): Map<string, Weight> {
  const core = at(cores.cores, place.core);
  const out = new Map<string, Weight>();
  // Where spikes act in the step that they are sent in, no link of the network has a delay.
  const base = network.links.some((l) => l.delay === 0) ? 0 : 1;
  const byName = new Map(network.pops.map((p) => [p.name, p.id]));
  const take = (pop: PopId | undefined, neuron: number, sends: Sends, from: number): void => {
    if (pop === undefined) return;
    const axons = new Set<number>();
    for (let k = at(sends.start, from); k < at(sends.start, from + 1); k++)
      if (at(sends.core, k) === place.core) axons.add(at(sends.axon, k));
    for (const a of axons) {
      const axon = core.axons[a];
      if (axon === undefined) continue;
      const weight = rowWeight(at(core.rows, axon.row), core, axon, place.slot) * axon.gain * 2 ** axon.shift;
      const w = weightAt(out, pop, neuron, axon.delay + base);
      w.weight += weight;
      w.axons.push(a);
    }
  };
  cores.inputs.forEach((port) => {
    for (let c = 0; c + 1 < port.sends.start.length; c++) take(byName.get(port.name), c, port.sends, c);
  });
  for (const other of cores.cores)
    for (const g of other.groups) g.indices.forEach((n, i) => take(byName.get(g.pop), n, other.sends, g.first + i));
  return out;
}

/** What one application of a row adds to a slot, for payload 1 before the gain. */
export function rowWeight(row: Row, core: Core, axon: { readonly y: number; readonly x: number }, slot: number): number {
  if (row.kind === "dense") return row.weights[slot - row.base] ?? 0;
  if (row.kind === "sparse") {
    let sum = 0;
    row.slots.forEach((s, i) => (sum += s === slot ? at(row.weights, i) : 0));
    return sum;
  }
  const s = at(core.shapes, row.shape);
  const rest = slot - row.base;
  const c = rest % s.pitch;
  const ox = Math.floor(rest / s.pitch) % s.width;
  const oy = Math.floor(rest / s.pitch / s.width);
  if (rest < 0 || c >= row.channels || oy >= s.height) return 0;
  const ky = (axon.y - oy * s.strideY) / s.dilationY;
  const kx = (axon.x - ox * s.strideX) / s.dilationX;
  if (!Number.isInteger(ky) || !Number.isInteger(kx) || ky < 0 || kx < 0 || ky >= s.kernelY || kx >= s.kernelX) return 0;
  return row.weights[(ky * s.kernelX + kx) * row.channels + c] ?? 0;
}
