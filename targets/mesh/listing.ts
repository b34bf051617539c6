import type { MemoryListing } from "../../compiler/ir/image/listing.ts";
import type { Section } from "../../compiler/ir/image/types.ts";
import type { AnyWord } from "../../compiler/ir/image/word.ts";
import { unpackWeights } from "./profiles.ts";
import * as words from "./words.ts";

/** Memories whose records are a fixed number of words, and what a record is called. */
const tables: Readonly<Record<string, { readonly record: string | null; readonly words: readonly AnyWord[] }>> = {
  registers: { record: null, words: [words.registerSize, words.registerSteps, words.registerSeed] },
  control: { record: null, words: [words.control] },
  profiles: { record: "profile", words: [words.profile0, words.profile1, words.profile2, words.profile3] },
  neurons: { record: "slot", words: [words.neuron0, words.neuron1, words.neuron2, words.neuron3, words.neuron4, words.neuron5] },
  routes: { record: "route", words: [words.route] },
  axons: { record: "axon", words: [words.axon0, words.axon1] },
  shapes: { record: "shape", words: [words.shape0, words.shape1] },
};

type Line = { readonly text: string; readonly note: string | null };

/** The disassembly of one section. */
export const meshWords: MemoryListing = (section, sections) => {
  const memory = section.name.slice(section.name.indexOf("/") + 1);
  if (memory === "synapses") return synapseLines(section, sections);
  const table = tables[memory];
  return Array.from(section.words, (w, i): Line => {
    const address = section.base + i;
    const word = table?.words[address % table.words.length];
    if (table === undefined || word === undefined) return { text: "?", note: null };
    const begins = table.record !== null && address % table.words.length === 0;
    return { text: `${word.name} ${word.show(w)}`, note: begins ? `${table.record} ${address / table.words.length}` : null };
  });
};

/** Rows one after another, as decode reads them. */
function synapseLines(section: Section, sections: readonly Section[]): Line[] {
  const { words: memory } = section;
  const lines: Line[] = [];
  for (let row = 0; lines.length < memory.length; row++) {
    const address = lines.length;
    const head = words.row.decode(memory[address] ?? 0);
    lines.push({ text: `row ${words.row.show(memory[address] ?? 0)}`, note: `row ${row}` });
    if (!("value" in head)) continue;
    const { kind, bits, count } = head.value;
    if (kind === "sparse") {
      for (let i = 0; i < count && lines.length < memory.length; i++)
        lines.push({ text: `entry ${words.entry.show(memory[lines.length] ?? 0)}`, note: null });
      continue;
    }
    const taps = kind === "conv" ? tapsOf(memory[address + 1] ?? 0, sections) : 1;
    if (kind === "conv") lines.push({ text: `row-shape ${words.rowShape.show(memory[address + 1] ?? 0)}`, note: null });
    for (let t = 0; t < taps; t++) pushWeights(memory, lines, count, bits + 1, kind === "conv" ? `tap ${t}` : null);
  }
  return lines.slice(0, memory.length);
}

function pushWeights(memory: Uint32Array, lines: Line[], count: number, bits: number, note: string | null): void {
  const per = Math.floor(32 / bits);
  for (let i = 0; i < count && lines.length < memory.length; i += per) {
    const n = Math.min(per, count - i);
    const weights = new Int32Array(n);
    unpackWeights(memory, lines.length, n, bits, weights, 0);
    lines.push({ text: `weights ${Array.from(weights).join(" ")}`, note: i === 0 ? note : null });
  }
}

/** Taps of the shape that a convolution row names. */
function tapsOf(word: number, sections: readonly Section[]): number {
  const named = words.rowShape.decode(word);
  const shapes = sections.find((s) => s.name.endsWith("/shapes"));
  if (!("value" in named) || shapes === undefined) return 0;
  const shape = words.shape0.decode(shapes.words[2 * named.value.shape] ?? 0);
  return "value" in shape ? shape.value.kernelY * shape.value.kernelX : 0;
}
