import type { SpikeType } from "../compiler/ir/network/types.ts";

/*
 * ChipSpec: what a chip is, as plain data. It is what a chip.yaml parses to
 * (targets/chip-yaml.ts). Passes and mapping see chips only through this.
 */

/** What one counted event costs. `tolerance` is relative (0.3 means ±30 %); null: unknown, and reports then say so. */
export type Cost = { readonly picojoules: number; readonly tolerance: number | null; readonly source: string };

export type ChipSpec = {
  readonly name: string;
  /** Which target implements it: "mesh". */
  readonly family: string;
  readonly summary: string;
  readonly columns: number;
  readonly rows: number;
  /** Sizes in which chips of this kind come, by name: what to try when a network does not fit. */
  readonly sizes?: Readonly<Record<string, { readonly columns: number; readonly rows: number }>>;
  readonly clockHz: number;
  readonly core: {
    readonly neurons: number;
    readonly axons: number;
    /** 32-bit words of synapse memory. */
    readonly synapseWords: number;
    /** Entries of the core's route memory; and the most that one neuron may use. */
    readonly routes: number;
    readonly routesPerNeuron: number;
    readonly profiles: number;
    readonly shapes: number;
    /** Most that an axon can add to the transport's own delay, in steps. */
    readonly delayMax: number;
    /** Events that the core can hold for later steps. */
    readonly events: number;
  };
  readonly weight: { readonly bitsMin: number; readonly bitsMax: number; readonly signed: boolean };
  readonly potential: { readonly bits: number; readonly overflow: "wrap" | "saturate" };
  /** Sum of one step's input; wraps, so the order of events cannot matter. Compiled networks are proven not to. */
  readonly accumulator: { readonly bits: number };
  /** Graded payloads, two's complement. */
  readonly payload: { readonly bits: number };
  /** Per-axon gain: signed multiplier of so many bits and left shift up to shiftMax. 0 bits: none. */
  readonly gain: { readonly bits: number; readonly shiftMax: number };
  /** Leak and current decay multipliers are m / 2^fraction. */
  readonly decay: { readonly fraction: number };
  readonly spikes: readonly SpikeType["kind"][];
  /** Names of neuron models the chip can run. */
  readonly neurons: readonly string[];
  /** Settings of the neuron model `unit` that the chip has, by word: `leak: ["none", "double"]`. */
  readonly unit: Readonly<Record<string, readonly string[]>>;
  /** Numbers of the unit that each neuron may have of its own; the others are one for all neurons of a population. */
  readonly perNeuron: readonly string[];
  readonly pools: readonly ("or" | "and" | "gate")[];
  /** Shared-kernel rows: convolution in synapse memory without unrolling. */
  readonly sharedKernels: boolean;
  /** Rows that hold a weight for each synapse of one source. Without any, weights come only as shared kernels. */
  readonly lists: readonly ("dense" | "sparse")[];
  /**
   * Slots by which an axon can move the list that it names, from 0 to one less than this: sources with the same weights at
   * different places then share one list. 1: lists stand where they stand.
   */
  readonly listOffsets: number;
  /** Steps that transport takes at least: 1 on a barrier-synchronous chip. */
  readonly delayMin: number;
  /** Step counters' range. */
  readonly stepsMax: number;
  readonly outputs: number;
  /** Depth of each router FIFO and of the core's injection FIFO, in packets. */
  readonly fifo: number;
  /** Clock cycles each operation takes; the target's README says what each key means. */
  readonly cycles: Readonly<Record<string, number>>;
  /** Price of each counted event, by the counter's name. */
  readonly costs: Readonly<Record<string, Cost>>;
  /** Static power of the whole chip in watts, with tolerance and source. */
  readonly staticWatts: { readonly watts: number; readonly tolerance: number | null; readonly source: string };
  /** Bits a second over the configuration link, for the load time. */
  readonly loadBitsPerSecond: number;
  /** What only chips of this family have, by name; the target's README says what each is. */
  readonly own: Readonly<Record<string, number | boolean | string | readonly string[]>>;
  /** Source of every number, by its path in the YAML (`core.neurons`). */
  readonly sources: Readonly<Record<string, string>>;
};
