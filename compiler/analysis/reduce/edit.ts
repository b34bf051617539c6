import { at } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import { f64, i32, numbersOf, sizeOf, spread, type Tensor } from "../../base/tensor.ts";
import { pooledShape, synapsesOf } from "../../ir/network/kernels/index.ts";
import type { Kernel, Link, Network, Param, PopId, Population } from "../../ir/network/types.ts";

/* Smaller networks: without a link, a population, a neuron, a step, a synapse. Each result is a network of its own. */

/** A network with the sample that shows something. */
export type Shown = { readonly network: Network; readonly sample: readonly Float64Array[] };

export function withLinks(n: Network, links: readonly Link[]): Network {
  return { ...n, links };
}

/** Only these populations, and what goes on between them. */
export function withPops({ network: n, sample }: Shown, kept: ReadonlySet<PopId>): Shown {
  const pops = n.pops.filter((p) => kept.has(p.id));
  const ids = new Map(pops.map((p, i) => [p.id, id<"population">(i)]));
  const idOf = (p: PopId): PopId => ids.get(p) as PopId;
  const network: Network = {
    ...n,
    pops: pops.map((p) => ({ ...p, id: idOf(p.id) })),
    links: n.links.filter((l) => kept.has(l.from) && kept.has(l.to)).map((l) => ({ ...l, from: idOf(l.from), to: idOf(l.to) })),
    inputs: n.inputs.filter((i) => kept.has(i.pop)).map((i) => ({ ...i, pop: idOf(i.pop) })),
    outputs: n.outputs.filter((o) => kept.has(o.pop)).map((o) => ({ ...o, pop: idOf(o.pop) })),
  };
  return { network, sample: sample.filter((_, i) => kept.has(at(n.inputs, i).pop)) };
}

/** The first `steps` steps. Null where a population would not live to see one. */
export function withSteps({ network: n, sample }: Shown, steps: number): Shown | null {
  if (steps < 1 || n.pops.some((p) => p.start >= steps)) return null;
  const pops = n.pops.map((p) => (p.stop !== null && p.stop > steps ? { ...p, stop: steps } : p));
  const cut = sample.map((s, i) => {
    const input = at(n.inputs, i);
    const channels = sizeOf(at(n.pops, input.pop).shape);
    return input.code === "events" ? s.slice(0, channels * steps) : s;
  });
  return { network: { ...n, steps, pops }, sample: cut };
}

/** Only these neurons of a population, which becomes a plain list. Null where pooling needs its shape. */
export function withNeurons({ network: n, sample }: Shown, pop: PopId, kept: readonly number[]): Shown | null {
  const p = at(n.pops, pop);
  if (n.links.some((l) => l.from === pop && l.pool !== null)) return null;
  const input = n.inputs.findIndex((i) => i.pop === pop);
  if (input >= 0 && typeof at(n.inputs, input).params["planes"] === "number") return null;
  const place = new Map(kept.map((k, i) => [k, i]));
  const pops = n.pops.map((o) => (o.id === pop ? smaller(p, kept) : o));
  const links = n.links.map((l) => (l.from === pop || l.to === pop ? relinked(n, l, pop, place) : l));
  const outputs = n.outputs.map((o) => (o.pop === pop ? { ...o, scale: some(o.scale, p, kept), offset: some(o.offset, p, kept) } : o));
  const cut = sample.map((s, i) => (i === input ? someChannels(s, sizeOf(p.shape), kept) : s));
  return { network: { ...n, pops, links, outputs }, sample: cut };
}

/** Only these synapses of a link whose kernel is a list. */
export function withSynapses(n: Network, link: number, kept: readonly number[]): Network {
  const l = at(n.links, link);
  if (l.kernel.kind !== "sparse") return n;
  const { rows, columns, weight } = l.kernel;
  const pick = (t: Tensor): number[] => kept.map((k) => Number(at<number | bigint>(t.data, k)));
  const kernel: Kernel = {
    kind: "sparse",
    rows: i32([kept.length], pick(rows)),
    columns: i32([kept.length], pick(columns)),
    weight: numbers(pick(weight)),
  };
  return { ...n, links: n.links.map((o, i) => (i === link ? { ...l, kernel } : o)) };
}

/** A link with its weights as a list of synapses. */
export function asList(n: Network, link: number): Network {
  const l = at(n.links, link);
  if (l.kernel.kind === "sparse") return n;
  const entries: [number, number, number][] = [];
  const inShape = pooledShape(l.pool, at(n.pops, l.from).shape);
  const visit = synapsesOf(l.kernel, inShape, at(n.pops, l.to).shape);
  for (let s = 0; s < sizeOf(inShape); s++)
    visit(s, (target, weight) => {
      if (weight !== 0) entries.push([target, s, weight]);
    });
  return { ...n, links: n.links.map((o, i) => (i === link ? { ...l, kernel: listKernel(entries) } : o)) };
}

function listKernel(entries: readonly (readonly [row: number, column: number, weight: number])[]): Kernel {
  return {
    kind: "sparse",
    rows: i32(
      [entries.length],
      entries.map((e) => e[0]),
    ),
    columns: i32(
      [entries.length],
      entries.map((e) => e[1]),
    ),
    weight: numbers(entries.map((e) => e[2])),
  };
}

/** Integers where all are. */
function numbers(list: readonly number[]): Tensor {
  return list.every((w) => Number.isInteger(w)) ? i32([list.length], list) : f64([list.length], list);
}

function smaller(p: Population, kept: readonly number[]): Population {
  return {
    ...p,
    shape: [kept.length],
    neuron: { ...p.neuron, params: Object.fromEntries(Object.entries(p.neuron.params).map(([k, v]) => [k, someParam(v, p, kept)])) },
    initial: Object.fromEntries(Object.entries(p.initial).map(([k, v]) => [k, some(v, p, kept)])),
    amplitude: some(p.amplitude, p, kept),
  };
}

function someParam(value: Param, p: Population, kept: readonly number[]): Param {
  return typeof value === "string" ? value : some(value, p, kept);
}

function some(value: number | Tensor, p: Population, kept: readonly number[]): number | Tensor {
  if (typeof value === "number") return value;
  const all = spread(value, p.shape);
  return numbers(kept.map((k) => at(all, k)));
}

function someChannels(s: Float64Array, channels: number, kept: readonly number[]): Float64Array {
  const frames = s.length / channels;
  return Float64Array.from(
    { length: frames * kept.length },
    (_, i) => s[Math.floor(i / kept.length) * channels + at(kept, i % kept.length)] ?? 0,
  );
}

function relinked(n: Network, l: Link, pop: PopId, place: ReadonlyMap<number, number>): Link {
  const entries: [number, number, number][] = [];
  const inShape = pooledShape(l.pool, at(n.pops, l.from).shape);
  const visit = synapsesOf(l.kernel, inShape, at(n.pops, l.to).shape);
  for (let s = 0; s < sizeOf(inShape); s++) {
    const column = l.from === pop ? place.get(s) : s;
    if (column === undefined) continue;
    visit(s, (target, weight) => {
      const row = l.to === pop ? place.get(target) : target;
      if (row !== undefined && weight !== 0) entries.push([row, column, weight]);
    });
  }
  const gain =
    typeof l.gain === "object" && l.gain !== null && l.from === pop
      ? numbers([...place.keys()].map((k) => at(numbersOf(f64([sizeOf(inShape)], spread(l.gain as Tensor, inShape))), k)))
      : l.gain;
  return { ...l, kernel: listKernel(entries), gain };
}
