import { describe, expect, it } from "vitest";
import { at } from "../base/bug.ts";
import { quiet } from "../base/context.ts";
import { type Diagnostic, Failure } from "../base/diagnostic.ts";
import { choose } from "../base/options.ts";
import { Random } from "../base/random.ts";
import { f32, numbersOf, sizeOf, type Tensor } from "../base/tensor.ts";
import { GraphBuilder } from "../ir/graph/build.ts";
import type { Attrs } from "../ir/graph/ops/op.ts";
import { prepareGraph } from "../ir/graph/run.ts";
import type { Graph, ValueId } from "../ir/graph/types.ts";
import { prepareNetwork } from "../ir/network/run.ts";
import type { Network, PopId } from "../ir/network/types.ts";
import { verifyNetwork } from "../ir/network/verify.ts";
import { conversions } from "./index.ts";

const random = new Random(11);
const noise = (shape: readonly number[], scale = 0.5): Tensor =>
  f32(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => random.normal() * scale),
  );
const sample = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.unit());

type Made = { readonly network: Network; readonly said: readonly Diagnostic[]; readonly tables: readonly string[] };

/** Calibrates, sends the statistics through JSON, converts and verifies. */
function convert(method: "rate" | "qcfs", g: Graph, options: Record<string, string>, samples: readonly Float32Array[] = []): Made {
  const said: Diagnostic[] = [];
  const tables: string[] = [];
  const cx = quiet({ report: (d) => said.push(d), table: (title) => tables.push(title) });
  const m = at([conversions[method]], 0);
  if (m === undefined) throw new Error("no such method");
  const chosen = choose(method, m.options, options);
  const stats = JSON.parse(JSON.stringify(m.calibrate(g, samples, chosen, cx)));
  const network = m.convert(g, stats, chosen, cx);
  expect(verifyNetwork(network)).toEqual([]);
  return { network, said, tables };
}

/** Codes of what is said, or of what stops the conversion. */
function codes(method: "rate" | "qcfs", g: Graph, options: Record<string, string>, samples: readonly Float32Array[] = []): string[] {
  try {
    return convert(method, g, options, samples).said.map((d) => d.code);
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics.map((d) => d.code);
    throw e;
  }
}

function popNamed(n: Network, name: string): PopId {
  const pop = n.pops.find((p) => p.name === name);
  if (pop === undefined) throw new Error(`no population ${name} among ${n.pops.map((p) => p.name).join(" ")}`);
  return pop.id;
}

/** Spikes of each neuron of a population over one sample. */
function countsOf(n: Network, name: string, x: Float32Array): Float64Array {
  const pop = popNamed(n, name);
  const size = sizeOf(at(n.pops, pop).shape);
  const train =
    prepareNetwork(n, { record: [pop] })
      .run([x])
      .trains.get(pop) ?? new Float64Array();
  const counts = new Float64Array(size);
  train.forEach((s, i) => {
    counts[i % size] = at(counts, i % size) + s;
  });
  return counts;
}

/** x → conv → activation → conv → activation → gemm; λ is a number or one per channel, null for ReLU. */
function smallNet(activation: "relu" | "quantized", levels = 4, lambda: number | Tensor = 1.25): Graph {
  const b = new GraphBuilder("small");
  const act = (x: ValueId, name: string): ValueId => {
    if (activation === "relu") return at(b.node("relu", [x], {}, { name }), 0);
    if (typeof lambda === "number") return at(b.node("quantized-clip", [x], { lambda, levels }, { name }), 0);
    return at(b.node("quantized-clip", [x, b.constant(`${name}.lambda`, lambda)], { levels }, { name }), 0);
  };
  const conv = (x: ValueId, out: number, inputs: number, name: string): ValueId =>
    at(
      b.node(
        "conv",
        [x, b.constant(`${name}.w`, noise([out, inputs, 3, 3])), b.constant(`${name}.b`, noise([out], 0.2))],
        { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 },
        { name },
      ),
      0,
    );
  const x = b.input("x", "f32", [1, 1, 6, 6]);
  const first = act(conv(x, 3, 1, "conv1"), "act1");
  const second = act(conv(first, 3, 3, "conv2"), "act2");
  const joined = at(b.node("add", [second, first], {}, { name: "join" }), 0);
  const flat = at(b.node("reshape", [joined], { shape: [1, 108] }, { name: "flat" }), 0);
  return b.finish(
    b.node("gemm", [flat, b.constant("fc.w", noise([5, 108], 0.2)), b.constant("fc.b", noise([5]))], { transB: 1 }, { name: "fc" }),
  );
}

