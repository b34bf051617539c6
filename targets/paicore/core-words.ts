import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { RecordOf, Word } from "../../compiler/ir/image/word.ts";
import { type Block, bitsOfCoordinate, type Place } from "./geometry.ts";
import * as words from "./words.ts";

/*
 * One core's memories as records and back: parameters (three payloads), neurons (eight words for each
 * used dendrite), weights (36 words for each used dendrite).
 */

export type Parameters = {
  /** Exponent of the bits of a weight, and of the fan-in's extension. */
  readonly width: number;
  readonly extension: number;
  readonly dendrites: number;
  /** Ticks: the first in which the core works, from 1 on, and how many; 0: without end. */
  readonly start: number;
  readonly length: number;
  /** False: the potential is forgotten in every step. */
  readonly spiking: boolean;
  /** Exponent of the extension of the cores that get its spikes. */
  readonly targetExtension: number;
  readonly testChip: Place;
};

/** Where a neuron's spikes go. */
export type Destination = Block & { readonly chip: Place; readonly axon: number; readonly slot: number };

export type Neuron = {
  readonly potential: number;
  readonly threshold: number;
  readonly leak: number;
  readonly reset: "set" | "subtract" | "none";
  readonly resetValue: number;
  readonly destination: Destination;
};

/** Magnitude of the lowest potential; below it is set to minus this. */
export const floor = 2 ** 29 - 1;
export const thresholdMax = 2 ** 29 - 1;

const low = (value: number, bits: number): number => ((value % 2 ** bits) + 2 ** bits) % 2 ** bits;
const high = (value: number, bits: number): number => Math.floor(value / 2 ** bits);

export function encodeParameters(p: Parameters): number[] {
  const chip = (p.testChip.x << bitsOfCoordinate) | p.testChip.y;
  return [
    words.parameters0.encode({
      weightWidth: p.width,
      extension: p.extension,
      inputWide: false,
      spikeWide: false,
      dendrites: p.dendrites,
      poolMax: false,
      startHigh: p.start >> 7,
    }),
    words.parameters1.encode({
      startLow: p.start & 127,
      length: p.length,
      spiking: p.spiking,
      targetExtension: p.targetExtension,
      testChipHigh: chip >> 7,
    }),
    words.parameters2.encode({ testChipLow: chip & 127 }),
  ];
}

export function decodeParameters(list: ArrayLike<number>, place: string): Parameters {
  const p0 = read(words.parameters0, list, 0, place);
  const p1 = read(words.parameters1, list, 1, place);
  const p2 = read(words.parameters2, list, 2, place);
  if (p0.inputWide || p0.spikeWide || p0.poolMax) fail("image-word", ["8-bit data is not of the spiking mode"], { at: place });
  const chip = (p1.testChipHigh << 7) | p2.testChipLow;
  return {
    width: p0.weightWidth,
    extension: p0.extension,
    dendrites: p0.dendrites,
    start: (p0.startHigh << 7) | p1.startLow,
    length: p1.length,
    spiking: p1.spiking,
    targetExtension: p1.targetExtension,
    testChip: { x: chip >> bitsOfCoordinate, y: chip & 31 },
  };
}

export function encodeNeuron(n: Neuron): number[] {
  const d = n.destination;
  return [
    words.neuron0.encode({ potential: n.potential, truncationLow: 0 }),
    // Truncation is of 8-bit outputs; the libraries write 8.
    words.neuron1.encode({ truncationHigh: 2, weightRandom: false, leakLow: low(n.leak, 28) }),
    words.neuron2.encode({ leakHigh: high(n.leak, 28), leakRandom: false, leakReversal: false, thresholdLow: low(n.threshold, 28) }),
    words.neuron3.encode({ thresholdHigh: high(n.threshold, 28), floor, floorMode: "saturate", maskLow: 0 }),
    words.neuron4.encode({ maskHigh: 0, leakAfter: false, resetLow: low(n.resetValue, 27) }),
    words.neuron5.encode({
      resetHigh: high(n.resetValue, 27),
      reset: n.reset,
      chipY: d.chip.y,
      chipX: d.chip.x,
      maskY: d.mask.y,
      maskX: d.mask.x,
      coreY: d.base.y,
      coreXLow: d.base.x & 3,
    }),
    words.neuron6.encode({ coreXHigh: d.base.x >> 2, axon: d.axon, slot: d.slot }),
    words.neuron7.encode({}),
  ];
}

export const wordsOfNeuron = 8;

