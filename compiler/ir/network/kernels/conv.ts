import { type Tensor, numbersOf } from "../../../base/tensor.ts";
import type { Kernel } from "../types.ts";
import { type Axis, axesOf, planeOf, tapsOf, tapsPerOutput, windowProblem } from "./axis.ts";
import type { KernelModel, Scatter } from "./kernel.ts";
import { type RunAdder, runAdder } from "./simd.ts";

type Conv = Extract<Kernel, { kind: "conv" }>;

export const convKernel: KernelModel<Conv> = {
  summary: "convolution of rank 1 or 2 with groups and dilation, its kernel shared by all positions or not",

  problem(k, inShape) {
    const rank = inShape.length - 1;
    const shape = k.weight.shape;
    const weightRank = k.shared ? 2 + rank : 2 + 2 * rank;
    const fault = windowProblem(inShape, shape.slice(shape.length - rank), k.stride, k.pads, k.dilation);
    if (shape.length !== weightRank)
      return `its weight must have ${weightRank} axes on a source of shape [${inShape.join(",")}], not [${shape.join(",")}]`;
    if (fault !== null) return fault;
    const channels = inShape[0]!;
    if (!Number.isInteger(k.groups) || k.groups < 1) return `its groups (${k.groups}) must be a positive integer`;
    if (channels % k.groups !== 0 || shape[0]! % k.groups !== 0)
      return `its ${k.groups} groups do not divide ${channels} input and ${shape[0]} output channels`;
    const perGroup = shape[weightRank - rank - 1];
    if (perGroup !== channels / k.groups)
      return `its weight has ${perGroup} input channels per group, the source has ${channels / k.groups}`;
    const out = convKernel.outShape(k, inShape);
    if (!k.shared && out.slice(1).some((n, i) => n !== shape[1 + i]))
      return `its unshared weight is for outputs [${shape.slice(1, 1 + rank).join(",")}], the window gives [${out.slice(1).join(",")}]`;
    return null;
  },

  outShape: (k, inShape) => [k.weight.shape[0]!, ...axes(k, inShape).map((a) => a.output)],

  visitor(k, inShape) {
    const g = geometry(k, inShape);
    const w = numbersOf(k.weight);
    const [tapsY, tapsX] = [tapsOf(g.y), tapsOf(g.x)];
    const plane = g.y.input * g.x.input;
    return (source, visit) => {
      const c = Math.floor(source / plane);
      const y = Math.floor((source % plane) / g.x.input);
      const x = source % g.x.input;
      const group = Math.floor(c / g.inputs);
      for (let co = group * g.outputs; co < (group + 1) * g.outputs; co++) {
        for (let ey = tapsY.start[y]!; ey < tapsY.start[y + 1]!; ey++) {
          for (let ex = tapsX.start[x]!; ex < tapsX.start[x + 1]!; ex++) {
            const [oy, ox] = [tapsY.output[ey]!, tapsX.output[ex]!];
            const target = (co * g.y.output + oy) * g.x.output + ox;
            const block = (k.shared ? co : target) * g.inputs + (c - group * g.inputs);
            const i = (block * g.y.kernel + tapsY.tap[ey]!) * g.x.kernel + tapsX.tap[ex]!;
            visit(target, w[i]!, i);
          }
        }
      }
    };
  },

  fanIn(k, inShape) {
    const g = geometry(k, inShape);
    const [perY, perX] = [tapsPerOutput(g.y), tapsPerOutput(g.x)];
    const plane = g.y.output * g.x.output;
    return Int32Array.from(
      { length: k.weight.shape[0]! * plane },
      (_, i) => g.inputs * perY[Math.floor((i % plane) / g.x.output)]! * perX[i % g.x.output]!,
    );
  },

  fanOut(k, inShape) {
    const g = geometry(k, inShape);
    const [startY, startX] = [tapsOf(g.y).start, tapsOf(g.x).start];
    const plane = g.y.input * g.x.input;
    return Int32Array.from({ length: inShape[0]! * plane }, (_, i) => {
      const [y, x] = [Math.floor((i % plane) / g.x.input), i % g.x.input];
      return g.outputs * (startY[y + 1]! - startY[y]!) * (startX[x + 1]! - startX[x]!);
    });
  },

  scatter(k, inShape) {
    const g = geometry(k, inShape);
    return k.shared ? sharedScatter(k.weight, g) : unsharedScatter(k.weight, g);
  },

  withWeight: (k, weight) => ({ ...k, weight: weight as Tensor }),
};

