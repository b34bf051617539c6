import { choice, flag, sint, uint, word } from "../../compiler/ir/image/word.ts";

/*
 * The binary formats of ODIN and tinyODIN. This is the only place where bit positions are
 * written. Source: ODIN's documentation and RTL (README.md names the revisions).
 */

/** Version of these tables. */
export const formatVersion = 1;

/*
 * ODIN's neuron word has 128 bits, kept here as four words of 32, the least significant first.
 * Layout of the leaky integrate-and-fire model (model = 1); the other model is not decoded.
 */
export const odinNeuron0 = word("odin-neuron-0", 32, {
  model: uint(0, 0),
  leak: uint(7, 1),
  leakEnabled: flag(8),
  threshold: uint(16, 9),
  learning: flag(17),
  thetaMembrane: uint(25, 18),
  theta1: uint(28, 26),
  theta2: uint(31, 29),
});
export const odinNeuron1 = word("odin-neuron-1", 32, { theta3: uint(2, 0), calciumLeak: uint(7, 3) });
export const odinNeuron2 = word("odin-neuron-2", 32, { potential: uint(13, 6), calcium: uint(16, 14), calciumLeakCount: uint(21, 17) });
export const odinNeuron3 = word("odin-neuron-3", 32, { disabled: flag(31) });

export const tinyNeuron = word("tinyodin-neuron", 32, {
  potential: sint(11, 0),
  threshold: uint(23, 12),
  leak: uint(30, 24),
  disabled: flag(31),
});

/** Eight synapses of one source, the lowest target first. Word address = source * 32 + target / 8. */
export const odinSynapses = word("odin-synapses", 32, {
  w0: uint(2, 0),
  map0: flag(3),
  w1: uint(6, 4),
  map1: flag(7),
  w2: uint(10, 8),
  map2: flag(11),
  w3: uint(14, 12),
  map3: flag(15),
  w4: uint(18, 16),
  map4: flag(19),
  w5: uint(22, 20),
  map5: flag(23),
  w6: uint(26, 24),
  map6: flag(27),
  w7: uint(30, 28),
  map7: flag(31),
});
export const tinySynapses = word("tinyodin-synapses", 32, {
  w0: sint(3, 0),
  w1: sint(7, 4),
  w2: sint(11, 8),
  w3: sint(15, 12),
  w4: sint(19, 16),
  w5: sint(23, 20),
  w6: sint(27, 24),
  w7: sint(31, 28),
});

/** Synapse words of one source. */
export const wordsPerRow = 32;
/** One synapse's nibble within a synapse word: `target % 8` of them from the lowest bit. */
export const nibbleBits = 4;
export const odinNibble = word("odin-nibble", 4, { weight: uint(2, 0), map: flag(3) });
export const tinyNibble = word("tinyodin-nibble", 4, { weight: sint(3, 0) });

/** Registers by address. */
export const odinRegisters = {
  gate: 0,
  openLoop: 1,
  /** 16 words, bit b of word k: source 16k + b is inhibitory. */
  signs: 2,
  burstTime: 18,
  outputSource: 19,
  monitor: 20,
  monitorNeuron: 21,
  monitorSynapse: 22,
  updateUnmapped: 23,
  propagateUnmapped: 24,
  learnOnSynapse: 25,
  count: 26,
} as const;
export const tinyRegisters = { gate: 0, openLoop: 1, outputSource: 2, maxNeuron: 3, count: 4 } as const;
/** Sources in one sign register. */
export const signsPerRegister = 16;
/** Bits that a register has. */
export function registerBits(chip: "odin" | "tinyodin", address: number): number {
  if (chip === "tinyodin") return address === tinyRegisters.maxNeuron ? 8 : 1;
  const r = odinRegisters;
  if (address === r.burstTime) return 20;
  if (address >= r.signs && address < r.burstTime) return signsPerRegister;
  return address === r.monitorNeuron || address === r.monitorSynapse ? 8 : 1;
}

