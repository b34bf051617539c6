/*
 * A chip and a mapped network as SANA-FE's files describe them. Energies are in joules, latencies in seconds.
 */

export type Cost = { readonly energy: number; readonly latency: number };

/** A synapse or dendrite unit: what one synaptic event costs. */
export type EventUnit = { readonly name: string; readonly model: string; readonly event: Cost };

/** A soma unit: every neuron is accessed in every step; it is updated where it is at work; `spike` comes on top where it fires. */
export type SomaUnit = {
  readonly name: string;
  readonly model: string;
  readonly access: Cost;
  readonly update: Cost;
  readonly spike: Cost;
};

/** Cores that are described together are alike and share this. */
export type CoreKind = {
  readonly name: string;
  readonly maxNeurons: number;
  readonly axonIn: Cost;
  readonly axonOut: Cost;
  readonly synapses: readonly EventUnit[];
  readonly dendrites: readonly EventUnit[];
  readonly somas: readonly SomaUnit[];
};

export const directions = ["north", "east", "south", "west"] as const;
export type Hops = Readonly<Record<(typeof directions)[number], Cost>>;

/** `cores`: indices into the architecture's cores. Tiles are numbered down the columns. */
export type Tile = { readonly x: number; readonly y: number; readonly hops: Hops; readonly cores: readonly number[] };

export type Architecture = {
  readonly name: string;
  /** In tiles. */
  readonly width: number;
  readonly height: number;
  /** Messages that a buffer of a link holds. */
  readonly linkBuffer: number;
  /** Seconds of the barrier, from so many mapped tiles on, in increasing order. */
  readonly sync: readonly (readonly [tiles: number, seconds: number])[];
  readonly tiles: readonly Tile[];
  readonly cores: readonly { readonly tile: number; readonly kind: CoreKind }[];
};

export const resetModes = ["none", "soft", "hard", "saturate"] as const;
export type ResetMode = (typeof resetModes)[number];

/** Everything about a neuron but its bias: neurons with the same settings share this. Names are SANA-FE's. */
export type Soma =
  | {
      readonly model: "leaky_integrate_fire";
      readonly threshold: number;
      readonly reverseThreshold: number;
      readonly reset: number;
      readonly reverseReset: number;
      readonly resetMode: ResetMode;
      readonly reverseResetMode: ResetMode;
      readonly leakDecay: number;
      readonly inputDecay: number;
      readonly forceUpdate: boolean;
      readonly refractoryDelay: number;
      readonly potential: number;
    }
  | {
      readonly model: "truenorth";
      readonly threshold: number;
      readonly reverseThreshold: number;
      readonly reset: number;
      readonly reverseReset: number;
      readonly resetMode: ResetMode;
      readonly reverseResetMode: ResetMode;
      readonly leak: number;
      readonly leakTowardsZero: boolean;
      readonly forceUpdate: boolean;
    }
  /** `spikes`: 0 or 1 by step; then silent. `every`: fires in each such step; 0: never. */
  | { readonly model: "input"; readonly spikes: readonly number[]; readonly every: number };

export type Group = { readonly name: string; readonly count: number /** Number of its first neuron. */; readonly first: number };

/** Calls `each` for every connection, in SANA-FE's order; neurons are numbered through all groups. */
export type Edges = (each: (source: number, target: number, weight: number) => void) => void;

export type MappedNetwork = {
  readonly name: string;
  readonly groups: readonly Group[];
  readonly somas: readonly Soma[];
  /** By neuron: index into somas, and the bias. */
  readonly soma: Uint32Array;
  readonly bias: Float64Array;
  readonly edges: readonly Edges[];
  /** By neuron: core, place in the order of mapping, and units of the core's kind. */
  readonly core: Int32Array;
  readonly order: Float64Array;
  readonly somaUnit: Uint16Array;
  readonly dendriteUnit: Uint16Array;
  /** Unit of the synapses that lead to it. */
  readonly synapseUnit: Uint16Array;
};
