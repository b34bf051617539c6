import { describe, expect, it } from "vitest";
import { Failure } from "../../../base/diagnostic.ts";
import { Random } from "../../../base/random.ts";
import { f32, i32, numbersOf, sizeOf, type Tensor, tensor } from "../../../base/tensor.ts";
import { type OpName, ops } from "./index.ts";
import type { Attrs } from "./op.ts";

/* Operations against small numbers worked by hand, and convolution against its definition. */

const i64 = (...values: readonly number[]): Tensor => tensor("i64", [values.length], BigInt64Array.from(values, BigInt));
const u8 = (...values: readonly number[]): Tensor => tensor("u8", [values.length], Uint8Array.from(values));
const count = (...shape: readonly number[]): Tensor =>
  f32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => i + 1),
  );

function run(op: OpName, inputs: readonly (Tensor | null)[], attrs: Attrs = {}): Tensor {
  const [y] = ops[op].run(inputs, attrs);
  if (y === undefined) throw new Error(`${op} gave nothing`);
  return y;
}

const window1 = { strides: [1], pads: [0, 0], dilations: [1] };
const window2 = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

type Row = readonly [op: OpName, inputs: readonly (Tensor | null)[], attrs: Attrs, shape: readonly number[], values: readonly number[]];

const rows: readonly Row[] = [
  ["add", [f32([2, 1], [1, 2]), f32([3], [10, 20, 30])], {}, [2, 3], [11, 21, 31, 12, 22, 32]],
  ["sub", [f32([2], [1, 2]), f32([], [5])], {}, [2], [-4, -3]],
  ["div", [i32([3], [7, -7, 8]), i32([], [2])], {}, [3], [3, -3, 4]],
  ["div", [i64(7, -7), i64(2)], {}, [2], [3, -3]],
  ["mul", [i64(2 ** 40), i64(1024)], {}, [1], [2 ** 50]],
  ["sum", [f32([2], [1, 2]), f32([1], [10]), f32([2], [100, 200])], {}, [2], [111, 212]],
  ["min", [f32([2], [1, 5]), f32([], [3])], {}, [2], [1, 3]],
  ["max", [i64(1, 5), i64(3, 3)], {}, [2], [3, 5]],
  ["pow", [f32([2], [3, 4]), i64(2)], {}, [2], [9, 16]],
  ["greater", [f32([3], [1, 2, 3]), f32([], [2])], {}, [3], [0, 0, 1]],
  ["greater-or-equal", [f32([3], [1, 2, 3]), f32([], [2])], {}, [3], [0, 1, 1]],
  ["less", [i64(1, 2), i64(2, 2)], {}, [2], [1, 0]],
  ["less-or-equal", [i64(1, 2, 3), i64(2)], {}, [3], [1, 1, 0]],
  ["equal", [i64(-1, 2), i64(-1)], {}, [2], [1, 0]],
  ["where", [run("equal", [i64(1, 2), i64(1)]), f32([], [5]), f32([2], [7, 8])], {}, [2], [5, 8]],
  ["not", [run("equal", [i64(1, 2), i64(1)])], {}, [2], [0, 1]],
  ["relu", [f32([3], [-1, 0, 2])], {}, [3], [0, 0, 2]],
  ["leaky-relu", [f32([2], [-8, 8])], { alpha: 0.25 }, [2], [-2, 8]],
  ["clip", [f32([3], [-1, 0.5, 9])], { min: 0, max: 6 }, [3], [0, 0.5, 6]],
  ["neg", [i64(3)], {}, [1], [-3]],
  ["abs", [f32([2], [-3, 3])], {}, [2], [3, 3]],
  ["sign", [f32([3], [-3, 0, 3])], {}, [3], [-1, 0, 1]],
  ["floor", [f32([2], [-1.5, 1.5])], {}, [2], [-2, 1]],
  ["ceil", [f32([2], [-1.5, 1.5])], {}, [2], [-1, 2]],
  ["round", [f32([6], [0.5, 1.5, 2.5, -0.5, -1.5, 2.4])], {}, [6], [0, 2, 2, -0, -2, 2]],
  ["sqrt", [f32([1], [9])], {}, [1], [3]],
  ["exp", [f32([1], [0])], {}, [1], [1]],
  ["log", [f32([1], [1])], {}, [1], [0]],
  ["sigmoid", [f32([1], [0])], {}, [1], [0.5]],
  ["tanh", [f32([1], [0])], {}, [1], [0]],
  // 1 2 3 / 4 5 6 / 7 8 9 with a window of ones on the diagonal.
  ["conv", [count(1, 1, 3, 3), f32([1, 1, 2, 2], [1, 0, 0, 1])], window2, [1, 1, 2, 2], [6, 8, 12, 14]],
  ["conv", [count(1, 1, 4), f32([1, 1, 2], [1, 10]), f32([1], [0.5])], { ...window1, pads: [1, 0], strides: [2] }, [1, 1, 2], [10.5, 32.5]],
  ["conv", [count(1, 2, 2), f32([2, 1, 1], [10, 100])], { ...window1, group: 2 }, [1, 2, 2], [10, 20, 300, 400]],
  ["conv", [count(1, 1, 5), f32([1, 1, 2], [1, 10])], { ...window1, dilations: [3] }, [1, 1, 2], [41, 52]],
  [
    "conv-transpose",
    [f32([1, 1, 2], [1, 2]), f32([1, 1, 3], [1, 10, 100])],
    { ...window1, strides: [2], outputPadding: [0] },
    [1, 1, 5],
    [1, 10, 102, 20, 200],
  ],
  [
    "conv-transpose",
    [f32([1, 1, 2], [1, 2]), f32([1, 1, 3], [1, 10, 100]), f32([1], [5])],
    { ...window1, strides: [2], pads: [1, 0], outputPadding: [1] },
    [1, 1, 5],
    [15, 107, 25, 205, 5],
  ],
  ["gemm", [count(1, 2), count(2, 2), f32([2], [1, 2])], { alpha: 2, beta: 3 }, [1, 2], [17, 26]],
  ["gemm", [count(2, 1), count(3, 2)], { transA: 1, transB: 1 }, [1, 3], [5, 11, 17]],
  ["gemm", [count(5, 2), count(2, 2)], {}, [5, 2], [7, 10, 15, 22, 23, 34, 31, 46, 39, 58]],
  ["matmul", [count(2, 1, 2), count(2, 2)], {}, [2, 1, 2], [7, 10, 15, 22]],
  ["matmul", [count(2), count(2, 1)], {}, [1], [5]],
  [
    "batch-normalization",
    [count(1, 2, 2), f32([2], [2, 1]), f32([2], [0, 1]), f32([2], [1, 3]), f32([2], [1, 4])],
    { epsilon: 0 },
    [1, 2, 2],
    [0, 2, 1, 1.5],
  ],
  ["max-pool", [f32([1, 1, 4], [-4, -3, -2, -1])], { ...window1, kernelShape: [2], strides: [2], pads: [1, 0] }, [1, 1, 2], [-4, -2]],
  ["max-pool", [count(1, 1, 5)], { ...window1, kernelShape: [2], strides: [2], ceilMode: 1 }, [1, 1, 3], [2, 4, 5]],
  ["average-pool", [count(1, 1, 3)], { ...window1, kernelShape: [2], pads: [1, 0] }, [1, 1, 3], [1, 1.5, 2.5]],
  ["average-pool", [count(1, 1, 3)], { ...window1, kernelShape: [2], pads: [1, 0], countIncludePad: 1 }, [1, 1, 3], [0.5, 1.5, 2.5]],
  ["global-average-pool", [count(1, 2, 2)], {}, [1, 2, 1], [1.5, 3.5]],
  ["global-max-pool", [count(1, 2, 2)], {}, [1, 2, 1], [2, 4]],
  ["reshape", [i64(1, 2, 3, 4)], { shape: [2, 2] }, [2, 2], [1, 2, 3, 4]],
  ["transpose", [count(2, 3)], { perm: [1, 0] }, [3, 2], [1, 4, 2, 5, 3, 6]],
  ["concat", [count(2, 1), f32([2, 2], [7, 8, 9, 10])], { axis: -1 }, [2, 3], [1, 7, 8, 2, 9, 10]],
  ["concat", [i64(1), i64(2, 3)], { axis: 0 }, [3], [1, 2, 3]],
  ["slice", [i64(1, 2, 3, 4, 5)], { starts: [-3], ends: [2 ** 63], axes: [0], steps: [2] }, [2], [3, 5]],
  ["slice", [count(2, 3)], { starts: [2], ends: [-10], axes: [1], steps: [-1] }, [2, 3], [3, 2, 1, 6, 5, 4]],
  ["pad", [count(1, 2)], { pads: [0, 1, 1, 0], value: 9 }, [2, 3], [9, 1, 2, 9, 9, 9]],
  ["pad", [count(3)], { pads: [2, 1], mode: "reflect" }, [6], [3, 2, 1, 2, 3, 2]],
  ["pad", [count(3)], { pads: [-1, 1], mode: "edge" }, [3], [2, 3, 3]],
  ["pad", [i64(1, 2)], { pads: [1, 1], mode: "wrap" }, [4], [2, 1, 2, 1]],
  ["identity", [i64(1)], {}, [1], [1]],
  ["dropout", [count(2)], {}, [2], [1, 2]],
  ["cast", [f32([2], [1.9, -1.9])], { to: "i64" }, [2], [1, -1]],
  ["cast", [i64(0, 5)], { to: "bool" }, [2], [0, 1]],
  ["shape", [count(2, 3, 4)], { start: 1 }, [2], [3, 4]],
  ["gather", [i64(10, 20, 30), i64(-1, 0)], {}, [2], [30, 10]],
  ["gather", [count(2, 3), tensor("i64", [], BigInt64Array.of(1n))], { axis: 1 }, [2], [2, 5]],
  ["expand", [i64(7)], { shape: [2, 2] }, [2, 2], [7, 7, 7, 7]],
  ["constant-of-shape", [], { shape: [2], value: i64(3) }, [2], [3, 3]],
  ["softmax", [f32([1, 2], [1000, 1000])], {}, [1, 2], [0.5, 0.5]],
  ["log-softmax", [f32([1, 2], [0, 1000])], {}, [1, 2], [-1000, 0]],
  ["argmax", [f32([1, 3], [1, 5, 5])], { axis: 1, keepdims: 0 }, [1], [1]],
  ["reduce-mean", [count(2, 3)], { axes: [-1], keepdims: 0 }, [2], [2, 5]],
  ["quantize-linear", [f32([4], [-1, 1.25, 1.75, 999]), f32([], [0.5]), tensor("u8", [], Uint8Array.of(1))], {}, [4], [0, 3, 5, 255]],
  ["dequantize-linear", [u8(0, 3), f32([2], [0.5, 2]), u8(1, 1)], { axis: 0 }, [2], [-0.5, 4]],
  ["quant", [f32([4], [-1, 0.26, 0.6, 9]), f32([], [0.5]), f32([], [0]), f32([], [2])], { signed: 0 }, [4], [0, 0.5, 0.5, 1.5]],
  ["quant", [f32([2], [-9, 9]), f32([], [1]), f32([], [0]), f32([], [3])], { narrow: 1 }, [2], [-3, 3]],
  ["bipolar-quant", [f32([3], [-1, 0, 1]), f32([], [2])], {}, [3], [-2, 2, 2]],
  // Steps of 1/2 up to 2: halves of a step go up.
  ["quantized-clip", [f32([5], [-1, 0.24, 0.25, 1.2, 9])], { lambda: 2, levels: 4 }, [5], [0, 0, 0.5, 1, 2]],
  ["quantized-clip", [f32([1, 2], [0.6, 0.6]), f32([2], [1, 2])], { levels: 2 }, [1, 2], [0.5, 1]],
  ["neuron-step", [f32([3], [0.5, 1, 2]), f32([], [1])], {}, [3], [0, 1, 1]],
  ["neuron-step", [f32([3], [0.5, 1, 2]), f32([], [1])], { compare: "gt" }, [3], [0, 0, 1]],
  ["neuron-step", [f32([2], [0.5, 0.5]), f32([2], [1, 2]), f32([2], [1, 2]), f32([], [0.5])], {}, [2], [1, 0]],
  // Late: the state 2 has fired, which takes 1.5 from 2 + 0.25.
  ["neuron-step", [f32([2], [0.25, 0.25]), f32([], [1]), f32([2], [2, 0.75]), null, f32([], [1.5])], { reset: "late" }, [2], [0, 1]],
  ["random-normal-like", [f32([2], [7, 8])], { mean: 3, scale: 0 }, [2], [3, 3]],
  ["random-uniform-like", [f32([2], [7, 8])], { low: 3, high: 3 }, [2], [3, 3]],
];

