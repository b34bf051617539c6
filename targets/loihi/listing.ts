import type { MemoryListing } from "../../compiler/ir/image/listing.ts";
import type { AnyWord } from "../../compiler/ir/image/word.ts";
import { unpackWeights } from "../../runtime/parts/memory.ts";
import * as words from "./words.ts";

/** Memories whose records are a fixed number of words, and what a record is called. */
const tables: Readonly<Record<string, { readonly record: string | null; readonly words: readonly AnyWord[] }>> = {
  registers: { record: null, words: [words.registerSize, words.registerSteps, words.registerSeed] },
  control: { record: null, words: [words.control] },
  profiles: { record: "profile", words: [words.profile0, words.profile1] },
  compartments: { record: "compartment", words: words.compartmentWords },
  routes: { record: "route", words: [words.route] },
  axons: { record: "axon", words: [words.axon] },
  offsets: { record: "axon", words: [words.offset] },
};

type Line = ReturnType<MemoryListing>[number];

/** The disassembly of one section. */
export const loihiWords: MemoryListing = (section) => {
  const memory = section.name.slice(section.name.indexOf("/") + 1);
  if (memory === "synapses") return synapseLines(section.words);
  const table = tables[memory];
  return Array.from(section.words, (w, i): Line => {
    const address = section.base + i;
    const word = table?.words[address % table.words.length];
    if (table === undefined || word === undefined) return { text: "?", note: null };
    const begins = table.record !== null && address % table.words.length === 0;
    return { text: `${word.name} ${word.show(w)}`, note: begins ? `${table.record} ${address / table.words.length}` : null };
  });
};

function synapseLines(memory: Uint32Array): Line[] {
  const lines: Line[] = [];
  for (let row = 0; lines.length < memory.length; row++) {
    const address = lines.length;
    const head = words.row.decode(memory[address] ?? 0);
    lines.push({ text: `row ${words.row.show(memory[address] ?? 0)}`, note: `row ${row}` });
    if (!("value" in head)) continue;
    const { kind, bits, count } = head.value;
    const per = kind === "sparse" ? 1 : Math.floor(32 / (bits + 1));
    for (let i = 0; i < count && lines.length < memory.length; i += per)
      lines.push({
        text:
          kind === "sparse"
            ? `entry ${words.entry.show(memory[lines.length] ?? 0)}`
            : packedLine(memory, lines.length, Math.min(per, count - i), bits + 1),
        note: null,
      });
  }
  return lines;
}

function packedLine(memory: Uint32Array, address: number, count: number, bits: number): string {
  const weights = new Int32Array(count);
  unpackWeights(memory, address, count, bits, weights, 0);
  return `weights ${weights.join(" ")}`;
}
