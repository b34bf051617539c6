import { f64, numbersOf } from "../../base/tensor.ts";
import { type Axis, axesOf, planeOf, tapsOf } from "../../ir/network/kernels/axis.ts";
import { scatterOf } from "../../ir/network/kernels/index.ts";
import type { Kernel } from "../../ir/network/types.ts";
import type { Train } from "./trains.ts";

/*
 * Products of event lists with kernels, forward (drive += W·x) and for the gradient
 * (dW += error·xᵀ). Both walk the events of a step, so that silent neurons cost nothing,
 * and both touch the same runs of consecutive weights and targets.
 */

/** One way into a layer, for running and for training. */
export type WayKernel = {
  /** Adds events from … to-1 to the drive of the target, [target neurons]. */
  readonly add: (train: Train, from: number, to: number, drive: Float64Array) => void;
  /** Null where the weights are structure and not learned: poolings, identities, lists of synapses. */
  readonly trained: TrainedKernel | null;
};

export type TrainedKernel = {
  /** In the order that the loops want; changed in place by training. */
  readonly weights: Float64Array;
  /** Adds to the gradient what events from … to-1 and the error of the drive make of it. */
  readonly collect: (train: Train, from: number, to: number, error: Float64Array, gradient: Float64Array) => void;
  /** The kernel with the weights as they are now. */
  readonly kernel: () => Kernel;
};

export function wayKernel(kernel: Kernel, inShape: readonly number[], outShape: readonly number[]): WayKernel {
  if (kernel.kind === "dense") return denseWay(kernel);
  if (kernel.kind === "conv" && kernel.shared) return convWay(kernel, inShape);
  const scatter = scatterOf(kernel, inShape, outShape);
  return {
    add: (train, from, to, drive) => scatter(to - from, train.index.subarray(from, to), train.value.subarray(from, to), drive),
    trained: null,
  };
}

/** Weights as [input][output]. */
function denseWay(kernel: Extract<Kernel, { kind: "dense" }>): WayKernel {
  const [outputs = 0, inputs = 0] = kernel.weight.shape;
  const weights = transposed(numbersOf(kernel.weight), outputs, inputs);
  return {
    add(train, from, to, drive) {
      for (let e = from; e < to; e++) addRun(drive, 0, weights, train.index[e]! * outputs, outputs, train.value[e]!);
    },
    trained: {
      weights,
      collect(train, from, to, error, gradient) {
        for (let e = from; e < to; e++) addRun(gradient, train.index[e]! * outputs, error, 0, outputs, train.value[e]!);
      },
      kernel: () => ({ kind: "dense", weight: f64([outputs, inputs], transposed(weights, inputs, outputs)) }),
    },
  };
}

/** [rows][columns] as [columns][rows]. */
function transposed(from: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = from[r * columns + c]!;
  return out;
}

/** to[a+i] += factor * from[b+i]: the inner loop of everything here. */
function addRun(to: Float64Array, a: number, from: Float64Array, b: number, length: number, factor: number): void {
  const end = a + length;
  const shift = b - a;
  let i = a;
  for (; i + 4 <= end; i += 4) {
    to[i] = to[i]! + factor * from[i + shift]!;
    to[i + 1] = to[i + 1]! + factor * from[i + 1 + shift]!;
    to[i + 2] = to[i + 2]! + factor * from[i + 2 + shift]!;
    to[i + 3] = to[i + 3]! + factor * from[i + 3 + shift]!;
  }
  for (; i < end; i++) to[i] = to[i]! + factor * from[i + shift]!;
}

type Conv = Extract<Kernel, { kind: "conv" }>;

/** Weights as [input channel][ky, last first][kx, last first][output channel of the group], targets as [group][y][x][output channel]. */
function convWay(kernel: Conv, inShape: readonly number[]): WayKernel {
  const rank = inShape.length - 1;
  const [y, x] = planeOf(axesOf(inShape.slice(1), kernel.weight.shape.slice(-rank), kernel.stride, kernel.pads, kernel.dilation));
  const inputs = inShape[0]! / kernel.groups;
  const outputs = kernel.weight.shape[0]! / kernel.groups;
  const plane = y.output * x.output;
  const order = weightOrder(kernel.groups, inputs, outputs, y.kernel * x.kernel);
  const given = numbersOf(kernel.weight);
  const weights = Float64Array.from(order, (i) => given[i]!);
  const sums = new Float64Array(kernel.groups * plane * outputs);
  const walk = eventWalk(y, x, inputs, outputs);
  return {
    add(train, from, to, drive) {
      if (from === to) return;
      sums.fill(0);
      walk(train, from, to, "forward", weights, sums);
      addChannelsFirst(sums, drive, kernel.groups, plane, outputs);
    },
    trained: {
      weights,
      collect(train, from, to, error, gradient) {
        if (from === to) return;
        channelsLast(error, sums, kernel.groups, plane, outputs);
        walk(train, from, to, "backward", gradient, sums);
      },
      kernel: () => {
        const out = new Float64Array(weights.length);
        order.forEach((i, k) => {
          out[i] = weights[k]!;
        });
        return { ...kernel, weight: f64(kernel.weight.shape, out) };
      },
    },
  };
}

