import { describe, expect, it } from "vitest";
import { at } from "../base/bug.ts";
import { quiet } from "../base/context.ts";
import { Failure } from "../base/diagnostic.ts";
import { Random } from "../base/random.ts";
import { f32, numbersOf, sizeOf } from "../base/tensor.ts";
import { GraphBuilder } from "../ir/graph/build.ts";
import { prepareGraph } from "../ir/graph/run.ts";
import type { Graph, ValueId } from "../ir/graph/types.ts";
import { evaluateLayers } from "../../test/harness/layers.ts";
import { lowerGraph, readable } from "./lower-graph.ts";
import { exchangeMaxPools } from "./rewrite-max-pool.ts";

/*
 * Lowering must not change what a network computes: layers with their links and
 * biases, evaluated with the activation itself in place of spikes, give the graph's
 * own numbers. Each fragment names the kernels that it is meant to become.
 */

const random = new Random(7);
const noise = (shape: readonly number[], scale = 0.5): ReturnType<typeof f32> =>
  f32(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => random.normal() * scale),
  );

class Net {
  readonly b = new GraphBuilder("net");
  #count = 0;
  #name(op: string): string {
    return `${op}${this.#count++}`;
  }
  input(...shape: number[]): ValueId {
    return this.b.input("x", "f32", shape);
  }
  constant(...shape: number[]): ValueId {
    return this.b.constant(this.#name("c"), noise(shape));
  }
  op(op: Parameters<GraphBuilder["node"]>[0], inputs: ValueId[], attrs: Parameters<GraphBuilder["node"]>[2] = {}): ValueId {
    return at(this.b.node(op, inputs, attrs, { name: this.#name(op) }), 0);
  }
  conv(
    x: ValueId,
    outputs: number,
    k: number,
    over: { stride?: number; pad?: number; dilation?: number; group?: number; bias?: boolean } = {},
  ): ValueId {
    const shape = this.b.shapeOf(x);
    const rank = shape.length - 2;
    const all = (n: number, times = rank): number[] => Array.from({ length: times }, () => n);
    const { stride = 1, pad = 0, dilation = 1, group = 1, bias = true } = over;
    const inputs = [x, this.constant(outputs, at(shape, 1) / group, ...all(k)), ...(bias ? [this.constant(outputs)] : [])];
    return this.op("conv", inputs, { strides: all(stride), pads: all(pad, 2 * rank), dilations: all(dilation), group });
  }
  relu(x: ValueId): ValueId {
    return this.op("relu", [x]);
  }
  average(x: ValueId, k: number, stride: number, pads: number[] = [0, 0, 0, 0], over: Record<string, number> = {}): ValueId {
    return this.op("average-pool", [x], { kernelShape: [k, k], strides: [stride, stride], pads, dilations: [1, 1], ...over });
  }
  max(x: ValueId, k: number, stride: number, pads: number[] = [0, 0, 0, 0], over: Record<string, number> = {}): ValueId {
    return this.op("max-pool", [x], { kernelShape: [k, k], strides: [stride, stride], pads, dilations: [1, 1], ...over });
  }
  reshape(x: ValueId, ...shape: number[]): ValueId {
    return this.op("reshape", [x], { shape });
  }
  gemm(x: ValueId, outputs: number): ValueId {
    return this.op("gemm", [x, this.constant(outputs, at(this.b.shapeOf(x), 1)), this.constant(outputs)], { transB: 1 });
  }
}

function check(g: Graph, averagePool: "fold" | "neurons" = "fold"): string[] {
  const layered = lowerGraph(exchangeMaxPools(g), { maxPool: "gate", averagePool }, quiet());
  const run = prepareGraph(g);
  const shape = at(g.values, at(g.inputs, 0)).shape;
  for (let i = 0; i < 3; i++) {
    const x = noise(shape, 1);
    const wanted = run.run([x]).outputs.map(numbersOf);
    const got = evaluateLayers(layered, x.data);
    wanted.forEach((w, o) => {
      const difference = w.reduce((most, v, k) => Math.max(most, Math.abs(v - (got[o]?.[k] ?? Number.NaN))), 0);
      expect(difference).toBeLessThan(1e-4 * Math.max(1, ...w.map(Math.abs)));
    });
  }
  return layered.layers.flatMap((l) =>
    l.ways.map(
      (w) =>
        `${w.pool === null ? "" : `${w.pool.mode} `}${w.kernel.kind}${typeof w.kernel.weight === "number" || w.kernel.kind === "sparse" ? "" : ` ${w.kernel.weight.shape.join("x")}`}`,
    ),
  );
}

type Fragment = { readonly make: (n: Net) => ValueId; readonly kernels: readonly string[] };

/** Everything after the first spiking layer; each ends in a linear readout. */
const fragments: Readonly<Record<string, Fragment>> = {
  "a padded convolution": {
    make: (n) => n.conv(n.relu(n.conv(n.input(1, 2, 6, 5), 3, 3, { pad: 1 })), 2, 3, { stride: 2, pad: 1 }),
    kernels: ["conv 3x2x3x3", "conv 2x3x3x3"],
  },
  "1-D and depthwise": {
    make: (n) => n.conv(n.relu(n.conv(n.relu(n.conv(n.input(1, 4, 9), 4, 3, { group: 4, pad: 1 })), 5, 1)), 2, 3, { dilation: 2 }),
    kernels: ["conv 4x1x3", "conv 5x4x1", "conv 2x5x3"],
  },
  "average pooling folds into a convolution": {
    make: (n) => n.conv(n.average(n.relu(n.conv(n.input(1, 1, 8, 8), 2, 3, { pad: 1 })), 2, 2), 3, 3, { pad: 1 }),
    kernels: ["conv 2x1x3x3", "conv 3x2x6x6"],
  },
  "average pooling whose remainder the padding would see": {
    make: (n) => n.conv(n.average(n.relu(n.conv(n.input(1, 1, 7, 7), 2, 3, { pad: 1 })), 2, 2), 3, 3, { pad: 1 }),
    kernels: ["conv 2x1x3x3", "sparse"],
  },
  "average pooling that leaves padding out": {
    make: (n) => n.gemm(n.reshape(n.average(n.relu(n.conv(n.input(1, 1, 6, 6), 2, 3)), 3, 2, [1, 1, 1, 1]), 1, 8), 3),
    kernels: ["conv 2x1x3x3", "dense 3x32"],
  },
  "average pooling with a last window beyond the end": {
    make: (n) => n.average(n.relu(n.conv(n.input(1, 1, 7, 7), 2, 3)), 2, 2, [0, 0, 0, 0], { ceilMode: 1 }),
    kernels: ["conv 2x1x3x3", "sparse"],
  },
  "two poolings": { make: (n) => n.average(n.average(n.relu(n.input(1, 2, 8, 8)), 2, 2), 2, 1), kernels: ["one", "pool"] },
  "global average and gemm": {
    make: (n) => n.gemm(n.reshape(n.op("global-average-pool", [n.relu(n.conv(n.input(1, 1, 5, 5), 4, 3))]), 1, 4), 3),
    kernels: ["conv 4x1x3x3", "dense 3x36"],
  },
  "the mean over space of reduce-mean": {
    make: (n) => n.gemm(n.op("reduce-mean", [n.relu(n.conv(n.input(1, 1, 5, 5), 4, 3))], { axes: [2, 3], keepdims: 0 }), 3),
    kernels: ["conv 4x1x3x3", "dense 3x36"],
  },
  "a mean over channels": {
    make: (n) => n.op("reduce-mean", [n.relu(n.conv(n.input(1, 1, 5, 5), 4, 3))], { axes: [1] }),
    kernels: ["conv 4x1x3x3", "sparse"],
  },
  "a linear depthwise before a pointwise": {
    make: (n) => n.conv(n.conv(n.relu(n.input(1, 3, 6, 6)), 3, 3, { group: 3, stride: 2 }), 5, 1),
    kernels: ["one", "conv 5x3x3x3"],
  },
  "a pointwise before a padded depthwise": {
    make: (n) => n.conv(n.conv(n.relu(n.input(1, 3, 6, 6)), 4, 1, { bias: false }), 4, 3, { group: 4, pad: 1, bias: false }),
    kernels: ["one", "conv 4x3x3x3"],
  },
  "two convolutions with strides and dilation": {
    make: (n) => n.conv(n.conv(n.relu(n.input(1, 2, 12, 12)), 4, 3, { stride: 2, group: 2 }), 2, 2, { dilation: 2, group: 2 }),
    kernels: ["one", "conv 2x1x7x7"],
  },
  "padding between two convolutions": {
    make: (n) => n.conv(n.conv(n.relu(n.input(1, 2, 6, 6)), 3, 3, { pad: 1 }), 2, 3, { pad: 1 }),
    kernels: ["one", "sparse"],
  },
  "an identity shortcut": {
    make: (n) => {
      const a = n.relu(n.conv(n.input(1, 2, 5, 5), 3, 3, { pad: 1 }));
      return n.gemm(n.reshape(n.relu(n.op("add", [n.conv(n.relu(n.conv(a, 3, 3, { pad: 1 })), 3, 3, { pad: 1 }), a])), 1, 75), 2);
    },
    kernels: ["conv 3x2x3x3", "conv 3x3x3x3", "conv 3x3x3x3", "one", "dense 2x75"],
  },
  "the slice and pad shortcut of ResNet option A": {
    make: (n) => {
      const a = n.relu(n.conv(n.input(1, 2, 6, 6), 4, 3, { pad: 1 }));
      const short = n.op("pad", [n.op("slice", [a], { starts: [0, 0], ends: [1 << 30, 1 << 30], axes: [2, 3], steps: [2, 2] })], {
        pads: [0, 2, 0, 0, 0, 2, 0, 0],
        mode: "constant",
        value: 0,
      });
      return n.relu(n.op("add", [n.conv(a, 8, 3, { stride: 2, pad: 1 }), short]));
    },
    kernels: ["conv 4x2x3x3", "conv 8x4x3x3", "sparse", "one"],
  },
  "a concatenation of activations": {
    make: (n) => {
      const x = n.input(1, 2, 5, 5);
      return n.conv(n.op("concat", [n.relu(n.conv(x, 3, 1)), n.relu(n.conv(x, 2, 3, { pad: 1 }))], { axis: 1 }), 2, 3, { pad: 1 });
    },
    kernels: ["conv 3x2x1x1", "conv 2x2x3x3", "conv 2x3x3x3", "conv 2x2x3x3"],
  },
  "a concatenation, pooled and flattened": {
    make: (n) => {
      const x = n.input(1, 2, 4, 4);
      const both = n.op("concat", [n.relu(n.conv(x, 3, 1)), n.relu(n.conv(x, 2, 3, { pad: 1 }))], { axis: 1 });
      return n.gemm(n.reshape(n.average(both, 2, 2), 1, 20), 3);
    },
    kernels: ["conv 3x2x1x1", "conv 2x2x3x3", "dense 3x48", "dense 3x32"],
  },
  "a concatenation before the activation": {
    make: (n) => {
      const x = n.relu(n.input(1, 2, 4, 4));
      return n.relu(n.op("concat", [n.conv(x, 3, 1), n.conv(x, 2, 3, { pad: 1 })], { axis: 1 }));
    },
    kernels: ["one", "conv 5x2x1x1", "conv 5x2x3x3", "one"],
  },
  "batch normalization before a padded convolution": {
    make: (n) => {
      const c = (): ValueId => n.constant(3);
      const positive = n.b.constant("var", f32([3], [0.5, 1, 2]));
      return n.relu(
        n.conv(n.op("batch-normalization", [n.relu(n.input(1, 3, 5, 5)), c(), c(), c(), positive], { epsilon: 1e-5 }), 2, 3, { pad: 1 }),
      );
    },
    kernels: ["one", "conv 2x3x3x3", "one"],
  },
  "gains and differences": {
    make: (n) => {
      const x = n.relu(n.input(1, 3, 4, 4));
      const scaled = n.op("div", [n.op("mul", [x, n.constant(1, 3, 1, 1)]), n.b.constant("half", f32([], [0.5]))]);
      return n.relu(n.op("sub", [n.op("neg", [scaled]), n.op("add", [x, n.constant(4, 4)])]));
    },
    kernels: ["one", "one 3", "one", "one"],
  },
  "x + x": { make: (n) => ((x) => n.relu(n.op("sum", [x, x, x])))(n.relu(n.input(1, 4))), kernels: ["one", "one", "one"] },
  "an input reshaped to an image": { make: (n) => n.conv(n.reshape(n.input(1, 36), 1, 1, 6, 6), 2, 3), kernels: ["conv 2x1x3x3"] },
  "a transpose before a matrix": {
    make: (n) => n.gemm(n.reshape(n.op("transpose", [n.relu(n.conv(n.input(1, 1, 5, 5), 2, 2))], { perm: [0, 2, 3, 1] }), 1, 32), 3),
    kernels: ["conv 2x1x2x2", "dense 3x32"],
  },
  "an image with channels last": {
    make: (n) => n.conv(n.op("transpose", [n.input(1, 5, 5, 2)], { perm: [0, 3, 1, 2] }), 3, 3),
    kernels: ["sparse"],
  },
  "the same matrix for several rows": {
    make: (n) => n.op("matmul", [n.relu(n.input(1, 4, 6)), n.constant(6, 5)]),
    kernels: ["one", "sparse"],
  },
  "two matrices": { make: (n) => n.gemm(n.gemm(n.relu(n.input(1, 6)), 5), 4), kernels: ["one", "dense 4x6"] },
  "a transposed convolution": {
    make: (n) =>
      n.op("conv-transpose", [n.relu(n.input(1, 4, 3, 3)), n.constant(4, 2, 3, 3), n.constant(4)], {
        strides: [2, 2],
        pads: [1, 1, 0, 1],
        dilations: [1, 1],
        group: 2,
        outputPadding: [0, 1],
      }),
    kernels: ["one", "sparse"],
  },
  "max pooling of spikes": {
    make: (n) => n.conv(n.max(n.relu(n.conv(n.input(1, 1, 7, 7), 2, 3, { pad: 1 })), 3, 2, [1, 1, 0, 0], { ceilMode: 1 }), 2, 2),
    kernels: ["conv 2x1x3x3", "gate conv 2x2x2x2"],
  },
  "max pooling before the activation": {
    make: (n) => n.gemm(n.reshape(n.relu(n.max(n.conv(n.input(1, 1, 6, 6), 2, 3), 2, 2)), 1, 8), 3),
    kernels: ["conv 2x1x3x3", "gate dense 3x8"],
  },
  "max pooling of a concatenation": {
    make: (n) => {
      const x = n.input(1, 2, 4, 4);
      return n.conv(n.op("global-max-pool", [n.op("concat", [n.relu(n.conv(x, 3, 1)), n.relu(n.conv(x, 2, 1))], { axis: 1 })]), 2, 1);
    },
    kernels: ["conv 3x2x1x1", "conv 2x2x1x1", "gate conv 2x3x1x1", "gate conv 2x2x1x1"],
  },
  "an activation as the answer": { make: (n) => n.relu(n.gemm(n.input(1, 6), 4)), kernels: ["dense 4x6", "one"] },
  "softmax and argmax at the end": { make: (n) => n.gemm(n.relu(n.gemm(n.input(1, 6), 4)), 3), kernels: ["dense 4x6", "dense 3x4"] },
};

describe("lowering a graph", () => {
  for (const [name, { make, kernels }] of Object.entries(fragments)) {
    it(`keeps ${name}`, () => {
      const n = new Net();
      expect(check(n.b.finish([make(n)]))).toEqual(kernels);
    });
  }

  it("gives average pooling neurons of its own on demand", () => {
    const n = new Net();
    const y = n.conv(n.average(n.relu(n.conv(n.input(1, 1, 8, 8), 2, 3, { pad: 1 })), 2, 2), 3, 3, { pad: 1 });
    expect(check(n.b.finish([y]), "neurons")).toEqual(["conv 2x1x3x3", "pool", "conv 3x2x3x3"]);
  });

  it("drops softmax at the output and says so", () => {
    const n = new Net();
    const y = n.op("softmax", [n.gemm(n.relu(n.gemm(n.input(1, 6), 4)), 3)], { axis: 1 });
    const said: string[] = [];
    const layered = lowerGraph(n.b.finish([y]), { maxPool: "refuse", averagePool: "fold" }, quiet({ report: (d) => said.push(d.code) }));
    expect(said).toEqual(["convert-dropped"]);
    expect(layered.layers.at(-1)?.shape).toEqual([3]);
  });

  it("reports everything that cannot be lowered together", () => {
    const n = new Net();
    const x = n.input(1, 3, 4, 4);
    const y = n.op("mul", [n.op("sigmoid", [n.conv(x, 3, 1)]), n.op("leaky-relu", [x])]);
    const z = n.relu(n.max(x, 2, 2));
    const w = n.op("clip", [n.op("tanh", [x])], { min: -1, max: 1 });
    const v = n.op("clip", [x], { min: -1, max: 1 });
    const u = n.op("mul", [n.relu(x), n.conv(x, 3, 1)]);
    try {
      lowerGraph(n.b.finish([y, z, w, v, u]), { maxPool: "refuse", averagePool: "fold" }, quiet());
      expect.unreachable();
    } catch (e) {
      expect(e).toBeInstanceOf(Failure);
      const codes = (e as Failure).diagnostics.filter((d) => d.severity === "error").map((d) => d.code);
      expect(codes.sort()).toEqual([
        "convert-clip",
        "convert-leaky-relu",
        "convert-max-pool",
        "convert-unsupported",
        "convert-unsupported",
      ]);
    }
  });

  it("names layers as people would", () => {
    expect(["/layer1/layer1.0/conv1/Conv", "/0/Conv", "/fc/Gemm", "Convolution28", "conv_7"].map(readable)).toEqual([
      "layer1.0.conv1",
      "conv0",
      "fc",
      "Convolution28",
      "conv_7",
    ]);
  });
});
