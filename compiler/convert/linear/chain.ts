import { numbersOf, sizeOf, tensor } from "../../base/tensor.ts";
import type { Kernel } from "../../ir/network/types.ts";
import {
  channelFactors,
  doubles,
  isIdentity,
  type KernelMap,
  kernelMap,
  type LinearMap,
  type Reach,
  scaleMap,
  synapses,
  type WindowMap,
} from "./map.ts";
import { joinWindows } from "./spatial.ts";

/*
 * Chains of linear maps, shortened as they grow. A rule turns two neighbours into
 * one map, or into two in the other order when that lets the second meet its kind.
 * What no rule can join stays, and becomes a list of synapses in the end.
 */

/** Most weights of a joined kernel, and most synapses of a list. */
export const weightsMax = 2 ** 22;

export type Chain = readonly LinearMap[];

/** Appends a map. */
export function append(chain: Chain, next: LinearMap): Chain {
  if (isIdentity(next)) return chain;
  const last = chain.at(-1);
  if (last === undefined) return [next];
  for (const rule of rules) {
    const joined = rule(last, next);
    if (joined === null) continue;
    // A rule's result may meet what stands before it.
    return joined.reduce<Chain>(append, chain.slice(0, -1));
  }
  return [...chain, next];
}

type Rule = (a: LinearMap, b: LinearMap) => readonly LinearMap[] | null;

/** In order: the first that applies is taken. Those that keep structure come before those that multiply out. */
const rules: readonly Rule[] = [
  joinScales,
  scaleRows,
  scaleColumns,
  joinWindowMaps,
  windowIntoConv,
  windowPastPool,
  convIntoWindow,
  joinSpatial,
  joinGathers,
  joinDense,
];

const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

function isScale(m: LinearMap): m is KernelMap & { kernel: Extract<Kernel, { kind: "one" }> } {
  return m.kind === "kernel" && m.kernel.kind === "one";
}

/** Numbers of a scaling, per element of its shape. */
function factorsOf(m: KernelMap): Float64Array {
  const count = sizeOf(m.inShape);
  const { weight } = m.kernel;
  if (typeof weight === "number") return new Float64Array(count).fill(weight);
  const numbers = numbersOf(weight);
  return Float64Array.from({ length: count }, (_, i) => numbers[Math.floor((i * numbers.length) / count)] ?? 1);
}

/** Two scalings are one. */
function joinScales(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (!isScale(a) || !isScale(b)) return null;
  const [u, v] = [a.kernel.weight, b.kernel.weight];
  if (typeof u === "number" && typeof v === "number") return [scaleMap(u * v, b.outShape)];
  const channels = b.inShape[0] ?? 1;
  if (sameShape(a.outShape, b.inShape)) {
    const [p, q] = [channelFactors(a, channels), channelFactors(b, channels)];
    if (p !== null && q !== null)
      return [
        scaleMap(
          doubles(
            [channels],
            p.map((x, c) => x * (q[c] ?? 1)),
          ),
          b.outShape,
        ),
      ];
  }
  const [p, q] = [factorsOf(a), factorsOf(b)];
  return [
    scaleMap(
      doubles(
        [p.length],
        p.map((x, i) => x * (q[i] ?? 1)),
      ),
      b.outShape,
    ),
  ];
}

/** A scaling behind a kernel multiplies its rows. */
function scaleRows(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (a.kind !== "kernel" || !isScale(b)) return null;
  const k = a.kernel;
  switch (k.kind) {
    case "dense": {
      const [rows = 1, columns = 1] = k.weight.shape;
      const factors = factorsOf(b);
      const w = numbersOf(k.weight);
      return [
        kernelMap(
          {
            ...k,
            weight: doubles(
              [rows, columns],
              w.map((x, i) => x * (factors[Math.floor(i / columns)] ?? 1)),
            ),
          },
          a.inShape,
          b.outShape,
        ),
      ];
    }
    case "conv": {
      const outputs = k.weight.shape[0] ?? 1;
      const factors = sameShape(a.outShape, b.inShape) || typeof b.kernel.weight === "number" ? channelFactors(b, outputs) : null;
      if (factors === null) return null;
      const w = numbersOf(k.weight);
      const per = w.length / outputs;
      return [
        kernelMap(
          {
            ...k,
            weight: doubles(
              k.weight.shape,
              w.map((x, i) => x * (factors[Math.floor(i / per)] ?? 1)),
            ),
          },
          a.inShape,
          a.outShape,
        ),
      ];
    }
    case "pool": {
      if (typeof b.kernel.weight === "number") return [kernelMap({ ...k, weight: k.weight * b.kernel.weight }, a.inShape, a.outShape)];
      const factors = sameShape(a.outShape, b.inShape) ? channelFactors(b, a.outShape[0] ?? 1) : null;
      // Per channel the scaling may as well come first, where the next kernel can take it.
      return factors === null ? null : [scaleMap(doubles([factors.length], factors), a.inShape), a];
    }
    case "sparse": {
      const factors = factorsOf(b);
      const rows = numbersOf(k.rows);
      return [
        kernelMap(
          {
            ...k,
            weight: doubles(
              k.weight.shape,
              numbersOf(k.weight).map((x, i) => x * (factors[rows[i] ?? 0] ?? 1)),
            ),
          },
          a.inShape,
          b.outShape,
        ),
      ];
    }
    case "one":
      return null;
  }
}