function axes(k: Conv, inShape: readonly number[]): Axis[] {
  const rank = inShape.length - 1;
  return axesOf(inShape.slice(1), k.weight.shape.slice(-rank), k.stride, k.pads, k.dilation);
}

/** Input and output channels of one group, and the two axes. */
type Geometry = { readonly groups: number; readonly inputs: number; readonly outputs: number; readonly y: Axis; readonly x: Axis };

function geometry(k: Conv, inShape: readonly number[]): Geometry {
  const [y, x] = planeOf(axes(k, inShape));
  return { groups: k.groups, inputs: inShape[0]! / k.groups, outputs: k.weight.shape[0]! / k.groups, y, x };
}

/**
 * Runs of an axis: input position p acts through entries start[p] … start[p+1]-1, each
 * `length` consecutive numbers, from `weight` in the kernel to `sum` in the accumulator.
 */
type Runs = { readonly start: Int32Array; readonly weight: Int32Array; readonly sum: Int32Array; readonly length: Int32Array };

/** One run per tap; taps are stored in reverse, so that with stride and dilation 1 neighbouring taps reach neighbouring outputs and merge into one run. */
function runsOf(a: Axis, weightPitch: number, sumPitch: number, merge: boolean): Runs {
  const taps = tapsOf(a);
  const start = new Int32Array(a.input + 1);
  const weight: number[] = [];
  const sum: number[] = [];
  const length: number[] = [];
  for (let p = 0; p < a.input; p++) {
    const [from, to] = [taps.start[p]!, taps.start[p + 1]!];
    const count = merge && to > from ? to - from : 1;
    for (let e = from; e < to; e += count) {
      weight.push((a.kernel - 1 - taps.tap[e]!) * weightPitch);
      sum.push(taps.output[e]! * sumPitch);
      length.push(count * sumPitch);
    }
    start[p + 1] = weight.length;
  }
  return { start, weight: Int32Array.from(weight), sum: Int32Array.from(sum), length: Int32Array.from(length) };
}

/** Synapses from which the instructions of simd.ts pay for a memory of their own. */
const simdFrom = 2 ** 17;

/**
 * Weights as [input channel][ky reversed][kx reversed][output channel of the group] and
 * an accumulator [group][oy][ox][output channel], so that an event is a few contiguous
 * runs. The accumulator is added to `drive`, which is [channel][oy][ox], at the end.
 */
function sharedScatter(tensor: Tensor, g: Geometry): Scatter {
  const from = numbersOf(tensor);
  const [kh, kw, cout] = [g.y.kernel, g.x.kernel, g.outputs];
  const taps = kh * kw;
  const weights = new Float64Array(from.length);
  for (let c = 0; c < g.groups * g.inputs; c++) {
    const group = Math.floor(c / g.inputs);
    for (let t = 0; t < taps; t++) {
      for (let o = 0; o < cout; o++) {
        weights[(c * taps + taps - 1 - t) * cout + o] = from[((group * cout + o) * g.inputs + (c - group * g.inputs)) * taps + t]!;
      }
    }
  }
  const runsX = runsOf(g.x, cout, cout, g.x.stride === 1 && g.x.dilation === 1);
  const runsY = runsOf(g.y, kw * cout, g.x.output * cout, false);
  const plane = g.y.output * g.x.output;
  if (g.groups === 1 && cout > 1) {
    const large = plane * weights.length >= simdFrom;
    const adder = (large ? runAdder(weights, plane * cout, cout) : null) ?? plainAdder(weights, plane * cout);
    const add = positionRuns(adder, g, runsY, runsX);
    return (count, index, value, drive) => {
      if (count === 0) return;
      add(count, index, value);
      flush(adder.sums, drive, 1, plane, cout);
    };
  }
  // With one output channel per group the accumulator has the order of `drive` already.
  const sums = cout === 1 ? null : new Float64Array(g.groups * plane * cout);
  return (count, index, value, drive) => {
    if (count === 0) return;
    addRuns(count, index, value, weights, sums ?? drive, g, runsY, runsX);
    if (sums !== null) flush(sums, drive, g.groups, plane, cout);
  };
}

