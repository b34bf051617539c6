import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { choose } from "../../compiler/base/options.ts";
import { numbersOf, tensor } from "../../compiler/base/tensor.ts";
import { prepared } from "../../compiler/convert/calibrate.ts";
import { conversions } from "../../compiler/convert/index.ts";
import { lowerGraph } from "../../compiler/convert/lower-graph.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { openSamples, type Preprocessing, type SampleSet, sampleShape, unprocessed } from "../../compiler/frontends/samples.ts";
import { prepareGraph } from "../../compiler/ir/graph/run.ts";
import type { Graph } from "../../compiler/ir/graph/types.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { verifyNetwork } from "../../compiler/ir/network/verify.ts";
import { graphPipeline } from "../../compiler/passes/graph/index.ts";
import { context } from "../../compiler/passes/pass.ts";
import { runSteps } from "../../compiler/passes/run.ts";
import { evaluateLayers } from "../harness/layers.ts";
import { sharedFile } from "./onnx-files.ts";

/*
 * Models and data made by others: lowering keeps what they compute, conversions
 * verify, and the spiking networks answer as the models do.
 */

const data = sharedFile("data/");
const path = (name: string): string => `${data}${name}`;
const file = (name: string): { name: string; bytes: Uint8Array } => ({ name, bytes: new Uint8Array(readFileSync(path(name))) });

function load(model: string): Graph {
  return runSteps(
    importOnnx(readFileSync(path(`models/${model}`)), model, () => null, context()),
    graphPipeline,
    context(),
  );
}

