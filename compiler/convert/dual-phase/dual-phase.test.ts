import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { at } from "../../base/bug.ts";
import { quiet } from "../../base/context.ts";
import { Failure } from "../../base/diagnostic.ts";
import { choose } from "../../base/options.ts";
import { Random } from "../../base/random.ts";
import { f32, numbersOf, tensor } from "../../base/tensor.ts";
import { GraphBuilder } from "../../ir/graph/build.ts";
import { runGraph } from "../../ir/graph/run.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { kernels } from "../../ir/network/kernels/index.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { conversions } from "../index.ts";
import { Adam, parameter } from "./adam.ts";
import { dualPhase, type DualPhaseStatistics } from "./convert.ts";
import { errorParts } from "./errors.ts";
import { initialPotentials } from "./initial-potential.ts";
import { losses } from "./losses.ts";
import type { Neurons } from "./spiking.ts";
import type { LayerTask } from "./sweep.ts";
import { backThroughTime, courseOf, errorsOf, integrateAndFire } from "./through-time.ts";
import { spikeTrain, stillTrain, type Train } from "./trains.ts";
import { wayKernel } from "./way.ts";

type Vectors = {
  if_net_T4: {
    theta: number[];
    v0: number[];
    T: number;
    W: number[][][];
    bias: number[][];
    cases: { x: number[]; N1: number[]; N2: number[]; qc2_from_same_input: number[]; residual_spike_error: number[]; v2_end: number[] }[];
  };
};
const vectors = JSON.parse(readFileSync(new URL("../../../test/fixtures/vectors-a.json", import.meta.url), "utf8")) as Vectors;

function neurons(theta: number[], initial: number[], signed = false): Neurons {
  return { theta: Float64Array.from(theta), initial: Float64Array.from(initial), signed };
}

/** Payloads, sum and last potential of one neuron given z in each step. */
function one(z: number[], initial: number, signed = false): { s: number[]; fired: number; last: number } {
  const course = courseOf(1, z.length);
  course.drive.set(z);
  integrateAndFire(neurons([1], [initial], signed), new Float64Array(1), z.length, course);
  return { s: [...course.payload], fired: at(course.fired, 0), last: at(course.last, 0) };
}

describe("the neuron that is trained", () => {
  it("D2: leaves residual potentials, which signed spikes or a shifted start repair", () => {
    const rows: [number[], number, boolean, number[], number][] = [
      [[0.3, 0.3, 0.3, 0.3], 0.5, false, [0, 1, 0, 0], 0.7],
      [[1.4, 0, -0.6, -0.4], 0.5, false, [1, 0, 0, 0], -0.1],
      [[1.4, 0, -0.6, -0.4], 0.5, true, [1, 0, 0, -1], 0.9],
      [[-0.6, -0.4, 1.2, 1.8], 0.5, false, [0, 0, 0, 1], 1.5],
      [[-0.6, -0.4, 1.2, 1.8], 1.5, false, [0, 0, 1, 1], 1.5],
      [[0.25, 0.25], 0.5, false, [0, 1], 0],
    ];
    for (const [z, v0, signed, s, last] of rows) {
      const got = one(z, v0, signed);
      expect(got.s).toEqual(s);
      expect(got.last).toBeCloseTo(last, 12);
    }
  });

  it("has the gradient of its soft form: of output by drive, bias, start and slope", () => {
    // With spikes replaced by ½(1 + tanh(α(u/θ - 1))) the course is smooth and differences can check it.
    const [steps, count, alpha] = [4, 3, 1.7];
    const random = new Random(3);
    const n = neurons([1, 2, 0.5], [0.5, 0.9, 0.3]);
    const z = Float64Array.from({ length: steps * count }, () => random.normal());
    const weight = [0.7, -1.1, 0.4];
    const soft = (drive: Float64Array, initial: Float64Array, a: number): { loss: number; u: Float64Array } => {
      const u = new Float64Array(steps * count);
      let loss = 0;
      for (let i = 0; i < count; i++) {
        const theta = at(n.theta, i);
        for (let t = 0, v = at(initial, i); t < steps; t++) {
          const k = t * count + i;
          u[k] = v + at(drive, k);
          const s = 0.5 * (1 + Math.tanh(a * (at(u, k) / theta - 1)));
          v = at(u, k) - theta * s;
          loss += (at(weight, i) * theta * s) / steps;
        }
      }
      return { loss, u };
    };
    const course = courseOf(count, steps);
    course.u.set(soft(z, n.initial, alpha).u);
    const errors = errorsOf(count, steps);
    const slope = backThroughTime(n, alpha, steps, course, Float64Array.from(weight), errors);
    const h = 1e-6;
    const nudged = (list: Float64Array, k: number, by: number): Float64Array => list.map((x, i) => (i === k ? x + by : x));
    const difference = (f: (by: number) => number): number => (f(h) - f(-h)) / (2 * h);
    for (let k = 0; k < z.length; k++)
      expect(errors.drive[k]).toBeCloseTo(
        difference((by) => soft(nudged(z, k, by), n.initial, alpha).loss),
        7,
      );
    for (let i = 0; i < count; i++)
      expect(errors.initial[i]).toBeCloseTo(
        difference((by) => soft(z, nudged(n.initial, i, by), alpha).loss),
        7,
      );
    expect(slope).toBeCloseTo(
      difference((by) => soft(z, n.initial, alpha + by).loss),
      7,
    );
  });
});

