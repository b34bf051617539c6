import { must } from "../../base/bug.ts";
import { numbersOf } from "../../base/tensor.ts";
import type { Kernel } from "../../ir/network/types.ts";
import { doubles, type KernelMap, kernelMap } from "./map.ts";

/*
 * Two windows after each other, convolution or pooling, as one convolution:
 *
 *   position  i*d1 + j*d2*s1     stride  s1*s2     pads  p1 + p2*s1
 *
 * Exact where the second window's padding falls outside of what the first one can
 * reach, for there the zeros of the padding and the zeros of the first window's
 * own padding are the same. Otherwise there is no such convolution.
 */

type ConvKernel = Extract<Kernel, { kind: "conv" }>;

/** A pooling window as a depthwise convolution. */
export function asConv(m: KernelMap): ConvKernel | null {
  const k = m.kernel;
  if (k.kind === "conv") return k.shared ? k : null;
  if (k.kind !== "pool") return null;
  const channels = m.inShape[0] ?? 1;
  const shape = [channels, 1, ...k.size];
  const data = new Float64Array(shape.reduce((n, d) => n * d, 1)).fill(k.weight);
  return {
    kind: "conv",
    weight: doubles(shape, data),
    stride: k.stride,
    pads: k.pads,
    dilation: k.size.map(() => 1),
    groups: channels,
    shared: true,
  };
}

type Side = {
  readonly size: number;
  readonly stride: number;
  readonly begin: number;
  readonly end: number;
  readonly dilation: number;
  readonly input: number;
  readonly output: number;
};

function sides(m: KernelMap, k: ConvKernel): Side[] {
  const rank = k.stride.length;
  return k.stride.map((stride, a) => ({
    stride,
    size: k.weight.shape[2 + a] ?? 1,
    begin: k.pads[a] ?? 0,
    end: k.pads[rank + a] ?? 0,
    dilation: k.dilation[a] ?? 1,
    input: m.inShape[1 + a] ?? 1,
    output: m.outShape[1 + a] ?? 1,
  }));
}

