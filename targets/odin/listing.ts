import type { MemoryListing } from "../../compiler/ir/image/listing.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import { sectionNames } from "./memory.ts";
import { weightOf } from "./decode.ts";
import type { Variant } from "./variant.ts";
import { type Names, namesOf, neuronFields, synapseName } from "./where.ts";
import * as words from "./words.ts";

/**
 * The disassembly of one section. Memories are listed byte by byte; the first byte of a word tells what the whole word
 * says, and each what it has a part in.
 */
export function odinWords(variant: Variant, image: Image): MemoryListing {
  const names = namesOf(image, variant);
  return (section, sections) =>
    Array.from(section.words, (w, i) => {
      const address = section.base + i;
      switch (section.name) {
        case sectionNames.registers:
          return { text: registerText(variant, address, w), note: null };
        case sectionNames.neurons:
          return neuronText(variant, address, sections, names);
        case sectionNames.synapses:
          return synapseText(variant, address, w, sections, names);
        case sectionNames.protocol:
          return { text: words.hostProtocol.show(w), note: null };
        case sectionNames.lines:
          return { text: words.hostLine.show(w), note: `line ${address}: ${lineName(w, names)}` };
        default:
          return { text: "", note: null };
      }
    });
}

type Line = { readonly text: string; readonly note: string | null };

function registerText(variant: Variant, address: number, value: number): string {
  const table: Readonly<Record<string, number>> = variant.name === "odin" ? words.odinRegisters : words.tinyRegisters;
  if (variant.name === "odin" && address >= words.odinRegisters.signs && address < words.odinRegisters.burstTime) {
    const first = (address - words.odinRegisters.signs) * words.signsPerRegister;
    return `signs of sources ${first} to ${first + words.signsPerRegister - 1}: ${value.toString(2).padStart(words.signsPerRegister, "0")}`;
  }
  const name = Object.entries(table).find(([key, at]) => at === address && key !== "count")?.[0];
  return `${name ?? "unused"} = ${value}`;
}

function neuronText(variant: Variant, address: number, sections: readonly Section[], names: Names): Line {
  const read = words.spiNeuron.decode(address);
  if (!("value" in read)) return { text: read.problem, note: null };
  const { neuron, byte } = read.value;
  const fields = neuronFields(variant, byte);
  const note = fields.length === 0 ? null : `${fields.join(" ")} of ${names.neuron(neuron)}`;
  if (byte > 0) return { text: `byte ${byte}`, note };
  const parts = Array.from({ length: variant.neuronParts }, (_, p) =>
    wordOf(sections, sectionNames.neurons, (b) => words.spiNeuron.encode({ neuron, byte: 4 * p + b })),
  );
  const tables =
    variant.name === "odin" ? [words.odinNeuron0, words.odinNeuron1, words.odinNeuron2, words.odinNeuron3] : [words.tinyNeuron];
  return { text: tables.map((t, p) => t.show(parts[p] ?? 0)).join(" "), note };
}

function synapseText(variant: Variant, address: number, w: number, sections: readonly Section[], names: Names): Line {
  const read = words.spiSynapse.decode(address);
  if (!("value" in read)) return { text: read.problem, note: null };
  const { word, byte } = read.value;
  const row = Math.floor(word / words.wordsPerRow);
  const note = [0, 1]
    .map((k) => {
      const slot = (word % words.wordsPerRow) * 8 + 2 * byte + k;
      return synapseName(names, row, slot, weightOf((w >>> (words.nibbleBits * k)) & 15, row, registersOf(sections), variant));
    })
    .join("; ");
  if (byte > 0) return { text: `byte ${byte}`, note };
  const value = wordOf(sections, sectionNames.synapses, (b) => words.spiSynapse.encode({ word, byte: b }));
  const table = variant.name === "odin" ? words.odinSynapses : words.tinySynapses;
  return { text: table.show(value), note };
}

function lineName(w: number, names: Names): string {
  const read = words.hostLine.decode(w);
  return "value" in read ? `${read.value.potential ? "potential" : "spikes"} of ${names.neuron(read.value.neuron)}` : read.problem;
}

function registersOf(sections: readonly Section[]): Uint32Array {
  return sections.find((s) => s.name === sectionNames.registers)?.words ?? new Uint32Array();
}

/** Four bytes from wherever the image's sections have them. */
function wordOf(sections: readonly Section[], name: string, addressOf: (byte: number) => number): number {
  let out = 0;
  for (let b = 0; b < 4; b++) {
    const address = addressOf(b);
    const s = sections.find((x) => x.name === name && address >= x.base && address < x.base + x.words.length);
    out |= (s?.words[address - s.base] ?? 0) << (8 * b);
  }
  return out >>> 0;
}