describe("gradients", () => {
  it("of both losses are their differences", () => {
    const target = [0.3, 1.2, 0, 2];
    const unit = Float64Array.of(1, 2, 0.5, 1);
    for (const loss of Object.values(losses)) {
      const y = Float64Array.of(0.5, 1, 0.25, 1.5);
      const gradient = new Float64Array(4);
      loss(target, y, unit, gradient);
      y.forEach((_, k) => {
        const by = (h: number): number =>
          loss(
            target,
            y.map((x, i) => (i === k ? x + h : x)),
            unit,
            new Float64Array(4),
          );
        expect(gradient[k]).toBeCloseTo((by(1e-6) - by(-1e-6)) / 2e-6, 7);
      });
    }
  });

  it("of weights are errors times events, and products with them are the kernel's, for dense and convolution", () => {
    const random = new Random(11);
    const numbers = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.int(-4, 4));
    const layouts: { shape: number[]; weight: number[]; stride: number[]; pads: number[]; dilation: number[]; groups: number }[] = [
      { shape: [4, 6, 5], weight: [6, 2, 3, 2], stride: [1, 1], pads: [1, 0, 1, 1], dilation: [1, 1], groups: 2 },
      { shape: [2, 7, 7], weight: [3, 2, 3, 3], stride: [2, 1], pads: [0, 2, 1, 0], dilation: [1, 2], groups: 1 },
      { shape: [3, 9], weight: [3, 1, 4], stride: [2], pads: [1, 1], dilation: [1], groups: 3 },
    ];
    for (const { shape, weight, ...rest } of layouts) {
      const size = weight.reduce((a, b) => a * b, 1);
      const kernel = { kind: "conv", weight: tensor("f64", weight, numbers(size)), shared: true, ...rest } as const;
      check(kernel, shape, kernels.conv.outShape(kernel, shape));
    }
    check({ kind: "dense", weight: tensor("f64", [5, 12], numbers(60)) }, [12], [5]);

    function check(kernel: Parameters<typeof wayKernel>[0], shape: number[], out: number[]): void {
      const [inputs, outputs] = [shape, out].map((s) => s.reduce((a, b) => a * b, 1)) as [number, number];
      const way = wayKernel(kernel, shape, out);
      const x = numbers(inputs);
      const error = numbers(outputs);
      const train = stillTrain(x);
      const drive = new Float64Array(outputs);
      way.add(train, 0, train.index.length, drive);
      const gradient = new Float64Array(way.trained?.weights.length ?? 0);
      way.trained?.collect(train, 0, train.index.length, error, gradient);
      // Gradient descent of one step must come back as a kernel: w + gradient, in the tensor's own order.
      way.trained?.weights.forEach((w, i) => {
        if (way.trained !== null) way.trained.weights[i] = w + at(gradient, i);
      });
      const wanted = { drive: new Float64Array(outputs), weight: numbersOf(kernel.weight as never).slice() };
      const visit = kernels[kernel.kind].visitor(kernel as never, shape, out);
      for (let s = 0; s < inputs; s++) {
        visit(s, (target, w, index) => {
          wanted.drive[target] = at(wanted.drive, target) + w * at(x, s);
          wanted.weight[index] = at(wanted.weight, index) + at(x, s) * at(error, target);
        });
      }
      expect(drive).toEqual(wanted.drive);
      expect(numbersOf(way.trained?.kernel().weight as never)).toEqual(wanted.weight);
    }
  });

  it("Adam's first step is the rate, in the parameter's unit, against the gradient", () => {
    const p = parameter(Float64Array.of(1, 1), 0.5);
    p.gradient.set([3, -0.01]);
    new Adam([p]).step(0.1);
    expect(p.value[0]).toBeCloseTo(0.95, 6);
    expect(p.value[1]).toBeCloseTo(1.05, 6);
    expect([...p.gradient]).toEqual([0, 0]);
  });
});

