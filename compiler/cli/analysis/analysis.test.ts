import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workshop } from "../../../test/harness/command.ts";
import type { Loss } from "../../analysis/loss.ts";
import type { Tuned } from "../../analysis/tune.ts";

const lenet = resolve(import.meta.dirname, "../../../test/models/lenet/lenet.onnx");
const shop = new Workshop();
afterAll(() => shop.remove());

const count = 6;
const method = [
  "--method",
  "qcfs",
  "--steps",
  "4",
  "--target",
  "mesh-4x4",
  "--calibration",
  "images",
  "--scale",
  "1/255",
  "--weight-bits",
  "4",
];
const measured = ["--data", "images", "--labels", "labels", "--chip-limit", "1"];

beforeAll(() => {
  const images = new Uint8Array(16 + count * 784);
  images.set([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28]);
  for (let i = 16, s = 7; i < images.length; i++) {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    images[i] = s >>> 24 > 180 ? s >>> 24 : 0;
  }
  shop.write("images", images);
  shop.write("labels", Uint8Array.from([0, 0, 8, 1, 0, 0, 0, count, 1, 2, 3, 4, 5, 6]));
});

describe("explain-loss", () => {
  it("of a model prints tables, or one object, and a page", { timeout: 60_000 }, async () => {
    const { code, out, err } = await shop.run("explain-loss", lenet, ...method, ...measured, "--html", "loss.html");
    expect(code, err).toBe(0);
    for (const words of [
      "part by part",
      "rounding of weights",
      "chip against network",
      "deviation of each layer",
      "conv0",
      "gemm9",
      "points lost here",
    ])
      expect(out).toContain(words);
    const page = readFileSync(shop.path("loss.html"), "utf8");
    expect(page).toContain("Where the accuracy of lenet went");
    expect(page).not.toMatch(/NaN|undefined|Infinity|<script|https?:/);
    const json = await shop.run("explain-loss", lenet, ...method, ...measured, "--json");
    const loss = JSON.parse(json.out) as Loss;
    expect(loss).toMatchObject({
      model: "lenet",
      target: "mesh-4x4",
      steps: 4,
      samples: count,
      chipSamples: 1,
      against: "labels",
      unread: [],
    });
    expect(loss.layers.map((l) => l.layer)).toEqual(["conv0", "conv3", "gemm7", "gemm9", "answer"]);
  });

  it("of a build says the same as of what it was made from", { timeout: 60_000 }, async () => {
    const made = await shop.run("compile", lenet, ...method, "-o", "build");
    expect(made.code, made.err).toBe(0);
    const [a, b] = [
      await shop.run("explain-loss", lenet, ...method, ...measured, "--json"),
      await shop.run("explain-loss", "build", ...measured, "--json"),
    ];
    expect(b.code, b.err).toBe(0);
    expect(JSON.parse(b.out)).toEqual(JSON.parse(a.out));
  });

  it("of a network compares with its own real weights, and does without the chip", async () => {
    shop.write(
      "n.snet",
      "network n steps 4\n  input x 2 analog code direct(low=0 high=1)\n  pop y 2 binary if(threshold=1)\n  pop z 2 binary readout\n  link x -> y dense f64[2x2]{1 0.31 0.3 1}\n  link y -> z one weight=1\n  output a of z code potential\n",
    );
    shop.write("raw", Uint8Array.from(new Uint8Array(Float32Array.from([0.2, 0.9, 0.7, 0.1]).buffer)));
    const { code, out, err } = await shop.run(
      "explain-loss",
      "n.snet",
      "-t",
      "mesh-1x1",
      "--data",
      "raw",
      "--raw",
      "float32",
      "--shape",
      "2",
      "--chip-limit",
      "0",
      "--json",
    );
    expect(code, err).toBe(0);
    const loss = JSON.parse(out) as Loss;
    expect(loss.rungs.map((r) => r.part)).toEqual(["network", "inputs", "weights", "saturation"]);
    expect(loss).toMatchObject({ samples: 2, chipSamples: 0, against: "first rung", layerwise: null });
    expect(err).toContain("warning[labels-absent]");
  });

  it("needs data", async () => {
    const { code, err } = await shop.run("explain-loss", lenet, ...method);
    expect(code).toBe(2);
    expect(err).toContain("error[option-missing]: explain-loss needs --data");
  });
});

describe("tune", () => {
  it("prints tables, or one object, and a page", { timeout: 60_000 }, async () => {
    const args = [
      "tune",
      lenet,
      "-m",
      "qcfs",
      "-t",
      "mesh-4x4",
      "--calibration",
      "images",
      "--labels",
      "labels",
      "--scale",
      "1/255",
      "--try",
      "1,4",
      "--max-loss",
      "100",
      "--chip-limit",
      "1",
    ];
    const { code, out, err } = await shop.run(...args, "--html", "tune.html");
    expect(code, err).toBe(0);
    expect(err).toBe("");
    for (const words of ["fewest steps", "early exit", "energy", "3 samples calibrate, 3 others decide"]) expect(out).toContain(words);
    const page = readFileSync(shop.path("tune.html"), "utf8");
    expect(page).toContain("Accuracy against energy");
    expect(page).not.toMatch(/NaN|undefined|Infinity|<script|https?:/);
    const tuned = JSON.parse((await shop.run(...args, "--json")).out) as Tuned;
    expect(tuned).toMatchObject({ model: "lenet", method: "qcfs", chosen: 1, maxLoss: 100, calibrated: 3, heldOut: 3, bits: null });
    expect(tuned.points.map((p) => p.given)).toEqual([1, 4]);
  });

  it("takes --steps as the only number to try", { timeout: 60_000 }, async () => {
    const { code, out, err } = await shop.run(
      "tune",
      lenet,
      ...method,
      "--labels",
      "labels",
      "--chip-limit",
      "0",
      "--max-loss",
      "100",
      "--bits",
      "--json",
    );
    expect(code, err).toBe(0);
    const tuned = JSON.parse(out) as Tuned;
    expect(tuned).toMatchObject({ chosen: 4, bits: { chosen: 1, perLayer: null } });
    expect(tuned.points.length).toBe(1);
  });

  it("needs calibration samples, enough of them, and a model that does not spike", async () => {
    const refused = async (...more: readonly string[]): Promise<string> =>
      (await shop.run("tune", ...more, "-t", "mesh-4x4", "-m", "rate", "--scale", "1/255")).err;
    expect(await refused(lenet)).toContain("error[option-missing]: tune needs --calibration");
    shop.write(
      "one",
      readFileSync(shop.path("images"))
        .subarray(0, 16 + 784)
        .map((b, i) => (i === 7 ? 1 : b)),
    );
    expect(await refused(lenet, "--calibration", "one")).toContain("error[held-out-empty]");
    const spiking = resolve(import.meta.dirname, "../../../test/models/real-layer/real-layer.onnx");
    expect(await refused(spiking, "--calibration", "images")).toContain("error[tune-spiking]");
    expect((await shop.run("tune", lenet, "--max-loss", "many")).code).toBe(2);
  });
});
