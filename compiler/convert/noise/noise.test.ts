import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { at } from "../../base/bug.ts";
import { type Diagnostic, Failure } from "../../base/diagnostic.ts";
import { Random } from "../../base/random.ts";
import { tensor } from "../../base/tensor.ts";
import { importOnnx } from "../../frontends/onnx/index.ts";
import { parseGraph } from "../../ir/graph/parse.ts";
import { prepareGraph } from "../../ir/graph/run.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network } from "../../ir/network/types.ts";
import { graphPipeline } from "../../passes/graph/index.ts";
import { context } from "../../passes/pass.ts";
import { runSteps } from "../../passes/run.ts";
import { convert } from "../../pipeline.ts";
import { firingProbability, gaussianBound, normal } from "./cases.ts";
import { stripNoise } from "./strip.ts";

const descriptor = { train: { mu: 0.5, sigma: 0.3 }, deploy: { leak: 1, reset: "soft", theta: 1, v0: 0.5 } };

/** One layer of neurons with noise, and a linear layer. */
function text(noise = "random-normal-like(c)", more = ""): Graph {
  const graph = `graph noisy
  input x f32[1x4]
  constant w = f32[3x4]{0.5 0.25 -0.25 0.5 0.75 0.125 0.5 -0.5 0.25 0.5 0.5 0.25}
  constant b = f32[3]{0.125 0 0.25}
  constant mu = f32[]{0.5}
  constant sigma = f32[]{0.3}
  constant theta = f32[]{1}
  constant out = f32[2x3]{1 -1 0.5 0.25 0.5 -0.75}
  node c = gemm(x, w, b) transB=1 -> c f32[1x3]
  node m = add(c, mu) -> m f32[1x3]
  node r = ${noise} -> r f32[1x3]
  node s = mul(r, sigma) -> s f32[1x3]
  node u = add(m, s) -> u f32[1x3]
  node f = greater-or-equal(u, theta) -> f bool[1x3]
  node z = cast(f) to=f32 -> z f32[1x3]
  node y = gemm(z, out) transB=1 -> y f32[1x2]
  output y
${more}`;
  return runSteps(parseGraph(graph, null), graphPipeline, context());
}

type Result = {
  readonly network: Network;
  readonly reported: readonly Diagnostic[];
  readonly row: Readonly<Record<string, string | number>>;
};

function toNetwork(g: Graph, options: Record<string, string> = {}): Result {
  const reported: Diagnostic[] = [];
  let row: Result["row"] = {};
  const cx = context({ report: (d) => reported.push(d), table: (_, rows) => void (row = rows[0] ?? row) });
  const network = convert(g, { method: "noise", options: { steps: "1", inputRange: "0:1", ...options }, calibration: [] }, cx);
  return { network, reported, row };
}

function codes(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics.map((d) => d.code);
    throw e;
  }
  return [];
}

const warnings = (r: Result): readonly string[] => r.reported.filter((d) => d.severity === "warning").map((d) => d.code);