/** Whether the first window, taken at a place where the second reads padding, sees nothing but padding. */
function paddingAgrees(first: Side, second: Side): boolean {
  const last = (second.output - 1) * second.stride - second.begin + (second.size - 1) * second.dilation;
  for (let q = -second.begin; q <= last; q++) {
    if (q >= 0 && q < first.output) continue;
    const start = q * first.stride - first.begin;
    for (let i = 0; i < first.size; i++) {
      const p = start + i * first.dilation;
      if (p >= 0 && p < first.input) return false;
    }
  }
  return true;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

type Joined = {
  readonly size: number;
  readonly stride: number;
  readonly begin: number;
  readonly end: number;
  readonly dilation: number;
  readonly place: (i: number, j: number) => number;
};

/** Null when pads would have to be negative. */
function join(first: Side, second: Side): Joined | null {
  const inner = first.size > 1 ? first.dilation : 0;
  const outer = second.size > 1 ? second.dilation * first.stride : 0;
  const dilation = Math.max(1, gcd(inner, outer));
  const size = ((first.size - 1) * inner + (second.size - 1) * outer) / dilation + 1;
  const stride = first.stride * second.stride;
  const begin = first.begin + second.begin * first.stride;
  // As much padding at the end as the last output needs, no more: output sizes then agree.
  const need = (second.output - 1) * stride + (size - 1) * dilation + 1 - begin - first.input;
  const end = Math.max(0, need);
  const outputs = Math.floor((first.input + begin + end - (size - 1) * dilation - 1) / stride) + 1;
  if (outputs !== second.output) return null;
  return { size, stride, begin, end, dilation, place: (i, j) => (i * inner + j * outer) / dilation };
}

/** One convolution for `a` and then `b`; null where there is none or its weights would be more than `limit`. */
export function joinWindows(a: KernelMap, b: KernelMap, limit: number): KernelMap | null {
  const both = joinPools(a, b);
  if (both !== null) return both;
  const [first, second] = [asConv(a), asConv(b)];
  if (first === null || second === null) return null;
  const [s1, s2] = [sides(a, first), sides(b, second)];
  if (!s1.every((s, axis) => paddingAgrees(s, s2[axis] ?? s))) return null;
  const axes = s1.map((s, axis) => join(s, s2[axis] ?? s));
  if (!axes.every((x) => x !== null)) return null;
  const product = multiply(first, second, axes, a.inShape[0] ?? 1, limit);
  if (product === null) return null;
  const kernel: ConvKernel = {
    kind: "conv",
    ...product,
    stride: axes.map((x) => x.stride),
    pads: [...axes.map((x) => x.begin), ...axes.map((x) => x.end)],
    dilation: axes.map((x) => x.dilation),
    shared: true,
  };
  return kernelMap(kernel, a.inShape, b.outShape);
}

/** Windows that are sums stay sums when the second takes the first's windows side by side. */
function joinPools(a: KernelMap, b: KernelMap): KernelMap | null {
  const [p, q] = [a.kernel, b.kernel];
  if (p.kind !== "pool" || q.kind !== "pool") return null;
  if (p.pads.some((n) => n > 0) || q.pads.some((n) => n > 0) || p.size.some((n, i) => n !== p.stride[i])) return null;
  const size = q.size.map((n, i) => n * (p.size[i] ?? 1));
  const stride = q.stride.map((n, i) => n * (p.stride[i] ?? 1));
  return kernelMap({ kind: "pool", weight: p.weight * q.weight, size, stride, pads: p.pads }, a.inShape, b.outShape);
}

type Product = Pick<ConvKernel, "weight" | "groups">;

/** Sum over the channels between: W[o, c, i + j] += second[o, m, j] * first[m, c, i]. */
function multiply(first: ConvKernel, second: ConvKernel, axes: readonly Joined[], inputs: number, limit: number): Product | null {
  const [outputs = 1, perSecond = 1, ...size2] = second.weight.shape;
  const [middle = 1, perFirst = 1, ...size1] = first.weight.shape;
  const groups = groupsOf(first, second, inputs, middle, outputs);
  const perGroup = inputs / groups;
  const size = axes.map((x) => x.size);
  const taps = size.reduce((n, d) => n * d, 1);
  if (outputs * perGroup * taps > limit) return null;
  const places = joinedPlaces(size1, size2, axes);
  const [w1, w2] = [numbersOf(first.weight), numbersOf(second.weight)];
  const [n1, n2] = [size1.reduce((n, d) => n * d, 1), size2.reduce((n, d) => n * d, 1)];
  const weight = new Float64Array(outputs * perGroup * taps);
  for (let o = 0; o < outputs; o++) {
    const lowest = Math.floor(o / (outputs / groups)) * perGroup;
    const middle0 = Math.floor(o / (outputs / second.groups)) * perSecond;
    for (let k = 0; k < perSecond; k++) {
      const m = middle0 + k;
      const input0 = Math.floor(m / (middle / first.groups)) * perFirst;
      for (let l = 0; l < perFirst; l++) {
        const c = input0 + l - lowest;
        must(c >= 0 && c < perGroup, "the joined groups hold what each output reads");
        for (let j = 0; j < n2; j++) {
          const factor = w2[(o * perSecond + k) * n2 + j] ?? 0;
          if (factor === 0) continue;
          for (let i = 0; i < n1; i++) {
            const at = (o * perGroup + c) * taps + (places[j * n1 + i] ?? 0);
            weight[at] = (weight[at] ?? 0) + factor * (w1[(m * perFirst + l) * n1 + i] ?? 0);
          }
        }
      }
    }
  }
  return { weight: doubles([outputs, perGroup, ...size], weight), groups };
}

/** The finest common grouping of the two, as far as it is easily seen: a depthwise one takes the other's groups. */
function groupsOf(first: ConvKernel, second: ConvKernel, inputs: number, middle: number, outputs: number): number {
  if (first.groups === inputs && middle === inputs) return second.groups;
  if (second.groups === middle && outputs === middle) return first.groups;
  return first.groups === second.groups ? first.groups : 1;
}

/** Place in the joined window of tap i of the first under tap j of the second, at [j * n1 + i]. */
function joinedPlaces(size1: readonly number[], size2: readonly number[], axes: readonly Joined[]): Int32Array {
  const unravel = (index: number, size: readonly number[]): number[] => {
    const out: number[] = [];
    let rest = index;
    for (let a = size.length - 1; a >= 0; a--) {
      const d = size[a] ?? 1;
      out[a] = rest % d;
      rest = Math.floor(rest / d);
    }
    return out;
  };
  const n1 = size1.reduce((n, d) => n * d, 1);
  const n2 = size2.reduce((n, d) => n * d, 1);
  return Int32Array.from({ length: n1 * n2 }, (_, index) => {
    const i = unravel(index % n1, size1);
    const j = unravel(Math.floor(index / n1), size2);
    return axes.reduce((sum, x, a) => sum * x.size + x.place(i[a] ?? 0, j[a] ?? 0), 0);
  });
}
