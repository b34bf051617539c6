import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { targets } from "../../targets/index.ts";
import { at } from "../base/bug.ts";
import { Random } from "../base/random.ts";
import { importOnnx } from "../frontends/onnx/index.ts";
import { parseGraph } from "../ir/graph/parse.ts";
import type { Graph } from "../ir/graph/types.ts";
import { parseNetwork } from "../ir/network/parse.ts";
import { context } from "../passes/pass.ts";
import { job } from "../pipeline.ts";
import { type Data, explainLoss, type Loss } from "./loss.ts";
import { compiledSubject } from "./subject.ts";

const models = resolve(import.meta.dirname, "../../test/models");
const model = (name: string): Graph => importOnnx(readFileSync(`${models}/${name}/${name}.onnx`), name, () => null, context());

function dataOf(samples: readonly (readonly number[])[], labels: readonly number[]): Data {
  return { count: samples.length, sample: (i) => Float32Array.from(at(samples, i)), label: (i) => labels[i] ?? null };
}

/** Blots of random size: something between noise and digits. */
function images(count: number): readonly number[][] {
  const random = new Random(7);
  return Array.from({ length: count }, () => {
    const [y, x, r] = [8 + 12 * random.unit(), 8 + 12 * random.unit(), 3 + 7 * random.unit()];
    return Array.from({ length: 784 }, (_, i) =>
      Math.hypot(Math.floor(i / 28) - y, (i % 28) - x) < r ? Math.round(255 * random.unit()) / 255 : 0,
    );
  });
}

async function lossOf(
  graph: Graph,
  target: string,
  said: { method: string; options: Record<string, string>; bits?: number },
  calibration: readonly number[][],
  data: Data,
): Promise<Loss> {
  const chip = (targets[target] ?? at([], 0))();
  const passOptions = said.bits === undefined ? {} : { "quantize-weights": { bits: String(said.bits) } };
  const made = job({
    target: chip,
    method: said.method,
    options: said.options,
    passOptions,
    calibration: calibration.map((x) => Float32Array.from(x)),
  });
  const subject = compiledSubject(graph, made, context({ chip: chip.chip }));
  return explainLoss(subject, data, { limit: 100, chipLimit: 2, layerwise: true }, context());
}

/** Every sum of parts is the whole. */
function expectSums(loss: Loss): void {
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  expect(Math.abs(sum(loss.rungs.map((r) => r.loss)) - loss.accuracy.loss)).toBeLessThan(1e-12);
  if (loss.layerwise !== null) expect(Math.abs(sum(loss.layerwise.layers.map((l) => l.loss)) - loss.accuracy.loss)).toBeLessThan(1e-12);
  for (const l of loss.layers) {
    expect(Math.abs(sum(l.parts.map((p) => p.absolute)) - l.deviation.absolute), l.layer).toBeLessThan(1e-9);
    expect(Math.abs(sum(l.parts.map((p) => p.mean)) - l.deviation.mean), l.layer).toBeLessThan(1e-9);
  }
}

describe("the parts add up", () => {
  const samples = images(5);
  it.each([
    {
      name: "lenet",
      method: "qcfs",
      options: { steps: "4" },
      target: "mesh-4x4",
      bits: 4,
      parts: ["model", "clipping", "quantization", "residual", "inputs", "weights", "saturation", "timing"],
    },
    {
      name: "residual",
      method: "rate",
      options: { steps: "8" },
      target: "mesh-4x4",
      bits: 6,
      parts: ["model", "clipping", "quantization", "residual", "inputs", "weights", "saturation", "timing"],
    },
    {
      name: "maxpool",
      method: "rate",
      options: { steps: "8", maxPool: "average" },
      target: "mesh-4x4",
      bits: 8,
      parts: ["model", "pooling", "clipping", "quantization", "residual", "inputs", "weights", "saturation", "timing"],
    },
    {
      name: "residual",
      method: "css",
      options: { steps: "4" },
      target: "mesh-32x32",
      bits: 8,
      parts: ["model", "clipping", "quantization", "coupling", "inputs", "weights", "saturation", "timing"],
    },
  ])("$name by $method", { timeout: 60_000 }, async ({ name, method, options, target, bits, parts }) => {
    const loss = await lossOf(
      model(name),
      target,
      { method, options: options as Record<string, string>, bits },
      samples.slice(0, 3),
      dataOf(samples, [1, 2, 3, 4, 5]),
    );
    expectSums(loss);
    expect(loss.rungs.map((r) => r.part)).toEqual(parts);
    expect(loss).toMatchObject({ samples: 5, chipSamples: 2, against: "labels", unread: [] });
    // Something was lost on the way, and nothing between network and chip.
    expect(loss.layers.some((l) => l.deviation.absolute > 0)).toBe(true);
    for (const l of loss.layers) expect(l.parts.find((p) => p.part === "timing")?.rms, l.layer).toBe(0);
    expect(loss.coupling === null).toBe(method !== "css");
  });

  it("also in the own flaws of each layer, against the spiking network's deviation", async () => {
    const loss = await lossOf(
      model("residual"),
      "mesh-4x4",
      { method: "rate", options: { steps: "8" } },
      samples.slice(0, 3),
      dataOf(samples, []),
    );
    expect(loss.against).toBe("first rung");
    for (const l of loss.layers.slice(0, -1)) {
      const spiking = l.parts.slice(0, 3).reduce((sum, p) => sum + p.mean, 0);
      const own = (l.own ?? []).reduce((sum, p) => sum + p.mean, 0);
      expect(Math.abs(spiking - own), l.layer).toBeLessThan(1e-9);
    }
    // A constant input leaves nothing to time.
    expect(at(loss.layers, 0).own?.find((p) => p.part === "time")?.rms).toBe(0);
    expect(at(loss.layers, 0).wrong).toBe(0);
  });
});

