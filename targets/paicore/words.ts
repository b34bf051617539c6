import { choice, flag, sint, uint, word } from "../../compiler/ir/image/word.ts";

/*
 * PAICORE's frames and memories as tables of bit fields. Frames are 64 bits wide and written here as
 * a high and a low half; so are the four words of a neuron, as eight halves, lowest first.
 * Source: the open host library paicorelib, framelib/frame_defs.py (offline cores).
 */

export const formatVersion = 1;

/** Kinds of frames, by header. */
export const headers = [
  "config-random",
  "config-parameters",
  "config-neurons",
  "config-weights",
  "test-random",
  "test-parameters",
  "test-neurons",
  "test-weights",
  "spike",
  "sync",
  "clear",
  "init",
] as const;

/** Bits 63..32: where a frame goes. A bit of the mask that is 1 stands for both values of that bit of the core's coordinate. */
export const frameHigh = word("frameHigh", 32, {
  header: choice(31, 28, ...headers),
  chipX: uint(27, 23),
  chipY: uint(22, 18),
  coreX: uint(17, 13),
  coreY: uint(12, 8),
  maskX: uint(7, 3),
  /** Bits 4..2 of the mask of y. */
  maskYHigh: uint(2, 0),
});

/** Bits 31..0. */
export const frameLow = word("frameLow", 32, { maskYLow: uint(31, 30), payload: uint(29, 0) });

/** Payload of a spike: the axon, and the slot in which it acts, counted from the running one. */
export const spike = word("spike", 32, { axon: uint(26, 16), slot: uint(15, 8), data: uint(7, 0) });

/** Payload of the first frame of neurons or weights: how many words follow. */
export const packet = word("packet", 32, { start: uint(29, 20), testIn: flag(19), words: uint(18, 0) });

/** Payloads of the three frames of a core's parameters. Widths and extensions are exponents of two. */
export const parameters0 = word("parameters0", 32, {
  weightWidth: uint(29, 28),
  extension: uint(27, 24),
  inputWide: flag(23),
  spikeWide: flag(22),
  dendrites: uint(21, 9),
  poolMax: flag(8),
  startHigh: uint(7, 0),
});
export const parameters1 = word("parameters1", 32, {
  startLow: uint(29, 23),
  length: uint(22, 8),
  spiking: flag(7),
  targetExtension: uint(6, 3),
  testChipHigh: uint(2, 0),
});
export const parameters2 = word("parameters2", 32, { testChipLow: uint(29, 23) });

/** The eight halves of a neuron, of which 214 bits are used. */
export const neuron0 = word("neuron0", 32, { potential: sint(29, 0), truncationLow: uint(31, 30) });
export const neuron1 = word("neuron1", 32, { truncationHigh: uint(2, 0), weightRandom: flag(3), leakLow: uint(31, 4) });
export const neuron2 = word("neuron2", 32, { leakHigh: sint(1, 0), leakRandom: flag(2), leakReversal: flag(3), thresholdLow: uint(31, 4) });
export const neuron3 = word("neuron3", 32, {
  thresholdHigh: uint(0, 0),
  floor: uint(29, 1),
  floorMode: choice(30, 30, "reset", "saturate"),
  maskLow: uint(31, 31),
});
export const neuron4 = word("neuron4", 32, { maskHigh: uint(3, 0), leakAfter: flag(4), resetLow: uint(31, 5) });
export const neuron5 = word("neuron5", 32, {
  resetHigh: sint(2, 0),
  reset: choice(4, 3, "set", "subtract", "none"),
  chipY: uint(9, 5),
  chipX: uint(14, 10),
  maskY: uint(19, 15),
  maskX: uint(24, 20),
  coreY: uint(29, 25),
  coreXLow: uint(31, 30),
});
export const neuron6 = word("neuron6", 32, { coreXHigh: uint(2, 0), axon: uint(13, 3), slot: uint(21, 14) });
export const neuron7 = word("neuron7", 32, {});
