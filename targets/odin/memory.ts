import { bug } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import { type Variant, variants, type VariantName } from "./variant.ts";
import { formatVersion, hostLine, hostProtocol, spiNeuron, spiSynapse } from "./words.ts";

/*
 * An image's sections and the memories as arrays of words. Sections count bytes, at the addresses
 * that the configuration link has for them: an image is what is written, byte by byte.
 *
 *   chip/registers   by register number
 *   chip/neurons     byte * 256 + neuron
 *   chip/synapses    byte * 8192 + word
 *   host/protocol    one word: what the host does beside sending events
 *   host/lines       which neuron's spikes or potential each output line is
 */

export type Memories = {
  readonly registers: Uint32Array;
  /** 32-bit parts, the least significant of a neuron first. */
  readonly neurons: Uint32Array;
  /** 32-bit words, source * 32 + target / 8. */
  readonly synapses: Uint32Array;
  readonly protocol: {
    readonly neurons: number;
    readonly reference: boolean;
    readonly clear: "references" | "writes";
    readonly clears: number;
  };
  readonly lines: readonly { readonly neuron: number; readonly potential: boolean }[];
};

export const sectionNames = {
  registers: "chip/registers",
  neurons: "chip/neurons",
  synapses: "chip/synapses",
  protocol: "host/protocol",
  lines: "host/lines",
} as const;

const neuronCount = 256;
const synapseWords = 8192;

/** The sections of memories: all neurons, and the rows up to `rows`. */
export function sectionsOf(m: Memories, variant: Variant, neurons: number, rows: number): Section[] {
  const lane = (name: string, base: number, bytes: Uint32Array): Section => ({ name, wordBits: 8, base, words: bytes });
  const out: Section[] = [{ name: sectionNames.registers, wordBits: 20, base: 0, words: m.registers }];
  for (let byte = 0; byte < 4 * variant.neuronParts; byte++) {
    const at = (n: number): number => m.neurons[n * variant.neuronParts + (byte >> 2)]!;
    const bytes = Uint32Array.from({ length: neurons }, (_, n) => (at(n) >>> (8 * (byte & 3))) & 0xff);
    out.push(lane(sectionNames.neurons, spiNeuron.encode({ neuron: 0, byte }), bytes));
  }
  const words = rows * (synapseWords / neuronCount);
  for (let byte = 0; byte < 4 && words > 0; byte++) {
    const bytes = Uint32Array.from({ length: words }, (_, w) => (m.synapses[w]! >>> (8 * byte)) & 0xff);
    out.push(lane(sectionNames.synapses, spiSynapse.encode({ word: 0, byte }), bytes));
  }
  out.push({ name: sectionNames.protocol, wordBits: 32, base: 0, words: Uint32Array.of(hostProtocol.encode(m.protocol)) });
  if (m.lines.length > 0)
    out.push({ name: sectionNames.lines, wordBits: 32, base: 0, words: Uint32Array.from(m.lines, (line) => hostLine.encode(line)) });
  return out;
}

/** The memories that an image writes; a Failure where it is not of this chip or names what does not exist. */
export function memoriesOf(image: Image, variant: Variant): Memories {
  if (image.format !== formatVersion) fail("image-chip", ["format", image.format, formatVersion], { at: image.name });
  const registers = new Uint32Array(variant.registers);
  const neurons = new Uint32Array(neuronCount * variant.neuronParts);
  const synapses = new Uint32Array(synapseWords);
  let protocol = 0;
  let lines = new Uint32Array();
  const put = (s: Section, at: (i: number) => { array: Uint32Array; index: number; byte: number } | null): void => {
    s.words.forEach((value, i) => {
      const place = at(s.base + i);
      if (place === null || value >= 2 ** s.wordBits)
        return fail("image-word", [`address ${s.base + i} or its value ${value} does not exist`], { at: s.name });
      place.array[place.index] = (place.array[place.index]! | (value << (8 * place.byte))) >>> 0;
    });
  };
  for (const s of image.sections) {
    if (s.name === sectionNames.registers) put(s, (i) => (i < registers.length ? { array: registers, index: i, byte: 0 } : null));
    else if (s.name === sectionNames.neurons) put(s, (i) => neuronByte(i, neurons, variant));
    else if (s.name === sectionNames.synapses) put(s, (i) => synapseByte(i, synapses));
    else if (s.name === sectionNames.protocol) protocol = s.words[0] ?? 0;
    else if (s.name === sectionNames.lines) lines = Uint32Array.from(s.words);
    else fail("image-section-unknown", [s.name], { at: image.name });
  }
  return {
    registers,
    neurons,
    synapses,
    protocol: decoded(hostProtocol.decode(protocol), sectionNames.protocol),
    lines: [...lines].map((w) => decoded(hostLine.decode(w), sectionNames.lines)),
  };
}

function decoded<T>(read: { readonly value: T } | { readonly problem: string }, at: string): T {
  return "value" in read ? read.value : fail("image-word", [read.problem], { at });
}

function neuronByte(address: number, array: Uint32Array, variant: Variant): { array: Uint32Array; index: number; byte: number } | null {
  const read = spiNeuron.decode(address);
  if (!("value" in read) || read.value.byte >= 4 * variant.neuronParts) return null;
  return { array, index: read.value.neuron * variant.neuronParts + (read.value.byte >> 2), byte: read.value.byte & 3 };
}

function synapseByte(address: number, array: Uint32Array): { array: Uint32Array; index: number; byte: number } | null {
  const read = spiSynapse.decode(address);
  return "value" in read ? { array, index: read.value.word, byte: read.value.byte } : null;
}

/** The variant that a chip file names. */
export function variantOf(own: Readonly<Record<string, unknown>>): Variant {
  return variants[own["variant"] as VariantName] ?? bug(`there is no variant ${String(own["variant"])}`);
}