const cifar: Preprocessing = { ...unprocessed, scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const kws: Preprocessing = { ...unprocessed, raw: { type: "int8", shape: [49, 10], zeroPoint: 83, scale: 0.5847029089927673 } };
const ad: Preprocessing = { ...unprocessed, raw: { type: "float32", shape: [640], zeroPoint: 0, scale: 1 } };

type Model = {
  readonly model: string;
  readonly data: string;
  readonly labels: string | null;
  readonly preprocessing: Preprocessing;
  readonly options: Record<string, string>;
  readonly count: number;
  readonly agreement: number;
};

const mnist = {
  data: "images/mnist/t10k-a-images-idx3-ubyte.gz",
  labels: "images/mnist/t10k-a-labels-idx1-ubyte.gz",
  preprocessing: { ...unprocessed, scale: 1 / 255 },
};
const resnet = {
  data: "images/cifar10/test_a_5000.bin.gz",
  labels: null,
  preprocessing: cifar,
  options: { steps: "64", threshold: "percentile" },
  count: 6,
  agreement: 0.8,
};

const models: readonly Model[] = [
  { model: "onnx_mnist/mnist.onnx", ...mnist, options: { steps: "16", maxPool: "gate" }, count: 100, agreement: 0.97 },
  { model: "onnx_mnist/opt-mnist.onnx", ...mnist, options: { steps: "32", maxPool: "average" }, count: 100, agreement: 0.9 },
  { model: "akamaster/akamaster_resnet20.onnx", ...resnet },
  { model: "akamaster/akamaster_resnet20_slicepad.onnx", ...resnet },
  { model: "akamaster/akamaster_resnet20_convshortcut.onnx", ...resnet },
  {
    model: "mlperf_tiny/mlperf_kws_dscnn.onnx",
    data: "audio/kws01/kws01_bin.tar",
    labels: "audio/kws01/y_labels.csv",
    preprocessing: kws,
    options: { steps: "64", threshold: "percentile" },
    count: 50,
    agreement: 0.8,
  },
  {
    model: "mlperf_tiny/mlperf_ad01_autoencoder.onnx",
    data: "models/mlperf_tiny/ad_normal.bin",
    labels: null,
    preprocessing: ad,
    options: { steps: "32" },
    count: 20,
    agreement: 0,
  },
];

function open(m: Model, g: Graph): Promise<SampleSet> {
  const labels = m.labels === null ? null : file(m.labels);
  return openSamples({ files: [file(m.data)], labels }, m.preprocessing, sampleShape(at(g.values, at(g.inputs, 0)).shape));
}

const winner = (x: Float64Array): number => x.indexOf(Math.max(...x));

if (data === null) console.warn("conversions of models made by others: skipped, ../shared/data is not there");

describe.skipIf(data === null)("models made by others", () => {
  it.each(models.map((m) => [m.model, m] as const))("%s", async (_, m) => {
    const g = load(m.model);
    const samples = await open(m, g);
    const shape = at(g.values, at(g.inputs, 0)).shape;
    const method = at([conversions["rate"]], 0);
    if (method === undefined) throw new Error("the method rate");
    const options = choose("rate", method.options, m.options);
    const calibration = Array.from({ length: 32 }, (_, i) => samples.sample(samples.count - 1 - (i % Math.min(samples.count, 500))));
    const stats = method.calibrate(g, calibration, options, context());
    const network = method.convert(g, stats, options, context());
    expect(verifyNetwork(network)).toEqual([]);

    const ann = prepareGraph(g);
    const answer = (x: Float32Array): Float64Array => numbersOf(at(ann.run([tensor("f32", shape, x)]).outputs, 0));
    if (m.options["maxPool"] !== "average") {
      const layered = lowerGraph(prepared(g, "gate", stats, 2), { maxPool: "gate", averagePool: "fold" }, context());
      const x = samples.sample(0);
      const [wanted, got] = [answer(x), at(evaluateLayers(layered, x), 0)];
      const scale = Math.max(...wanted.map(Math.abs));
      for (let i = 0; i < wanted.length; i++) expect(Math.abs(at(wanted, i) - at(got, i))).toBeLessThan(1e-4 * scale);
    }

    const snn = prepareNetwork(network);
    let agreed = 0;
    let [difference, size] = [0, 0];
    for (let i = 0; i < m.count; i++) {
      const x = samples.sample(i);
      const [wanted, got] = [answer(x), at(snn.run([x]).outputs, 0)];
      if (winner(wanted) === winner(got)) agreed++;
      wanted.forEach((w, k) => {
        difference += (w - at(got, k)) ** 2;
        size += w * w;
      });
    }
    expect(agreed / m.count).toBeGreaterThanOrEqual(m.agreement);
    expect(Math.sqrt(difference / size)).toBeLessThan(0.5);
  });
});

describe.skipIf(data === null)("data made by others", () => {
  it("has the statistics that its sources state", async () => {
    const moments = async (name: string, shape: readonly number[], channel: number): Promise<number[]> => {
      const set = await openSamples({ files: [file(name)] }, { ...unprocessed, scale: 1 / 255 }, shape);
      const per = (shape[1] ?? 1) * (shape[2] ?? 1);
      let [sum, square, count] = [0, 0, 0];
      for (let i = 0; i < Math.min(set.count, 5000); i++) {
        for (const v of set.sample(i).subarray(channel * per, (channel + 1) * per)) {
          sum += v;
          square += v * v;
          count++;
        }
      }
      return [set.count, sum / count, Math.sqrt(square / count - (sum / count) ** 2)];
    };
    const [count, mean, deviation] = await moments("images/mnist/train-images-idx3-ubyte.gz", [1, 28, 28], 0);
    expect(count).toBe(60000);
    expect(mean).toBeCloseTo(0.1307, 2);
    expect(deviation).toBeCloseTo(0.3081, 2);
    const [records, blue] = await moments("images/cifar10/train_5000.bin.gz", [3, 32, 32], 2);
    expect(records).toBe(5000);
    expect(blue).toBeCloseTo(0.4465, 2);
  });

  it("carries its labels, or is matched with them by name", async () => {
    const fine = await openSamples({ files: [file("images/cifar100/test_a_1000.bin.gz")] }, unprocessed, [3, 32, 32], 100);
    expect(new Set(Array.from({ length: fine.count }, (_, i) => fine.label(i))).size).toBe(100);
    const words = await openSamples(
      { files: [file("audio/kws01/kws01_bin.tar")], labels: file("audio/kws01/y_labels.csv") },
      kws,
      [1, 49, 10],
      12,
    );
    expect(words.count).toBe(500);
    for (let i = 0; i < words.count; i++) expect(words.name(i)).toMatch(new RegExp(`_${words.label(i)}\\.bin$`));
  });
});
