import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { quiet } from "../../compiler/base/context.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { f32, numbersOf, sizeOf, type Tensor } from "../../compiler/base/tensor.ts";
import { npyNumbers, readNpy } from "../../compiler/frontends/data/npy.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { prepareGraph, runGraph } from "../../compiler/ir/graph/run.ts";
import type { Graph } from "../../compiler/ir/graph/types.ts";
import { verifyGraph } from "../../compiler/ir/graph/verify.ts";
import { difference, sharedFile, tensorOf } from "./onnx-files.ts";

/*
 * Trained models made by others, against their own reference answers and, where
 * onnxruntime-node is installed, against it.
 */

const folder = sharedFile("data/models/");
const path = (name: string): string => `${folder}${name}`;

function load(name: string): Graph {
  const graph = importOnnx(readFileSync(path(name)), name, () => null, quiet());
  expect(verifyGraph(graph).filter((d) => d.severity === "error")).toEqual([]);
  return graph;
}

/** As much of onnxruntime-node as is needed here; it is optional, so its own types may be missing too. */
type Runtime = {
  readonly Tensor: new (type: string, data: ArrayLike<number>, dims: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(
      file: string,
      options: object,
    ): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: object): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>>;
      release(): Promise<void>;
    }>;
  };
};
const runtimeName: string = "onnxruntime-node";
const runtime = await import(runtimeName).then(
  (module): Runtime => module,
  () => null,
);

/** What onnxruntime computes. */
async function reference(ort: Runtime, file: string, feeds: readonly Tensor[]): Promise<Tensor[]> {
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const named = feeds.map((t, i) => [session.inputNames[i] ?? "", new ort.Tensor("float32", Float32Array.from(numbersOf(t)), t.shape)]);
  const results = await session.run(Object.fromEntries(named));
  await session.release();
  return session.outputNames.map((n) => {
    const value = results[n];
    if (value === undefined) throw new Error(`onnxruntime gave no ${n}`);
    return f32(value.dims, value.data);
  });
}

function noise(graph: Graph, seed: number): Tensor[] {
  const random = new Random(seed);
  return graph.inputs.map((v) => {
    const shape = graph.values[v]?.shape ?? [];
    return f32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
    );
  });
}

/** Models that onnxruntime can run too. */
const models = [
  "onnx_mnist/mnist.onnx",
  "onnx_mnist/opt-mnist.onnx",
  "akamaster/akamaster_resnet20.onnx",
  "akamaster/akamaster_resnet20_slicepad.onnx",
  "akamaster/akamaster_resnet20_convshortcut.onnx",
  "mlperf_tiny/mlperf_kws_dscnn.onnx",
  "mlperf_tiny/mlperf_ad01_autoencoder.onnx",
  "patterns/real_layer.onnx",
  "patterns/real_channel.onnx",
  "patterns/real_element.onnx",
  "patterns/atif_plain.onnx",
  "patterns/atif_custom.onnx",
  "patterns/multi_T3.onnx",
];

if (folder === null) it.skip(`skipped: ${models.length + 3} models, the reference data is not beside the project`, () => {});
if (runtime === null) it.skip(`skipped: ${models.length} comparisons, onnxruntime-node is not installed`, () => {});