describe("cases and bounds", () => {
  it("N1: probability of a spike and its derivative", () => {
    const table = JSON.parse(readFileSync(join(import.meta.dirname, "../../../test/fixtures/vectors-b.json"), "utf8")) as {
      N1_gauss_prob: { u: number; mu: number; theta: number; sigma: number; p: number; dp_du: number }[];
    };
    for (const { u, mu, theta, sigma, p, dp_du } of table.N1_gauss_prob) {
      expect(firingProbability(u, mu, theta, sigma)).toBeCloseTo(p, 11);
      const h = 1e-5;
      expect((firingProbability(u + h, mu, theta, sigma) - firingProbability(u - h, mu, theta, sigma)) / (2 * h)).toBeCloseTo(dp_du, 6);
    }
    expect(normal(-6)).toBeCloseTo(9.865876450376946e-10, 20);
    expect(normal(7) + normal(-7)).toBe(1);
  });

  it.each([
    [0.3, 0.048],
    [1 / Math.sqrt(12), 0.057],
    [1 / Math.sqrt(2 * Math.PI), 0.105],
    [0.5, 0.159],
    [1, 0.31],
  ])("a Gaussian of deviation %d theta is off the ramp by %d", (sigma, off) => {
    expect(Math.abs(gaussianBound(0.5, sigma, 1) - off)).toBeLessThan(0.002);
    expect(gaussianBound(1, 2 * sigma, 2)).toBeCloseTo(gaussianBound(0.5, sigma, 1), 9);
  });

  it.each<[string, Record<string, string>, string]>([
    ["C", {}, "random-normal-like(c)"],
    ["B", { sigma: String(1 / Math.sqrt(12)) }, "random-uniform-like(c) low=-0.5 high=0.5"],
    ["A", { leak: "0" }, "random-normal-like(c)"],
    ["none", { leak: "0.5" }, "random-normal-like(c)"],
    ["none", { reset: "hard" }, "random-normal-like(c)"],
  ])("case %s with %o", (name, options, noise) => {
    const r = toNetwork(text(noise), { descriptor: JSON.stringify(descriptor), ...options });
    expect(r.row["case"]).toBe(name);
    expect(r.reported.map((d) => d.code)).toContain("convert-noise-case");
  });
});

describe("one step without noise is the file without noise", () => {
  it("on a trained model", () => {
    const path = join(import.meta.dirname, "../../../test/models/noise/noise.onnx");
    const g = runSteps(
      importOnnx(readFileSync(path), "noise", () => null, context()),
      graphPipeline,
      context(),
    );
    const silent = stripNoise(g);
    expect([...silent.noises.values()]).toEqual([0, 1].map(() => ({ kind: "gauss", mean: 0, sigma: expect.closeTo(0.3, 6) })));
    const file = prepareGraph(silent.graph);
    const r = toNetwork(g);
    expect(warnings(r)).toEqual([]);
    const network = prepareNetwork(r.network);
    const random = new Random(2);
    for (let i = 0; i < 50; i++) {
      const x = Float32Array.from({ length: 784 }, () => (random.chance(0.3) ? random.unit() : 0));
      const wanted = at(file.run([tensor("f32", [1, 1, 28, 28], x)]).outputs, 0).data as Float32Array;
      const got = at(network.run([x]).outputs, 0);
      wanted.forEach((v, k) => expect(Math.abs(v - at(got, k))).toBeLessThan(1e-5));
    }
  });

  it("gives neurons the state that the noise stood for", () => {
    const { network } = toNetwork(text(), { descriptor: JSON.stringify(descriptor) });
    const pop = at(network.pops, 1);
    expect(pop.neuron).toMatchObject({ model: "cuba", params: { threshold: 1, decayCurrent: 1 } });
    expect(pop.initial).toEqual({ v: 0.5 });
    const hard = at(toNetwork(text(), { descriptor: JSON.stringify(descriptor), reset: "hard", leak: "0.5", v0: "0" }).network.pops, 1);
    expect(hard.neuron.params).toMatchObject({ reset: "set", decay: 0.5, threshold: 1 });
  });
});

describe("case A: replicas with fresh noise", () => {
  it("the mean answer is that of one step, and its variance falls as 1/N", () => {
    const g = text();
    const options = { descriptor: JSON.stringify(descriptor), leak: "0", noise: "on" };
    const x = Float32Array.of(0.9, 0.3, 0.2, 0.6);
    /** Mean and variance of the first answer over many seeds. */
    const moments = (steps: number): { mean: number; variance: number } => {
      const { network } = toNetwork(g, { ...options, steps: String(steps) });
      const draws = Array.from({ length: 2000 }, (_, seed) => at(at(prepareNetwork(network, { seed }).run([x]).outputs, 0), 0));
      const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
      return { mean, variance: draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length };
    };
    const [one, eight] = [moments(1), moments(8)];
    expect(Math.abs(one.mean - eight.mean)).toBeLessThan(4 * Math.sqrt((one.variance * (1 + 1 / 8)) / 2000));
    expect((8 * eight.variance) / one.variance).toBeGreaterThan(0.9);
    expect((8 * eight.variance) / one.variance).toBeLessThan(1.1);
  });
});

