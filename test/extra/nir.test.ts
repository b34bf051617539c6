import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { meshMachine } from "../../targets/mesh/machine.ts";
import { targets } from "../../targets/index.ts";
import { openSession } from "../../runtime/session.ts";
import { at } from "../../compiler/base/bug.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { f64, numbersOf } from "../../compiler/base/tensor.ts";
import { aedat4Format } from "../../compiler/frontends/events/aedat.ts";
import { inMemory } from "../../compiler/frontends/events/bytes.ts";
import { visitEvents } from "../../compiler/frontends/events/recording.ts";
import { openEvents } from "../../compiler/frontends/events/samples.ts";
import { importNir, type NirOptions, readNir } from "../../compiler/frontends/nir/index.ts";
import { writeNir } from "../../compiler/frontends/nir/write.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { verifyNetwork } from "../../compiler/ir/network/verify.ts";
import { classOfScores, potentialLimits } from "../../compiler/analysis/answer.ts";
import { Random } from "../../compiler/base/random.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import type { TraceEvent } from "../../runtime/device.ts";
import { firstUnequal, trainsOf } from "../fuzz.ts";
import { sharedFile } from "./onnx-files.ts";
import { pythonWith } from "./python.ts";

/* Spiking models made by others: read as they are, run as they did, and onto the chip. */

const folder = sharedFile("data/nir/");
const traces = sharedFile("peers/groundtruth/nir_lif_loihi2/");
if (folder === null || traces === null) console.warn("skipped: no reference data beside the project (../shared)");

function load(file: string, options: Partial<NirOptions> & { readonly profileText?: string }): Promise<Network> {
  const [name = "", rules = ""] = (options.profileText ?? "").split(":");
  const given = Object.fromEntries(
    rules
      .split(",")
      .filter((r) => r !== "")
      .map((r) => r.split("=") as [string, string]),
  );
  const profile = options.profileText === undefined ? null : { name, given };
  const bytes = new Uint8Array(readFileSync(`${folder}${file}`));
  return importNir(bytes, file, { profile, dt: 1e-4, steps: 100, input: "count", ...options }, context());
}

describe.skipIf(folder === null)("graphs of other frameworks", () => {
  it("refuses an inconsistent graph by the name of the missing node", async () => {
    const failure = await load("braille_noDelay_bias_zero_subgraph.nir", { profileText: "snntorch" }).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(Failure);
    const codes = (failure as Failure).diagnostics.map((d) => [d.code, /"lif"/.test(d.message)]);
    expect(codes.length).toBeGreaterThan(0);
    for (const c of codes) expect(c).toEqual(["nir-edge-nowhere", true]);
  });

  it("asks for the profile where the file cannot say", async () => {
    const failure = (await load("lif_norse.nir", {}).catch((e: unknown) => e)) as Failure;
    expect(failure.diagnostics.map((d) => d.code)).toEqual(["nir-profile-needed"]);
  });

  it("reads a recurrent graph as its equations say", async () => {
    const network = await load("braille_noDelay_bias_zero.nir", { profileText: "snntorch", steps: 64 });
    expect(verifyNetwork(network)).toEqual([]);
    const sample = spikes(new Random(3), 64, 12);
    expect([...at(prepareNetwork(network).run([sample]).outputs, 0)]).toEqual(reference(network, sample, 64));
  });

  it("brings the recurrent graph to the chip, equal to the integer network on 100 random sequences", async () => {
    const network = await load("braille_noDelay_bias_zero.nir", { profileText: "snntorch", steps: 256 });
    const target = targets["mesh-1x1"]?.() ?? expect.fail("no target");
    const compiled = compile(network, job({ target, method: "" }), context({ chip: target.chip }));
    const whole = prepareNetwork(compiled.legal, { limits: potentialLimits(target.chip) });
    const session = await openSession(meshMachine(target.chip), compiled.image);
    const random = new Random(7);
    const inputs = new Set<number>(compiled.legal.inputs.map((c) => c.pop));
    let spiking = 0;
    for (let i = 0; i < 100; i++) {
      const sample = spikes(random, 256, 12);
      const [expected, got] = [whole.run([sample]), await session.run([sample])];
      expect([...at(got.raw, 0)]).toEqual([...at(expected.raw, 0)]);
      // Every spike inside too, not only what is read.
      expect(got.counts["spike"]).toBe(expected.events.reduce((sum, n, pop) => (inputs.has(pop) ? sum : sum + n), 0));
      spiking += at(expected.raw, 0).reduce((a, b) => a + b, 0);
    }
    expect(spiking).toBeGreaterThan(1000);
  });
});