/**
 * Events of one position reach the same sums, whatever their channel. So they are
 * brought together (a counting sort by position), and four of them are added at a time: each
 * sum is then read and written once for the four.
 */
function positionRuns(
  adder: RunAdder,
  g: Geometry,
  runsY: Runs,
  runsX: Runs,
): (count: number, index: Int32Array, value: Float64Array) => void {
  const width = g.x.input;
  const plane = g.y.input * width;
  const block = g.y.kernel * g.x.kernel * g.outputs;
  const first = new Int32Array(plane + 1);
  const next = new Int32Array(plane);
  const from = new Int32Array(g.inputs * plane);
  const worth = new Float64Array(g.inputs * plane);
  const { start: startY, weight: weightY, sum: sumY } = runsY;
  const { start: startX, weight: weightX, sum: sumX, length: lengthX } = runsX;
  const { add4, add2, add1 } = adder;
  return (count, index, value) => {
    first.fill(0);
    for (let e = 0; e < count; e++) first[(index[e]! % plane) + 1]!++;
    for (let i = 0; i < plane; i++) {
      next[i] = first[i]!;
      first[i + 1] = first[i + 1]! + first[i]!;
    }
    for (let e = 0; e < count; e++) {
      const source = index[e]!;
      const c = (source / plane) | 0;
      const place = next[source - c * plane]!++;
      from[place] = c * block;
      worth[place] = value[e]!;
    }
    for (let position = 0; position < plane; position++) {
      const begin = first[position]!;
      const end = first[position + 1]!;
      if (begin === end) continue;
      const y = (position / width) | 0;
      const x = position - y * width;
      for (let ey = startY[y]!; ey < startY[y + 1]!; ey++) {
        for (let ex = startX[x]!; ex < startX[x + 1]!; ex++) {
          const s = sumY[ey]! + sumX[ex]!;
          const w = weightY[ey]! + weightX[ex]!;
          const length = lengthX[ex]!;
          let e = begin;
          for (; e + 4 <= end; e += 4)
            add4(
              s,
              length,
              from[e]! + w,
              from[e + 1]! + w,
              from[e + 2]! + w,
              from[e + 3]! + w,
              worth[e]!,
              worth[e + 1]!,
              worth[e + 2]!,
              worth[e + 3]!,
            );
          if (e + 2 <= end) {
            add2(s, length, from[e]! + w, from[e + 1]! + w, worth[e]!, worth[e + 1]!);
            e += 2;
          }
          if (e < end) add1(s, length, from[e]! + w, worth[e]!);
        }
      }
    }
  };
}

/** The loop of simd.ts in JavaScript, for any number of channels. */
export function plainAdder(weights: Float64Array, count: number): RunAdder {
  const sums = new Float64Array(count);
  return {
    sums,
    add4(s, length, a, b, c, d, p, q, r, t) {
      for (let i = 0; i < length; i++)
        sums[s + i] = sums[s + i]! + p * weights[a + i]! + q * weights[b + i]! + r * weights[c + i]! + t * weights[d + i]!;
    },
    add2(s, length, a, b, p, q) {
      for (let i = 0; i < length; i++) sums[s + i] = sums[s + i]! + p * weights[a + i]! + q * weights[b + i]!;
    },
    add1(s, length, a, p) {
      for (let i = 0; i < length; i++) sums[s + i] = sums[s + i]! + p * weights[a + i]!;
    },
  };
}

