import type { Tensor } from "../../../base/tensor.ts";
import type { Kernel } from "../types.ts";

/** Called for each synapse of a source; `index` is the weight's place in the kernel's weight tensor (0 where the weight is one number). */
export type Visit = (target: number, weight: number, index: number) => void;

/**
 * Adds value * weight to `drive` for every synapse of the sources index[0] … index[count-1].
 * `drive` is indexed by target neuron, row-major. This is the hot loop of `run`.
 */
export type Scatter = (count: number, index: Int32Array, value: Float64Array, drive: Float64Array) => void;

/** One kind of kernel. Shapes are those of the source after pooling, and of the target; `problem` has been asked before anything else. */
export type KernelModel<K extends Kernel> = {
  readonly summary: string;
  /** What keeps the kernel from being used on a source of this shape; null when nothing does. */
  readonly problem: (k: K, inShape: readonly number[]) => string | null;
  /** Shape of the target that the kernel makes. A sparse kernel names only the targets it has: [last + 1]. */
  readonly outShape: (k: K, inShape: readonly number[]) => number[];
  /** Visits one source's synapses by increasing target; zero weights are visited too. */
  readonly visitor: (k: K, inShape: readonly number[], outShape: readonly number[]) => (source: number, visit: Visit) => void;
  /** Synapses of each target. */
  readonly fanIn: (k: K, inShape: readonly number[], outShape: readonly number[]) => Int32Array;
  /** Synapses of each source. */
  readonly fanOut: (k: K, inShape: readonly number[], outShape: readonly number[]) => Int32Array;
  readonly scatter: (k: K, inShape: readonly number[], outShape: readonly number[]) => Scatter;
  /** The same kernel with other weights, of the same shape. */
  readonly withWeight: (k: K, weight: number | Tensor) => K;
};