/** A scaling before a kernel multiplies its columns. */
function scaleColumns(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (!isScale(a)) return null;
  const { weight } = a.kernel;
  if (b.kind === "window") return typeof weight === "number" ? [b, scaleMap(weight, b.outShape)] : null;
  if (b.kind === "gather") return typeof weight === "number" ? [b, scaleMap(weight, b.outShape)] : null;
  const k = b.kernel;
  switch (k.kind) {
    case "dense": {
      const factors = factorsOf(a);
      const columns = k.weight.shape[1] ?? 1;
      return [
        kernelMap(
          {
            ...k,
            weight: doubles(
              k.weight.shape,
              numbersOf(k.weight).map((x, i) => x * (factors[i % columns] ?? 1)),
            ),
          },
          a.inShape,
          b.outShape,
        ),
      ];
    }
    case "conv": {
      const [outputs = 1, perGroup = 1] = k.weight.shape;
      const factors = sameShape(a.outShape, b.inShape) || typeof weight === "number" ? channelFactors(a, perGroup * k.groups) : null;
      if (factors === null || !k.shared) return null;
      const w = numbersOf(k.weight);
      const taps = w.length / (outputs * perGroup);
      const scaled = w.map((x, i) => {
        const row = Math.floor(i / taps);
        const group = Math.floor(Math.floor(row / perGroup) / (outputs / k.groups));
        return x * (factors[group * perGroup + (row % perGroup)] ?? 1);
      });
      return [kernelMap({ ...k, weight: doubles(k.weight.shape, scaled) }, b.inShape, b.outShape)];
    }
    case "pool":
      return typeof weight === "number" ? [kernelMap({ ...k, weight: k.weight * weight }, b.inShape, b.outShape)] : null;
    case "sparse": {
      const factors = factorsOf(a);
      const columns = numbersOf(k.columns);
      return [
        kernelMap(
          {
            ...k,
            weight: doubles(
              k.weight.shape,
              numbersOf(k.weight).map((x, i) => x * (factors[columns[i] ?? 0] ?? 1)),
            ),
          },
          a.inShape,
          b.outShape,
        ),
      ];
    }
    case "one":
      return null;
  }
}

/** A window of a window. */
function joinWindowMaps(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (a.kind !== "window" || b.kind !== "window" || !sameShape(a.outShape, b.inShape)) return null;
  const axes = a.axes.map((x, i) => joinReach(x, b.axes[i] ?? x));
  return [{ kind: "window", axes, inShape: a.inShape, outShape: b.outShape }];
}

function joinReach(a: Reach, b: Reach): Reach {
  // Elements j of b whose place in the middle holds an element of a.
  const inside = Array.from({ length: b.count }, (_, j) => j).filter((j) => {
    const place = b.begin + b.step * j - a.offset;
    return place >= 0 && place < a.count;
  });
  const first = inside[0] ?? 0;
  const begin = a.begin + a.step * Math.max(0, b.begin + b.step * first - a.offset);
  return { begin, step: a.step * b.step, count: inside.length, offset: b.offset + first };
}

const whole = (r: Reach, input: number, output: number): boolean =>
  r.begin === 0 && r.step === 1 && r.offset === 0 && r.count === input && input === output;
const padded = (r: Reach, input: number): boolean => r.begin === 0 && r.step === 1 && r.count === input;

