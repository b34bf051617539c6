import * as words from "./words.ts";

/*
 * What tells ODIN and tinyODIN apart. The machine, the board and the compiler's back end are
 * one; everything in which the two chips differ stands here, and in words.ts.
 */

export type VariantName = "odin" | "tinyodin";

/** One neuron as the machine computes with it. */
export type NeuronFields = {
  /** False: its word has another neuron model, or learns. */
  readonly known: boolean;
  readonly potential: number;
  readonly threshold: number;
  /** 0 where leak is switched off. */
  readonly leak: number;
  readonly disabled: boolean;
};

export type Variant = {
  readonly name: VariantName;
  /** Name of the top module. */
  readonly module: "ODIN" | "tinyODIN";
  /** Commit of the RTL that this describes. */
  readonly revision: string;
  /** 32-bit parts of a neuron word, the least significant first. */
  readonly neuronParts: number;
  /** Range of potentials. */
  readonly low: number;
  readonly high: number;
  /** Largest threshold that fits, and largest that a potential can reach. */
  readonly thresholdMax: number;
  readonly leakMax: number;
  /** Largest magnitude of a weight of each sign. */
  readonly weightMin: number;
  readonly weightMax: number;
  /** Whether the sign belongs to the source. */
  readonly signBySource: boolean;
  /** Entries of the event queue. */
  readonly queue: number;
  readonly eventBits: number;
  readonly registers: number;
  /** Reads a neuron word from its parts. */
  readonly neuron: (parts: ArrayLike<number>, at: number) => NeuronFields;
  /** Puts a potential into the parts of a neuron word. */
  readonly storePotential: (parts: Uint32Array, at: number, potential: number) => void;
};

const { odinNeuron0: n0, odinNeuron2: n2, odinNeuron3: n3, tinyNeuron: tiny, bitsOf, signedBitsOf, withBits } = words;

const odin: Variant = {
  name: "odin",
  module: "ODIN",
  revision: "17819318d17b6241d4b185c13ce9b3372d453778",
  neuronParts: 4,
  low: 0,
  high: 255,
  thresholdMax: 255,
  leakMax: 127,
  weightMin: -7,
  weightMax: 7,
  signBySource: true,
  queue: 32,
  eventBits: 17,
  registers: words.odinRegisters.count,
  neuron: (parts, at) => {
    const first = parts[at]!;
    return {
      known: bitsOf(n0.fields.model, first) === 1 && bitsOf(n0.fields.learning, first) === 0,
      potential: bitsOf(n2.fields.potential, parts[at + 2]!),
      threshold: bitsOf(n0.fields.threshold, first),
      leak: bitsOf(n0.fields.leakEnabled, first) === 1 ? bitsOf(n0.fields.leak, first) : 0,
      disabled: bitsOf(n3.fields.disabled, parts[at + 3]!) === 1,
    };
  },
  storePotential: (parts, at, potential) => {
    parts[at + 2] = withBits(n2.fields.potential, parts[at + 2]!, potential);
  },
};

const tinyodin: Variant = {
  name: "tinyodin",
  module: "tinyODIN",
  revision: "18656534162a9de09b9954aea28fbfad7a7f8657",
  neuronParts: 1,
  low: -2048,
  high: 2047,
  thresholdMax: 2047,
  leakMax: 127,
  weightMin: -8,
  weightMax: 7,
  signBySource: false,
  queue: 128,
  eventBits: 10,
  registers: words.tinyRegisters.count,
  neuron: (parts, at) => {
    const word = parts[at]!;
    return {
      known: true,
      potential: signedBitsOf(tiny.fields.potential, word),
      threshold: bitsOf(tiny.fields.threshold, word),
      leak: bitsOf(tiny.fields.leak, word),
      disabled: bitsOf(tiny.fields.disabled, word) === 1,
    };
  },
  storePotential: (parts, at, potential) => {
    parts[at] = withBits(tiny.fields.potential, parts[at]!, potential);
  },
};

export const variants: Readonly<Record<VariantName, Variant>> = { odin, tinyodin };
