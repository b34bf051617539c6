import type { Id } from "../../base/id.ts";
import type { Origin } from "../../base/origin.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Param, SpikeType } from "../network/types.ts";

/*
 * Cores: what sits in each core. Everything is an integer here. One core holds
 * neuron slots in groups, axons (where a spike arrives), and synapse rows (what an
 * axon adds). Sends say which axons a neuron's spike goes to.
 *
 * Columns of numbers are typed arrays indexed by slot, axon or send, so that a
 * chip with millions of neurons stays small.
 */

export type CoreId = Id<"core">;
export type Coord = { readonly x: number; readonly y: number };

/** A run of neuron slots that share model and profile: one tile of one population. */
export type NeuronGroup = {
  /** First slot and number of slots. */
  readonly first: number;
  readonly count: number;
  readonly model: string;
  /** Numbers and words for the whole group; tensors are i32 [count]. */
  readonly params: Readonly<Record<string, Param>>;
  readonly initial: Readonly<Record<string, number | Tensor>>;
  readonly spike: SpikeType;
  readonly start: number;
  readonly silent: number;
  readonly stop: number | null;
  /** Population name, and the population's neuron index of each slot. */
  readonly pop: string;
  readonly indices: Int32Array;
  readonly origin: Origin;
};

/** Where the spikes of the slots go, in CSR form: sends of slot s are entries start[s] … start[s+1]-1. */
export type Sends = {
  readonly start: Int32Array;
  /** Destination core id, or -1 for the host. */
  readonly core: Int32Array;
  /** Destination axon, or the output line for the host. */
  readonly axon: Int32Array;
  /** Member of a gated pooling window; 0 elsewhere. */
  readonly member: Int32Array;
};

/**
 * One arrival point. `mode` "each": every event acts. "at-least": acts once, in
 * the step in which `need` events have arrived (1: OR-pooling, window size: AND-
 * pooling). "gate": the members' spikes are counted, and the axon acts with the
 * payload of the member counted most often, if it spiked in this step; `need` is then
 * the index of the neuron group whose sample start clears the counts.
 */
export type Axon = {
  readonly row: number;
  readonly mode: "each" | "at-least" | "gate";
  readonly need: number;
  /** Steps beyond the one that transport takes. */
  readonly delay: number;
  /** payload' = payload * gain * 2^shift. */
  readonly gain: number;
  readonly shift: number;
  /**
   * Position of the source for "conv" rows, per axis, relative to the tile: input coordinate + pad - first output * stride.
   * For other rows y is 0, and x is added to the row's slots (0 on chips whose lists stand where they stand).
   */
  readonly y: number;
  readonly x: number;
};

/** Geometry of a tile that convolution rows share. The slot of output (y, x, channel c) is base + (y * width + x) * pitch + c, base being the row's. */
export type Shape = {
  readonly kernelY: number;
  readonly kernelX: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly dilationY: number;
  readonly dilationX: number;
  readonly height: number;
  readonly width: number;
  readonly pitch: number;
};

export type Row =
  /** weights[i] goes to slot base + i. */
  | { readonly kind: "dense"; readonly bits: number; readonly base: number; readonly weights: Int32Array }
  /** weights[i] goes to slots[i]. */
  | { readonly kind: "sparse"; readonly bits: number; readonly slots: Int32Array; readonly weights: Int32Array }
  /**
   * weights[(ky * kernelX + kx) * channels + c]. An event at (y, x) adds tap (ky, kx)
   * to output ((y - ky*dilationY)/strideY, (x - kx*dilationX)/strideX) where both are
   * whole and inside the tile.
   */
  | {
      readonly kind: "conv";
      readonly bits: number;
      readonly base: number;
      readonly shape: number;
      readonly channels: number;
      readonly weights: Int32Array;
    };

export type Core = {
  readonly id: CoreId;
  /** Null until placed. */
  readonly at: Coord | null;
  readonly groups: readonly NeuronGroup[];
  readonly sends: Sends;
  readonly axons: readonly Axon[];
  readonly shapes: readonly Shape[];
  readonly rows: readonly Row[];
  readonly origin: Origin;
};

/** The host's side of an input population: sends per channel, and how samples become events. */
export type InputPort = {
  readonly name: string;
  readonly code: string;
  readonly params: Readonly<Record<string, Param>>;
  readonly spike: SpikeType;
  readonly shape: readonly number[];
  /** Steps of a sample, start <= t < stop, in which the host sends; the code's local step is t - start. */
  readonly window: { readonly start: number; readonly stop: number };
  readonly sends: Sends;
};

/** Output lines first … first+count-1 of the host, in the population's neuron order. */
export type OutputPort = {
  readonly name: string;
  readonly code: string;
  readonly first: number;
  readonly count: number;
  readonly shape: readonly number[];
  readonly scale: number | Tensor;
  readonly offset: number | Tensor;
};

export type Cores = {
  readonly kind: "cores";
  readonly name: string;
  /** Name of the chip these cores are for. */
  readonly chip: string;
  readonly columns: number;
  readonly rows: number;
  /** Steps of one sample, and steps from one sample's start to the next's. */
  readonly steps: number;
  readonly interval: number;
  readonly seed: number;
  /** Indexed by CoreId. */
  readonly cores: readonly Core[];
  readonly inputs: readonly InputPort[];
  readonly outputs: readonly OutputPort[];
};