function errorOf(g: Graph, n: Network, samples: readonly Float32Array[]): number {
  const [ann, snn] = [prepareGraph(g), prepareNetwork(n)];
  let [difference, size] = [0, 0];
  for (const x of samples) {
    const wanted = numbersOf(at(ann.run([f32(at(g.values, at(g.inputs, 0)).shape, x)]).outputs, 0));
    const got = at(snn.run([x]).outputs, 0);
    wanted.forEach((w, i) => {
      difference += (w - at(got, i)) ** 2;
      size += w * w;
    });
  }
  return Math.sqrt(difference / size);
}

describe("qcfs", () => {
  it("gives the first layer the counts that the quantized activations have, whatever T", () => {
    for (const lambda of [1.25, f32([3, 1, 1], [0.75, 1.25, 2])]) {
      const g = smallNet("quantized", 4, lambda);
      const numbers = typeof lambda === "number" ? [lambda, lambda, lambda] : [...numbersOf(lambda)];
      const { nodes } = g;
      for (const steps of ["0", "7"]) {
        const { network, said } = convert("qcfs", g, { steps });
        const T = steps === "0" ? 4 : 7;
        expect(network.steps).toBe(T);
        expect(said.map((d) => d.code)).toEqual(T === 4 ? ["convert-input-range"] : ["convert-steps-differ", "convert-input-range"]);
        for (let i = 0; i < 4; i++) {
          const x = sample(36);
          const z = numbersOf(at(prepareGraph(g, [at(at(nodes, 0).outputs, 0)]).run([f32([1, 1, 6, 6], x)]).kept, 0));
          const wanted = z.map((v, k) => Math.min(T, Math.max(0, Math.floor((T * v) / at(numbers, Math.floor(k / 36)) + 0.5))));
          expect([...countsOf(network, "conv1", x)]).toEqual([...wanted]);
        }
      }
    }
  });

  it("needs no data, and approaches the trained network as T grows", () => {
    const g = smallNet("relu");
    expect(codes("qcfs", g, {})).toEqual(["convert-relu-in-qcfs", "convert-relu-in-qcfs"]);
    expect(codes("qcfs", g, { fallback: "rate" })).toEqual(["convert-no-samples"]);
    const samples = Array.from({ length: 8 }, () => sample(36));
    const { network } = convert("qcfs", g, { fallback: "rate", threshold: "max", steps: "256" }, samples);
    expect(errorOf(g, network, samples)).toBeLessThan(0.02);
  });
});

