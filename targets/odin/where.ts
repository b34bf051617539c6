import { at } from "../../compiler/base/bug.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { WordMeaning, WordPlace } from "../target.ts";
import { rowOfEvent, weightOf } from "./decode.ts";
import { memoriesOf, sectionNames } from "./memory.ts";
import type { Variant } from "./variant.ts";
import * as words from "./words.ts";

/* Names of what an image's addresses hold: neurons of populations, and synapses from a source to a neuron. */

export type Names = {
  /** `h[3]`; `neuron 3` where the map has none. */
  readonly neuron: (slot: number) => string;
  /** What sends to a row: `x[5]`, a neuron's name in a closed loop, or `row 5`. */
  readonly source: (row: number) => string;
};

export function namesOf(image: Image, variant: Variant): Names {
  const neurons = new Map<number, string>();
  for (const g of image.map?.cores[0]?.groups ?? []) g.indices.forEach((n, i) => neurons.set(g.first + i, `${g.pop}[${n}]`));
  const neuron = (slot: number): string => neurons.get(slot) ?? `neuron ${slot}`;
  const sources = new Map<number, string>();
  for (const input of image.inputs)
    for (let c = 0; c + 1 < input.start.length; c++)
      for (let k = at(input.start, c); k < at(input.start, c + 1); k++) {
        const row = rowOfEvent(at(input.targets, k), variant, input.name);
        const before = sources.get(row);
        sources.set(row, `${before === undefined ? "" : `${before} and `}${input.name}[${c}]`);
      }
  const registers = image.sections.find((s) => s.name === sectionNames.registers);
  const closed = registers?.words[words.odinRegisters.openLoop - registers.base] === 0;
  return {
    neuron,
    source: (row) => sources.get(row) ?? (closed && neurons.has(row) ? neuron(row) : `row ${row}`),
  };
}

/** `x[5] -> h[3], weight -2`. */
export function synapseName(names: Names, row: number, slot: number, weight: number): string {
  return `${names.source(row)} -> ${names.neuron(slot)}, weight ${weight}`;
}

export function wordsOf(image: Image, slot: number, axon: number | null, variant: Variant): readonly WordPlace[] {
  const names = namesOf(image, variant);
  return axon === null ? neuronPlaces(names, slot, variant) : synapsePlaces(image, names, slot, axon, variant);
}

type Table = { readonly fields: Readonly<Record<string, { readonly high: number; readonly low: number }>> };

/** Names of fields, as the network calls them; those of learning and those that the chip counts with are left out. */
const known: Readonly<Record<string, string>> = {
  model: "model",
  leak: "leak",
  leakEnabled: "leak",
  threshold: "threshold",
  learning: "learning",
  potential: "initial",
  disabled: "output",
};

/** What byte `byte` of a neuron's word holds of the known fields. */
export function neuronFields(variant: Variant, byte: number): readonly string[] {
  const tables: readonly Table[] =
    variant.name === "odin" ? [words.odinNeuron0, words.odinNeuron1, words.odinNeuron2, words.odinNeuron3] : [words.tinyNeuron];
  const low = 8 * (byte & 3);
  const inside = Object.entries(at(tables, byte >> 2).fields).filter(([, f]) => f.low <= low + 7 && f.high >= low);
  return [...new Set(inside.flatMap(([name]) => known[name] ?? []))];
}

/** The bytes of the neuron's word, and the registers that decide whether it is updated and where its spikes go. */
function neuronPlaces(names: Names, slot: number, variant: Variant): WordPlace[] {
  const out: WordPlace[] = [];
  for (let byte = 0; byte < 4 * variant.neuronParts; byte++) {
    const fields = neuronFields(variant, byte);
    if (fields.length > 0)
      out.push({
        section: sectionNames.neurons,
        address: words.spiNeuron.encode({ neuron: slot, byte }),
        why: `${fields.join(" ")} of ${names.neuron(slot)}`,
      });
  }
  const register = (address: number, why: string): WordPlace => ({ section: sectionNames.registers, address, why });
  out.push(register(words.odinRegisters.openLoop, "whether spikes of neurons reach neurons"));
  if (variant.name === "tinyodin") out.push(register(words.tinyRegisters.maxNeuron, "the last neuron that is updated"));
  return out;
}

/** The byte with the weight first; on ODIN the source's sign, and what becomes of synapses without the map bit. */
function synapsePlaces(image: Image, names: Names, slot: number, row: number, variant: Variant): WordPlace[] {
  const { synapses, registers } = memoriesOf(image, variant);
  const { word, byte, shift } = synapseAt(row, slot);
  const weight = weightOf((at(synapses, word) >>> shift) & 15, row, registers, variant);
  const out: WordPlace[] = [
    {
      section: sectionNames.synapses,
      address: words.spiSynapse.encode({ word, byte }),
      why: `weight of ${synapseName(names, row, slot, weight)}`,
    },
  ];
  if (!variant.signBySource) return out;
  const r = words.odinRegisters;
  return [
    ...out,
    {
      section: sectionNames.registers,
      address: r.signs + Math.floor(row / words.signsPerRegister),
      why: `sign of ${names.source(row)}: bit ${row % words.signsPerRegister}`,
    },
    { section: sectionNames.registers, address: r.propagateUnmapped, why: "whether synapses without their map bit count" },
  ];
}

/** Where a synapse lies: a word of eight, the byte in it, and the lowest of its bits in the word. */
function synapseAt(row: number, slot: number): { readonly word: number; readonly byte: number; readonly shift: number } {
  return { word: row * words.wordsPerRow + (slot >> 3), byte: (slot & 7) >> 1, shift: words.nibbleBits * (slot & 7) };
}

/** A word at the pins is the neuron's address, unless the register `monitor` mixes states of neurons among them. */
export function meaning(image: Image, variant: Variant): (word: number | bigint) => WordMeaning {
  const names = namesOf(image, variant);
  const { registers, lines, protocol } = memoriesOf(image, variant);
  const monitored = variant.name === "odin" && registers[words.odinRegisters.monitor] === 1;
  return (word) => {
    const slot = Number(word);
    if (monitored || slot >= protocol.neurons)
      return { text: monitored ? "a word of the monitor, perhaps" : `neuron ${slot}, not used`, from: null };
    const line = lines.findIndex((l) => l.neuron === slot && !l.potential);
    const output = image.outputs.find((o) => line >= o.first && line < o.first + o.count);
    return {
      text: `${names.neuron(slot)}${output === undefined ? "" : `, output ${output.name}[${line - output.first}]`}`,
      from: { core: 0, slot },
    };
  };
}