describe.skipIf(folder === null)("trained models", () => {
  it.each(models.map((m) => [m, runtime === null ? "finite numbers" : "what onnxruntime computes"]))("%s computes %s", async (name) => {
    const graph = load(name);
    for (const seed of [1, 2, 3]) {
      const inputs = noise(graph, seed);
      const outputs = runGraph(graph, inputs);
      expect(outputs.every((t) => numbersOf(t).every(Number.isFinite))).toBe(true);
      const expected = runtime === null ? outputs : await reference(runtime, path(name), inputs);
      expected.forEach((t, i) => expect(difference(outputs[i] as Tensor, t)).toBeLessThan(1e-4));
    }
  });

  it.each(["onnx_mnist/mnist.onnx", "onnx_mnist/opt-mnist.onnx"])("%s gives the answer that came with it", (name) => {
    const input = tensorOf(readFileSync(path("onnx_mnist/input_0.pb")));
    const expected = tensorOf(readFileSync(path("onnx_mnist/output_0.pb")));
    const [got] = runGraph(load(name), [input]);
    expect(difference(got as Tensor, expected)).toBeLessThan(1e-5);
  });

  const images = sharedFile("data/images/cifar10/test_a_5000.bin.gz");
  it.skipIf(images === null).each(["", "_slicepad", "_convshortcut"])("ResNet-20%s gives its reference logits within 1e-4", (form) => {
    const stored = unzipSync(readFileSync(path("akamaster/akamaster_resnet20_ref.npz")));
    const logits = npyNumbers(readNpy({ name: "logits", bytes: stored["logits.npy"] as Uint8Array }));
    const labels = npyNumbers(readNpy({ name: "labels", bytes: stored["labels.npy"] as Uint8Array }));
    const records = gunzipSync(readFileSync(images as string));
    const graph = prepareGraph(load(`akamaster/akamaster_resnet20${form}.onnx`));
    for (let i = 0; i < 20; i++) {
      const record = records.subarray(i * 3073, (i + 1) * 3073);
      expect(record[0]).toBe(labels[i]);
      const [got] = graph.run([cifarImage(record.subarray(1))]).outputs;
      const worst = Math.max(...numbersOf(got as Tensor).map((v, c) => Math.abs(v - (logits[i * 10 + c] as number))));
      expect(worst).toBeLessThan(1e-4);
    }
  });

  // No runtime at hand runs QONNX; what its networks were trained to do is the witness.
  const digits = sharedFile("data/images/mnist/t10k-a-images-idx3-ubyte.gz");
  const answers = sharedFile("data/images/mnist/t10k-a-labels-idx1-ubyte.gz");
  it.skipIf(digits === null || answers === null).each([
    ["TFC_1W1A", 0.9],
    ["TFC_2W2A", 0.93],
  ] as const)("QONNX %s recognizes at least %d of the first 300 digits", (name, least) => {
    const pixels = gunzipSync(readFileSync(digits as string)).subarray(16);
    const labels = gunzipSync(readFileSync(answers as string)).subarray(8);
    const graph = prepareGraph(load(`qonnx_zoo/${name}.onnx`));
    let right = 0;
    for (let i = 0; i < 300; i++) {
      const image = Float32Array.from(pixels.subarray(i * 784, (i + 1) * 784), (p) => p / 255);
      const [scores] = graph.run([f32([1, 1, 28, 28], image)]).outputs;
      const numbers = numbersOf(scores as Tensor);
      if (numbers.indexOf(Math.max(...numbers)) === labels[i]) right++;
    }
    expect(right / 300).toBeGreaterThanOrEqual(least);
  });

  it("a Python function left in the file is refused at both places, with advice", () => {
    try {
      load("patterns/atif_custom_ft.onnx");
      expect.unreachable();
    } catch (e) {
      if (!(e instanceof Failure)) throw e;
      expect(e.diagnostics.map((d) => [d.code, d.at])).toEqual([
        ["onnx-unsupported-op", 'node "/n1/PythonOp" (PythonOp)'],
        ["onnx-unsupported-op", 'node "/n2/PythonOp" (PythonOp)'],
      ]);
      expect(e.diagnostics[0]?.help[0]).toContain("custom function");
    }
  });
});

/** (x/255 − mean)/std of CIFAR-10's usual preprocessing with ImageNet's numbers, as the models were trained. */
function cifarImage(pixels: Uint8Array): Tensor {
  const mean = [0.485, 0.456, 0.406];
  const std = [0.229, 0.224, 0.225];
  const plane = (i: number): number => Math.floor(i / 1024);
  return f32(
    [1, 3, 32, 32],
    Float32Array.from(pixels, (p, i) => (p / 255 - (mean[plane(i)] as number)) / (std[plane(i)] as number)),
  );
}
