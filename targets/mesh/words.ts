import { choice, flag, sint, uint, word } from "../../compiler/ir/image/word.ts";

/*
 * The binary format of the mesh chip, version 1. Every word has 32 bits.
 * README.md says what the fields mean. This file is the only place where a bit position is written.
 */

export const formatVersion = 1;

/** chip/registers, address 0. */
export const registerSize = word("register-size", 32, { format: uint(7, 0), columns: uint(15, 8), rows: uint(23, 16) });
/** chip/registers, address 1: steps of one sample, and from one sample's start to the next's. */
export const registerSteps = word("register-steps", 32, { steps: uint(15, 0), interval: uint(31, 16) });
/** chip/registers, address 2: seed of the counter-based noise. */
export const registerSeed = word("register-seed", 32, { seed: uint(31, 0) });

/** core/control, address 0: slots 0 … slots-1 are updated each step. */
export const control = word("control", 32, { slots: uint(10, 0), enabled: flag(31) });

/** core/profiles, 4 words each: what the neurons of a group have in common. */
export const profile0 = word("profile0", 32, {
  leak: choice(1, 0, "none", "shift", "multiply", "double"),
  leakArgument: uint(14, 2),
  current: flag(15),
  compare: choice(16, 16, "ge", "gt"),
  reset: choice(18, 17, "subtract", "set", "none"),
  negative: choice(20, 19, "none", "free", "latched", "counted"),
  negativeAtZero: flag(21),
  biasFirst: flag(22),
  touched: flag(23),
  emit: choice(25, 24, "unit", "value", "count", "digit"),
  boundary: choice(27, 26, "preload", "clear", "keep"),
  output: flag(28),
  noise: choice(30, 29, "none", "uniform", "gauss"),
});
export const profile1 = word("profile1", 32, {
  currentDecay: uint(12, 0),
  noiseBits: uint(17, 13),
  payloadBits: uint(21, 18),
  payloadSigned: flag(22),
});
export const profile2 = word("profile2", 32, { start: uint(15, 0), silent: uint(31, 16) });
/** length 0: active to the end of the interval. */
export const profile3 = word("profile3", 32, { length: uint(15, 0) });

/** core/neurons, 6 words each. */
export const neuron0 = word("neuron0", 32, { profile: uint(5, 0), routeStart: uint(19, 6), routeCount: uint(30, 20), used: flag(31) });
export const neuron1 = word("neuron1", 32, { threshold: sint(23, 0) });
/** Amount to subtract (reset subtract) or value to set (reset set). */
export const neuron2 = word("neuron2", 32, { reset: sint(23, 0) });
export const neuron3 = word("neuron3", 32, { bias: sint(23, 0) });
export const neuron4 = word("neuron4", 32, { initial: sint(23, 0) });
export const neuron5 = word("neuron5", 32, { noiseKey: uint(23, 0) });

/** core/routes, and the targets of the host's inputs. For the host, axon is the low and member the high part of the output line. */
export const route = word("route", 32, { axon: uint(11, 0), x: uint(16, 12), y: uint(21, 17), member: uint(25, 22), host: flag(26) });

/** core/axons, 2 words each. */
export const axon0 = word("axon0", 32, {
  row: uint(15, 0),
  mode: choice(17, 16, "each", "at-least", "gate"),
  need: uint(23, 18),
  delay: uint(29, 24),
  used: flag(31),
});
export const axon1 = word("axon1", 32, { y: sint(9, 0), x: sint(19, 10), gain: sint(27, 20), shift: uint(30, 28) });

/** core/shapes, 2 words each: geometry that convolution rows share. */
export const shape0 = word("shape0", 32, {
  kernelY: uint(4, 0),
  kernelX: uint(9, 5),
  strideY: uint(13, 10),
  strideX: uint(17, 14),
  dilationY: uint(21, 18),
  dilationX: uint(25, 22),
});
export const shape1 = word("shape1", 32, { height: uint(10, 0), width: uint(20, 11), pitch: uint(31, 21) });

/**
 * core/synapses. A row begins with a header; bits is the weight width less one.
 * dense: `count` weights for slots base … base+count-1, packed from bit 0 up, weights never
 * crossing a word's end. conv: a second header word, then kernelY * kernelX taps of `count`
 * weights, each tap beginning a new word. sparse: `count` entry words.
 */
export const row = word("row", 32, {
  kind: choice(1, 0, "dense", "conv", "sparse"),
  bits: uint(5, 2),
  count: uint(16, 6),
  base: uint(26, 17),
});
export const rowShape = word("row-shape", 32, { shape: uint(5, 0) });
export const entry = word("entry", 32, { slot: uint(9, 0), weight: sint(25, 10) });
