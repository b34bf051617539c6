import { at } from "../../../base/bug.ts";
import { f64, numbersOf, sizeOf, type Tensor } from "../../../base/tensor.ts";
import { outShape } from "../../../ir/network/kernels/index.ts";
import type { Kernel } from "../../../ir/network/types.ts";
import { type Gain, values } from "./gain.ts";

/*
 * A gain of the source moves into the weights, because weight * (gain * spike) is
 * (weight * gain) * spike. With W [Co, Ci/g, k…], G(o) the group of output o and
 * ci = G(o)*(Ci/g) + c the true input channel of kernel slot c:
 *
 *   layer    W'[o,c,i]   = a * W[o,c,i]
 *   channel  W'[o,c,i]   = a[ci] * W[o,c,i]
 *   element  K[o,y,c,i]  = a[ci, y*stride + i*dilation - pad] * W[o,c,i]     (0 outside the map)
 *   dense    W'[o,k]     = a[k] * W[o,k]
 *
 * Bias, threshold and reset stay as they are: the sum that reaches the neuron is the
 * same number. (Real Spike; the reset of the source is driven by its binary spike.)
 */

type Conv = Extract<Kernel, { kind: "conv" }>;

/** Elements of an unshared kernel beyond which we refuse to make it. */
export const unsharedMax = 2 ** 28;

/** Whether folding keeps the kernel's size: a shared convolution or a pool cannot hold a gain per element. */
export function keepsShape(k: Kernel, g: Gain): boolean {
  return g.kind !== "element" || !((k.kind === "conv" && k.shared) || k.kind === "pool");
}

/** The kernel with the gain of each source in it. `shape` is the source's, after pooling. */
export function foldKernel(k: Kernel, g: Gain, shape: readonly number[]): Kernel {
  if (g.kind === "one") return k;
  switch (k.kind) {
    case "dense":
      return { ...k, weight: foldDense(k.weight, values(g, sizeOf(shape))) };
    case "sparse": {
      const gains = values(g, sizeOf(shape));
      const columns = numbersOf(k.columns);
      return {
        ...k,
        weight: f64(
          k.weight.shape,
          numbersOf(k.weight).map((w, i) => w * at(gains, at(columns, i))),
        ),
      };
    }
    case "one":
      return { ...k, weight: foldOne(k.weight, g, shape) };
    case "pool":
      if (g.kind === "layer") return { ...k, weight: k.weight * g.value };
      return foldKernel(depthwise(k, at(shape, 0)), g, shape);
    case "conv":
      if (!k.shared) return foldUnshared(k, values(g, sizeOf(shape)), shape);
      if (g.kind === "element") return foldUnshared(unshare(k, shape), g.values, shape);
      return foldShared(k, values(g, at(shape, 0)));
  }
}

function foldDense(weight: Tensor, gains: Float64Array): Tensor {
  const inputs = at(weight.shape, 1);
  return f64(
    weight.shape,
    numbersOf(weight).map((w, i) => w * at(gains, i % inputs)),
  );
}

function foldOne(weight: number | Tensor, g: Gain, shape: readonly number[]): number | Tensor {
  if (typeof weight === "number" && g.kind === "layer") return weight * g.value;
  const perNeuron = g.kind === "element" || shape.length === 1 || (typeof weight !== "number" && weight.data.length === sizeOf(shape));
  const count = perNeuron ? sizeOf(shape) : at(shape, 0);
  const gains = values(g, count);
  const weights = typeof weight === "number" ? new Float64Array(count).fill(weight) : stretch(numbersOf(weight), count);
  return f64(
    perNeuron ? shape : [count],
    gains.map((a, i) => a * at(weights, i)),
  );
}

function stretch(numbers: Float64Array, count: number): Float64Array {
  const per = count / numbers.length;
  return per === 1 ? numbers : Float64Array.from({ length: count }, (_, i) => at(numbers, Math.floor(i / per)));
}