describe("neuron-step: the next state", () => {
  const next = (reset: string, amount: Tensor | null): number[] => {
    const inputs = [f32([3], [0.5, 0.5, 1]), f32([], [1]), f32([3], [0, 1, 2]), f32([], [0.5]), amount];
    const [, v] = ops["neuron-step"].run(amount === null ? inputs.slice(0, 4) : inputs, { reset });
    return v === undefined ? [] : [...numbersOf(v)];
  };
  it("subtracts, sets, or leaves", () => {
    expect(next("subtract", f32([], [0.75]))).toEqual([0.5, 0.25, 1.25]);
    expect(next("set", f32([3], [9, 8, 7]))).toEqual([0.5, 8, 7]);
    expect(next("set", null)).toEqual([0.5, 0, 0]);
    expect(next("none", null)).toEqual([0.5, 1, 2]);
    // Only the state 2 was above 1 before; what is taken is not seen in this step's spikes.
    expect(next("late", f32([], [0.75]))).toEqual([0.5, 0.25, 1.25]);
  });
});

describe("random numbers", () => {
  it("follow their distribution, and the seed alone", () => {
    const zeros = f32([20_000], new Float32Array(20_000));
    const normal = run("random-normal-like", [zeros], { mean: 1, scale: 2, seed: 5 });
    expect(run("random-normal-like", [zeros], { mean: 1, scale: 2, seed: 5 }).data).toEqual(normal.data);
    expect(run("random-normal-like", [zeros], { mean: 1, scale: 2, seed: 6 }).data).not.toEqual(normal.data);
    const moments = (t: Tensor): { mean: number; deviation: number } => {
      const x = numbersOf(t);
      const mean = x.reduce((a, b) => a + b, 0) / x.length;
      return { mean, deviation: Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length) };
    };
    expect(moments(normal).mean).toBeCloseTo(1, 1);
    expect(moments(normal).deviation).toBeCloseTo(2, 1);
    const even = moments(run("random-uniform-like", [zeros], { low: -1, high: 3 }));
    expect(even.mean).toBeCloseTo(1, 1);
    expect(even.deviation).toBeCloseTo(4 / Math.sqrt(12), 1);
  });
});

