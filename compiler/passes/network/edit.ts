import { at, must } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import type { Origin } from "../../base/origin.ts";
import type { InputCode, Link, Network, OutputCode, PopId, Population, SpikeType } from "../../ir/network/types.ts";

/*
 * Small edits of a network that the passes share.
 */

/** Path of a population in diagnostics. */
export function placeOf(p: Population): string {
  return `pop ${p.name}`;
}

/** Path of a link in diagnostics. */
export function linkPlace(n: Network, l: Link): string {
  return `link ${at(n.pops, l.from).name} -> ${at(n.pops, l.to).name}`;
}

/** Links into each population, by its id. */
export function incoming(n: Network): readonly (readonly Link[])[] {
  const out: Link[][] = n.pops.map(() => []);
  for (const l of n.links) at(out, l.to).push(l);
  return out;
}

/** Whether a population's spikes come from an input code. */
export function isInput(p: Population): boolean {
  return p.neuron.model === "input";
}

/** A network under construction: populations in their new order, with any distinct ids; links, inputs and outputs name those. */
export type Draft = Omit<Network, "pops" | "links" | "inputs" | "outputs"> & {
  readonly pops: readonly Population[];
  readonly links: readonly Link[];
  readonly inputs: readonly InputCode[];
  readonly outputs: readonly OutputCode[];
};

/** Gives the populations of a draft the ids of their places, and renames every reference. Links of populations that are gone go too. */
export function settle(d: Draft): Network {
  const place = new Map<number, PopId>();
  d.pops.forEach((p, i) => {
    must(!place.has(p.id), "populations of a draft have distinct ids");
    place.set(p.id, id<"population">(i));
  });
  const known = (p: PopId): PopId => {
    const found = place.get(p);
    must(found !== undefined, "an input or output of a draft names one of its populations");
    return found;
  };
  return {
    ...d,
    pops: d.pops.map((p, i) => (p.id === i ? p : { ...p, id: id<"population">(i) })),
    links: d.links.flatMap((l) => {
      const from = place.get(l.from);
      const to = place.get(l.to);
      if (from === undefined || to === undefined) return [];
      return [from === l.from && to === l.to ? l : { ...l, from, to }];
    }),
    inputs: d.inputs.map((i) => (known(i.pop) === i.pop ? i : { ...i, pop: known(i.pop) })),
    outputs: d.outputs.map((o) => (known(o.pop) === o.pop ? o : { ...o, pop: known(o.pop) })),
  };
}

/** A name that no population has yet. */
export function freshName(taken: Set<string>, wish: string): string {
  let name = wish;
  for (let i = 2; taken.has(name); i++) name = `${wish}.${i}`;
  taken.add(name);
  return name;
}

/** A population that passes on what arrives in the same step. */
export function relayOf(pop: {
  id: number;
  name: string;
  shape: readonly number[];
  spike: SpikeType;
  start: number;
  stop: number | null;
  origin: Origin;
}): Population {
  return { ...pop, id: id<"population">(pop.id), neuron: { model: "relay", params: {} }, initial: {}, amplitude: 1, silent: 0 };
}
