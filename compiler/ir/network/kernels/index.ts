import { type Dtype, make, numbersOf, sizeOf, type Tensor } from "../../../base/tensor.ts";
import type { Kernel, Pool } from "../types.ts";
import { axesOf, windowProblem } from "./axis.ts";
import { convKernel } from "./conv.ts";
import { denseKernel } from "./dense.ts";
import type { KernelModel, Scatter, Visit } from "./kernel.ts";
import { oneKernel } from "./one.ts";
import { poolKernel } from "./pool.ts";
import { sparseKernel } from "./sparse.ts";

export type { Scatter, Visit } from "./kernel.ts";

/** Every kind of kernel. */
export const kernels: { readonly [K in Kernel["kind"]]: KernelModel<Extract<Kernel, { kind: K }>> } = {
  dense: denseKernel,
  conv: convKernel,
  pool: poolKernel,
  one: oneKernel,
  sparse: sparseKernel,
};

function modelOf<K extends Kernel>(kernel: K): KernelModel<K> {
  return kernels[kernel.kind] as unknown as KernelModel<K>;
}

/** What keeps a kernel from being used on a source of this (pooled) shape; null when nothing does. */
export function kernelProblem(kernel: Kernel, inShape: readonly number[]): string | null {
  return modelOf(kernel).problem(kernel, inShape);
}

/** What keeps a pool from being used on a source of this shape; null when nothing does. */
export function poolProblem(pool: Pool, inShape: readonly number[]): string | null {
  return windowProblem(inShape, pool.size, pool.stride, pool.pads, null);
}

/** Shape that the kernel makes of a source of shape `inShape`, after pooling. For a sparse kernel [last target + 1]. */
export function outShape(kernel: Kernel, inShape: readonly number[]): number[] {
  return modelOf(kernel).outShape(kernel, inShape);
}

/** Shape of the source after pooling. */
export function pooledShape(pool: Pool | null, inShape: readonly number[]): number[] {
  if (pool === null) return [...inShape];
  return [inShape[0] ?? 1, ...axesOf(inShape.slice(1), pool.size, pool.stride, pool.pads, null).map((a) => a.output)];
}

/** A visitor of one source's synapses at a time, with what it needs computed once: use it where many sources are asked for. */
export function synapsesOf(
  kernel: Kernel,
  inShape: readonly number[],
  outShape: readonly number[],
): (source: number, visit: Visit) => void {
  return modelOf(kernel).visitor(kernel, inShape, outShape);
}

/** Visits one source's synapses, zero weights too, by increasing target. */
export function forEachSynapse(
  kernel: Kernel,
  inShape: readonly number[],
  outShape: readonly number[],
  source: number,
  visit: Visit,
): void {
  synapsesOf(kernel, inShape, outShape)(source, visit);
}

/** Synapses of each target neuron. */
export function fanInOf(kernel: Kernel, inShape: readonly number[], outShape: readonly number[]): Int32Array {
  return modelOf(kernel).fanIn(kernel, inShape, outShape);
}

/** Synapses of each source neuron. */
export function fanOutOf(kernel: Kernel, inShape: readonly number[], outShape: readonly number[]): Int32Array {
  return modelOf(kernel).fanOut(kernel, inShape, outShape);
}

/** The event-driven product with the kernel: lays the weights out for speed, then adds events to drives. Keeps scratch memory, so one thread each. */
export function scatterOf(kernel: Kernel, inShape: readonly number[], outShape: readonly number[]): Scatter {
  return modelOf(kernel).scatter(kernel, inShape, outShape);
}

/** The weights as doubles, in the order of the weight tensor. */
export function weightsOf(kernel: Kernel): Float64Array {
  return typeof kernel.weight === "number" ? Float64Array.of(kernel.weight) : numbersOf(kernel.weight);
}

/** Smallest and largest weight; 0 and 0 when there is none. */
export function kernelRange(kernel: Kernel): { readonly low: number; readonly high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const w of weightsOf(kernel)) {
    if (w < low) low = w;
    if (w > high) high = w;
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

/** The kernel with every weight replaced by f(weight, its place in the weight tensor); a weight that is one number stays one. */
export function mapWeights(kernel: Kernel, f: (weight: number, index: number) => number, dtype: Exclude<Dtype, "i64"> = "f64"): Kernel {
  if (typeof kernel.weight === "number") return modelOf(kernel).withWeight(kernel, f(kernel.weight, 0));
  const from = numbersOf(kernel.weight);
  const data = make[dtype](from.length);
  for (let i = 0; i < from.length; i++) data[i] = f(from[i]!, i);
  return modelOf(kernel).withWeight(kernel, { dtype, shape: kernel.weight.shape, data } as Tensor);
}

/** The kernel as a matrix [out, in], for tests. */
export function denseOf(kernel: Kernel, inShape: readonly number[], outShape: readonly number[]): Float64Array {
  const [inputs, outputs] = [sizeOf(inShape), sizeOf(outShape)];
  const out = new Float64Array(outputs * inputs);
  const synapses = synapsesOf(kernel, inShape, outShape);
  for (let s = 0; s < inputs; s++) {
    synapses(s, (target, weight) => {
      out[target * inputs + s]! += weight;
    });
  }
  return out;
}
