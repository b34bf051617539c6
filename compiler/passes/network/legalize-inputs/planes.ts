import { at } from "../../../base/bug.ts";
import { i32, make, numbersOf, sizeOf, spread, type Tensor } from "../../../base/tensor.ts";
import type { Kernel } from "../../../ir/network/types.ts";
import { depthwise } from "../fold-amplitude/fold-kernel.ts";

/*
 * A kernel whose source has every channel `values.length` times, one after the other:
 * copy b of a channel has its weights times values[b].
 */

type Conv = Extract<Kernel, { kind: "conv" }>;

/** `shape` is the source's before its channels are repeated. */
export function repeated(k: Kernel, shape: readonly number[], values: readonly number[]): Kernel {
  switch (k.kind) {
    case "dense":
      return { ...k, weight: repeatAxis(k.weight, 1, sizeOf(shape.slice(1)), values) };
    case "conv":
      return repeatedConv(k, k.shared ? 1 : shape.length, values);
    case "pool":
      return repeatedConv(depthwise(k, at(shape, 0)), 1, values);
    case "one":
      return shape.length > 1 && (typeof k.weight === "number" || k.weight.data.length <= at(shape, 0))
        ? repeatedConv(pointwise(k.weight, shape), 1, values)
        : repeatedList(listOf(k.weight, shape), shape, values);
    case "sparse":
      return repeatedList(k, shape, values);
  }
}

function repeatedConv(k: Conv, axis: number, values: readonly number[]): Kernel {
  return { ...k, weight: repeatAxis(k.weight, axis, sizeOf(k.weight.shape.slice(axis + 1)), values) };
}

/** Blocks of `area` numbers, which end in the given axis, each followed by its copies. */
function repeatAxis(weight: Tensor, axis: number, area: number, values: readonly number[]): Tensor {
  const from = numbersOf(weight);
  const data = make.i32(from.length * values.length);
  for (let block = 0, to = 0; block < from.length; block += area)
    for (const v of values) for (let i = 0; i < area; i++) data[to++] = v * at(from, block + i);
  const shape = weight.shape.map((d, i) => (i === axis ? d * values.length : d));
  return { dtype: "i32", shape, data };
}

/** Neuron i to neuron i as a convolution of one tap, a group for each channel. */
function pointwise(weight: number | Tensor, shape: readonly number[]): Conv {
  const channels = at(shape, 0);
  const ones = shape.slice(1).map(() => 1);
  return {
    kind: "conv",
    weight: i32([channels, 1, ...ones], spread(weight, [channels])),
    stride: ones,
    pads: [...ones, ...ones].map(() => 0),
    dilation: ones,
    groups: channels,
    shared: true,
  };
}

type List = Extract<Kernel, { kind: "sparse" }>;

function listOf(weight: number | Tensor, shape: readonly number[]): List {
  const count = sizeOf(shape);
  const index = Array.from({ length: count }, (_, i) => i);
  return { kind: "sparse", rows: i32([count], index), columns: i32([count], index), weight: i32([count], spread(weight, shape)) };
}

function repeatedList(k: List, shape: readonly number[], values: readonly number[]): List {
  const area = sizeOf(shape.slice(1));
  const [rows, columns, weight] = [k.rows, k.columns, k.weight].map(numbersOf);
  const count = rows!.length;
  const all = (f: (b: number, i: number) => number): Tensor =>
    i32(
      [count * values.length],
      Array.from({ length: count * values.length }, (_, j) => f(Math.floor(j / count), j % count)),
    );
  return {
    kind: "sparse",
    rows: all((_, i) => at(rows!, i)),
    columns: all((b, i) => repeatedPlace(at(columns!, i), b, values.length, area)),
    weight: all((b, i) => at(values, b) * at(weight!, i)),
  };
}

/** Where copy b of a neuron is. */
export function repeatedPlace(neuron: number, b: number, copies: number, area: number): number {
  return Math.floor(neuron / area) * copies * area + b * area + (neuron % area);
}
