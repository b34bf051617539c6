import { at } from "../../base/bug.ts";
import { f64, numbersOf, sizeOf, type Tensor, tensor } from "../../base/tensor.ts";
import { type OpName, ops } from "../../ir/graph/ops/index.ts";
import type { Attr, Node } from "../../ir/graph/types.ts";
import { fanInOf } from "../../ir/network/kernels/index.ts";
import type { Kernel } from "../../ir/network/types.ts";
import { weightsMax } from "../linear/chain.ts";
import { doubles, kernelMap, type LinearMap, type Reach, scaleMap, windowOrder } from "../linear/map.ts";
import { bare, counting, filled } from "./affine.ts";

/*
 * The linear operations of a graph. Each says which maps lead from one of its
 * inputs to its output, the others held fixed; the constant part is found by the
 * walk, which runs the operation itself.
 */

/** A node with what is known of its inputs. Shapes are the graph's, with the batch. */
export type LinearNode = {
  readonly node: Node;
  readonly shapes: readonly (readonly number[] | null)[];
  readonly constants: readonly (Tensor | null)[];
  readonly outShape: readonly number[];
};

/** Maps in order, or why there are none. */
export type Maps = readonly LinearMap[] | string;

type Handler = (n: LinearNode, which: number) => Maps;

const same: Handler = () => [];

/** Operations that only move numbers, or leave them where they are. */
export const linearOps: Readonly<Record<string, Handler>> = {
  identity: same,
  dropout: same,
  cast: same,
  reshape: same,
  transpose: moved,
  slice: moved,
  pad: moved,
  concat: moved,
  gather: moved,
  expand: moved,
  neg: (n) => [scaleMap(-1, bare(n.outShape))],
  add: (n, which) => spreadMaps(n, which),
  sum: (n, which) => spreadMaps(n, which),
  sub: (n, which) => [...spreadMaps(n, which), ...(which === 1 ? [scaleMap(-1, bare(n.outShape))] : [])],
  mul: scaled,
  div: (n, which) => (which === 1 ? "it divides by a value that depends on the input" : scaled(n, which)),
  "batch-normalization": (n, which) => (which === 0 ? scaled(n, which) : "its statistics depend on the input"),
  conv,
  "conv-transpose": convTranspose,
  gemm,
  matmul,
  "average-pool": averagePool,
  "global-average-pool": (n) => globalMean(n),
  "reduce-mean": reduceMean,
};

/** Operations with weights; a layer is named after the last of them. */
export const weightedOps: ReadonlySet<string> = new Set(["conv", "conv-transpose", "gemm", "matmul"]);

function shapeOf(n: LinearNode, which: number): readonly number[] {
  return at(n.shapes, which) ?? [];
}

function ints(value: Attr | undefined): readonly number[] {
  return Array.isArray(value) ? (value as readonly number[]) : [];
}

/** Runs the operation with `x` at one input, and zeros at the other inputs that are not constant. */
function respond(n: LinearNode, which: number, x: Tensor): Float64Array {
  const inputs = n.constants.map((c, i) => {
    const shape = n.shapes[i] ?? null;
    if (i === which) return x;
    return c ?? (shape === null ? null : filled(x.dtype === "f64" ? "f64" : "f32", shape, 0));
  });
  return numbersOf(at(ops[n.node.op as OpName].run(inputs, n.node.attrs), 0));
}

/** Where each output comes from, found by moving a counting tensor; recognised as a window where it is one. */
function moved(n: LinearNode, which: number): Maps {
  const inputs = n.constants.map((c, i) => {
    if (i === which) return counting(shapeOf(n, which));
    if (n.node.op === "gather") return c;
    const shape = n.shapes[i] ?? null;
    return shape === null ? null : filled("f64", shape, 0);
  });
  if (n.node.op === "gather" && (which !== 0 || n.constants[1] === null)) return "its indices depend on the input";
  const attrs = n.node.op === "pad" ? { ...n.node.attrs, value: 0 } : n.node.attrs;
  const [result] = ops[n.node.op as OpName].run(inputs, attrs);
  return [movement(numbersOf(at([result], 0) as Tensor), shapeOf(n, which), n.outShape)];
}

function movement(counted: Float64Array, inShape: readonly number[], outShape: readonly number[]): LinearMap {
  const order = Int32Array.from(counted, (x) => x - 1);
  return windowFrom(order, bare(inShape), bare(outShape)) ?? { kind: "gather", order, inShape: bare(inShape), outShape: bare(outShape) };
}

