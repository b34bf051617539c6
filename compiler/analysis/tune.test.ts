import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { targets } from "../../targets/index.ts";
import { at } from "../base/bug.ts";
import { importOnnx } from "../frontends/onnx/index.ts";
import { parseGraph } from "../ir/graph/parse.ts";
import { parseNetwork } from "../ir/network/parse.ts";
import { prepareNetwork } from "../ir/network/run.ts";
import { context } from "../passes/pass.ts";
import { job } from "../pipeline.ts";
import { exitWatch } from "./early-exit.ts";
import type { Data } from "./loss.ts";
import { first, frontOf, lowest, smallest } from "./search.ts";
import { tune, type TuneOptions } from "./tune.ts";

describe("searches", () => {
  it("find the smallest of what passes from somewhere on, with few trials", async () => {
    for (let limit = 1; limit <= 40; limit++) {
      const tried: number[] = [];
      const found = await smallest(1, 32, async (n) => tried.push(n) > 0 && n >= limit);
      expect(found).toBe(limit <= 32 ? limit : null);
      expect(tried.length).toBeLessThanOrEqual(11);
      expect(new Set(tried).size).toBe(tried.length);
    }
  });

  it("go down to the last, or up to the first, that passes", async () => {
    expect(await lowest(2, 8, async (n) => n >= 5)).toBe(5);
    expect(await lowest(2, 8, async () => true)).toBe(2);
    expect(await lowest(2, 8, async () => false)).toBe(null);
    expect(await first(9, 16, async (n) => n >= 11)).toBe(11);
    expect(await first(9, 8, async () => true)).toBe(null);
  });

  it("keep what nothing beats", () => {
    expect(
      frontOf([
        [1, 5],
        [2, 4],
        [1, 4],
        [2, 4],
        [3, 1],
      ]),
    ).toEqual([true, true, false, true, true]);
  });
});

/* Half against five eighths, both of a threshold of 1: spike counts differ from four steps on, and at no fewer. */
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
const samples = [
  [1, 1],
  [1, 1],
  [0.5, 0.625],
  [0.5, 0.625],
];
const data: Data = { count: 4, sample: (i) => Float32Array.from(at(samples, i)), label: (i) => (i < 2 ? 0 : 1) };
const options: TuneOptions = {
  maxLoss: 0.5,
  tries: null,
  stepsMax: 64,
  calibrationLimit: 2,
  heldOut: 10,
  chipLimit: 1,
  bits: true,
  perLayer: true,
};
const made = job({
  target: (targets["mesh-1x1"] ?? at([], 0))(),
  method: "rate",
  options: { threshold: "max", per: "layer", inputRange: "0:1.9921875" },
});
const cx = context({ chip: made.target.chip });

describe("tune", () => {
  it("finds the known smallest number of steps, on samples that did not calibrate", async () => {
    const t = await tune(two, made, data, options, cx);
    expect(t).toMatchObject({ chosen: 4, reference: 1, calibrated: 2, heldOut: 2, against: "labels" });
    expect(t.points.map((p) => [p.given, p.accuracy, p.within])).toEqual([
      [1, 0, false],
      [2, 0, false],
      [3, 0, false],
      [4, 1, true],
    ]);
    expect(at(t.points, 3)).toMatchObject({ loss: 0, front: true, chip: { samples: 1 } });
    expect(at(t.points, 3).chip?.joules.typical).toBeGreaterThan(at(t.points, 0).chip?.joules.typical ?? Infinity);
    // The identity needs its zeros, which one bit does not have.
    expect(t.bits?.chosen).toBe(2);
    expect(t.bits?.tried.map((b) => b.bits)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(t.bits?.perLayer?.layers.map((l) => l.weights)).toEqual([4, 4]);
  });

  it("tries what it is told, and says when nothing keeps the loss", async () => {
    const few = await tune(two, made, data, { ...options, tries: [3, 2], chipLimit: 0 }, cx);
    expect(few).toMatchObject({ chosen: null, bits: null });
    expect(few.points.map((p) => [p.given, p.chip])).toEqual([
      [2, null],
      [3, null],
    ]);
    expect(await tune(two, made, data, { ...options, maxLoss: 100, tries: [2, 3], bits: false }, cx)).toMatchObject({ chosen: 2 });
  });

  it("takes the model's answers for right where there are no labels", async () => {
    expect(await tune(two, made, { ...data, label: () => null }, { ...options, bits: false }, cx)).toMatchObject({
      chosen: 4,
      against: "model",
      reference: 1,
    });
  });

  it("refuses too few samples, and models that spike", async () => {
    await expect(tune(two, made, { ...data, count: 1 }, options, cx)).rejects.toThrow("held-out-empty");
    const file = resolve(import.meta.dirname, "../../test/models/real-layer/real-layer.onnx");
    const spiking = importOnnx(readFileSync(file), "real", () => null, context());
    await expect(tune(spiking, made, data, options, cx)).rejects.toThrow("tune-spiking");
  });
});

describe("early exit", () => {
  const run = (text: string, sample: readonly number[]) => {
    const n = parseNetwork(text, null, "n");
    const watch = exitWatch(n);
    const prepared = prepareNetwork(n, { observe: watch.observe });
    watch.begin();
    const { outputs } = prepared.run([sample]);
    return { exit: watch.end(), answer: outputs[0] };
  };

  it("is the step from which the answer stays: potentials", () => {
    const text =
      "network n steps 4\n  input x 2 analog code events\n  pop y 2 binary readout\n  link x -> y one weight=1\n  output z of y code potential\n";
    const { exit } = run(text, [1, 0, 0, 2, 0, 0, 3, 0]);
    expect([...exit.classes]).toEqual([0, 1, 1, 0]);
    expect(exit.steps).toBe(4);
    expect(run(text, [1, 0, 0, 0, 0, 0, 0, 0]).exit.steps).toBe(1);
  });

  it("takes early digits for what they are worth", () => {
    const text =
      "network n steps 3\n  input x 2 analog code events\n  pop y 2 binary readout(weighting=doubling)\n  link x -> y one weight=1\n  output z of y code potential offset=f64[2]{0 3}\n";
    // One at the first of three places is 4, more than the offset of the other from the start.
    expect([...run(text, [1, 0, 0, 0, 0, 0]).exit.classes]).toEqual([0, 0, 0]);
    expect([...run(text, [0, 0, 1, 0, 0, 0]).exit.classes]).toEqual([1, 1, 1]);
    expect([...run(text, [0, 0, 1, 0, 2, 0]).exit.classes]).toEqual([1, 1, 0]);
  });

  it("counts spikes where spikes are the answer", () => {
    const text =
      "network n steps 3\n  input x 2 binary code events\n  pop y 2 binary if(threshold=1)\n  link x -> y one weight=1\n  output z of y code spikes\n";
    const { exit } = run(text, [1, 0, 0, 1, 0, 1]);
    expect([...exit.classes]).toEqual([0, 0, 1]);
    expect(exit.steps).toBe(3);
  });
});
