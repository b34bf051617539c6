import { type ChildProcess, fork } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { quiet } from "../../compiler/base/context.ts";
import { Failure, showDiagnostic } from "../../compiler/base/diagnostic.ts";
import { choose } from "../../compiler/base/options.ts";
import { type Tensor, tensor } from "../../compiler/base/tensor.ts";
import { conversions } from "../../compiler/convert/index.ts";
import { prepareReference } from "../../compiler/convert/css/reference.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { openSamples, type SampleSet, sampleShape, unprocessed } from "../../compiler/frontends/samples.ts";
import { prepareGraph } from "../../compiler/ir/graph/run.ts";
import type { Graph } from "../../compiler/ir/graph/types.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { graphPipeline } from "../../compiler/passes/graph/index.ts";
import { foldAmplitude } from "../../compiler/passes/network/fold-amplitude/pass.ts";
import { quantizeInputs } from "../../compiler/passes/network/quantize-inputs/pass.ts";
import { quantizeWeights } from "../../compiler/passes/network/quantize-weights/pass.ts";
import { type Context, step } from "../../compiler/passes/pass.ts";
import { runSteps } from "../../compiler/passes/run.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { price } from "../../runtime/report/energy.ts";
import { openSession } from "../../runtime/session.ts";
import { targets } from "../../targets/index.ts";

/*
 * The tables of docs/conversion: a trained ResNet-20 and 5,000 CIFAR-10 images from the
 * data beside the project (../shared), calibrated on training images.
 *
 *   npx tsx test/bench/papers.ts [--processes 2] [--rows TEXT] [--state FILE]
 *
 * This takes hours on few cores. Every hundred images are written to the state file, and
 * what is there is not computed again; `--rows` takes the rows whose names contain the text.
 */

type Row = {
  readonly name: string;
  readonly method: string;
  readonly options: Readonly<Record<string, string>>;
  /** Whole weights of so many bits; null: the numbers as they are. */
  readonly weightBits: number | null;
  /** The network, or the bytes on the simulated chip, each sample compared with the network. */
  readonly rung: "network" | "chip";
  readonly images: number;
};

const all = 5000;
const chip = "mesh-32x32";

function cssRow(steps: number, more: Readonly<Record<string, string>>, weightBits: number | null = null): Row {
  const extra = Object.entries(more)
    .map(([k, v]) => ` ${k}=${v}`)
    .join("");
  return {
    name: `css T=${steps}${extra}${weightBits === null ? "" : `, ${weightBits}-bit weights`}`,
    method: "css",
    options: { steps: String(steps), ...more },
    weightBits,
    rung: "network",
    images: all,
  };
}

const rateRow = (steps: number, images: number): Row => ({
  name: `rate T=${steps}`,
  method: "rate",
  options: { steps: String(steps) },
  weightBits: null,
  rung: "network",
  images,
});

function chipRow(row: Row): Row {
  return { ...row, name: `${row.name}, on ${chip}`, rung: "chip", images: 50 };
}

const ann: Row = { name: "ann", method: "ann", options: {}, weightBits: null, rung: "network", images: all };

const rows: readonly Row[] = [
  ann,
  cssRow(4, {}),
  cssRow(5, {}),
  cssRow(8, {}),
  rateRow(8, all),
  cssRow(4, {}, 8),
  cssRow(5, {}, 8),
  cssRow(8, {}, 8),
  chipRow(cssRow(4, {}, 8)),
  chipRow(cssRow(5, {}, 8)),
  chipRow(cssRow(8, {}, 8)),
  rateRow(32, all),
  rateRow(128, 1000),
  cssRow(5, { silent: "auto", wrong: "0.1" }),
  cssRow(5, { phi: "2/3" }),
  { ...cssRow(5, { silent: "0" }), images: 1000 },
  { ...cssRow(5, { silent: "2" }), images: 1000 },
  { ...cssRow(5, { spikes: "binary" }), images: 1000 },
  cssRow(4, { silent: "auto", wrong: "0.1" }),
  cssRow(8, { silent: "auto", wrong: "0.1" }),
];