/** A dense layer on its own, from trains to it. */
function task(
  theta: number[],
  initial: number[],
  steps: number,
  weight: number[][],
  bias: number[],
  trains: readonly Train[],
  targets: number[][],
): LayerTask {
  const [outputs, inputs] = [weight.length, at(weight, 0).length];
  const base = { graphShape: [outputs], value: 0 as never, valueName: "", origin: { what: "", from: null } as never, gain: null };
  const source = { ...base, index: 0, name: "x", kind: "input", shape: [inputs], activation: null, ways: [], bias: null } as const;
  const kernel = { kind: "dense", weight: tensor("f64", [outputs, inputs], Float64Array.from(weight.flat())) } as const;
  const layer = {
    ...base,
    index: 1,
    name: "layer",
    kind: "spiking",
    shape: [outputs],
    activation: { kind: "relu" },
    ways: [{ from: 0, pool: null, kernel, label: null }],
    bias: Float64Array.from(bias),
  } as const;
  const all = targets.map((_, i) => i);
  const made = {
    layer,
    layered: { name: "t", layers: [source, layer], gates: [] },
    neurons: neurons(theta, initial),
    steps,
    arrivals: [trains],
    targets: targets.map((t) => Float32Array.from(t)),
    training: all,
    validation: all,
  };
  return made as unknown as LayerTask;
}

describe("IIa", () => {
  it("D3: moves the start by T times the difference of mean outputs", () => {
    const adjust = (v0: number, z: number[][], wanted: number[]): number => {
      const trains = z.map((steps) => ({
        ...stillTrain([]),
        still: false,
        start: Int32Array.from({ length: steps.length + 1 }, (_, t) => t),
        index: new Int32Array(steps.length),
        value: Float64Array.from(steps),
      }));
      const { neurons: done } = initialPotentials("neuron")(
        task(
          [1],
          [v0],
          4,
          [[1]],
          [0],
          trains,
          wanted.map((w) => [w]),
        ),
        quiet(),
      );
      return at(done?.initial ?? [], 0);
    };
    // The network sends 1, 1 and 0 spikes of four where the trained one has ½, ¼ and 0.
    const batch = [
      [0.3, 0.3, 0.3, 0.3],
      [0.3, 0.3, 0.3, 0.3],
      [0, 0, 0, 0],
    ];
    expect(adjust(0.5, batch, [0.5, 0.25, 0])).toBeCloseTo(0.5 + 1 / 3, 12);
    expect(adjust(0.5, [[-0.6, -0.4, 1.2, 1.8]], [0.5])).toBeCloseTo(1.5, 12);
  });
});

describe("the errors of a layer", () => {
  it("D1: quantization and clipping are those of the quantized clip, half up", () => {
    const rows: [number, number][] = [
      [-1, 0],
      [0.2, 0],
      [0.25, 0.5],
      [0.3, 0.5],
      [0.75, 1],
      [1.2, 1],
      [1.9, 2],
      [2.3, 2],
      [5, 2],
    ];
    for (const [z, quantized] of rows) {
      // A neuron without residual error sends what its mean input says.
      const e = errorParts(4 * z, (quantized * 4) / 2, 2, 4);
      expect(e.residual).toBe(0);
      expect(e.clipping).toBeCloseTo(Math.max(0, z - 2), 12);
      expect(e.quantization).toBeCloseTo(Math.min(Math.max(z, 0), 2) - quantized, 12);
    }
  });

  it("D5: of the three-layer network, the residual spikes of the second layer", () => {
    const v = vectors.if_net_T4;
    for (const c of v.cases) {
      const [first, second] = [0, 1].map((k) => ({
        n: neurons(
          at(v.W, k).map(() => at(v.theta, k)),
          at(v.W, k).map(() => at(v.v0, k)),
        ),
        course: courseOf(3, v.T),
      }));
      let train = stillTrain(c.x);
      for (const [k, l] of [first, second].entries()) {
        if (l === undefined) continue;
        const way = wayKernel(
          { kind: "dense", weight: tensor("f64", [3, at(at(v.W, k), 0).length], Float64Array.from(at(v.W, k).flat())) },
          [c.x.length],
          [3],
        );
        for (let t = 0; t < v.T; t++)
          way.add(
            train,
            at(train.start, train.still ? 0 : t),
            at(train.start, train.still ? 1 : t + 1),
            l.course.drive.subarray(3 * t, 3 * t + 3),
          );
        integrateAndFire(l.n, Float64Array.from(at(v.bias, k)), v.T, l.course);
        train = spikeTrain(l.course.payload, v.T, new Float64Array(3).fill(1));
      }
      const course = second?.course ?? courseOf(0, 0);
      expect([...(first?.course.fired ?? [])]).toEqual(c.N1);
      expect([...course.fired]).toEqual(c.N2);
      expect([...course.last]).toEqual(c.v2_end);
      const parts = [...course.fired].map((n, i) => errorParts(at(course.charge, i), n, at(v.theta, 1), v.T));
      const inSpikes = (x: number): number => Math.round((x * v.T) / at(v.theta, 1)) + 0;
      expect(parts.map((p) => -inSpikes(p.residual) + 0)).toEqual(c.residual_spike_error);
      for (const p of parts) expect(p.clipping + p.quantization + p.residual).toBeCloseTo(p.total, 12);
    }
  });
});