describe("what is refused and warned about", () => {
  it("convert-noise-missing: nothing says how the network was trained, and the message names all of it", () => {
    expect(codes(() => toNetwork(text()))).toEqual(["convert-noise-missing"]);
    expect(() => toNetwork(text(), { leak: "1", theta: "1" })).toThrow("reset, mu, sigma");
    expect(toNetwork(text(), { leak: "1", theta: "1", reset: "soft", mu: "0.5", sigma: "0.3" }).network.pops[1]?.initial).toEqual({
      v: 0.5,
    });
  });

  it("the descriptor of the file is read, and flags go over it", () => {
    const g = text("random-normal-like(c)", `  metadata ganglion.noise ${JSON.stringify(JSON.stringify(descriptor))}\n`);
    expect(toNetwork(g).row["v0"]).toBe(0.5);
    expect(toNetwork(g, { v0: "0.25" }).row["v0"]).toBe(0.25);
  });

  it.each([
    "[",
    "3",
    '{"train": 1}',
    '{"input": "frames"}',
    '{"readout": "max"}',
    '{"deploy": {"reset": "loud"}}',
    '{"deploy": {"leak": "much"}}',
    '{"deploy": {"compare": "<"}}',
    '{"deploy": {"noise": "pink", "leak": 1, "reset": "soft", "theta": 1}, "train": {"mu": 0, "sigma": 1}}',
  ])("convert-noise-descriptor: %s", (written) =>
    expect(codes(() => toNetwork(text(), { descriptor: written }))).toEqual(["convert-noise-descriptor"]),
  );

  it("convert-noise-mismatch: the potential starts elsewhere than the noise's mean, or the noise is no residual", () => {
    const given = { descriptor: JSON.stringify(descriptor) };
    expect(warnings(toNetwork(text(), given))).toEqual([]);
    expect(warnings(toNetwork(text(), { ...given, v0: "0" }))).toEqual(["convert-noise-mismatch"]);
    const zero = { train: { mu: 0, sigma: 0.3 }, deploy: { ...descriptor.deploy, v0: 0 } };
    expect(warnings(toNetwork(text(), { descriptor: JSON.stringify(zero) }))).toContain("convert-noise-mismatch");
  });

  it("convert-noise-differs: the file was trained with other noise", () => {
    const other = { ...descriptor, train: { mu: 0.5, sigma: 0.25 } };
    expect(warnings(toNetwork(text(), { descriptor: JSON.stringify(other) }))).toEqual(["convert-noise-differs"]);
  });

  it("convert-noise-place: noise that goes elsewhere than into a comparison", () => {
    const g = parseGraph(
      `graph t
  input x f32[1x4]
  constant theta = f32[]{1}
  constant w = f32[1x4]{1 1 1 1}
  node r = random-normal-like(x) -> r f32[1x4]
  node n = add(x, r) -> n f32[1x4]
  node c = gemm(n, w) transB=1 -> c f32[1x1]
  node f = greater-or-equal(c, theta) -> f bool[1x1]
  node z = cast(f) to=f32 -> z f32[1x1]
  output z
`,
      null,
    );
    expect(codes(() => toNetwork(runSteps(g, graphPipeline, context()), { descriptor: JSON.stringify(descriptor) }))).toEqual([
      "convert-noise-place",
    ]);
  });

  it("convert-noise-state: neurons with potentials already", () => {
    const g = parseGraph(
      `graph t
  input x f32[1x4]
  input v f32[1x4]
  constant theta = f32[]{1}
  node n = neuron-step(x, theta, v) -> z f32[1x4], w f32[1x4]
  output z
  output w
`,
      null,
    );
    expect(codes(() => toNetwork(g, { descriptor: JSON.stringify(descriptor) }))).toEqual(["convert-noise-state"]);
  });
});
