import type { Target, WordPlace } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import { showNumber } from "../../base/text.ts";
import type { Image } from "../../ir/image/types.ts";
import { hex } from "../../ir/image/word.ts";
import type { Network } from "../../ir/network/types.ts";
import { linkName } from "../../ir/network/print.ts";
import type { Arrival, Cone } from "./cone.ts";
import type { Divergence } from "./index.ts";

/* A divergence as text, for people. */

const most = { arrivals: 12, suspects: 8, words: 6, behind: 20, inputs: 24 } as const;

export function showDivergence(
  subject: { readonly network: Network; readonly target: Target; readonly image: Image },
  d: Divergence,
): string {
  const { network, image, target } = subject;
  const lines = lineOf(image, target);
  const name = (pop: number): string => at(network.pops, pop).name;
  const { first } = d;
  const what = first.kind === "spike" ? `payload in step ${first.step}` : `output after step ${first.step}`;
  return [
    `first divergence: ${name(first.pop)}[${first.neuron}], ${what}: ${d.names[0]} ${showNumber(first.left)}, ${d.names[1]} ${showNumber(first.right)}`,
    ...(d.place === null ? [] : [`  it sits in slot ${d.place.slot} of core ${d.place.core} of the image`]),
    `input that shows it: ${showInput(network, d.sample)}`,
    ...showCone(network, d.cone),
    ...(d.suspects.length === 0
      ? ["the image says of this neuron what the network says; the difference is in how it was run"]
      : ["the image says something else than the network:"]),
    ...cut(d.suspects, most.suspects, "difference").flatMap((s) =>
      typeof s === "string"
        ? [s]
        : [`  ${s.what}: network ${s.network}, image ${s.image}`, ...s.words.slice(0, most.words).map((w) => `    ${lines(w)}`)],
    ),
  ].join("\n");
}

/** What led to a neuron's spike, and its way back to the input. */
export function showCone(network: Network, cone: Cone): string[] {
  const name = (pop: number): string => at(network.pops, pop).name;
  return [
    cone.arrivals.length === 0 ? "no spike reached it before" : "spikes that reached it, the latest first:",
    ...cut(cone.arrivals, most.arrivals, "spike").map((a) => (typeof a === "string" ? a : `  ${showArrival(network, a)}`)),
    ...(cone.layers.length === 0 ? [] : ["cone of influence, back to the input:"]),
    ...cone.layers.map(
      (l) => `  ${name(l.pop)}: ${l.spikes} spikes of ${l.neurons} neurons, steps ${l.first}${l.first === l.last ? "" : ` to ${l.last}`}`,
    ),
  ];
}

function cut<T>(list: readonly T[], limit: number, noun: string): (T | string)[] {
  const rest = list.length - limit;
  return rest > 0 ? [...list.slice(0, limit), `  and ${rest} more ${noun}${rest === 1 ? "" : "s"}`] : [...list];
}

function showArrival(network: Network, a: Arrival): string {
  const link = at(network.links, a.link);
  const from = at(network.pops, link.from).name;
  const worth = `payload ${showNumber(a.payload)} times weight ${showNumber(a.weight)}`;
  return `step ${a.step}: ${from}[${a.neuron}] over ${linkName(from, at(network.pops, link.to).name)}, ${worth}, acting in step ${a.step + link.delay}`;
}

/** The numbers of a sample that are not 0. */
export function showInput(network: Network, sample: readonly Float64Array[]): string {
  const all = sample.flatMap((s, i) =>
    Array.from(s, (v, k) => ({ v, text: `${at(network.pops, at(network.inputs, i).pop).name}[${k}]=${showNumber(v)}` })).flatMap(
      ({ v, text }) => (v === 0 ? [] : [text]),
    ),
  );
  if (all.length === 0) return "none: every number 0";
  return all.length > most.inputs ? `${all.slice(0, most.inputs).join(" ")} and ${all.length - most.inputs} more` : all.join(" ");
}

/** The words that have a part in something, as the listing says them. */
export function showWords(image: Image, target: Target, words: readonly WordPlace[]): string[] {
  const lines = lineOf(image, target);
  return cut(words, most.behind, "word").map((w) => (typeof w === "string" ? w : `  ${lines(w)}`));
}

/** A word with its hexadecimal, its meaning from the listing, and why it is named. */
export function lineOf(image: Image, target: Target): (w: WordPlace) => string {
  return ({ section, address, why }) => {
    const s = image.sections.find((x) => x.name === section && address >= x.base && address < x.base + x.words.length);
    if (s === undefined) return `${section} word ${address} (never written): ${why}`;
    const place = section.slice(0, section.indexOf("/"));
    const own = { ...image, sections: image.sections.filter((x) => x.name.startsWith(`${place}/`)) };
    const lines = target.listing(own).split("\n");
    // A memory may be written in several parts, each under a heading of its own.
    const part = own.sections.filter((x) => x.name === section).indexOf(s);
    const headings = lines.flatMap((l, i) => (l === section || l.startsWith(`${section} `) ? [i] : []));
    const heading = at(headings, part);
    const line = lines[heading + 1 + address - s.base]?.trim();
    return `${section} word ${address}: ${line ?? hex(at(s.words, address - s.base), s.wordBits)}: ${why}`;
  };
}