describe("rate", () => {
  it("converges to the trained network, with every way to choose thresholds", () => {
    const g = smallNet("relu");
    const samples = Array.from({ length: 16 }, () => sample(36));
    for (const threshold of ["max", "mse", "percentile"]) {
      for (const per of ["layer", "channel"]) {
        const error = (steps: string): number =>
          errorOf(g, convert("rate", g, { steps, threshold, per, percentile: "99.99" }, samples).network, samples);
        const [few, many] = [error("16"), error("256")];
        expect(many, `${threshold} ${per}`).toBeLessThan(0.03);
        expect(many).toBeLessThan(few);
      }
    }
  });

  it("gives the same spikes for a static and a direct input", () => {
    const g = smallNet("relu");
    const samples = [sample(36), sample(36)];
    const [still, direct] = ["static", "direct"].map((input) => convert("rate", g, { steps: "8", input }, samples).network);
    if (still === undefined || direct === undefined) throw new Error("two networks");
    expect([still, direct].map((n) => at(n.pops, popNamed(n, "conv1")).neuron.model)).toEqual(["cuba", "if"]);
    const x = sample(36);
    expect([...countsOf(still, "conv2", x)]).toEqual([...countsOf(direct, "conv2", x)]);
    // The input acts once instead of in every step.
    expect(prepareNetwork(still).run([x]).synapticEvents).toBeLessThan(prepareNetwork(direct).run([x]).synapticEvents);
  });

  it("sends the input in every step where it meets spikes", () => {
    const b = new GraphBuilder("skip");
    const x = b.input("x", "f32", [1, 4]);
    const h = at(b.node("relu", [x], {}, { name: "h" }), 0);
    const y = at(b.node("relu", b.node("sub", [h, x], {}, { name: "d" }), {}, { name: "y" }), 0);
    const g = b.finish([y]);
    const samples = [sample(4)];
    const { network } = convert("rate", g, { steps: "64", threshold: "max" }, samples);
    expect(network.inputs[0]?.params["every"]).toBeUndefined();
    expect(network.pops.map((p) => p.neuron.model)).toEqual(["input", "if", "if", "readout"]);
  });

  it("quantizes the input over the range of the samples, or the one given", () => {
    const g = smallNet("relu");
    const range = (options: Record<string, string>, samples: readonly Float32Array[]): unknown[] => {
      const { params } = at(convert("rate", g, options, samples).network.inputs, 0);
      return [params["low"], params["high"]];
    };
    const samples = [Float32Array.from({ length: 36 }, (_, i) => i / 16 - 1)];
    expect(range({}, samples)).toEqual([-1, 35 / 16 - 1]);
    expect(range({ inputRange: "-0.5:2" }, samples)).toEqual([-0.5, 2]);
  });

  it("keeps the pace of clips and learned thresholds", () => {
    const b = new GraphBuilder("clips");
    const x = b.input("x", "f32", [1, 4]);
    const h = at(b.node("clip", [x], { min: 0, max: 0.5 }, { name: "six" }), 0);
    const g = b.finish(b.node("quantized-clip", [h], { lambda: 0.25, levels: 4 }, { name: "q" }));
    const { network } = convert("rate", g, { steps: "8", threshold: "max" }, [Float32Array.of(0.1, 0.2, 0.9, 3)]);
    expect(network.pops.map((p) => p.neuron.params["threshold"])).toEqual(
      [undefined, 0.5, 0.25, undefined].map((t, i) => (i === 1 ? expect.anything() : t)),
    );
    const theta = numbersOf(at(network.pops, popNamed(network, "six")).neuron.params["threshold"] as Tensor);
    expect([...theta].map((t) => Number(t.toFixed(6)))).toEqual([0.1, 0.2, 0.5, 0.5]);
  });
});

/** x → conv → relu → max-pool → gemm. */
function poolNet(): Graph {
  const b = new GraphBuilder("pool");
  const x = b.input("x", "f32", [1, 1, 6, 6]);
  const c = at(
    b.node(
      "conv",
      [x, b.constant("w", noise([3, 1, 3, 3])), b.constant("bias", noise([3], 0.3))],
      { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 },
      { name: "conv" },
    ),
    0,
  );
  const r = at(b.node("relu", [c], {}, { name: "relu" }), 0);
  const p = at(
    b.node("max-pool", [r], { kernelShape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1] }, { name: "pool" }),
    0,
  );
  const flat = at(b.node("reshape", [p], { shape: [1, 27] }, { name: "flat" }), 0);
  return b.finish(b.node("gemm", [flat, b.constant("fc", noise([4, 27]))], { transB: 1 }, { name: "fc" }));
}