describe("operations give what was worked by hand", () => {
  it.each(rows.map((r, i) => [`${r[0]} (${i})`, r] as const))("%s", (_, [op, inputs, attrs, shape, values]) => {
    const y = run(op, inputs, attrs);
    expect(y.shape).toEqual(shape);
    expect([...numbersOf(y)].map((v) => v + 0)).toEqual(values.map((v) => v + 0));
  });

  it("every operation has a row", () => {
    const tested = new Set(rows.map((r) => r[0]));
    expect(Object.keys(ops).filter((name) => !tested.has(name as OpName))).toEqual([]);
  });

  it("every operation is listed under its own name", () => {
    for (const [name, op] of Object.entries(ops)) expect(op.name).toBe(name);
  });
});

/** Convolution as its definition says it, one multiplication at a time. */
function convolution(
  x: Tensor,
  w: Tensor,
  b: Tensor,
  strides: readonly number[],
  pads: readonly number[],
  dilations: readonly number[],
  group: number,
  out: readonly number[],
): number[] {
  const [, channels = 0, height = 0, width = 0] = x.shape;
  const [filters = 0, perGroup = 0, kh = 0, kw = 0] = w.shape;
  const y: number[] = [];
  for (let n = 0; n < (out[0] ?? 0); n++)
    for (let m = 0; m < filters; m++)
      for (let oy = 0; oy < (out[2] ?? 0); oy++)
        for (let ox = 0; ox < (out[3] ?? 0); ox++) {
          let sum = Number(b.data[m]);
          for (let c = 0; c < perGroup; c++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const iy = oy * (strides[0] ?? 1) + ky * (dilations[0] ?? 1) - (pads[0] ?? 0);
                const ix = ox * (strides[1] ?? 1) + kx * (dilations[1] ?? 1) - (pads[1] ?? 0);
                if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
                const channel = Math.floor(m / (filters / group)) * perGroup + c;
                sum +=
                  Number(x.data[((n * channels + channel) * height + iy) * width + ix]) *
                  Number(w.data[((m * perGroup + c) * kh + ky) * kw + kx]);
              }
          y.push(sum);
        }
  return y;
}

