import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { integer } from "../../../base/options.ts";
import { origin } from "../../../base/origin.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { fanInOf } from "../../../ir/network/kernels/index.ts";
import { spikeRange } from "../../../ir/network/spike.ts";
import type { Link, Network, Population, SpikeType } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { addLink, type Bounds, sourceShape } from "../bounds.ts";
import { freshName, incoming, placeOf, relayOf, settle } from "../edit.ts";
import { type Division, divide, linkOf, type Part } from "./parts.ts";

/*
 * A core has so many axons and so many words for synapses. A neuron with more sources
 * than one core can hold gets part of its input as sums that relay populations make and
 * send as graded spikes:
 *
 *   link x -> a dense i8[2x6000]             link x -> a.sum1 dense (sources 0…4095)
 *                                     ==>    link a.sum1 -> a one 1
 *                                            link x -> a dense (sources 4096…5999)
 *
 * Sums of whole numbers do not depend on how they are split, as long as each partial sum
 * fits a payload; that is proven from the ranges of weights and payloads, and where
 * it fails the split is finer. Relays are links without delay; lower-delays gives them
 * their step.
 */
export const splitFanIn = pass({
  name: "split-fan-in",
  on: "network",
  summary: "Splits neurons with more inputs than a core can hold into partial sums.",
  keeps: "spikes",
  options: {
    sources: integer(0, 65536, 0, "most sources of one neuron; 0: what the chip's core holds, or no limit without a chip"),
    bits: integer(0, 32, 0, "bits of a partial sum's payload, its sign included; 0: the chip's, or 16 without a chip"),
  },
  run(network, options, cx) {
    const limits = limitsFor(options.sources, options.bits, cx.chip);
    const into = incoming(network);
    const problems: Diagnostic[] = [];
    const taken = new Set(network.pops.map((p) => p.name));
    const plans = new Map<number, Plan>();
    for (const p of network.pops) {
      const plan = planFor(network, p, at(into, p.id), limits, problems);
      if (plan !== null) plans.set(p.id, plan);
    }
    if (problems.length > 0) throw new Failure(problems);
    return plans.size === 0 ? network : apply(network, plans, limits, taken, cx);
  },
});

type Limits = {
  readonly sources: number;
  readonly words: number;
  readonly payload: SpikeType;
  readonly bits: number;
  readonly graded: boolean;
};

function limitsFor(sources: number, bits: number, chip: ChipSpec | null): Limits {
  const width = bits > 0 ? bits : (chip?.payload.bits ?? 16);
  return {
    sources: sources > 0 ? sources : (chip?.core.axons ?? Infinity),
    words: chip?.core.synapseWords ?? Infinity,
    payload: { kind: "graded", bits: width, signed: true },
    bits: width,
    graded: chip === null || chip.spikes.includes("graded"),
  };
}

/** Parts that go through relays, one list for each relay, and the parts that lead to the population directly. */
type Plan = {
  readonly relays: readonly (readonly Part[])[];
  readonly direct: readonly Part[];
  readonly sources: number;
  readonly divisions: ReadonlyMap<Link, Division>;
};

function planFor(n: Network, p: Population, links: readonly Link[], limits: Limits, problems: Diagnostic[]): Plan | null {
  const capacity = capacityOf(links, limits);
  const sources = mostSources(n, p, links);
  if (sources <= capacity) return null;
  const place = { at: placeOf(p), origin: p.origin };
  if (!limits.graded) {
    problems.push(diagnostic("fan-in-graded", [p.name, sources, capacity], place));
    return null;
  }
  const divisions = new Map(links.map((l) => [l, divide(l, sourceShape(n, l))]));
  // Links that close a cycle come last and so stay direct: a relay would make the cycle a step longer.
  const forward = [...divisions.values()].sort((a, b) => Number(a.link.from >= p.id) - Number(b.link.from >= p.id));
  const whole = forward.map((d): Part => ({ link: d.link, inShape: d.inShape, first: 0, count: d.pieces }));
  const relays: Part[][] = [];
  let rest = whole;
  // Relays are filled until the rest, with one axon for each relay, fits the population itself.
  while (cost(rest, divisions) + relays.length > capacity) {
    const [filled, left] = fill(rest, capacity, divisions);
    const fitting = fit(n, p, filled, divisions, limits);
    if (typeof fitting === "string") {
      problems.push(diagnostic("fan-in-too-large", [p.name, fitting, limits.bits], place));
      return null;
    }
    relays.push(...fitting);
    rest = left;
    if (left.length === 0) break;
  }
  if (relays.length + cost(rest, divisions) > capacity)
    problems.push(diagnostic("fan-in-too-large", [p.name, `${relays.length} partial sums`, limits.bits], place));
  return { relays, direct: rest, sources, divisions };
}

/**
 * Sources that one neuron may have: the core's axons, or fewer where the rows of that
 * many would not fit. A row has a header and at least one word of weights; the header of a
 * shared convolution has two words.
 */