describe("max pooling", () => {
  const samples = Array.from({ length: 16 }, () => sample(36));

  it("is refused by default, with the remedy, and gated or averaged on demand, with the measured loss", () => {
    const g = poolNet();
    expect(codes("rate", g, {}, samples)).toEqual(["convert-max-pool"]);
    for (const maxPool of ["gate", "average"]) {
      const { network, said, tables } = convert("rate", g, { maxPool, steps: "64" }, samples);
      expect(said.map((d) => d.code)).toEqual(["convert-max-pool-inexact"]);
      expect(said[0]?.message).toMatch(new RegExp(`\\(${maxPool}\\).*off by \\d+\\.\\d%`));
      expect(tables).toEqual(["layers", "max pooling"]);
      expect(errorOf(g, network, samples)).toBeLessThan(maxPool === "gate" ? 0.2 : 0.6);
    }
  });

  it("scales the average so that it fits better than a bare one", () => {
    const g = poolNet();
    const { network } = convert("rate", g, { maxPool: "average", steps: "256" }, samples);
    const bare: Graph = {
      ...g,
      nodes: g.nodes.map((n) => (n.op === "max-pool" ? { ...n, op: "average-pool", attrs: { ...n.attrs, countIncludePad: 0 } } : n)),
    };
    expect(errorOf(g, network, samples)).toBeLessThan(errorOf(g, convert("rate", bare, { steps: "256" }, samples).network, samples));
  });

  it("is exact with one step", () => {
    const g = poolNet();
    const { network, said } = convert("rate", g, { steps: "1" }, samples);
    expect(said).toEqual([]);
    expect(network.links.map((l) => l.pool?.mode)).toEqual([undefined, "or"]);
  });

  it("over windows larger than an axon can gate goes in parts, and one behind another has neurons between", () => {
    const pooled = (pool: (b: GraphBuilder, a: ValueId) => ValueId): Graph => {
      const b = new GraphBuilder("large");
      const x = b.input("x", "f32", [1, 1, 9, 9]);
      const weights = b.constant("w", noise([3, 1, 3, 3]));
      const z = at(b.node("conv", [x, weights], { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 }, { name: "conv" }), 0);
      const p = pool(b, at(b.node("relu", [z], {}, { name: "relu" }), 0));
      const flat = at(b.node("reshape", [p], { shape: [1, 3] }, { name: "flat" }), 0);
      return b.finish(b.node("gemm", [flat, b.constant("fc", noise([4, 3]))], { transB: 1 }, { name: "fc" }));
    };
    const windows = (size: number): Attrs => ({
      kernelShape: [size, size],
      strides: [size, size],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      ceilMode: 0,
    });
    const images = Array.from({ length: 16 }, () => sample(81));
    const forms: readonly (readonly [Graph, readonly number[][]])[] = [
      [
        pooled((b, a) => at(b.node("global-max-pool", [a], {}, { name: "pool" }), 0)),
        [
          [2, 7],
          [4, 1],
        ],
      ],
      [
        pooled((b, a) => {
          const first = at(b.node("max-pool", [a], windows(6), { name: "first" }), 0);
          return at(b.node("max-pool", [first], windows(1), { name: "second" }), 0);
        }),
        [
          [2, 6],
          [3, 1],
          [1, 1],
        ],
      ],
    ];
    for (const [g, sizes] of forms) {
      const { network } = convert("rate", g, { maxPool: "gate", steps: "256" }, images);
      expect(network.links.flatMap((l) => (l.pool === null ? [] : [l.pool.size]))).toEqual(sizes);
      expect(errorOf(g, network, images)).toBeLessThan(0.2);
    }
  });

  it("of something else than spikes is refused", () => {
    const b = new GraphBuilder("bad");
    const x = b.input("x", "f32", [1, 1, 4, 4]);
    const g = b.finish(b.node("global-max-pool", [x], {}, { name: "pool" }));
    expect(codes("rate", g, { maxPool: "gate" }, [sample(16)])).toEqual(["convert-max-pool-source"]);
  });
});