/** x → conv → q → conv → (+ q) → q → gemm, with a concatenation in front of the last layer. */
function branched(seed = 5): Graph {
  const random = new Random(seed);
  const noise = (shape: number[], size: number) =>
    f32(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => size * random.normal()),
    );
  const b = new GraphBuilder("branched");
  const x = b.input("x", "f32", [1, 1, 6, 6]);
  const conv = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
  const q = (v: ReturnType<typeof b.input>, name: string) => at(b.node("quantized-clip", [v], { lambda: 1.5, levels: 4 }, { name }), 0);
  const first = q(
    at(b.node("conv", [x, b.constant("w1", noise([4, 1, 3, 3], 0.5)), b.constant("b1", noise([4], 0.2))], conv, { name: "conv1" }), 0),
    "q1",
  );
  const second = at(
    b.node("conv", [first, b.constant("w2", noise([4, 4, 3, 3], 0.25)), b.constant("b2", noise([4], 0.2))], conv, { name: "conv2" }),
    0,
  );
  const joined = q(at(b.node("add", [second, first], {}, { name: "sum" }), 0), "q2");
  const both = at(b.node("concat", [joined, first], { axis: 1 }, { name: "both" }), 0);
  const flat = at(b.node("reshape", [both], { shape: [1, 8 * 36] }, { name: "flat" }), 0);
  const last = q(at(b.node("gemm", [flat, b.constant("w3", noise([16, 8 * 36], 0.12))], { transB: 1 }, { name: "fc1" }), 0), "q3");
  return b.finish(
    b.node("gemm", [last, b.constant("w4", noise([5, 16], 0.4)), b.constant("b4", noise([5], 0.2))], { transB: 1 }, { name: "fc2" }),
  );
}

function images(count: number, seed: number): Float32Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: 36 }, () => random.unit()));
}

function converted(g: Graph, given: Record<string, string>, samples: Float32Array[]) {
  const options = choose("dual-phase", dualPhase.options, given);
  const stats = dualPhase.calibrate(g, samples, options, quiet());
  // What calibration gives is plain data.
  const read = JSON.parse(JSON.stringify(stats)) as DualPhaseStatistics;
  return { stats, network: dualPhase.convert(g, read, options, quiet()) };
}

function distance(g: Graph, network: ReturnType<typeof converted>["network"], samples: Float32Array[]): number {
  const run = prepareNetwork(network);
  let [difference, size] = [0, 0];
  for (const x of samples) {
    const wanted = numbersOf(at(runGraph(g, [f32([1, 1, 6, 6], x)]), 0));
    at(run.run([x]).outputs, 0).forEach((y, i) => {
      difference += (y - at(wanted, i)) ** 2;
      size += at(wanted, i) ** 2;
    });
  }
  return Math.sqrt(difference / size);
}