/** A window before a convolution chooses its input channels and adds to its padding; a stride before a 1×1 kernel is its own. */
function windowIntoConv(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (a.kind !== "window" || b.kind !== "kernel" || b.kernel.kind !== "conv" || !b.kernel.shared || !sameShape(a.outShape, b.inShape))
    return null;
  const [channel, ...spatial] = a.axes;
  if (channel === undefined) return null;
  if (!spatial.every((r, i) => padded(r, a.inShape[1 + i] ?? 1))) return null;
  const kernel = chooseInputs(b.kernel, channel, a);
  if (kernel === null) return null;
  const before = spatial.map((r) => r.offset);
  const after = spatial.map((r, i) => (a.outShape[1 + i] ?? 1) - r.offset - r.count);
  const pads = kernel.pads.map((p, i) => p + (i < before.length ? (before[i] ?? 0) : (after[i - before.length] ?? 0)));
  return [kernelMap({ ...kernel, pads }, a.inShape, b.outShape)];
}

type Conv = Extract<Kernel, { kind: "conv" }>;

/** The columns of the channels that the window brings; the others get none. */
function chooseInputs(k: Conv, r: Reach, a: WindowMap): Conv | null {
  const [inputs = 1, seen = 1] = [a.inShape[0], a.outShape[0]];
  if (whole(r, inputs, seen)) return k;
  if (k.groups !== 1) return null;
  const [outputs = 1, perGroup = 1, ...size] = k.weight.shape;
  const taps = sizeOf(size);
  if (outputs * inputs * taps > weightsMax) return null;
  const w = numbersOf(k.weight);
  const weight = new Float64Array(outputs * inputs * taps);
  for (let o = 0; o < outputs; o++) {
    for (let j = 0; j < r.count; j++) {
      const from = (o * perGroup + r.offset + j) * taps;
      weight.set(w.subarray(from, from + taps), (o * inputs + r.begin + r.step * j) * taps);
    }
  }
  return { ...k, weight: doubles([outputs, inputs, ...size], weight) };
}

/** A choice of channels may come after a pooling as well as before it; padding before it is its own. */
function windowPastPool(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (a.kind !== "window" || b.kind !== "kernel" || b.kernel.kind !== "pool" || !sameShape(a.outShape, b.inShape)) return null;
  const [channel, ...spatial] = a.axes;
  if (channel === undefined || !spatial.every((r, i) => padded(r, a.inShape[1 + i] ?? 1))) return null;
  const before = spatial.map((r) => r.offset);
  const after = spatial.map((r, i) => (a.outShape[1 + i] ?? 1) - r.offset - r.count);
  const pads = b.kernel.pads.map((p, i) => p + (i < before.length ? (before[i] ?? 0) : (after[i - before.length] ?? 0)));
  const pooled = [a.inShape[0] ?? 1, ...b.outShape.slice(1)];
  const rest = b.outShape.slice(1).map((count) => ({ begin: 0, step: 1, count, offset: 0 }));
  return [
    kernelMap({ ...b.kernel, pads }, a.inShape, pooled),
    { kind: "window", axes: [channel, ...rest], inShape: pooled, outShape: b.outShape },
  ];
}

/** A choice of channels behind a convolution chooses its filters; channels that nothing reaches get zeros. */
function convIntoWindow(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (
    b.kind !== "window" ||
    a.kind !== "kernel" ||
    a.kernel.kind !== "conv" ||
    !a.kernel.shared ||
    a.kernel.groups !== 1 ||
    !sameShape(a.outShape, b.inShape)
  )
    return null;
  const [channel, ...spatial] = b.axes;
  if (channel === undefined || !spatial.every((r, i) => whole(r, b.inShape[1 + i] ?? 1, b.outShape[1 + i] ?? 1))) return null;
  const outputs = b.outShape[0] ?? 1;
  const per = sizeOf(a.kernel.weight.shape.slice(1));
  if (outputs * per > weightsMax) return null;
  const w = numbersOf(a.kernel.weight);
  const weight = new Float64Array(outputs * per);
  for (let j = 0; j < channel.count; j++) {
    const from = (channel.begin + channel.step * j) * per;
    weight.set(w.subarray(from, from + per), (channel.offset + j) * per);
  }
  return [kernelMap({ ...a.kernel, weight: doubles([outputs, ...a.kernel.weight.shape.slice(1)], weight) }, a.inShape, b.outShape)];
}

