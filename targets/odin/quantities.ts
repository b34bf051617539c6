import { bits, count, cycles, energy, flag, list, of, power, type QuantityTree, word } from "../quantity.ts";

/** The keys of the files of ODIN and tinyODIN. Sizes are those of the RTL, which has no parameters for them. */
export const odinQuantities = {
  clock: of("frequency", 1, 1e9),
  core: {
    neurons: count(256, 256),
    axons: count(256, 256),
    synapses: of("words", 1, 65536),
    routes: count(1, 65536),
    routesPerNeuron: count(1, 1024),
    profiles: count(1, 256),
  },
  weight: { bitsMin: bits(4, 4), bitsMax: bits(4, 4), signed: flag },
  potential: { bits: bits(8, 12), overflow: word("saturate") },
  spikes: list("binary"),
  neurons: list("event-lif"),
  perNeuron: list("threshold", "leak", "initial"),
  delayMin: count(0, 0),
  outputs: count(1, 65535),
  cycles: { accept: cycles, visit: cycles, leave: cycles, output: cycles, linkBit: cycles },
  energy: { synapse: energy, leak: energy, event: energy, spike: energy, entry: energy, linkBit: energy },
  static: { chip: power, perCore: power },
  link: { rate: of("rate", 1, 1e9) },
  own: { variant: word("odin", "tinyodin"), queue: count(1, 4096) },
} as const satisfies QuantityTree;