describe("convolution", () => {
  it("is what its definition says, for all kinds of windows and groups", () => {
    const r = new Random(7);
    for (let i = 0; i < 60; i++) {
      const group = r.pick([1, 1, 2, 3]);
      const [perGroup, perGroupOut] = [r.int(1, 3), r.int(1, 6)];
      const kernel = [r.int(1, 3), r.int(1, 3)];
      const attrs = {
        strides: [r.int(1, 2), r.int(1, 3)],
        pads: [r.int(0, 2), r.int(0, 2), r.int(0, 2), r.int(0, 2)],
        dilations: [r.int(1, 2), r.int(1, 2)],
        group,
      };
      const random = (shape: readonly number[]): Tensor =>
        f32(
          shape,
          Array.from({ length: sizeOf(shape) }, () => r.normal()),
        );
      const x = random([r.int(1, 2), perGroup * group, r.int(5, 8), r.int(5, 8)]);
      const w = random([perGroupOut * group, perGroup, ...kernel]);
      const b = random([perGroupOut * group]);
      const y = run("conv", [x, w, b], attrs);
      const expected = convolution(x, w, b, attrs.strides, attrs.pads, attrs.dilations, group, y.shape);
      expect(y.data.length).toBe(expected.length);
      expected.forEach((v, j) => expect(Number(y.data[j])).toBeCloseTo(v, 4));
    }
  });
});