function capacityOf(links: readonly Link[], limits: Limits): number {
  const shared = links.some((l) => l.kernel.kind === "pool" || (l.kernel.kind === "conv" && l.kernel.shared));
  return Math.min(limits.sources, Math.floor(limits.words / (shared ? 3 : 2)));
}

/** Most synapses that end in one neuron; each has its own axon. */
function mostSources(n: Network, p: Population, links: readonly Link[]): number {
  const total = new Int32Array(sizeOf(p.shape));
  for (const l of links) {
    const counts = fanInOf(l.kernel, sourceShape(n, l), p.shape);
    for (let i = 0; i < total.length; i++) total[i] = at(total, i) + at(counts, i);
  }
  return total.reduce((a, b) => Math.max(a, b), 0);
}

function cost(parts: readonly Part[], divisions: ReadonlyMap<Link, Division>): number {
  return parts.reduce((sum, p) => sum + p.count * sourcesOf(p, divisions), 0);
}

function sourcesOf(p: Part, divisions: ReadonlyMap<Link, Division>): number {
  return divisions.get(p.link)?.sources ?? 1;
}

/** As many pieces as the capacity holds, and at least one; and what is left. */
function fill(parts: readonly Part[], capacity: number, divisions: ReadonlyMap<Link, Division>): [Part[], Part[]] {
  const taken: Part[] = [];
  const left: Part[] = [];
  let room = capacity;
  for (const p of parts) {
    const each = sourcesOf(p, divisions);
    const count = left.length > 0 ? 0 : Math.min(p.count, Math.max(taken.length === 0 ? 1 : 0, Math.floor(room / each)));
    if (count > 0) taken.push({ ...p, count });
    if (count < p.count) left.push({ ...p, first: p.first + count, count: p.count - count });
    room -= count * each;
  }
  return [taken, left];
}

/** The parts as one sum, or halved until every sum fits a payload; or the sum that cannot be made to fit. */
function fit(n: Network, p: Population, parts: readonly Part[], divisions: ReadonlyMap<Link, Division>, limits: Limits): Part[][] | string {
  const range = spikeRange(limits.payload);
  const sum = sumBounds(n, p, parts, divisions);
  const [low, high] = [sum.low.reduce((a, b) => Math.min(a, b), 0), sum.high.reduce((a, b) => Math.max(a, b), 0)];
  if (low >= range.low && high <= range.high) return [[...parts]];
  const pieces = parts.reduce((k, part) => k + part.count, 0);
  if (pieces === 1) return String(high > range.high ? high : low);
  const [left, right] = halve(parts, Math.floor(pieces / 2));
  const first = fit(n, p, left, divisions, limits);
  if (typeof first === "string") return first;
  const second = fit(n, p, right, divisions, limits);
  return typeof second === "string" ? second : [...first, ...second];
}

function halve(parts: readonly Part[], pieces: number): [Part[], Part[]] {
  const left: Part[] = [];
  const right: Part[] = [];
  let room = pieces;
  for (const p of parts) {
    const count = Math.min(room, p.count);
    if (count > 0) left.push({ ...p, count });
    if (count < p.count) right.push({ ...p, first: p.first + count, count: p.count - count });
    room -= count;
  }
  return [left, right];
}

function sumBounds(n: Network, p: Population, parts: readonly Part[], divisions: ReadonlyMap<Link, Division>): Bounds {
  const bounds = { low: new Float64Array(sizeOf(p.shape)), high: new Float64Array(sizeOf(p.shape)) };
  for (const part of parts) addLink(n, madeLink(part, divisions), bounds);
  return bounds;
}

function madeLink(p: Part, divisions: ReadonlyMap<Link, Division>): Link {
  const d = divisions.get(p.link);
  return d === undefined ? p.link : linkOf(p, d);
}

/** Puts the relays before the populations they feed, so that their links may have no delay. */
function apply(n: Network, plans: ReadonlyMap<number, Plan>, limits: Limits, taken: Set<string>, cx: Context): Network {
  const pops: Population[] = [];
  const links: Link[] = n.links.filter((l) => !plans.has(l.to));
  let next = n.pops.length;
  const rows: Record<string, string | number>[] = [];
  for (const p of n.pops) {
    const plan = plans.get(p.id);
    if (plan !== undefined) {
      plan.relays.forEach((parts, k) => {
        const what = `partial sum ${k + 1} of ${p.name}`;
        const relay = relayOf({
          ...p,
          id: next++,
          name: freshName(taken, `${p.name}.sum${k + 1}`),
          spike: limits.payload,
          origin: origin(what, p.origin),
        });
        pops.push(relay);
        for (const part of parts) links.push({ ...madeLink(part, plan.divisions), to: relay.id });
        links.push({
          from: relay.id,
          to: p.id,
          kernel: { kind: "one", weight: 1 },
          pool: null,
          delay: 0,
          gain: null,
          origin: relay.origin,
        });
      });
      for (const part of plan.direct) links.push(madeLink(part, plan.divisions));
      rows.push({ population: p.name, sources: plan.sources, "partial sums": plan.relays.length, "payload bits": limits.bits });
    }
    pops.push(p);
  }
  cx.table("split-fan-in", rows);
  return settle({ ...n, pops, links });
}