/** The window that moves elements as `order` does; null when none does. */
function windowFrom(order: Int32Array, inShape: readonly number[], outShape: readonly number[]): LinearMap | null {
  if (inShape.length !== outShape.length) return null;
  const first = order.findIndex((from) => from >= 0);
  if (first < 0) return null;
  const origin = order[first] ?? 0;
  const axes: Reach[] = [];
  for (let a = outShape.length - 1, place = first, source = origin, inStep = 1, outStep = 1; a >= 0; a--) {
    const [input = 1, output = 1] = [inShape[a], outShape[a]];
    const offset = place % output;
    const begin = source % input;
    let count = 1;
    while (offset + count < output && (order[first + count * outStep] ?? -1) >= 0) count++;
    const step = count > 1 ? ((order[first + outStep] ?? 0) - origin) / inStep : 1;
    if (!Number.isInteger(step)) return null;
    axes.unshift({ begin, step, count, offset });
    place = Math.floor(place / output);
    source = Math.floor(source / input);
    inStep *= input;
    outStep *= output;
  }
  const fits = axes.every((r, a) => r.begin + r.step * (r.count - 1) >= 0 && r.begin + r.step * (r.count - 1) < (inShape[a] ?? 1));
  if (!fits) return null;
  const window: LinearMap = { kind: "window", axes, inShape, outShape };
  return windowOrder(window).every((from, to) => from === order[to]) ? window : null;
}

/** Sums spread smaller operands over the output. */
function spreadMaps(n: LinearNode, which: number): readonly LinearMap[] {
  const shape = shapeOf(n, which);
  if (sizeOf(shape) === sizeOf(n.outShape)) return [];
  const [result] = ops.expand.run([counting(shape)], { shape: n.outShape });
  return [movement(numbersOf(at([result], 0) as Tensor), shape, n.outShape)];
}

/** Multiplication by constants: the response to one, less the response to zero. */
function scaled(n: LinearNode, which: number): Maps {
  if (n.constants.some((c, i) => i !== which && c === null && n.shapes[i] !== null))
    return "it multiplies two values that both depend on the input";
  const shape = shapeOf(n, which);
  const one = respond(n, which, filled("f32", shape, 1));
  const zero = respond(n, which, filled("f32", shape, 0));
  const factors = one.map((x, i) => x - (zero[i] ?? 0));
  return [...spreadMaps(n, which), scaleMap(compact(factors, bare(n.outShape)), bare(n.outShape))];
}

/** One number, one per channel, or one per element: the shortest that says the same. */
export function compact(values: Float64Array, shape: readonly number[]): number | Tensor {
  const [first = 1] = values;
  if (values.every((v) => v === first)) return first;
  const channels = shape.length > 1 ? (shape[0] ?? 1) : values.length;
  const per = values.length / channels;
  const each = Float64Array.from({ length: channels }, (_, c) => values[c * per] ?? 0);
  if (per > 1 && values.every((v, i) => v === each[Math.floor(i / per)])) return f64([channels], each);
  return doubles([...shape], values);
}

function conv(n: LinearNode, which: number): Maps {
  const weight = n.constants[1];
  if (which !== 0 || !weight) return "its weights depend on the input";
  const a = n.node.attrs;
  const kernel: Kernel = {
    kind: "conv",
    weight: tensor("f64", weight.shape, numbersOf(weight)),
    stride: ints(a["strides"]),
    pads: ints(a["pads"]),
    dilation: ints(a["dilations"]),
    groups: Number(a["group"] ?? 1),
    shared: true,
  };
  const shape = shapeOf(n, 0);
  if (shape.length > 4) return `it has ${shape.length - 2} spatial axes; one or two can be mapped`;
  return [kernelMap(kernel, bare(shape), bare(n.outShape))];
}

