import type { Origin } from "../base/origin.ts";
import type { Tensor } from "../base/tensor.ts";
import type { ValueId } from "../ir/graph/types.ts";
import type { Kernel, Pool } from "../ir/network/types.ts";

/*
 * A trained network as layers: what a conversion method works on. Every
 * activation of the graph is a layer of neurons; everything linear between two
 * activations is one link. No number has been chosen yet that depends on a method:
 * weights and biases are those of the graph.
 */

export type Activation =
  /** max(z, 0). */
  | { readonly kind: "relu" }
  /** min(max(z, 0), high). */
  | { readonly kind: "clip"; readonly high: number }
  /** λ/L·clip(floor(zL/λ+½), 0, L); λ is a number or one per channel. */
  | { readonly kind: "quantized"; readonly lambda: number | Tensor; readonly levels: number }
  /** A mean of values that are not negative, given neurons of its own. */
  | { readonly kind: "mean" };

/** A neuron that the file itself describes, with the operation neuron-step. Numbers are for all neurons, or one for each. */
export type Neuron = {
  readonly compare: "ge" | "gt";
  readonly reset: "subtract" | "set" | "none";
  /** What a spike subtracts, or sets. */
  readonly amount: number | Tensor;
  readonly threshold: number | Tensor;
  /** Factor of the potential per step; 0 for a neuron without memory. */
  readonly decay: number | Tensor;
};

/** One linear way into a layer: spikes of `from`, pooled, through a kernel. */
export type Way = {
  readonly from: number;
  readonly pool: Pool | null;
  readonly kernel: Kernel;
  readonly origin: Origin /** What a spike is worth on this way; of spiking files. */;
  readonly gain?: number | Tensor;
};

export type Layer = {
  /** Place in the list; ways lead from lower to higher ones. */
  readonly index: number;
  readonly name: string;
  readonly kind: "input" | "spiking" | "output";
  /** [N], [C,L] or [C,H,W]. */
  readonly shape: readonly number[];
  /** The graph's shape of the same numbers without the batch; its first axis counts channels. */
  readonly graphShape: readonly number[];
  /** The value of the graph that this layer stands for; statistics are kept under its name. */
  readonly value: ValueId;
  readonly valueName: string;
  /** Of spiking layers. */
  readonly activation: Activation | null;
  /** Of spiking layers whose neurons the file describes, in the place of an activation. */
  readonly neuron?: Neuron;
  readonly ways: readonly Way[];
  /** Per neuron; null: none. */
  readonly bias: Float64Array | null;
  readonly origin: Origin;
};

/** A max pooling that became a gate, for its measurement. */
export type Gate = { readonly name: string; readonly layer: number; readonly pool: Pool };

export type Layered = {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly gates: readonly Gate[];
};