function spikes(random: Random, steps: number, channels: number): Float64Array {
  return Float64Array.from({ length: steps * channels }, () => (random.unit() < 0.1 ? 1 : 0));
}

/** snnTorch's RSynaptic and Synaptic with subtraction, written out from the weights of the network's links. */
function reference(network: Network, sample: Float64Array, steps: number): number[] {
  const weight = (from: string, to: string): Float64Array => {
    const link = network.links.find((l) => at(network.pops, l.from).name === from && at(network.pops, l.to).name === to);
    return link?.kernel.kind === "dense" ? numbersOf(link.kernel.weight) : expect.fail(`no link ${from} -> ${to}`);
  };
  const product = (w: Float64Array, x: ArrayLike<number>, out: number): Float64Array =>
    Float64Array.from({ length: out }, (_, o) => Array.from(x).reduce((s, v, i) => s + at(w, o * x.length + i) * v, 0));
  const layers = [
    {
      n: 38,
      alpha: 1 - 1e-4 / 2.222222281091009e-4,
      beta: 1 - 1e-4 / 9.999997615814777e-4,
      w: weight("input", "lif1.lif"),
      b: weight("lif1.lif.bias", "lif1.lif"),
      rec: weight("lif1.lif", "lif1.lif"),
    },
    {
      n: 7,
      alpha: 1 - 1e-4 / 2e-4,
      beta: 1 - 1e-4 / 2.222222281091009e-4,
      w: weight("lif1.lif", "lif2"),
      b: weight("lif2.bias", "lif2"),
      rec: null,
    },
  ].map((l) => ({ ...l, syn: new Float64Array(l.n), mem: new Float64Array(l.n), spk: new Float64Array(l.n) }));
  const total = new Array<number>(7).fill(0);
  for (let t = 0; t < steps; t++) {
    let x: ArrayLike<number> = sample.subarray(t * 12, t * 12 + 12);
    for (const l of layers) {
      const drive = product(l.w, x, l.n);
      const back = l.rec === null ? new Float64Array(l.n) : product(l.rec, l.spk, l.n);
      for (let i = 0; i < l.n; i++) {
        l.syn[i] = l.alpha * at(l.syn, i) + at(drive, i) + at(l.b, i) + at(back, i);
        l.mem[i] = l.beta * at(l.mem, i) + at(l.syn, i) - at(l.spk, i);
      }
      l.spk = l.mem.map((v) => (v > 1 ? 1 : 0));
      x = l.spk;
    }
    at(layers, 1).spk.forEach((v, i) => (total[i] = at(total, i) + v));
  }
  return total;
}

/*
 * One neuron as nine simulators and two chips ran it (NIR paper): membrane and spikes of
 * 1,000 steps. `scale` is what the framework divides potentials by, `late` how many rows later it
 * records, `most` the worst deviation of the membrane in units of the file, as it was measured.
 */
const published = [
  { file: "norse", profile: "norse:dt=1e-4", scale: 1, late: 0, most: 1e-7 },
  { file: "snntorch", profile: "snntorch:reset=hard,resetAt=spike", scale: 0.04, late: 0, most: 1e-7 },
  { file: "sinabs", profile: "sinabs", scale: 1, late: 0, most: 1e-7 },
  { file: "rockpool", profile: "rockpool", scale: 1, late: 0, most: 1e-7 },
  { file: "lava_cpu_float", profile: "lava", scale: 1, late: 1, most: 1e-7 },
  { file: "spyx", profile: "spyx", scale: 1, late: 0, most: 1e-7 },
  { file: "nengo", profile: "nengo:dt=1e-4", scale: 0.1, late: 0, most: 1e-7 },
  { file: "spinnaker2", profile: "spinnaker2", scale: 0.04, late: 0, most: 1e-4 },
] as const;

