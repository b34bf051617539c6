import type { Id } from "../../base/id.ts";
import type { Origin } from "../../base/origin.ts";
import type { Tensor } from "../../base/tensor.ts";

/*
 * Network: populations of spiking neurons and the links between them, over a
 * stated number of steps. The same form holds a network with real weights and,
 * after `quantize-weights` and the chip's legalization, one with integers only.
 *
 * Time. A run lasts `steps` steps, 0 … steps-1. In every step each population
 * takes the sum of what its links deliver, updates once, and may spike.
 * A link with `delay` d delivers in step t what its source sent in step t-d.
 * Delay 0 means within the same step; populations are then evaluated in the order of
 * their ids, and a delay-0 link must go from a lower id to a higher one.
 *
 * Windows. A population is active in steps start <= t < stop (stop null: to the
 * end). Its local step is t - start. Outside its window it keeps its state, sends
 * nothing, and what arrives is lost. In local steps below `silent` it integrates
 * but cannot spike.
 */

export type PopId = Id<"population">;

/** What travels: one event is worth `payload * amplitude of the source * weight`. */
export type SpikeType =
  /** Payload 0 or 1. */
  | { readonly kind: "binary" }
  /** Payload -1, 0 or +1. */
  | { readonly kind: "ternary" }
  /** An integer payload of so many bits; a signed one is two's complement. */
  | { readonly kind: "graded"; readonly bits: number; readonly signed: boolean }
  /** A real number. Only before quantization; no chip runs it. */
  | { readonly kind: "analog" };

/** A parameter is a number or word for the whole population, or a tensor: per neuron, or per channel ([C] on a [C,H,W] population). */
export type Param = number | string | Tensor;

export type Population = {
  readonly id: PopId;
  readonly name: string;
  /** [N], [C,L] or [C,H,W]; neuron index is row-major. */
  readonly shape: readonly number[];
  /** `model` is a key of `neurons/index.ts`; "input" has no dynamics, its spikes come from an input code. */
  readonly neuron: { readonly model: string; readonly params: Readonly<Record<string, Param>> };
  readonly spike: SpikeType;
  /** State at the start of every sample, by state variable; what is absent starts at the model's own reset value. */
  readonly initial: Readonly<Record<string, number | Tensor>>;
  /** What one unit of payload is worth: Real Spike coefficient, ATIF amplitude, input scale. Folded to 1 before mapping. */
  readonly amplitude: number | Tensor;
  readonly start: number;
  readonly silent: number;
  readonly stop: number | null;
  readonly origin: Origin;
};

/** Pooling of the source's spikes before the kernel. "or"/"and" combine binary spikes of one step; "gate" passes the spikes of the window's input that has spiked most so far (this step included; ties to the lowest index). */
export type Pool = {
  readonly mode: "or" | "and" | "gate";
  /** Per spatial axis of the source. */
  readonly size: readonly number[];
  readonly stride: readonly number[];
  /** [begin of each axis…, end of each axis…]; padding never spikes. */
  readonly pads: readonly number[];
};

export type Kernel =
  /** weight [out, in], both flattened row-major. */
  | { readonly kind: "dense"; readonly weight: Tensor }
  /**
   * Convolution of rank 1 ([C,L]) or 2 ([C,H,W]). Shared weight [Co, Ci/groups, k…];
   * unshared (locally connected) [Co, out…, Ci/groups, k…]. pads as in Pool.
   */
  | {
      readonly kind: "conv";
      readonly weight: Tensor;
      readonly stride: readonly number[];
      readonly pads: readonly number[];
      readonly dilation: readonly number[];
      readonly groups: number;
      readonly shared: boolean;
    }
  /** Sum over windows of each channel, times `weight` (1/k² makes it an average that counts padding). */
  | {
      readonly kind: "pool";
      readonly weight: number;
      readonly size: readonly number[];
      readonly stride: readonly number[];
      readonly pads: readonly number[];
    }
  /** Neuron i to neuron i. weight: a number, per channel [C], or per neuron. */
  | { readonly kind: "one"; readonly weight: number | Tensor }
  /** Coordinate list: rows (target index), columns (source index), weight, all [n]. */
  | { readonly kind: "sparse"; readonly rows: Tensor; readonly columns: Tensor; readonly weight: Tensor };

export type Link = {
  readonly from: PopId;
  readonly to: PopId;
  readonly kernel: Kernel;
  readonly pool: Pool | null;
  readonly delay: number;
  /** A gain that stays on the axon, applied to the payload after pooling: a number or per (pooled) source neuron. Null means 1. */
  readonly gain: number | Tensor | null;
  readonly origin: Origin;
};

/** How one tensor of a sample becomes the spikes of an input population. `code` is a key of `ir/codes/index.ts`. */
export type InputCode = { readonly pop: PopId; readonly code: string; readonly params: Readonly<Record<string, Param>> };

/** How a population becomes an answer: answer = (what the code reads) * scale + offset. */
export type OutputCode = {
  readonly name: string;
  readonly pop: PopId;
  readonly code: string;
  readonly scale: number | Tensor;
  readonly offset: number | Tensor;
};

export type Network = {
  readonly kind: "network";
  readonly name: string;
  /** T, with every pipeline delay included. */
  readonly steps: number;
  /** Indexed by PopId. */
  readonly pops: readonly Population[];
  readonly links: readonly Link[];
  readonly inputs: readonly InputCode[];
  readonly outputs: readonly OutputCode[];
};