/** The neuron whose eight words begin at `first`; a mode that this target does not have is a Failure. */
export function decodeNeuron(list: ArrayLike<number>, first: number, place: string): Neuron {
  const n0 = read(words.neuron0, list, first, place);
  const n1 = read(words.neuron1, list, first + 1, place);
  const n2 = read(words.neuron2, list, first + 2, place);
  const n3 = read(words.neuron3, list, first + 3, place);
  const n4 = read(words.neuron4, list, first + 4, place);
  const n5 = read(words.neuron5, list, first + 5, place);
  const n6 = read(words.neuron6, list, first + 6, place);
  read(words.neuron7, list, first + 7, place);
  const odd = n1.weightRandom || n2.leakRandom || n2.leakReversal || n4.leakAfter || n3.maskLow + n4.maskHigh !== 0;
  if (odd) fail("image-word", ["random, reversed or late leaks and random thresholds are not modelled"], { at: `${place}, word ${first}` });
  if (n3.floorMode !== "saturate" && n3.floor !== floor)
    fail("image-word", ["a negative threshold that resets is not modelled"], { at: `${place}, word ${first}` });
  return {
    potential: n0.potential,
    leak: n2.leakHigh * 2 ** 28 + n1.leakLow,
    threshold: n3.thresholdHigh * 2 ** 28 + n2.thresholdLow,
    reset: n5.reset,
    resetValue: n5.resetHigh * 2 ** 27 + n4.resetLow,
    destination: {
      chip: { x: n5.chipX, y: n5.chipY },
      base: { x: n6.coreXHigh * 4 + n5.coreXLow, y: n5.coreY },
      mask: { x: n5.maskX, y: n5.maskY },
      axon: n6.axon,
      slot: n6.slot,
    },
  };
}

/** Words of a dendrite: 1,152 axons, a bit each. */
export const wordsOfDendrite = 36;

/**
 * Weights as bit planes: bit b of what axon r of extension e adds to neuron j is bit r of dendrite
 * (j·2^extension + e)·2^width + b. `weight(axon, neuron)` has axons 0 … 1152·2^extension - 1.
 */
export function encodeWeights(
  p: Parameters,
  neurons: number,
  fanIn: number,
  weight: (axon: number, neuron: number) => number,
): Uint32Array {
  const folds = 1 << p.extension;
  const bits = 1 << p.width;
  const out = new Uint32Array(neurons * folds * bits * wordsOfDendrite);
  for (let neuron = 0; neuron < neurons; neuron++) {
    for (let e = 0; e < folds; e++) {
      for (let r = 0; r < fanIn; r++) {
        const w = weight(e * fanIn + r, neuron);
        for (let b = 0; w !== 0 && b < bits; b++) {
          if (((w >> b) & 1) === 0) continue;
          const k = ((neuron * folds + e) * bits + b) * wordsOfDendrite + (r >> 5);
          out[k] = ((out[k] as number) | (1 << (r & 31))) >>> 0;
        }
      }
    }
  }
  return out;
}

/** The weights of `axons` axons, axon by axon: [axon * neurons + neuron]. Dendrites that were not written are zero. */
export function decodeWeights(p: Parameters, neurons: number, fanIn: number, axons: number, ram: Uint32Array): Int32Array {
  const folds = 1 << p.extension;
  const bits = 1 << p.width;
  const out = new Int32Array(axons * neurons);
  for (let neuron = 0; neuron < neurons; neuron++) {
    for (let axon = 0; axon < axons; axon++) {
      const e = Math.floor(axon / fanIn);
      const r = axon - e * fanIn;
      let w = 0;
      for (let b = 0; b < bits; b++) {
        const k = ((neuron * folds + e) * bits + b) * wordsOfDendrite + (r >> 5);
        w |= (((ram[k] ?? 0) >>> (r & 31)) & 1) << b;
      }
      // Two's complement, except that a single bit is 0 or 1.
      out[axon * neurons + neuron] = bits > 1 && w >= 1 << (bits - 1) ? w - (1 << bits) : w;
    }
  }
  return out;
}

/** A word of a memory, or a Failure that says what is wrong with it. */
// biome-ignore lint/suspicious/noExplicitAny: words of every table are read; RecordOf restores the fields.
function read<F extends Record<string, any>>(word: Word<F>, list: ArrayLike<number>, index: number, place: string): RecordOf<F> {
  const found = word.decode(index < list.length ? at(list, index) : 0);
  if ("value" in found) return found.value;
  fail("image-word", [`${found.field}: ${found.problem}`], { at: `${place}, word ${index}` });
}