/** With stride 1 a convolution with the kernel turned around; otherwise a list of synapses. */
function convTranspose(n: LinearNode, which: number): Maps {
  const weight = n.constants[1];
  if (which !== 0 || !weight) return "its weights depend on the input";
  const shape = bare(shapeOf(n, 0));
  const out = bare(n.outShape);
  const rank = shape.length - 1;
  if (rank < 1 || rank > 2) return `it has ${rank} spatial axes; one or two can be mapped`;
  const a = n.node.attrs;
  const plane = (list: readonly number[], preset: number): readonly [number, number] =>
    rank === 1 ? [preset, list[0] ?? preset] : [list[0] ?? preset, list[1] ?? preset];
  const [sy, sx] = plane(ints(a["strides"]), 1);
  const [dy, dx] = plane(ints(a["dilations"]), 1);
  const [py, px] = plane(ints(a["pads"]).slice(0, rank), 0);
  const [ky, kx] = plane(weight.shape.slice(2), 1);
  const [inY, inX] = plane(shape.slice(1), 1);
  const [outY, outX] = plane(out.slice(1), 1);
  const groups = Number(a["group"] ?? 1);
  const [inputs = 1, perGroup = 1] = weight.shape;
  const count = inputs * perGroup * ky * kx * inY * inX;
  if (count > weightsMax) return `it would need ${count} single synapses, more than ${weightsMax}`;
  const w = numbersOf(weight);
  const [rows, columns, values]: number[][] = [[], [], []];
  for (let c = 0; c < inputs; c++) {
    const filter0 = Math.floor(c / (inputs / groups)) * perGroup;
    for (let y = 0; y < inY; y++) {
      for (let x = 0; x < inX; x++) {
        for (let m = 0; m < perGroup; m++) {
          for (let i = 0; i < ky * kx; i++) {
            const oy = y * sy - py + Math.floor(i / kx) * dy;
            const ox = x * sx - px + (i % kx) * dx;
            if (oy < 0 || oy >= outY || ox < 0 || ox >= outX) continue;
            rows?.push(((filter0 + m) * outY + oy) * outX + ox);
            columns?.push((c * inY + y) * inX + x);
            values?.push(w[(c * perGroup + m) * ky * kx + i] ?? 0);
          }
        }
      }
    }
  }
  return [sparseMap(rows ?? [], columns ?? [], values ?? [], shape, out)];
}

function sparseMap(
  rows: readonly number[],
  columns: readonly number[],
  values: readonly number[],
  inShape: readonly number[],
  outShape: readonly number[],
): LinearMap {
  const n = rows.length;
  const kernel: Kernel = {
    kind: "sparse",
    rows: tensor("i32", [n], Int32Array.from(rows)),
    columns: tensor("i32", [n], Int32Array.from(columns)),
    weight: doubles([n], Float64Array.from(values)),
  };
  return kernelMap(kernel, inShape, outShape);
}

function gemm(n: LinearNode, which: number): Maps {
  const { alpha = 1, beta = 1, transA = 0, transB = 0 } = n.node.attrs;
  if (which === 2) return [...spreadMaps(n, 2), scaleMap(Number(beta), bare(n.outShape))];
  const weight = n.constants[1];
  if (which !== 0 || !weight) return "its weights depend on the input";
  const shape = shapeOf(n, 0);
  if (transA !== 0 && shape[1] !== 1) return "its first matrix is transposed";
  const columns = Number(at(weight.shape, transB !== 0 ? 1 : 0));
  const outputs = Number(at(weight.shape, transB !== 0 ? 0 : 1));
  const w = numbersOf(weight);
  const matrix = Float64Array.from(
    { length: outputs * columns },
    (_, i) => Number(alpha) * (w[transB !== 0 ? i : (i % columns) * outputs + Math.floor(i / columns)] ?? 0),
  );
  return product(matrix, outputs, columns, shape, n.outShape);
}

function matmul(n: LinearNode, which: number): Maps {
  const weight = n.constants[1 - which];
  if (!weight) return "it multiplies two values that both depend on the input";
  if (which === 1) return "its constant matrix stands on the left";
  if (weight.shape.length !== 2) return `its weights have ${weight.shape.length} dimensions, not 2`;
  const [columns = 1, outputs = 1] = weight.shape;
  const w = numbersOf(weight);
  const matrix = Float64Array.from({ length: outputs * columns }, (_, i) => w[(i % columns) * outputs + Math.floor(i / columns)] ?? 0);
  return product(matrix, outputs, columns, shapeOf(n, 0), n.outShape);
}