/** What ODIN sends while its register `monitor` is set. */
export const odinMonitor = {
  neuron: word("odin-monitor-neuron", 8, { calcium: uint(4, 2), event: flag(7) }),
  potential: word("odin-monitor-potential", 8, { potential: uint(7, 0) }),
  synapse: word("odin-monitor-synapse", 8, { synapse: uint(3, 0), mark: uint(7, 4) }),
} as const;
/** Upper half of the word that shows a synapse. */
export const odinMonitorSynapse = 15;

/** An event at the input pins of ODIN. `kind` is decoded with the rules in README.md. */
export const odinEvent = word("odin-event", 17, { low: uint(7, 0), row: uint(15, 8), synapse: flag(16) });
/** The low byte of events that are no single synapse. */
export const odinLow = { spike: 0x07, referenceAll: 0x7f, referenceOne: 0xff, bistabilityAll: 0x00, bistabilityRow: 0x80 } as const;
/** The low byte of a virtual event: what the queue keeps of it is `field`, bits 7 to 3. */
export const odinVirtual = word("odin-virtual", 8, { mark: uint(2, 0), leak: flag(3), inhibitory: flag(4), weight: uint(7, 5) });
export const odinVirtualMark = 1;
/** A queue entry. */
export const odinEntry = word("odin-entry", 13, { address: uint(7, 0), leak: flag(8), inhibitory: flag(9), weight: uint(12, 10) });

export const tinyEvent = word("tinyodin-event", 10, { address: uint(7, 0), reference: flag(8), virtual: flag(9) });
export const tinyVirtual = word("tinyodin-virtual", 8, { neuron: uint(3, 0), weight: sint(7, 4) });
export const tinyEntry = word("tinyodin-entry", 12, { address: uint(7, 0), weight: sint(11, 8) });

/** First 20 of the 40 bits of a transfer on the configuration link. */
export const spiAddress = word("spi-address", 20, {
  address: uint(15, 0),
  space: choice(17, 16, "registers", "neurons", "synapses", "none"),
  write: flag(18),
  read: flag(19),
});
/** The last 20: bits of `mask` that are 1 keep what they were. Registers take all 20 bits as their value. */
export const spiData = word("spi-data", 20, { byte: uint(7, 0), mask: uint(15, 8) });
/** The address field in the neurons' space and in the synapses'. */
export const spiNeuron = word("spi-neuron", 16, { neuron: uint(7, 0), byte: uint(15, 8) });
export const spiSynapse = word("spi-synapse", 16, { word: uint(12, 0), byte: uint(14, 13) });

/** What the host does, kept beside the chip's memories. */
export const hostProtocol = word("host-protocol", 32, {
  /** Neurons of the network: addresses from 0. */
  neurons: uint(8, 0),
  /** A time reference for all neurons ends each step. */
  reference: flag(9),
  /** How potentials go back to what they were loaded with between samples: so many time references, or writes. */
  clear: choice(10, 10, "references", "writes"),
  clears: uint(23, 11),
});
/** One output line: the neuron whose spikes, or whose potential at a sample's end, it carries. */
export const hostLine = word("host-line", 9, { neuron: uint(7, 0), potential: flag(8) });

/** Bits of a field as they lie in a word; the machine reads memories that hold any bits. */
export const bitsOf = (f: Place, w: number): number => (w >>> f.low) & (0xffffffff >>> (31 - f.high + f.low));
/** The same in two's complement. */
export const signedBitsOf = (f: Place, w: number): number => (w << (31 - f.high)) >> (31 - f.high + f.low);
/** The word with other bits in the field. */
export const withBits = (f: Place, w: number, bits: number): number => {
  const mask = (0xffffffff >>> (31 - f.high + f.low)) << f.low;
  return ((w & ~mask) | ((bits << f.low) & mask)) >>> 0;
};
type Place = { readonly high: number; readonly low: number };