const preset = "resnet20.jsonl";
const calibrationImages = 500;

/** The normalized pixels have a sign and a range per colour, so 8 bits of them would be coarser than the image's own. */
const inputBits = 12;
const chunk = 100;

/** What a chunk of images gave. */
type Part = {
  readonly row: string;
  readonly from: number;
  readonly to: number;
  /** Steps of the network until its answer. */
  readonly steps: number;
  readonly right: number;
  /** The same by the network without time; null where there is none. */
  readonly reference: number | null;
  readonly spikes: number;
  readonly synapticEvents: number;
  /** Of the chip; 0 elsewhere. */
  readonly cycles: number;
  readonly joules: number;
};

const shared = new URL("../../../shared/data/", import.meta.url);
const flagOf = (name: string, otherwise: string): string => {
  const i = process.argv.indexOf(`--${name}`);
  return i < 0 ? otherwise : (process.argv[i + 1] ?? otherwise);
};

// What a child process does: one row, chunk by chunk as it is told.

type Bed = { readonly graph: Graph; readonly train: SampleSet; readonly test: SampleSet };

async function openBed(): Promise<Bed> {
  const cx: Context = { ...quiet(), chip: null };
  const imported = importOnnx(readFileSync(new URL("models/akamaster/akamaster_resnet20.onnx", shared)), "resnet20", () => null, cx);
  const graph = runSteps<"graph">(imported, graphPipeline, cx);
  const shape = sampleShape(graph.values[graph.inputs[0]!]!.shape);
  const images = (name: string): Promise<SampleSet> =>
    openSamples(
      { files: [{ name, bytes: new Uint8Array(readFileSync(new URL(`images/cifar10/${name}`, shared))) }] },
      { ...unprocessed, scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      shape,
    );
  return { graph, train: await images("train_5000.bin.gz"), test: await images("test_a_5000.bin.gz") };
}

/** Training images, spread over the file. */
function calibration({ train }: Bed): Float32Array[] {
  const every = Math.floor(train.count / calibrationImages);
  return Array.from({ length: calibrationImages }, (_, i) => train.sample(i * every));
}

/** The converted network. Statistics are kept beside the state file, since rows with the same options share them. */
function convertedOf(bed: Bed, row: Row): Network {
  const cx: Context = { ...quiet(), chip: null };
  const method = conversions[row.method]!;
  const options = choose(row.method, method.options, row.options);
  const file = `${flagOf("state", preset)}.${row.method}-${Object.values(row.options).join("-").replace("/", "_")}.json`;
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(method.calibrate(bed.graph, calibration(bed), options, cx)));
  return method.convert(bed.graph, JSON.parse(readFileSync(file, "utf8")), options, cx);
}

function networkOf(bed: Bed, row: Row): { readonly converted: Network; readonly network: Network } {
  const cx: Context = { ...quiet(), chip: null };
  const converted = convertedOf(bed, row);
  if (row.weightBits === null) return { converted, network: converted };
  const whole = [
    step(quantizeInputs, { bits: String(inputBits) }),
    step(foldAmplitude),
    step(quantizeWeights, { bits: String(row.weightBits) }),
  ];
  return { converted, network: runSteps<"network">(converted, whole, cx) };
}

/** Looks at one image: its class, and what the network did for it. */
type Look = (
  x: Float32Array,
) => Promise<{ readonly class: number; readonly reference: number | null } & Pick<Part, "spikes" | "synapticEvents" | "cycles" | "joules">>;

const nothing = { reference: null, spikes: 0, synapticEvents: 0, cycles: 0, joules: 0 };

function annLook({ graph }: Bed): Look {
  const run = prepareGraph(graph);
  const { shape } = graph.values[graph.inputs[0]!]!;
  return async (x) => ({ ...nothing, class: best(numbers(run.run([tensor("f32", shape, x)]).outputs[0]!)) });
}

