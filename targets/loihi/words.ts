import { choice, flag, sint, uint, word } from "../../compiler/ir/image/word.ts";

/*
 * The words of an image for Loihi. How Intel's tools lay out the chip's registers is not public, so this format is
 * our own; the widths of what the words hold (mantissas, exponents, decays, delays, axons) are those
 * that public emulators check. README.md says what each field does.
 */

/** Version of these tables. */
export const formatVersion = 1;

// chip/registers

export const registerSize = word("register-size", 32, { format: uint(7, 0), columns: uint(15, 8), rows: uint(23, 16) });
export const registerSteps = word("register-steps", 32, { steps: uint(15, 0), interval: uint(31, 16) });
export const registerSeed = word("register-seed", 32, { seed: uint(31, 0) });

// Memories of a core

export const control = word("control", 32, { compartments: uint(10, 0), enabled: flag(31) });

/** Steps in which a group of compartments works, and what its spikes do. */
export const profile0 = word("profile-window", 32, { start: uint(15, 0), silent: uint(31, 16) });
export const profile1 = word("profile-mode", 32, { length: uint(15, 0), reset: choice(16, 16, "set", "subtract"), output: flag(17) });

export const compartment0 = word("compartment-routes", 32, { routeStart: uint(12, 0), routeCount: uint(25, 13), profile: uint(31, 26) });
/** The decay is the 12-bit number plus the offset. */
export const compartment1 = word("compartment-decays", 32, {
  du: uint(11, 0),
  duOffset: uint(12, 12),
  dv: uint(24, 13),
  dvOffset: uint(25, 25),
  biasExponent: uint(28, 26),
});
export const compartment2 = word("compartment-threshold", 32, { threshold: uint(16, 0), bias: sint(29, 17) });
export const compartment3 = word("compartment-subtract", 32, { subtract: uint(16, 0) });
export const compartment4 = word("compartment-initial", 32, { initial: sint(23, 0) });
export const compartmentWords = [compartment0, compartment1, compartment2, compartment3, compartment4] as const;

/** `axon` is an output line where `host` is set. */
export const route = word("route", 32, { axon: uint(15, 0), x: uint(19, 16), y: uint(23, 20), host: flag(24) });

/** `shift` is 6 and the weights' exponent together. */
export const axon = word("axon", 32, { row: uint(14, 0), shift: uint(18, 15), delay: uint(24, 19), used: flag(25) });

/** One for each axon, in a memory that is there only if an offset is not 0: what the axon adds to the slots of its row. */
export const offset = word("axon-offset", 32, { slots: uint(9, 0) });

/** `bits` is one less than the width of a weight. A sparse row has an entry for each weight, a dense one packs them. */
export const row = word("row", 32, { kind: choice(0, 0, "dense", "sparse"), bits: uint(3, 1), base: uint(13, 4), count: uint(24, 14) });
export const entry = word("entry", 32, { slot: uint(9, 0), weight: sint(17, 10) });
