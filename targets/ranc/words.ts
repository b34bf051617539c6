import { bug } from "../../compiler/base/bug.ts";
import { uint, word } from "../../compiler/ir/image/word.ts";
import { bitsFor, type Parameters, slots } from "./parameters.ts";

/*
 * The binary format: the chip's own memory words, and the words in which an image keeps what
 * is fixed at elaboration. This file is the only place where a bit position is written.
 *
 * A word of the core's memory (CSRAM) is wider than 32 bits. In an image a neuron takes
 * `neuronWord(…).chunks` words of 16 bits, the first holding bits 15 … 0; with the design's default
 * parameters the 368 bits are 23 words, and none is left over.
 */

export const chunkBits = 16;

export const formatVersion = 1;

/** chip/parameters. */
export const parameters0 = word("parameters0", 32, {
  columns: uint(7, 0),
  rows: uint(15, 8),
  outputX: uint(23, 16),
  outputY: uint(31, 24),
});
export const parameters1 = word("parameters1", 32, { axons: uint(15, 0), neurons: uint(31, 16) });
export const parameters2 = word("parameters2", 32, {
  potentialBits: uint(5, 0),
  weightBits: uint(11, 6),
  leakBits: uint(17, 12),
  thresholdBits: uint(23, 18),
  weights: uint(27, 24),
});
export const parameters3 = word("parameters3", 32, { dxBits: uint(5, 0), dyBits: uint(11, 6), fifo: uint(19, 12) });
/** The host's side: ticks of one sample, and from one sample's start to the next's. */
export const parameters4 = word("parameters4", 32, { steps: uint(15, 0), interval: uint(31, 16) });
export const parameters5 = word("parameters5", 32, { seed: uint(31, 0) });

/** core/types: one word for each axon. */
export const axonType = word("axon-type", 2, { type: uint(1, 0) });

/** A field of a word of any width. */
type WideField = { readonly name: string; readonly low: number; readonly bits: number; readonly signed: boolean };

/** A field of the neuron's word that is a number. */
export type NeuronField =
  | "current"
  | "reset"
  | "leak"
  | "positive"
  | "negative"
  | "mode"
  | "dx"
  | "dy"
  | "axon"
  | "delay"
  | `weight${number}`;

export type NeuronWord = {
  readonly bits: number;
  /** Words that one neuron takes in an image. */
  readonly chunks: number;
  /** Bit a: axon a feeds the neuron. */
  readonly connections: WideField;
  /** Most significant first, as the memory file writes them. */
  readonly fields: readonly WideField[];
  readonly field: (name: NeuronField) => WideField;
};

const words = new WeakMap<Parameters, NeuronWord>();

/** The word of one neuron in a core's memory (Core.v:64-76, 118-130). */
export function neuronWord(p: Parameters): NeuronWord {
  let found = words.get(p);
  if (found === undefined) {
    found = layOut(p);
    words.set(p, found);
  }
  return found;
}

function layOut(p: Parameters): NeuronWord {
  const order: readonly (readonly [string, number, boolean])[] = [
    ["connections", p.axons, false],
    ["current", p.potentialBits, true],
    ["reset", p.potentialBits, true],
    ...Array.from({ length: p.weights }, (_, k) => [`weight${k}`, p.weightBits, true] as const),
    ["leak", p.leakBits, true],
    ["positive", p.thresholdBits, true],
    ["negative", p.thresholdBits, true],
    ["mode", 1, false],
    ["dx", p.dxBits, true],
    ["dy", p.dyBits, true],
    ["axon", bitsFor(p.axons), false],
    ["delay", bitsFor(slots), false],
  ];
  const bits = order.reduce((sum, [, n]) => sum + n, 0);
  let high = bits;
  const fields = order.map(([name, n, signed]): WideField => {
    high -= n;
    return { name, low: high, bits: n, signed };
  });
  const byName = new Map(fields.map((f) => [f.name, f]));
  const field = (name: string): WideField => byName.get(name) ?? bug(`the neuron's word has no field ${name}`);
  return { bits, chunks: Math.ceil(bits / chunkBits), connections: field("connections"), fields, field };
}

/** A field of at most 32 bits of the word that begins at `base`. */
export function readField(memory: ArrayLike<number>, base: number, f: WideField): number {
  const first = base + Math.floor(f.low / chunkBits);
  const shift = f.low % chunkBits;
  let raw = (memory[first] ?? 0) >>> shift;
  for (let k = 1, done = chunkBits - shift; done < f.bits; k++, done += chunkBits) raw |= (memory[first + k] ?? 0) << done;
  const up = 32 - f.bits;
  return f.signed ? (raw << up) >> up : (raw << up) >>> up;
}

/** Whether a number fits a field. */
export function fits(f: Pick<WideField, "bits" | "signed">, value: number): boolean {
  const span = 2 ** f.bits;
  return Number.isInteger(value) && (f.signed ? value >= -span / 2 && value < span / 2 : value >= 0 && value < span);
}

/** Writes a field of at most 32 bits into a word that is zero there. */
export function writeField(memory: Uint32Array, base: number, f: WideField, value: number): void {
  if (!fits(f, value)) bug(`${f.name}: ${value} does not fit ${f.bits} bits`);
  for (let done = 0; done < f.bits; ) {
    const bit = f.low + done;
    const shift = bit % chunkBits;
    const part = Math.min(f.bits - done, chunkBits - shift);
    const at = base + Math.floor(bit / chunkBits);
    memory[at] = memory[at]! | (((value >> done) & (2 ** part - 1)) << shift);
    done += part;
  }
}

/** Bit `bit` of the word that begins at `base`. */
export function readBit(memory: ArrayLike<number>, base: number, bit: number): number {
  return ((memory[base + Math.floor(bit / chunkBits)] ?? 0) >>> (bit % chunkBits)) & 1;
}

export function writeBit(memory: Uint32Array, base: number, bit: number): void {
  const at = base + Math.floor(bit / chunkBits);
  memory[at] = memory[at]! | (1 << (bit % chunkBits));
}

/** Where a packet goes and when it acts: {dx, dy, axon, delay}, the low bits of a neuron's word and the format of input packets. */
export type Packet = { readonly dx: number; readonly dy: number; readonly axon: number; readonly delay: number };

/** Widths of a packet's fields, least significant first. */
function packetFields(p: Parameters): readonly (readonly [keyof Packet, number])[] {
  return [
    ["delay", bitsFor(slots)],
    ["axon", bitsFor(p.axons)],
    ["dy", p.dyBits],
    ["dx", p.dxBits],
  ];
}

export function packetBits(p: Parameters): number {
  return packetFields(p).reduce((sum, [, n]) => sum + n, 0);
}

/** A packet as a number; packets have at most 53 bits. */
export function encodePacket(p: Parameters, packet: Packet): number {
  let out = 0;
  let unit = 1;
  for (const [name, n] of packetFields(p)) {
    const value = packet[name];
    out += (value < 0 ? value + 2 ** n : value) * unit;
    unit *= 2 ** n;
  }
  return out;
}

export function decodePacket(p: Parameters, word: number): Packet {
  const out: Record<string, number> = {};
  let rest = word;
  for (const [name, n] of packetFields(p)) {
    const raw = rest % 2 ** n;
    rest = Math.floor(rest / 2 ** n);
    out[name] = (name === "dx" || name === "dy") && raw >= 2 ** (n - 1) ? raw - 2 ** n : raw;
  }
  return out as Packet;
}