function networkLook(row: Row, converted: Network, network: Network): Look {
  const run = prepareNetwork(network);
  const reference = row.method === "css" && row.weightBits === null ? prepareReference(converted) : null;
  const inputs = new Set<number>(network.inputs.map((i) => i.pop));
  return async (x) => {
    const r = run.run([x]);
    const spikes = r.events.reduce((sum, n, pop) => (inputs.has(pop) ? sum : sum + n), 0);
    return {
      ...nothing,
      class: best(r.outputs[0]!),
      reference: reference === null ? null : best(reference.run([x]).outputs[0]!),
      spikes,
      synapticEvents: r.synapticEvents,
    };
  };
}

/** The chip's answers, spikes and costs; throws when its potentials or number of spikes are not the network's. */
async function chipLook(bed: Bed, row: Row): Promise<{ readonly look: Look; readonly steps: number }> {
  const target = targets[chip]!();
  const passOptions = { "quantize-inputs": { bits: String(inputBits) }, "quantize-weights": { bits: String(row.weightBits) } };
  const made = compile(convertedOf(bed, row), job({ target, method: row.method, passOptions }), { ...quiet(), chip: target.chip });
  const session = await openSession(target.simulate(), made.image);
  const most = 2 ** (target.chip.potential.bits - 1);
  const network = prepareNetwork(made.legal, { limits: { low: -most, high: most - 1 } });
  const inputs = new Set<number>(made.legal.inputs.map((i) => i.pop));
  const look: Look = async (x) => {
    await session.device.reset();
    const r = await session.run([x]);
    const wanted = network.run([x]);
    const spikes = wanted.events.reduce((sum, n, pop) => (inputs.has(pop) ? sum : sum + n), 0);
    const same = r.raw.every((v, k) => v.every((y, i) => y === wanted.raw[k]![i])) && r.counts["spike"] === spikes;
    if (!same) throw new Error("chip and network differ");
    return {
      ...nothing,
      class: best(r.answers[0]!),
      spikes,
      synapticEvents: r.counts["synapse"] ?? 0,
      cycles: r.cycles,
      joules: price(r.counts, r.cycles, target.chip).joules.typical,
    };
  };
  return { look, steps: made.legal.steps };
}

async function lookOf(bed: Bed, row: Row): Promise<{ readonly look: Look; readonly steps: number }> {
  if (row === ann) return { look: annLook(bed), steps: 0 };
  if (row.rung === "chip") return chipLook(bed, row);
  const { converted, network } = networkOf(bed, row);
  return { look: networkLook(row, converted, network), steps: network.steps };
}

async function child(row: Row): Promise<void> {
  const bed = await openBed();
  const { look, steps } = await lookOf(bed, row);
  const part = async (from: number): Promise<Part> => {
    const sum = { right: 0, reference: 0, spikes: 0, synapticEvents: 0, cycles: 0, joules: 0 };
    let compared = false;
    const to = Math.min(from + chunk, row.images);
    for (let i = from; i < to; i++) {
      const label = bed.test.label(i);
      const r = await look(bed.test.sample(i));
      if (r.class === label) sum.right++;
      if (r.reference === label) sum.reference++;
      compared ||= r.reference !== null;
      for (const k of ["spikes", "synapticEvents", "cycles", "joules"] as const) sum[k] += r[k];
    }
    return { row: row.name, from, to, steps, ...sum, reference: compared ? sum.reference : null };
  };
  process.on("message", (from: number) => void part(from).then((p) => process.send?.(p)));
  process.send?.("ready");
}

const numbers = (t: Tensor): ArrayLike<number> => t.data as Float32Array;

function best(scores: ArrayLike<number>): number {
  let b = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[b]!) b = i;
  return b;
}

// What the parent does.

