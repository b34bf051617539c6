import type { Neurons, Profile } from "../kernels/neurons.ts";
import type { Weights } from "../kernels/rows.ts";

/*
 * What the fast model runs: cores as typed arrays, and who sends to whom. A target
 * decodes its image into a plan; nothing else of a chip is known here.
 */

/** Ways in which events act: modes of axons, kinds of rows. The numbers are those of kernels/layout.ts. */
export const Mode = { each: 0, atLeast: 1, gate: 2 } as const;
export const Kind = { dense: 0, conv: 1, sparse: 2 } as const;

/** One row. `from`: its first weight; `words`: row words read for an event, per tap for convolutions; `shape`: first number of its shape. */
export type Row = {
  readonly kind: number;
  readonly base: number;
  readonly count: number;
  readonly from: number;
  readonly shape: number;
  readonly words: number;
};

/** A stretch of used slots with the same profile, or of unused ones (profile -1). */
export type Run = { readonly first: number; readonly end: number; readonly profile: number };

/** What an arriving event does, by axon: the row is applied with payload * factor. `need`: of at-least the number, of gates the profile whose local step 0 clears the counters. */
export type Axons = {
  readonly used: Int32Array;
  readonly mode: Int32Array;
  readonly need: Int32Array;
  /** Steps beyond the next one. */
  readonly delay: Int32Array;
  readonly factor: Int32Array;
  readonly y: Int32Array;
  readonly x: Int32Array;
  /** Index into rows; -1: none. */
  readonly row: Int32Array;
};

export type PlanCore = {
  readonly slots: number;
  readonly profiles: readonly Profile[];
  readonly neurons: Neurons;
  readonly runs: readonly Run[];
  /** Routes of each slot, entries routeFirst … routeFirst + routeCount - 1 of the columns below. */
  readonly routeFirst: Int32Array;
  readonly routeCount: Int32Array;
  /** Destination core, or -1 for the host, and what the packet says there: axon and member, or the host's line. */
  readonly routeTo: Int32Array;
  readonly routeWhat: Int32Array;
  /** Whether each slot sends its potential, not spikes. */
  readonly isOutput: Uint8Array;
  readonly axons: Axons;
  readonly rows: readonly Row[];
  readonly shapes: Int32Array;
  readonly weights: Weights;
  readonly sparseSlots: Uint16Array;
};

/** An input, its targets as destinations. */
export type PlanInput = {
  readonly channels: number;
  readonly start: Uint32Array;
  readonly to: Int32Array;
  readonly what: Int32Array;
};

export type Plan = {
  /** Routers: columns × rows. The host sits west of router 0. */
  readonly columns: number;
  readonly rows: number;
  /** Router of each core. */
  readonly routerOf: Int32Array;
  /** By core; null where nothing is enabled. Asked for once, in order, so a core can be decoded when it is needed. */
  readonly cores: readonly (PlanCore | null)[];
  readonly inputs: readonly PlanInput[];
  /** Steps from one sample's start to the next's. */
  readonly interval: number;
  readonly seed: number;
  /** Low bits of what a packet says that name the axon. */
  readonly axonBits: number;
  /** Events that a core can keep. */
  readonly eventsMax: number;
};