describe("the mean of quantized numbers, where it lies halfway between two levels", () => {
  // The levels that onnxruntime 1.31 gives: the last bit of the sum decides, and so the order in which it adds up.
  const scale = 0.044977646;
  const levels = u8(118, 106, 64, 66, 178, 90, 162, 20, 25, 3, 36, 174);
  const image = run("reshape", [run("dequantize-linear", [levels, f32([], [scale])])], { shape: [1, 1, 2, 6] });
  const means: readonly (readonly [readonly number[], readonly number[]])[] = [
    [
      [1, 2],
      [101, 40, 119],
    ],
    [
      [1, 3],
      [102, 71],
    ],
  ];
  it.each(means)("steps of %j give the levels %j", (strides, expected) => {
    const y = run("average-pool", [image], { ...window2, kernelShape: [2, 2], strides });
    expect([...numbersOf(run("quantize-linear", [y, f32([], [scale])]))]).toEqual(expected);
  });
});

describe("what does not go together fails with its code", () => {
  const failures: readonly (readonly [string, OpName, readonly (Tensor | null)[], Attrs])[] = [
    ["graph-shape", "add", [f32([2], [1, 2]), f32([3], [1, 2, 3])], {}],
    ["graph-shape", "conv", [count(1, 2, 3, 3), count(1, 1, 2, 2)], window2],
    ["graph-shape", "conv", [count(1, 1, 1, 1), count(1, 1, 2, 2)], window2],
    ["graph-shape", "reshape", [count(4)], { shape: [3] }],
    ["graph-shape", "quantized-clip", [count(1)], { levels: 4 }],
    ["graph-dtype", "floor", [i64(1)], {}],
    ["graph-inputs", "concat", [], { axis: 0 }],
    ["graph-division", "div", [i64(1), i64(0)], {}],
    ["graph-index", "gather", [i64(1), i64(1)], {}],
    ["graph-attribute-missing", "transpose", [count(1)], {}],
    ["graph-attribute-unknown", "relu", [count(1)], { slope: 1 }],
    ["graph-attribute-kind", "transpose", [count(1)], { perm: 0 }],
  ];
  it.each(failures)("%s by %s", (code, op, inputs, attrs) => {
    try {
      ops[op].run(inputs, attrs);
    } catch (e) {
      expect(e).toBeInstanceOf(Failure);
      return expect((e as Failure).diagnostics.map((d) => d.code)).toEqual([code]);
    }
    expect.unreachable("it was accepted");
  });
});

describe("D1: quantized clip of θ = 2 in 4 levels", () => {
  // z, rounded half to even as in training, and as the neuron rounds, half up.
  const table: readonly (readonly [number, number, number])[] = [
    [-1, 0, 0],
    [0.2, 0, 0],
    [0.25, 0, 0.5],
    [0.3, 0.5, 0.5],
    [0.75, 1, 1],
    [1.2, 1, 1],
    [1.9, 2, 2],
    [2.3, 2, 2],
    [5, 2, 2],
  ];
  const z = f32(
    [table.length],
    table.map((r) => r[0]),
  );

  it("half up is the operation quantized-clip", () => {
    expect([...numbersOf(run("quantized-clip", [z], { lambda: 2, levels: 4 }))]).toEqual(table.map((r) => r[2]));
  });

  it("half to even is round and clip", () => {
    const levels = run("clip", [run("round", [run("mul", [z, f32([], [2])])])], { min: 0, max: 4 });
    expect([...numbersOf(run("mul", [levels, f32([], [0.5])]))].map((v) => v + 0)).toEqual(table.map((r) => r[1]));
  });
});