describe("what calibration and conversion refuse", () => {
  it("names each kind of problem", () => {
    const g = smallNet("relu");
    const batch = (): Graph => {
      const b = new GraphBuilder("batch");
      return b.finish(b.node("relu", [b.input("x", "f32", [2, 1, 3, 3])], {}, { name: "r" }));
    };
    const two = (): Graph => {
      const b = new GraphBuilder("two");
      return b.finish(b.node("add", [b.input("x", "f32", [1, 3]), b.input("y", "f32", [1, 3])], {}, { name: "sum" }));
    };
    const wide = (): Graph => {
      const b = new GraphBuilder("wide");
      const turned = at(b.node("transpose", [b.input("x", "f32", [1, 64, 64, 3])], { perm: [0, 3, 1, 2] }, { name: "turn" }), 0);
      return b.finish(
        b.node(
          "conv",
          [turned, b.constant("w", noise([64, 3, 5, 5]))],
          { strides: [1, 1], pads: [2, 2, 2, 2], dilations: [1, 1], group: 1 },
          { name: "c" },
        ),
      );
    };
    const wrong = at([conversions["rate"]], 0);
    const other = (): string[] => {
      try {
        wrong?.convert(g, { samples: 1, input: { low: 0, high: 1 }, layers: {}, pools: {} }, choose("rate", wrong.options, {}), quiet());
      } catch (e) {
        if (e instanceof Failure) return e.diagnostics.map((d) => d.code);
      }
      return [];
    };
    expect({
      none: codes("rate", g, {}),
      shape: codes("rate", g, {}, [sample(35)]),
      nan: codes("rate", g, {}, [new Float32Array(36).fill(Number.NaN)]),
      batch: codes("rate", batch(), {}, [sample(18)]),
      two: codes("rate", two(), {}, [sample(3)]),
      wide: codes("rate", wide(), {}, [sample(64 * 64 * 3)]),
      other: other(),
    }).toEqual({
      none: ["convert-no-samples"],
      shape: ["data-shape"],
      nan: ["convert-not-finite"],
      batch: ["convert-batch"],
      two: ["convert-inputs"],
      wide: ["convert-synapses"],
      other: ["convert-no-statistics", "convert-no-statistics"],
    });
  });

  it("warns of layers that never act", () => {
    const b = new GraphBuilder("silent");
    const x = b.input("x", "f32", [1, 3]);
    const g = b.finish(b.node("relu", b.node("neg", [x], {}, { name: "n" }), {}, { name: "r" }));
    expect(codes("rate", g, {}, [Float32Array.of(0.1, 0.5, 1)])).toEqual(["convert-silent-layer"]);
  });
});

describe("a model that takes whole numbers", () => {
  const pixels = [Float32Array.of(3, 200), Float32Array.of(255, 7)];
  const graphOf = (dtype: "u8" | "i64" | "f32"): Graph => {
    const b = new GraphBuilder("bytes");
    const x = b.input("x", dtype, [1, 2]);
    const real = at(b.node("cast", [x], { to: "f32" }, { name: "cast" }), 0);
    const y = at(b.node("relu", [real], {}, { name: "act" }), 0);
    return b.finish([at(b.node("gemm", [y, b.constant("w", f32([2, 2], [1, -1, 0.5, 2]))], {}, { name: "fc" }), 0)]);
  };

  it.each(["u8", "i64"] as const)("is calibrated and converted like one of reals (%s)", (dtype) => {
    const run = (g: Graph): Float64Array[] =>
      pixels.map((x) => at(prepareNetwork(convert("rate", g, {}, pixels).network).run([x]).outputs, 0));
    expect(run(graphOf(dtype))).toEqual(run(graphOf("f32")));
  });
});