describe.skipIf(traces === null)("traces of one neuron", () => {
  it.each(published)("$file", async ({ file, profile, scale, late, most }) => {
    const rows = rowsOf(file);
    const network = await load("lif_norse.nir", { profileText: profile, steps: rows.length });
    const run = traceOf(network, rows, 0.1 / thresholdOf(network));
    let worst = 0;
    const spikes: number[] = [];
    const expected: number[] = [];
    rows.forEach((row, t) => {
      const s = t - late;
      if (s >= 0) worst = Math.max(worst, Math.abs(row.v * scale - (file === "spyx" ? late1(run, s) : at(run.after, s))));
      if (row.spike > 0) expected.push(t);
      if (s >= 0 && at(run.spike, s) > 0) spikes.push(t);
    });
    const emitted = profile === "spyx" ? spikes.map((t) => t + 1) : spikes;
    expect(emitted).toEqual(expected);
    expect(worst).toBeLessThan(most);
  });

  it("lava in integers: weights times 16,000, decay 3933/4096 toward zero", async () => {
    for (const file of ["lava_cpu_fixed", "lava_lava_loihi"].slice(0, 1).concat("lava_loihi_fixed")) {
      const rows = rowsOf(file);
      const network = await load("lif_norse.nir", { profileText: "lava", steps: rows.length });
      const whole = inLoihi(network);
      const run = traceOf(whole, rows, 1);
      rows.forEach((row, t) => {
        if (t === 0) return;
        expect(at(run.spike, t - 1)).toBe(row.spike);
        // Loihi shows 128, a mark of its own, in the row of a spike.
        if (row.spike === 0) expect(at(run.after, t - 1)).toBe(row.v);
      });
    }
  });
});

type Row = { readonly input: number; readonly v: number; readonly spike: number };

function rowsOf(file: string): Row[] {
  const text = readFileSync(`${traces}lif_${file}.csv`, "utf8");
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => {
      const [input = 0, v = 0, spike = 0] = line.split(",").map(Number);
      return { input, v, spike };
    });
}

function thresholdOf(network: Network): number {
  return Number(network.pops.find((p) => p.neuron.model === "lif")?.neuron.params["threshold"]);
}

/** Membrane after reset, in units of the file, and spikes of every step. */
function traceOf(network: Network, rows: readonly Row[], unit: number): { after: number[]; before: number[]; spike: number[] } {
  const after: number[] = [];
  const before: number[] = [];
  const spike: number[] = [];
  const pop = network.pops.find((p) => p.neuron.model === "lif") ?? expect.fail("no neuron");
  const amount = Number(pop.neuron.params["resetValue"] ?? pop.neuron.params["threshold"]);
  const run = prepareNetwork(
    { ...network, pops: network.pops.map((p) => ({ ...p, stop: null })) },
    {
      observe: (id, _, payloads, potential) => {
        if (id !== pop.id || potential === null) return;
        after.push(at(potential, 0) * unit);
        before.push((at(potential, 0) + at(payloads, 0) * amount) * unit);
        spike.push(at(payloads, 0));
      },
    },
  );
  run.run([rows.map((r) => (r.input > 0 ? 1 : 0))]);
  return { after, before, spike };
}

/** Spyx shows the potential that the comparison of the next step will see. */
function late1(run: { before: number[] }, t: number): number {
  return at(run.before, t);
}

/** The mantissas that Lava chose: 10 and 25, times 2^6. */
function inLoihi(n: Network): Network {
  const pops = n.pops.map((p) =>
    p.neuron.model !== "lif"
      ? p
      : { ...p, neuron: { ...p.neuron, params: { ...p.neuron.params, threshold: 1600, leak: "multiply", decay: 3933 / 4096 } } },
  );
  return { ...n, pops, links: n.links.map((l) => ({ ...l, kernel: { kind: "dense" as const, weight: f64([1, 1], [640]) } })) };
}

const recordings = sharedFile("data/events/nmnist/nmnist_bs2.tar.gz");
const labels = sharedFile("data/events/nmnist/labels.csv");

