import { numbersOf, sizeOf, type Tensor, tensor } from "../../base/tensor.ts";
import { synapsesOf, type Visit } from "../../ir/network/kernels/index.ts";
import type { Kernel } from "../../ir/network/types.ts";

/*
 * Linear maps between shapes, without the batch, as the walk of a graph meets
 * them. A chain of maps lies between the spikes of one layer and the potential of
 * the next; the maps keep their structure so that a chain can become one kernel.
 */

/** One axis of a window: element j of the `count` elements begin + step*j goes to offset + j. */
export type Reach = { readonly begin: number; readonly step: number; readonly count: number; readonly offset: number };

export type LinearMap = { readonly inShape: readonly number[]; readonly outShape: readonly number[] } & (
  | { readonly kind: "kernel"; readonly kernel: Kernel }
  /** Cuts a strided window out of each axis and sets it into a larger space of zeros: slice, pad and concat. */
  | { readonly kind: "window"; readonly axes: readonly Reach[] }
  /** Output i is input order[i]; -1 is zero. Transpose, and broadcast. */
  | { readonly kind: "gather"; readonly order: Int32Array }
);

export type KernelMap = Extract<LinearMap, { kind: "kernel" }>;
export type WindowMap = Extract<LinearMap, { kind: "window" }>;

export function kernelMap(kernel: Kernel, inShape: readonly number[], outShape: readonly number[]): KernelMap {
  return { kind: "kernel", kernel, inShape, outShape };
}

/** Multiplies by a number, a number per channel or a number per element. */
export function scaleMap(weight: number | Tensor, shape: readonly number[]): KernelMap {
  return kernelMap({ kind: "one", weight }, shape, shape);
}

/** Whether the map leaves every element in its place. */
export function isIdentity(m: LinearMap): boolean {
  switch (m.kind) {
    case "kernel":
      return m.kernel.kind === "one" && m.kernel.weight === 1;
    case "window":
      return sizeOf(m.inShape) === sizeOf(m.outShape) && m.axes.every((a) => a.begin === 0 && a.step === 1 && a.offset === 0);
    case "gather":
      return m.order.length === sizeOf(m.inShape) && m.order.every((from, to) => from === to);
  }
}

/** Calls `visit` for each synapse of one source; in no stated order. */
export function synapses(m: LinearMap): (source: number, visit: Visit) => void {
  if (m.kind === "kernel") return synapsesOf(m.kernel, m.inShape, m.outShape);
  const targets = targetsOf(m.kind === "gather" ? m.order : windowOrder(m), sizeOf(m.inShape));
  return (source, visit) => {
    for (const t of targets[source] ?? []) visit(t, 1, 0);
  };
}

/** Input of each output of a window; -1 where it is zero. */
export function windowOrder(m: WindowMap): Int32Array {
  let order = Int32Array.of(0);
  m.axes.forEach((a, axis) => {
    const [input = 1, output = 1] = [m.inShape[axis], m.outShape[axis]];
    const next = new Int32Array(order.length * output).fill(-1);
    order.forEach((from, to) => {
      if (from < 0) return;
      for (let j = 0; j < a.count; j++) next[to * output + a.offset + j] = from * input + a.begin + a.step * j;
    });
    order = next;
  });
  return order;
}

function targetsOf(order: Int32Array, sources: number): readonly (readonly number[])[] {
  const out: number[][] = Array.from({ length: sources }, () => []);
  order.forEach((from, to) => {
    if (from >= 0) out[from]?.push(to);
  });
  return out;
}

/** Row-major doubles with a shape. */
export function doubles(shape: readonly number[], data: Float64Array): Tensor {
  return tensor("f64", shape, data);
}

/** The weights of a map that only scales, spread to a factor per channel; null when it scales element by element or does more. */
export function channelFactors(m: LinearMap, channels: number): Float64Array | null {
  if (m.kind !== "kernel" || m.kernel.kind !== "one") return null;
  const { weight } = m.kernel;
  if (typeof weight === "number") return new Float64Array(channels).fill(weight);
  const numbers = numbersOf(weight);
  return numbers.length === channels ? numbers : numbers.length === 1 ? new Float64Array(channels).fill(numbers[0] ?? 1) : null;
}