/** For each weight in the order of the loops, its place in the kernel's tensor [output channel][input channel of the group][ky][kx]. */
function weightOrder(groups: number, inputs: number, outputs: number, taps: number): Int32Array {
  const order = new Int32Array(groups * inputs * outputs * taps);
  let k = 0;
  for (let c = 0; c < groups * inputs; c++) {
    const group = Math.floor(c / inputs);
    for (let t = taps - 1; t >= 0; t--) {
      for (let o = 0; o < outputs; o++) order[k++] = ((group * outputs + o) * inputs + (c - group * inputs)) * taps + t;
    }
  }
  return order;
}

/** Adds [group][position][channel] to [group][channel][position]. */
function addChannelsFirst(from: Float64Array, to: Float64Array, groups: number, plane: number, channels: number): void {
  for (let g = 0; g < groups; g++) {
    const base = g * plane * channels;
    for (let c = 0, a = base; c < channels; c++) {
      for (let i = 0, b = base + c; i < plane; i++, a++, b += channels) to[a] = to[a]! + from[b]!;
    }
  }
}

/** Writes [group][channel][position] as [group][position][channel]. */
function channelsLast(from: Float64Array, to: Float64Array, groups: number, plane: number, channels: number): void {
  for (let g = 0; g < groups; g++) {
    const base = g * plane * channels;
    for (let c = 0, a = base; c < channels; c++) {
      for (let i = 0, b = base + c; i < plane; i++, a++, b += channels) to[b] = from[a]!;
    }
  }
}

/** forward: targets += weights * value; backward: weights += targets * value. */
type Walk = (
  train: Train,
  from: number,
  to: number,
  direction: "forward" | "backward",
  weights: Float64Array,
  targets: Float64Array,
) => void;

/** Visits the runs of each event: where neighbouring taps reach neighbouring outputs, they are one run. */
function eventWalk(y: Axis, x: Axis, inputs: number, outputs: number): Walk {
  const runsY = runsOf(y, x.kernel * outputs, x.output * outputs, false);
  const runsX = runsOf(x, outputs, outputs, true);
  const width = x.input;
  const plane = y.input * width;
  const block = y.kernel * x.kernel * outputs;
  const group = y.output * x.output * outputs;
  return (train, from, to, direction, weights, targets) => {
    const forward = direction === "forward";
    for (let e = from; e < to; e++) {
      const source = train.index[e]!;
      const value = train.value[e]!;
      const c = (source / plane) | 0;
      const rest = source - c * plane;
      const row = (rest / width) | 0;
      const column = rest - row * width;
      const weight = c * block;
      const target = ((c / inputs) | 0) * group;
      for (let ey = runsY.start[row]!; ey < runsY.start[row + 1]!; ey++) {
        const w = weight + runsY.weight[ey]!;
        const s = target + runsY.target[ey]!;
        for (let ex = runsX.start[column]!; ex < runsX.start[column + 1]!; ex++) {
          const [a, b, length] = [w + runsX.weight[ex]!, s + runsX.target[ex]!, runsX.length[ex]!];
          if (forward) addRun(targets, b, weights, a, length, value);
          else addRun(weights, a, targets, b, length, value);
        }
      }
    }
  };
}

/** Runs of an axis: input position p has entries start[p] … start[p+1]-1. */
type Runs = { readonly start: Int32Array; readonly weight: Int32Array; readonly target: Int32Array; readonly length: Int32Array };

function runsOf(a: Axis, weightPitch: number, targetPitch: number, join: boolean): Runs {
  const taps = tapsOf(a);
  const start = new Int32Array(a.input + 1);
  const [weight, target, length]: [number[], number[], number[]] = [[], [], []];
  for (let p = 0; p < a.input; p++) {
    for (let e = taps.start[p]!; e < taps.start[p + 1]!; e++) {
      const w = (a.kernel - 1 - taps.tap[e]!) * weightPitch;
      const s = taps.output[e]! * targetPitch;
      const last = weight.length - 1;
      const follows = join && last >= start[p]! && w === weight[last]! + length[last]! && s === target[last]! + length[last]!;
      if (follows) length[last] = length[last]! + targetPitch;
      else {
        weight.push(w);
        target.push(s);
        length.push(targetPitch);
      }
    }
    start[p + 1] = weight.length;
  }
  return { start, weight: Int32Array.from(weight), target: Int32Array.from(target), length: Int32Array.from(length) };
}
