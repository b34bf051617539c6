import { expect, test } from "vitest";
import { Random } from "../../../base/random.ts";
import { f64 } from "../../../base/tensor.ts";
import type { Kernel } from "../types.ts";
import { plainAdder } from "./conv.ts";
import { forEachSynapse, scatterOf } from "./index.ts";
import { runAdder } from "./simd.ts";

test.each([2, 4, 6, 8, 16])("runs of a multiple of %i doubles: the same bits as in JavaScript", (grain) => {
  const r = new Random(grain);
  const weights = Float64Array.from({ length: 40 * grain }, () => r.normal());
  const [fast, plain] = [runAdder(weights, 20 * grain, grain), plainAdder(weights, 20 * grain)];
  if (fast === null) throw new Error("this machine has no vector instructions in WebAssembly");
  for (let k = 0; k < 200; k++) {
    const length = grain * r.int(1, 4);
    const [s, a, b, c, d] = [r.int(0, 16 * grain), ...Array.from({ length: 4 }, () => r.int(0, 36 * grain))] as [
      number,
      number,
      number,
      number,
      number,
    ];
    const [p, q, u, t] = Array.from({ length: 4 }, () => r.normal()) as [number, number, number, number];
    for (const adder of [fast, plain]) {
      adder.add4(s, length, a, b, c, d, p, q, u, t);
      adder.add2(s, length, a, b, p, q);
      adder.add1(s, length, d, t);
    }
    expect([...fast.sums]).toEqual([...plain.sums]);
  }
});

test("an odd number of channels has no such loop", () => {
  expect(runAdder(new Float64Array(9), 9, 3)).toBeNull();
});

test.each([1, 2])("a convolution large enough for it, stride %i: what the synapses one by one give", (stride) => {
  const r = new Random(stride);
  const [channels, side] = [16, 16];
  const weight = f64(
    [channels, channels, 3, 3],
    Float64Array.from({ length: 9 * channels * channels }, () => r.int(-99, 99)),
  );
  const kernel: Kernel = { kind: "conv", weight, stride: [stride, stride], pads: [1, 1, 1, 1], dilation: [1, 1], groups: 1, shared: true };
  const [inShape, shape] = [
    [channels, side, side],
    [channels, side / stride, side / stride],
  ];
  const index = Int32Array.from({ length: channels * side * side }, (_, i) => i).filter(() => r.chance(0.4));
  const value = Float64Array.from(index, () => r.int(-3, 3));
  const [fast, plain] = [new Float64Array(channels * (side / stride) ** 2), new Float64Array(channels * (side / stride) ** 2)];
  const scatter = scatterOf(kernel, inShape, shape);
  for (let again = 0; again < 2; again++) {
    scatter(index.length, index, value, fast);
    index.forEach((source, e) =>
      forEachSynapse(kernel, inShape, shape, source, (target, w) => (plain[target] = plain[target]! + value[e]! * w)),
    );
  }
  expect(fast).toEqual(plain);
});