function done(state: string): Part[] {
  if (!existsSync(state)) return [];
  return readFileSync(state, "utf8")
    .split("\n")
    .filter((l) => l !== "")
    .map((l) => JSON.parse(l) as Part);
}

async function runRow(row: Row, state: string, processes: number): Promise<void> {
  const known = new Set(
    done(state)
      .filter((p) => p.row === row.name)
      .map((p) => p.from),
  );
  if (row !== ann) convertedOf(await openBed(), row);
  const todo = Array.from({ length: Math.ceil(row.images / chunk) }, (_, i) => i * chunk).filter((from) => !known.has(from));
  const workers = Array.from({ length: Math.min(processes, todo.length) }, () =>
    fork(fileURLToPath(import.meta.url), ["--child", row.name, "--state", state]),
  );
  await Promise.all(workers.map((w) => serve(w, todo, state)));
}

/** Gives a child chunks until there are none. */
function serve(worker: ChildProcess, todo: number[], state: string): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("exit", (code) => (code === 0 || code === null ? resolve() : reject(new Error(`a child process ended with ${code}`))));
    worker.on("message", (m: Part | "ready") => {
      if (m !== "ready") appendFileSync(state, `${JSON.stringify(m)}\n`);
      const next = todo.shift();
      if (next === undefined) worker.kill();
      else worker.send(next);
    });
  });
}

function table(parts: readonly Part[]): string {
  const percent = (n: number, of: number): string => `${((100 * n) / of).toFixed(2)} %`;
  const annAt = new Map(parts.filter((p) => p.row === ann.name).map((p) => [p.from, p]));
  const lines = rows.flatMap((row) => {
    const mine = parts.filter((p) => p.row === row.name && annAt.has(p.from));
    // A row of the chip looks at fewer images than a chunk has; its accuracy cannot be compared with the chunk's.
    const whole = mine.every((p) => annAt.get(p.from)?.to === p.to);
    const sum = (f: (p: Part) => number): number => mine.reduce((s, p) => s + f(p), 0);
    const images = sum((p) => p.to - p.from);
    if (images === 0) return [];
    const [trained, network] = [sum((p) => annAt.get(p.from)?.right ?? 0), sum((p) => p.right)];
    const reference = mine.some((p) => p.reference === null)
      ? ""
      : percent(
          sum((p) => p.reference ?? 0),
          images,
        );
    const cells = [
      row.name,
      images,
      mine[0]!.steps,
      reference,
      percent(network, images),
      whole ? ((100 * (trained - network)) / images).toFixed(2) : "",
      Math.round(sum((p) => p.spikes) / images),
      (sum((p) => p.synapticEvents) / images / 1e6).toFixed(2),
      row.rung === "chip" ? Math.round(sum((p) => p.cycles) / images) : "",
      row.rung === "chip" ? (1e6 * (sum((p) => p.joules) / images)).toFixed(0) : "",
    ];
    return [`| ${cells.join(" | ")} |`];
  });
  return [
    "| row | images | steps to the answer | quantized ANN | accuracy | loss against the ANN in points | spikes per image | synaptic events per image (millions) | cycles per image | energy per image (µJ) |",
    "|---|---|---|---|---|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

async function parent(): Promise<void> {
  const state = flagOf("state", preset);
  const wanted = rows.filter((r) => r === ann || r.name.includes(flagOf("rows", "")));
  for (const row of wanted) {
    await runRow(row, state, Number(flagOf("processes", "2")));
    console.log(table(done(state)));
    writeFileSync(`${state}.md`, table(done(state)));
  }
}

if (!existsSync(shared)) {
  console.log("skipped: the data beside the project (../shared/data) is not here");
} else {
  const name = flagOf("child", "");
  await (name === "" ? parent() : child(rows.find((r) => r.name === name)!)).catch((e: unknown) => {
    console.error(e instanceof Failure ? e.diagnostics.map((d) => showDiagnostic(d)).join("\n") : e);
    process.exitCode = 1;
  });
}