/** Convolution and pooling after each other. */
function joinSpatial(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (a.kind !== "kernel" || b.kind !== "kernel" || !sameShape(a.outShape, b.inShape)) return null;
  const joined = joinWindows(a, b, weightsMax);
  return joined === null ? null : [joined];
}

function joinGathers(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  if (a.kind !== "gather" || b.kind !== "gather") return null;
  return [
    { kind: "gather", order: b.order.map((from) => (from < 0 ? -1 : (a.order[from] ?? -1))), inShape: a.inShape, outShape: b.outShape },
  ];
}

/** A matrix before or behind anything is a matrix, if it is not too large. */
function joinDense(a: LinearMap, b: LinearMap): readonly LinearMap[] | null {
  const isDense = (m: LinearMap): boolean => m.kind === "kernel" && m.kernel.kind === "dense";
  if (!isDense(a) && !isDense(b)) return null;
  const [rows, columns] = [sizeOf(b.outShape), sizeOf(a.inShape)];
  // A matrix may grow when it takes the place of two maps, but not without bound.
  if (rows * columns > Math.max(weightsMax, 4 * sizeOf(isDense(a) ? a.outShape : b.inShape) * (isDense(a) ? columns : rows))) return null;
  const weight = new Float64Array(rows * columns);
  const [first, second] = [synapses(a), synapses(b)];
  for (let c = 0; c < columns; c++) {
    first(c, (m, u) => {
      second(m, (r, v) => {
        weight[r * columns + c] = (weight[r * columns + c] ?? 0) + u * v;
      });
    });
  }
  return [kernelMap({ kind: "dense", weight: doubles([rows, columns], weight) }, a.inShape, b.outShape)];
}

/** The chain as one kernel from `inShape` to `outShape` (both flattened alike); null when it would be a list of more than `weightsMax` synapses. */
export function kernelOf(chain: Chain, inShape: readonly number[], outShape: readonly number[]): KernelMap | null {
  const [only] = chain;
  if (only === undefined) return kernelMap({ kind: "one", weight: 1 }, inShape, outShape);
  if (chain.length === 1 && only.kind === "kernel") return only;
  return synapseList(chain, inShape, outShape);
}

/** Every synapse of the chain, by source; null when there are more than `weightsMax`. */
export function synapseList(chain: Chain, inShape: readonly number[], outShape: readonly number[]): KernelMap | null {
  const stages = chain.map((m) => ({ visit: synapses(m), reached: reachedOf(sizeOf(m.outShape)) }));
  const start = reachedOf(sizeOf(inShape));
  const rows: number[] = [];
  const columns: number[] = [];
  const weights: number[] = [];
  for (let source = 0; source < sizeOf(inShape); source++) {
    start.clear();
    start.add(source, 1);
    let last = start;
    for (const { visit, reached } of stages) {
      reached.clear();
      last.each((at, value) => visit(at, (target, weight) => reached.add(target, value * weight)));
      last = reached;
    }
    last.each((row, weight) => {
      if (weight === 0) return;
      rows.push(row);
      columns.push(source);
      weights.push(weight);
    });
    if (rows.length > weightsMax) return null;
  }
  const n = rows.length;
  const kernel: Kernel = {
    kind: "sparse",
    rows: tensor("i32", [n], Int32Array.from(rows)),
    columns: tensor("i32", [n], Int32Array.from(columns)),
    weight: doubles([n], Float64Array.from(weights)),
  };
  return kernelMap(kernel, inShape, outShape);
}

/** Sums by index that forget only what was touched. */
type Reached = {
  readonly add: (index: number, value: number) => void;
  readonly each: (visit: (index: number, value: number) => void) => void;
  readonly clear: () => void;
};

function reachedOf(size: number): Reached {
  const sums = new Float64Array(size);
  const isTouched = new Uint8Array(size);
  let touched: number[] = [];
  return {
    add(index, value) {
      if (isTouched[index] === 0) touched.push(index);
      isTouched[index] = 1;
      sums[index] = (sums[index] ?? 0) + value;
    },
    each(visit) {
      for (const index of touched.sort((a, b) => a - b)) visit(index, sums[index] ?? 0);
    },
    clear() {
      for (const index of touched) sums[index] = isTouched[index] = 0;
      touched = [];
    },
  };
}
