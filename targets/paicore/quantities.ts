import { bits, count, cycles, energy, flag, list, of, power, type QuantityTree, word } from "../quantity.ts";

/** The keys of a PAICORE chip's file. Ranges are those of words.ts. */
export const paicoreQuantities = {
  columns: count(1, 32),
  rows: count(1, 32),
  clock: of("frequency", 1, 1e11),
  core: {
    neurons: count(1, 512),
    axons: count(1, 73728),
    synapses: of("words", 1, 1 << 28),
    routes: count(1, 1 << 20),
    routesPerNeuron: count(1, 1024),
    profiles: count(1, 512),
    delayMax: count(0, 255),
  },
  weight: { bitsMin: bits(2, 8), bitsMax: bits(2, 8), signed: flag },
  potential: { bits: bits(30, 30), overflow: word("saturate") },
  spikes: list("binary"),
  neurons: list("unit"),
  unit: {
    leak: list("none", "multiply"),
    current: list("off"),
    compare: list("ge"),
    reset: list("subtract", "set", "none"),
    negative: list("none"),
    negativeAt: list("threshold"),
    biasAt: list("every"),
    update: list("every"),
    emit: list("unit"),
    boundary: list("preload"),
    noise: list("none"),
    output: list("no", "yes"),
  },
  perNeuron: list("threshold", "resetValue", "bias", "initial"),
  lists: list("dense"),
  delayMin: count(1, 1),
  stepsMax: count(1, 32767),
  outputs: count(1, 65536),
  own: {
    /** Cores that can run compiled networks: Morton places 0 … offline-1. */
    offline: count(1, 1008),
    /** Axons of a core without extension, and by how much they can be multiplied at most. */
    fanIn: count(1, 1152),
    extensionMax: count(1, 64),
    dendrites: count(1, 512),
    /** Where outputs go. */
    hostChipX: count(0, 31),
    hostChipY: count(0, 31),
  },
  cycles: { slot: cycles },
  energy: {
    synapse: energy,
    update: energy,
    spike: energy,
    deliver: energy,
    barrier: energy,
    hostIn: energy,
    hostOut: energy,
    loadWord: energy,
  },
  static: { chip: power, perCore: power },
  link: { rate: of("rate", 1, 1e15) },
} as const satisfies QuantityTree;
