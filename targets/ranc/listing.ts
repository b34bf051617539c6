import { listing } from "../../compiler/ir/image/listing.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import type { AnyWord } from "../../compiler/ir/image/word.ts";
import { elaborationOf } from "./load.ts";
import { neuronWord, type NeuronWord, readBit, readField } from "./words.ts";
import * as words from "./words.ts";

/** The disassembly of an image: a neuron's numbers beside its first word, its axons beside the last. */
export function rancListing(image: Image): string {
  const word = neuronWord(elaborationOf(image).p);
  return listing(image, (section) => {
    const memory = section.name.slice(section.name.indexOf("/") + 1);
    if (memory === "neurons") return neuronLines(section, word);
    const table: readonly AnyWord[] = memory === "types" ? [words.axonType] : parameters;
    return Array.from(section.words, (w, i) => {
      const address = section.base + i;
      const found = memory === "types" ? table[0] : table[address];
      const note = memory === "types" ? `axon ${address}` : null;
      return { text: found === undefined ? "?" : `${found.name} ${found.show(w)}`, note };
    });
  });
}

const parameters: readonly AnyWord[] = [
  words.parameters0,
  words.parameters1,
  words.parameters2,
  words.parameters3,
  words.parameters4,
  words.parameters5,
];

function neuronLines(section: Section, word: NeuronWord): { text: string; note: string | null }[] {
  return Array.from(section.words, (_, i) => {
    const address = section.base + i;
    const chunk = address % word.chunks;
    const base = i - chunk;
    if (base < 0) return { text: "", note: null };
    const [high, low] = [Math.min(word.bits, words.chunkBits * (chunk + 1)) - 1, words.chunkBits * chunk];
    if (chunk === 0)
      return { text: `bits ${high}..${low}  ${numbersOf(section.words, base, word)}`, note: `slot ${Math.floor(address / word.chunks)}` };
    const axons = chunk === word.chunks - 1 ? `  axons ${axonsOf(section.words, base, word)}` : "";
    return { text: `bits ${high}..${low}${axons}`, note: null };
  });
}

function numbersOf(memory: Uint32Array, base: number, word: NeuronWord): string {
  return word.fields
    .filter((f) => f !== word.connections)
    .map((f) => `${f.name}=${readField(memory, base, f)}`)
    .join(" ");
}

/** Axons that feed a neuron, runs as ranges. */
function axonsOf(memory: Uint32Array, base: number, word: NeuronWord): string {
  const out: string[] = [];
  const { bits, low } = word.connections;
  for (let a = 0; a < bits; a++) {
    if (readBit(memory, base, low + a) === 0) continue;
    let last = a;
    while (last + 1 < bits && readBit(memory, base, low + last + 1) === 1) last++;
    out.push(a === last ? String(a) : `${a}-${last}`);
    a = last;
  }
  return out.length === 0 ? "none" : out.join(" ");
}
