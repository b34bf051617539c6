import { bits, count, cycles, energy, flag, list, of, power, type QuantityTree, word } from "../quantity.ts";

/** The keys of ReckOn's file. The sizes are those of its words and its RTL; there is one such chip. */
export const reckonQuantities = {
  columns: count(1, 1),
  rows: count(1, 1),
  clock: of("frequency", 1, 1e9),
  core: {
    neurons: count(1, 272),
    axons: count(1, 768),
    synapses: of("words", 1, 34560),
    routes: count(1, 528),
    routesPerNeuron: count(1, 2),
    profiles: count(1, 256),
  },
  weight: { bitsMin: bits(8, 8), bitsMax: bits(8, 8), signed: flag },
  potential: { bits: bits(16, 16), overflow: word("saturate") },
  gain: { bits: bits(2, 2), shiftMax: count(7, 7) },
  decay: { fraction: bits(15, 15) },
  spikes: list("binary"),
  neurons: list("reckon", "reckon-readout"),
  perNeuron: list("threshold"),
  stepsMax: count(3, 65535),
  outputs: count(1, 16),
  cycles: { event: cycles, tick: cycles, scan: cycles, pair: cycles, step: cycles, done: cycles, byte: cycles },
  energy: { synapse: energy },
  static: { chip: power, perCore: power },
  link: { rate: of("rate", 1, 1e12) },
  own: {
    inputs: count(1, 256),
    neurons: count(1, 256),
    readouts: count(1, 16),
    thresholdMax: count(1, 32767),
  },
} as const satisfies QuantityTree;