describe("the conversion", () => {
  const g = branched();
  const samples = images(160, 1);

  it("before phase II is qcfs, and its own simulation gives the network's answers", () => {
    const { network, stats } = converted(g, { phases: "none", steps: "4" }, samples);
    const qcfs = at([conversions["qcfs"]], 0);
    const options = choose("qcfs", qcfs?.options ?? {}, { steps: "4" });
    const plain = qcfs?.convert(g, qcfs.calibrate(g, samples, options, quiet()), options, quiet());
    expect(verifyNetwork(network)).toEqual([]);
    expect(prepareNetwork(network).run([at(samples, 0)])).toEqual(prepareNetwork(plain as never).run([at(samples, 0)]));
    const validation = samples.filter((_, i) => i % 5 === 4);
    expect(stats.phaseTwo?.validation).toBe(validation.length);
    expect(stats.phaseTwo?.phases[0]?.distance).toBeCloseTo(distance(g, network, validation), 5);
  });

  it.each(["off", "on"])(
    "comes closer to the trained network on samples it has not seen, with skips and concatenations, signed=%s",
    (signed) => {
      const unseen = images(100, 2);
      const [before, after] = ["none", "best"].map((phases) =>
        converted(g, { phases, steps: "2", signed, epochs: "15", lr: "0.003" }, samples),
      );
      expect(verifyNetwork(after?.network as never)).toEqual([]);
      expect(distance(g, after?.network as never, unseen)).toBeLessThan(0.9 * distance(g, before?.network as never, unseen));
      const found = after?.stats.phaseTwo;
      expect(found?.phases.map((p) => p.name)).toEqual(["none", "IIa", "IIb", "IIc"]);
      expect(found?.phases.find((p) => p.name === found.fitted.phase)?.distance).toBe(
        Math.min(...(found?.phases.map((p) => p.distance) ?? [])),
      );
      const validation = samples.filter((_, i) => i % 5 === 4);
      expect(distance(g, after?.network as never, validation)).toBeCloseTo(Math.min(...(found?.phases.map((p) => p.distance) ?? [])), 5);
      for (const p of found?.phases ?? [])
        for (const e of p.errors) expect(e.mean.clipping + e.mean.quantization + e.mean.residual).toBeCloseTo(e.mean.total, 9);
      expect(after?.network.pops.map((p) => p.spike.kind)).toEqual([
        "analog",
        ...new Array<string>(3).fill(signed === "on" ? "ternary" : "binary"),
        "binary",
      ]);
    },
  );

  it("is the same for the same seed, and keeps one potential per channel where asked", () => {
    const given = { phases: "IIc", steps: "2", epochs: "3", potential: "channel" };
    const [a, b] = [converted(g, given, samples), converted(g, given, samples)];
    expect(a.stats).toEqual(b.stats);
    expect(a.network.pops.flatMap((p) => (typeof p.initial["v"] === "object" ? [p.initial["v"].shape] : []))).toEqual([[4], [4], [16]]);
  });

  it("measures no residual error where the input is constant", () => {
    const { stats } = converted(g, { phases: "none", steps: "3" }, samples);
    const [first, second] = stats.phaseTwo?.phases[0]?.errors ?? [];
    expect(first?.size.residual).toBe(0);
    expect(second?.size.residual).toBeGreaterThan(0);
  });
});

describe("what dual-phase refuses", () => {
  const g = branched();
  const refused = (work: () => unknown): string[] => {
    try {
      work();
    } catch (e) {
      if (e instanceof Failure) return e.diagnostics.map((d) => d.code);
      throw e;
    }
    return [];
  };
  const options = (given: Record<string, string>) => choose("dual-phase", dualPhase.options, given);
  const some = images(10, 4);

  it("no samples, unless phase II is left out; statistics of other steps, spikes or networks; plain ReLU", () => {
    const stats = dualPhase.calibrate(g, some, options({ phases: "IIa", steps: "2" }), quiet());
    const relu = (): Graph => {
      const b = new GraphBuilder("relu");
      return b.finish(b.node("relu", b.node("neg", [b.input("x", "f32", [1, 3])], {}, { name: "n" }), {}, { name: "r" }));
    };
    const two = (): Graph => {
      const b = new GraphBuilder("two");
      return b.finish(
        b.node("quantized-clip", b.node("neg", [b.input("x", "f32", [1, 3])], {}, { name: "n" }), { lambda: 1, levels: 4 }, { name: "q" }),
      );
    };
    const convert = (graph: Graph, s: DualPhaseStatistics, given: Record<string, string>) => () =>
      dualPhase.convert(graph, s, options(given), quiet());
    const none = dualPhase.calibrate(g, [], options({}), quiet());
    expect({
      none: refused(convert(g, none, {})),
      left: refused(convert(g, none, { phases: "none" })),
      steps: refused(convert(g, stats, { steps: "4" })),
      signed: refused(convert(g, stats, { steps: "2", signed: "on" })),
      other: refused(convert(two(), stats, { steps: "2" })),
      relu: refused(() => dualPhase.calibrate(relu(), [Float32Array.of(1, 2, 3)], options({}), quiet())),
    }).toEqual({
      none: ["convert-no-samples"],
      left: [],
      steps: ["convert-other-statistics"],
      signed: ["convert-other-statistics"],
      other: ["convert-no-statistics"],
      relu: ["convert-relu-in-qcfs"],
    });
  });
});