function addRuns(
  count: number,
  index: Int32Array,
  value: Float64Array,
  weights: Float64Array,
  sums: Float64Array,
  g: Geometry,
  runsY: Runs,
  runsX: Runs,
): void {
  const width = g.x.input;
  const plane = g.y.input * width;
  const block = g.y.kernel * g.x.kernel * g.outputs;
  const groupSize = g.y.output * g.x.output * g.outputs;
  const { inputs } = g;
  const { start: startY, weight: weightY, sum: sumY } = runsY;
  const { start: startX, weight: weightX, sum: sumX, length: lengthX } = runsX;
  for (let e = 0; e < count; e++) {
    const source = index[e]!;
    const p = value[e]!;
    const c = (source / plane) | 0;
    const rest = source - c * plane;
    const y = (rest / width) | 0;
    const x = rest - y * width;
    const fromW = c * block;
    const fromS = ((c / inputs) | 0) * groupSize;
    const endY = startY[y + 1]!;
    const beginX = startX[x]!;
    const endX = startX[x + 1]!;
    for (let ey = startY[y]!; ey < endY; ey++) {
      const rowW = fromW + weightY[ey]!;
      const rowS = fromS + sumY[ey]!;
      for (let ex = beginX; ex < endX; ex++) {
        const w = rowW + weightX[ex]!;
        const s = rowS + sumX[ex]!;
        const end = s + lengthX[ex]!;
        const shift = w - s;
        let i = s;
        for (; i + 4 <= end; i += 4) {
          sums[i] = sums[i]! + p * weights[i + shift]!;
          sums[i + 1] = sums[i + 1]! + p * weights[i + 1 + shift]!;
          sums[i + 2] = sums[i + 2]! + p * weights[i + 2 + shift]!;
          sums[i + 3] = sums[i + 3]! + p * weights[i + 3 + shift]!;
        }
        for (; i < end; i++) sums[i] = sums[i]! + p * weights[i + shift]!;
      }
    }
  }
}

/** Adds [group][position][channel] to [group][channel][position], and clears it. */
function flush(sums: Float64Array, drive: Float64Array, groups: number, plane: number, channels: number): void {
  for (let g = 0; g < groups; g++) {
    const base = g * plane * channels;
    for (let c = 0; c < channels; c++) {
      const to = base + c * plane;
      for (let i = 0, from = base + c; i < plane; i++, from += channels) drive[to + i] = drive[to + i]! + sums[from]!;
    }
  }
  sums.fill(0);
}

/** A kernel of its own for each output position: weights as [input channel][oy][ox][ky][kx][output channel of the group]. */
function unsharedScatter(tensor: Tensor, g: Geometry): Scatter {
  const from = numbersOf(tensor);
  const [kh, kw, cout] = [g.y.kernel, g.x.kernel, g.outputs];
  const plane = g.y.output * g.x.output;
  const taps = kh * kw;
  const weights = new Float64Array(from.length);
  let at = 0;
  for (let c = 0; c < g.groups * g.inputs; c++) {
    const group = Math.floor(c / g.inputs);
    for (let position = 0; position < plane; position++) {
      for (let t = 0; t < taps; t++) {
        for (let o = 0; o < cout; o++)
          weights[at++] = from[(((group * cout + o) * plane + position) * g.inputs + (c - group * g.inputs)) * taps + t]!;
      }
    }
  }
  const [tapsY, tapsX] = [tapsOf(g.y), tapsOf(g.x)];
  const width = g.x.input;
  const inPlane = g.y.input * width;
  const sums = new Float64Array(g.groups * plane * cout);
  return (count, index, value, drive) => {
    if (count === 0) return;
    for (let e = 0; e < count; e++) {
      const source = index[e]!;
      const p = value[e]!;
      const c = (source / inPlane) | 0;
      const rest = source - c * inPlane;
      const y = (rest / width) | 0;
      const x = rest - y * width;
      const group = (c / g.inputs) | 0;
      for (let ey = tapsY.start[y]!; ey < tapsY.start[y + 1]!; ey++) {
        for (let ex = tapsX.start[x]!; ex < tapsX.start[x + 1]!; ex++) {
          const position = tapsY.output[ey]! * g.x.output + tapsX.output[ex]!;
          const w = ((c * plane + position) * taps + tapsY.tap[ey]! * kw + tapsX.tap[ex]!) * cout;
          const s = (group * plane + position) * cout;
          for (let i = 0; i < cout; i++) sums[s + i] = sums[s + i]! + p * weights[w + i]!;
        }
      }
    }
    flush(sums, drive, g.groups, plane, cout);
  };
}
