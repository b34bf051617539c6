import { expect, test } from "vitest";
import { kernelFor } from "../../../../test/harness/random-network.ts";
import { Random } from "../../../base/random.ts";
import { numbersOf, sizeOf } from "../../../base/tensor.ts";
import type { Kernel } from "../types.ts";
import { denseOf, fanInOf, fanOutOf, kernelProblem, kernelRange, mapWeights, outShape, scatterOf, synapsesOf, weightsOf } from "./index.ts";

type Case = { readonly kernel: Kernel; readonly inShape: number[]; readonly outShape: number[]; readonly r: Random };

/** Random kernels until every kind, both conv flavours and both ranks have come up. */
function* cases(): Generator<Case> {
  for (let seed = 0; seed < 200; seed++) {
    const r = new Random(seed);
    const inShape = r.pick([[r.int(2, 12)], [r.int(1, 4), r.int(3, 9)], [r.int(1, 4), r.int(3, 7), r.int(3, 7)]]);
    const kernel = kernelFor({ r, integer: true }, inShape);
    yield { kernel, inShape, outShape: outShape(kernel, inShape), r };
  }
}

/** Equal numbers, -0 being 0; much faster on big matrices than toEqual. */
function same(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

test("the random kernels are of every kind", () => {
  const kinds = new Set(
    [...cases()].map(({ kernel: k, inShape }) =>
      k.kind === "conv" ? `${k.shared ? "shared" : "unshared"} ${inShape.length - 1}` : k.kind,
    ),
  );
  expect([...kinds].sort()).toEqual(["dense", "one", "pool", "shared 1", "shared 2", "sparse", "unshared 1", "unshared 2"]);
});

test("scattering events gives the product with the kernel as a matrix", () => {
  for (const { kernel, inShape, outShape: shape, r } of cases()) {
    const x = Float64Array.from({ length: sizeOf(inShape) }, () => (r.chance(0.5) ? r.int(-3, 3) : 0));
    const index = Int32Array.from(x.keys()).filter((i) => x[i] !== 0);
    const drive = new Float64Array(sizeOf(shape)).fill(5);
    scatterOf(kernel, inShape, shape)(
      index.length,
      index,
      Float64Array.from(index, (i) => x[i]!),
      drive,
    );
    const matrix = denseOf(kernel, inShape, shape);
    const product = drive.map((_, o) => 5 + x.reduce((sum, v, i) => sum + v * matrix[o * x.length + i]!, 0));
    expect(drive).toEqual(product);
  }
});

test("fan-in and fan-out count what the visitor visits, by increasing target", () => {
  for (const { kernel, inShape, outShape: shape } of cases()) {
    const fanIn = new Int32Array(sizeOf(shape));
    const fanOut = new Int32Array(sizeOf(inShape));
    const weights = weightsOf(kernel);
    const synapses = synapsesOf(kernel, inShape, shape);
    let wrong = 0;
    for (let s = 0; s < fanOut.length; s++) {
      let last = -1;
      synapses(s, (target, weight, index) => {
        if (target <= last || weights[index] !== weight) wrong++;
        last = target;
        fanIn[target]!++;
        fanOut[s]!++;
      });
    }
    expect(wrong).toBe(0);
    expect(fanInOf(kernel, inShape, shape)).toEqual(fanIn);
    expect(fanOutOf(kernel, inShape, shape)).toEqual(fanOut);
  }
});

/** Convolution as the definition says it, from the output's side. */
function naiveConv(k: Extract<Kernel, { kind: "conv" }>, inShape: readonly number[], shape: readonly number[]): Float64Array {
  const one = inShape.length === 2;
  const [ci, h, w] = one ? [inShape[0]!, 1, inShape[1]!] : [inShape[0]!, inShape[1]!, inShape[2]!];
  const [co, ho, wo] = one ? [shape[0]!, 1, shape[1]!] : [shape[0]!, shape[1]!, shape[2]!];
  const kernel = k.weight.shape.slice(one ? -1 : -2);
  const [kh, kw] = one ? [1, kernel[0]!] : [kernel[0]!, kernel[1]!];
  const [sy, sx, dy, dx, py, px] = one
    ? [1, k.stride[0]!, 1, k.dilation[0]!, 0, k.pads[0]!]
    : [...k.stride, ...k.dilation, k.pads[0]!, k.pads[1]!];
  const weights = numbersOf(k.weight);
  const per = ci / k.groups;
  const out = new Float64Array(co * ho * wo * ci * h * w);
  for (let o = 0; o < co; o++) {
    for (let y = 0; y < ho; y++) {
      for (let x = 0; x < wo; x++) {
        const target = (o * ho + y) * wo + x;
        for (let c = 0; c < per; c++) {
          for (let ky = 0; ky < kh; ky++) {
            for (let kx = 0; kx < kw; kx++) {
              const [iy, ix] = [y * sy! + ky * dy! - py!, x * sx! + kx * dx! - px!];
              if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
              const source = ((Math.floor(o / (co / k.groups)) * per + c) * h + iy) * w + ix;
              out[target * ci * h * w + source]! += weights[(((k.shared ? o : target) * per + c) * kh + ky) * kw + kx]!;
            }
          }
        }
      }
    }
  }
  return out;
}

test("a convolution is what its definition says, with groups, dilation, strides and uneven pads", () => {
  let count = 0;
  for (const { kernel, inShape, outShape: shape } of cases()) {
    if (kernel.kind !== "conv") continue;
    count++;
    expect(same(denseOf(kernel, inShape, shape), naiveConv(kernel, inShape, shape))).toBe(true);
  }
  expect(count).toBeGreaterThan(50);
});

test("a pool is a convolution of ones of each channel", () => {
  const kernel: Kernel = { kind: "pool", weight: 0.25, size: [2, 2], stride: [2, 1], pads: [0, 1, 1, 0] };
  const ones: Kernel = {
    kind: "conv",
    weight: { dtype: "f64", shape: [3, 1, 2, 2], data: new Float64Array(12).fill(0.25) },
    stride: [2, 1],
    pads: [0, 1, 1, 0],
    dilation: [1, 1],
    groups: 3,
    shared: true,
  };
  expect(outShape(kernel, [3, 5, 4])).toEqual(outShape(ones, [3, 5, 4]));
  expect(denseOf(kernel, [3, 5, 4], [3, 3, 4])).toEqual(denseOf(ones, [3, 5, 4], [3, 3, 4]));
});

test("mapWeights keeps the shape and the kind, and gives the asked-for dtype", () => {
  for (const { kernel, inShape, outShape: shape } of cases()) {
    const negated = mapWeights(kernel, (w) => -w, "i32");
    expect(kernelProblem(negated, inShape)).toBeNull();
    expect(
      same(
        denseOf(negated, inShape, shape),
        denseOf(kernel, inShape, shape).map((w) => -w),
      ),
    ).toBe(true);
    expect(kernelRange(negated).low).toBe(0 - kernelRange(kernel).high);
    if (typeof negated.weight !== "number") expect(negated.weight.dtype).toBe("i32");
  }
});