/* Two neurons with the identity in front; every number is a multiple of 1/128, so that eight bits round nothing. */
const two = parseGraph(
  `graph two
  input x f32[1x2]
  constant w = f32[2x2]{1 0 0 1}
  node a = gemm(x, w) -> z f32[1x2]
  node r = relu(z) -> h f32[1x2]
  constant v = f32[2x2]{1 0 0 1}
  node b = gemm(h, v) -> y f32[1x2]
  output y
`,
  null,
  "two",
);
const exact = { method: "rate", options: { steps: "4", threshold: "max", per: "layer", inputRange: "0:1.9921875" } };

/** Parts of the hidden layer that are not exactly nothing. */
function active(loss: Loss): readonly string[] {
  return at(loss.layers, 0)
    .parts.filter((p) => p.rms !== 0 || p.mean !== 0 || p.absolute !== 0)
    .map((p) => p.part);
}

describe("one flaw alone", () => {
  it("clipping", async () => {
    const loss = await lossOf(
      two,
      "mesh-1x1",
      exact,
      [[1, 1]],
      dataOf(
        [
          [1.25, 1.75],
          [0.25, 0.5],
        ],
        [1, 1],
      ),
    );
    expect(active(loss)).toEqual(["clipping"]);
    // 1.25 and 1.75 become 1 and 1, and the tie goes to the first.
    expect(loss.rungs.filter((r) => r.loss !== 0)).toEqual([{ part: "clipping", accuracy: 0.5, loss: 0.5, broken: 1, repaired: 0 }]);
    expect(at(loss.layers, 0)).toMatchObject({ clipped: 0.5, wrong: 0, deviation: { mean: -0.25, absolute: 0.25 } });
    expect(loss.advice).toEqual([expect.stringContaining("clipping loses 50.00 points")]);
    expectSums(loss);
  });

  it("levels", async () => {
    const loss = await lossOf(
      two,
      "mesh-1x1",
      exact,
      [[1, 1]],
      dataOf(
        [
          [0.3125, 0.25],
          [0.25, 0.3125],
        ],
        [0, 1],
      ),
    );
    expect(active(loss)).toEqual(["quantization"]);
    expect(loss.rungs.filter((r) => r.loss !== 0)).toEqual([{ part: "quantization", accuracy: 0.5, loss: 0.5, broken: 1, repaired: 0 }]);
    expect(at(loss.layers, 0)).toMatchObject({ clipped: 0, wrong: 0, deviation: { mean: -0.03125, absolute: 0.03125 } });
    expectSums(loss);
  });

  it("the input", async () => {
    const loss = await lossOf(
      two,
      "mesh-1x1",
      { ...exact, options: { ...exact.options, inputRange: "0:1" } },
      [[1, 1]],
      dataOf([[1.25, 0.5]], [0]),
    );
    expect(active(loss)).toContain("clipping");
    const inexact = { ...exact, options: { ...exact.options, inputRange: "0:127.5" } };
    // Payloads are halves then, and a quarter rounds up to one.
    const rounded = await lossOf(two, "mesh-1x1", inexact, [[1, 1]], dataOf([[0.25, 1]], [1]));
    expect(active(rounded)).toEqual(["inputs"]);
  });

  it("saturation, where a potential comes to the end of its register", async () => {
    // 400 steps of 255 * 127 are more than 2^23, and so are those of 255 * 100: a tie.
    const text =
      "network n steps 400\n  input x 1 analog code direct(low=0 high=1)\n  pop z 2 binary readout\n  link x -> z dense f64[2x1]{100 127}\n  output a of z code potential\n";
    const chip = (targets["mesh-1x1"] ?? at([], 0))();
    const made = job({ target: chip, method: "", passOptions: { "quantize-weights": { per: "tensor" } } });
    const subject = compiledSubject(parseNetwork(text, null, "n"), made, context({ chip: chip.chip }));
    const loss = await explainLoss(subject, dataOf([[1]], [1]), { limit: 1, chipLimit: 1, layerwise: true }, context());
    expect(loss.rungs.filter((r) => r.loss !== 0)).toEqual([{ part: "saturation", accuracy: 0, loss: 1, broken: 1, repaired: 0 }]);
    expectSums(loss);
  });

  it("nothing", async () => {
    const loss = await lossOf(two, "mesh-1x1", exact, [[1, 1]], dataOf([[0.25, 0.75]], [1]));
    expect(active(loss)).toEqual([]);
    expect(at(loss.layers, 0)).toMatchObject({ correlation: 1, size: 0.5, silent: 0, full: 0 });
    expect(loss.accuracy).toEqual({ first: 1, last: 1, loss: 0 });
  });
});