/** A matrix for one row of input; the same matrix for each of several rows as a list of synapses. */
function product(matrix: Float64Array, outputs: number, columns: number, shape: readonly number[], outShape: readonly number[]): Maps {
  const rows = sizeOf(shape) / columns;
  if (rows === 1) return [kernelMap({ kind: "dense", weight: doubles([outputs, columns], matrix) }, bare(shape), bare(outShape))];
  const count = rows * matrix.length;
  if (count > weightsMax) return `it would need ${count} single synapses, more than ${weightsMax}`;
  const index = Array.from({ length: count }, (_, i) => i);
  const row = (i: number): number => Math.floor(i / matrix.length);
  return [
    sparseMap(
      index.map((i) => row(i) * outputs + Math.floor((i % matrix.length) / columns)),
      index.map((i) => row(i) * columns + (i % columns)),
      index.map((i) => matrix[i % matrix.length] ?? 0),
      bare(shape),
      bare(outShape),
    ),
  ];
}

/** A sum over windows times what one element counts, which differs at the border when padding is left out. */
function averagePool(n: LinearNode): Maps {
  const a = n.node.attrs;
  const [shape, out] = [bare(shapeOf(n, 0)), bare(n.outShape)];
  if (shape.length > 3) return `it has ${shape.length - 1} spatial axes; one or two can be mapped`;
  if (ints(a["dilations"]).some((d) => d !== 1)) return "its windows have holes (dilation)";
  const size = ints(a["kernelShape"]);
  const kernel: Kernel = { kind: "pool", weight: 1, size, stride: ints(a["strides"]), pads: padsOfWindows(n, size) };
  const sums = fanInOf(kernel, shape, out);
  const means = respond(n, 0, filled("f32", shapeOf(n, 0), 1));
  const factors = means.map((m, i) => m / (sums[i] ?? 1));
  const full = 1 / size.reduce((p, d) => p * d, 1);
  // The responses are 32-bit floats; what is a whole window's mean up to their rounding is meant to be it.
  const exact = factors.map((f, i) =>
    Math.abs(f - full) < 1e-6 * full ? full : Math.abs((means[i] ?? 0) - 1) < 1e-6 ? 1 / (sums[i] ?? 1) : f,
  );
  return [kernelMap(kernel, shape, out), scaleMap(compact(exact, out), out)];
}

/** Pads that give the stated output: with ceilMode the last window reaches beyond the padding. */
export function padsOfWindows(n: LinearNode, size: readonly number[]): readonly number[] {
  const given = ints(n.node.attrs["pads"]);
  const stride = ints(n.node.attrs["strides"]);
  const rank = size.length;
  const [shape, out] = [shapeOf(n, 0).slice(2), n.outShape.slice(2)];
  const ends = size.map((k, i) => Math.max(0, ((out[i] ?? 1) - 1) * (stride[i] ?? 1) + k - (given[i] ?? 0) - (shape[i] ?? 1)));
  return [...given.slice(0, rank), ...ends];
}

function globalMean(n: LinearNode): Maps {
  const shape = bare(shapeOf(n, 0));
  if (shape.length > 3) return `it has ${shape.length - 1} spatial axes; one or two can be mapped`;
  return [meanMap(shape)];
}

/** The mean of each channel: one window as large as the map. */
function meanMap(shape: readonly number[]): LinearMap {
  const [channels = 1, ...spatial] = shape;
  const size = [...spatial];
  const kernel: Kernel = {
    kind: "pool",
    weight: 1 / sizeOf(spatial),
    size,
    stride: size.map(() => 1),
    pads: [...size, ...size].map(() => 0),
  };
  return kernelMap(kernel, shape, [channels, ...spatial.map(() => 1)]);
}

function reduceMean(n: LinearNode): Maps {
  const full = shapeOf(n, 0);
  const axes = new Set(ints(n.node.attrs["axes"]).map((a) => (a < 0 ? a + full.length : a)));
  if (full[0] === 1 && full.length >= 3 && full.length <= 4 && axes.size === full.length - 2 && !axes.has(0) && !axes.has(1))
    return [meanMap(bare(full))];
  const [count, kept] = [sizeOf(full), full.map((d, a) => (axes.has(a) ? 1 : d))];
  if (count > weightsMax) return `it would need ${count} single synapses, more than ${weightsMax}`;
  const rows = Array.from({ length: count }, (_, i) => {
    let [rest, row, step] = [i, 0, 1];
    for (let a = full.length - 1; a >= 0; a--) {
      const d = full[a] ?? 1;
      if (!axes.has(a)) row += (rest % d) * step;
      step *= kept[a] ?? 1;
      rest = Math.floor(rest / d);
    }
    return row;
  });
  const weight = sizeOf(kept) / count;
  return [
    sparseMap(
      rows,
      rows.map((_, i) => i),
      rows.map(() => weight),
      bare(full),
      bare(n.outShape),
    ),
  ];
}