describe.skipIf(folder === null || recordings === null || labels === null)("cnn_sinabs on recordings", () => {
  it("answers right in floats, in 8 bits and on the chip, chip and integer network alike", async () => {
    const network = await load("cnn_sinabs.nir", { profileText: "sinabs", dt: 3e-3 });
    const target = targets["mesh-4x4"]?.() ?? expect.fail("no target");
    const compiled = compile(network, job({ target, method: "" }), context({ chip: target.chip }));
    const bytes = (path: string | null): Uint8Array => new Uint8Array(readFileSync(path ?? ""));
    const source = {
      files: [inMemory({ name: "nmnist.tar.gz", bytes: bytes(recordings) })],
      labels: { name: "labels.csv", bytes: bytes(labels) },
    };
    const set = await openEvents(
      { ...source, only: { column: "orig_split", value: "test100" } },
      { shape: [2, 34, 34], steps: 100, dt: 3e-3, input: "input" },
      10,
    );
    expect(set.count).toBe(53);
    const real = prepareNetwork(network);
    const whole = prepareNetwork(compiled.legal, { limits: potentialLimits(target.chip) });
    const session = await openSession(meshMachine(target.chip), compiled.image);
    let right = 0;
    for (let i = 0; i < 20; i++) {
      const sample = set.sample(i);
      const [float, integer] = [real.run([sample]), whole.run([sample])];
      expect(classOfScores(at(integer.outputs, 0))).toBe(set.label(i));
      if (classOfScores(at(float.outputs, 0)) === set.label(i)) right++;
      if (i < 3) expect([...at((await session.run([sample])).raw, 0)]).toEqual([...at(integer.raw, 0)]);
    }
    expect(right).toBe(20);
    // Every spike of every population, as the chip's trace shows them.
    const inputs = new Set<number>(compiled.legal.inputs.map((c) => c.pop));
    const record = compiled.legal.pops.map((p) => p.id).filter((p) => !inputs.has(p));
    const traced = prepareNetwork(compiled.legal, { limits: potentialLimits(target.chip), record });
    let spikes = 0;
    for (let i = 0; i < 5; i++) {
      const sample = set.sample(20 + i);
      const trace: TraceEvent[] = [];
      session.device.trace((e) => void (e.event === "spike-out" && trace.push(e)));
      await session.run([sample]);
      const trains = trainsOf(trace, compiled.image, compiled.legal, target.chip, session.device.now().step - compiled.image.steps);
      const wanted = traced.run([sample]).trains;
      for (const pop of record) expect(firstUnequal(wanted.get(pop) ?? [], at(trains, pop))).toBeNull();
      spikes += trace.length;
    }
    expect(spikes).toBeGreaterThan(1000);
  });
});

const aedat4 = sharedFile("data/events/misc/tonic_sample.aedat4");

it.skipIf(aedat4 === null)("reads a camera's AEDAT 4", () => {
  const file = { name: "a.aedat4", bytes: new Uint8Array(readFileSync(aedat4 ?? "")) };
  let [count, on, before] = [0, 0, 0];
  visitEvents(inMemory(file), aedat4Format, (x, y, p, t) => {
    expect(x < 320 && y < 240 && t >= before).toBe(true);
    before = t;
    count++;
    on += p;
  });
  expect([count, on]).toEqual([111_954, 55_023]);
});

const python = pythonWith("nir");

it.skipIf(folder === null || python === null)("writes files that the Python package reads", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "nir-")), "g.nir");
  for (const name of ["cnn_sinabs.nir", "braille_noDelay_bias_zero.nir", "two_lif_neurons.nir"]) {
    writeFileSync(path, await writeNir(await readNir(new Uint8Array(readFileSync(`${folder}${name}`)), name)));
    const same = `
import sys, numpy as np, nir
a, b = nir.read(sys.argv[1]), nir.read(sys.argv[2])
assert sorted(a.nodes) == sorted(b.nodes) and sorted(a.edges) == sorted(b.edges)
for n in a.nodes:
    x, y = a.nodes[n].to_dict(), b.nodes[n].to_dict()
    assert sorted(x) == sorted(y)
    for k in x: assert k in ("input_type", "output_type", "metadata") or np.array_equal(np.asarray(x[k]), np.asarray(y[k])), (n, k)
`;
    const run = spawnSync(python ?? "", ["-c", same, `${folder}${name}`, path], { encoding: "utf8" });
    expect(run.stderr.split("\n").filter((l) => /Error/.test(l))).toEqual([]);
    expect(run.status).toBe(0);
  }
});

it.skipIf(python === null)("reads NIRData that the Python package writes, as a grid and as events", async () => {
  const directory = mkdtempSync(join(tmpdir(), "nirdata-"));
  const write = `
import sys, numpy as np, nir
grid = nir.TimeGriddedData(np.random.default_rng(1).random((3, 20, 5)) < 0.3, 1e-3)
for name, data in (("grid", grid), ("events", grid.to_event(100, 2e-4))):
    nir.write_data(f"{sys.argv[1]}/{name}.nir", nir.NIRGraphData({"input": nir.NIRNodeData({"spikes": data})}))
print(" ".join(str(int(v)) for v in grid.data.ravel()))
`;
  const run = spawnSync(python ?? "", ["-c", write, directory], { encoding: "utf8" });
  expect([run.status, run.stderr]).toEqual([0, ""]);
  const wanted = run.stdout.trim().split(" ").map(Number);
  for (const name of ["grid.nir", "events.nir"]) {
    const files = [inMemory({ name, bytes: new Uint8Array(readFileSync(join(directory, name))) })];
    const set = await openEvents({ files, labels: null, only: null }, { shape: [5], steps: 20, dt: 1e-3, input: "input" }, null);
    expect([set.count, Array.from({ length: set.count }, (_, i) => [...set.sample(i)]).flat()]).toEqual([3, wanted]);
  }
});