function foldShared(k: Conv, gains: Float64Array): Kernel {
  const [outputs, perGroup] = [at(k.weight.shape, 0), at(k.weight.shape, 1)];
  const taps = sizeOf(k.weight.shape.slice(2));
  const groupOutputs = outputs / k.groups;
  const weight = numbersOf(k.weight).map((w, i) => {
    const slot = Math.floor(i / taps) % perGroup;
    const output = Math.floor(i / taps / perGroup);
    return w * at(gains, Math.floor(output / groupOutputs) * perGroup + slot);
  });
  return { ...k, weight: f64(k.weight.shape, weight) };
}

/** A pool as a convolution of each channel with itself. */
export function depthwise(k: Extract<Kernel, { kind: "pool" }>, channels: number): Conv {
  const shape = [channels, 1, ...k.size];
  return {
    kind: "conv",
    weight: f64(shape, new Float64Array(sizeOf(shape)).fill(k.weight)),
    stride: k.stride,
    pads: k.pads,
    dilation: k.size.map(() => 1),
    groups: channels,
    shared: true,
  };
}

/** The same convolution with a kernel of its own for every output position. */
function unshare(k: Conv, shape: readonly number[]): Conv {
  const out = outShape(k, shape);
  const outputs = at(out, 0);
  const positions = sizeOf(out.slice(1));
  const block = sizeOf(k.weight.shape.slice(1));
  const from = numbersOf(k.weight);
  const data = new Float64Array(outputs * positions * block);
  for (let o = 0; o < outputs; o++) {
    const kernel = from.subarray(o * block, (o + 1) * block);
    for (let y = 0; y < positions; y++) data.set(kernel, (o * positions + y) * block);
  }
  return { ...k, shared: false, weight: { dtype: "f64", shape: [...out, ...k.weight.shape.slice(1)], data } };
}

/** Multiplies every weight of an unshared kernel by the gain of the neuron it meets; taps outside the map become 0. */
function foldUnshared(k: Conv, gains: Float64Array, shape: readonly number[]): Conv {
  const out = outShape(k, shape);
  const rank = shape.length - 1;
  const perGroup = at(k.weight.shape, 1 + rank);
  const kernel = k.weight.shape.slice(2 + rank);
  const groupOutputs = at(out, 0) / k.groups;
  const spatial = shape.slice(1);
  const plane = sizeOf(spatial);
  const data = numbersOf(k.weight).slice();
  const positions = sizeOf(out.slice(1));
  const taps = tapSources(k, out.slice(1), kernel, spatial);
  const tapCount = sizeOf(kernel);
  let i = 0;
  for (let o = 0; o < at(out, 0); o++) {
    const firstChannel = Math.floor(o / groupOutputs) * perGroup;
    for (let y = 0; y < positions; y++) {
      for (let c = 0; c < perGroup; c++) {
        for (let t = 0; t < tapCount; t++, i++) {
          const source = at(taps, y * tapCount + t);
          data[i] = source < 0 ? 0 : at(data, i) * at(gains, (firstChannel + c) * plane + source);
        }
      }
    }
  }
  return { ...k, weight: { dtype: "f64", shape: k.weight.shape, data } };
}

/** For each output position and tap, the position in the source's map, or -1 outside it. */
function tapSources(k: Conv, out: readonly number[], kernel: readonly number[], spatial: readonly number[]): Int32Array {
  const tapCount = sizeOf(kernel);
  const table = new Int32Array(sizeOf(out) * tapCount);
  for (let i = 0; i < table.length; i++) {
    let position = Math.floor(i / tapCount);
    let tap = i % tapCount;
    let source = 0;
    let step = 1;
    for (let axis = spatial.length - 1; axis >= 0; axis--) {
      const o = position % at(out, axis);
      const t = tap % at(kernel, axis);
      position = Math.floor(position / at(out, axis));
      tap = Math.floor(tap / at(kernel, axis));
      const at0 = o * at(k.stride, axis) + t * at(k.dilation, axis) - at(k.pads, axis);
      if (at0 < 0 || at0 >= at(spatial, axis)) source = -1;
      else if (source >= 0) source += at0 * step;
      step *= at(spatial, axis);
    }
    table[i] = source;
  }
  return table;
}
