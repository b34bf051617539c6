import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { sizeOf } from "../../compiler/base/tensor.ts";
import { importOnnx } from "../../compiler/frontends/onnx/index.ts";
import { sameCores } from "../../compiler/ir/cores/same.ts";
import { verifyCores } from "../../compiler/ir/cores/verify.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";
import { context } from "../../compiler/passes/pass.ts";
import { type Compiled, compile, job } from "../../compiler/pipeline.ts";
import { compare } from "../../test/fuzz.ts";
import { randomSample } from "../../test/harness/random-network.ts";
import { openSession } from "../../runtime/session.ts";
import type { ChipSpec } from "../chip.ts";
import { targetNamed, targetOf } from "../index.ts";

const target = targetNamed("loihi1");

/** Layers with currents, leaks and resets of all kinds, ways back, delays and windows; whole numbers. */
function randomText(seed: number): string {
  const r = new Random(seed);
  const steps = r.int(3, 12);
  const sizes = [r.int(3, 40), r.int(1, 60), r.int(1, 60), r.int(1, 12)];
  const most = r.pick([1, 7, 127]);
  const dense = (from: number, to: number): string =>
    `dense i8[${to}x${from}]{${Array.from({ length: from * to }, () => (r.chance(0.4) ? 0 : r.int(-most, most))).join(" ")}}`;
  const list = (count: number, low: number, high: number): string =>
    `i32[${count}]{${Array.from({ length: count }, () => r.int(low, high)).join(" ")}}`;
  const decay = (): string => String(r.int(0, 4096) / 4096);
  const lines = [`network r${seed} steps ${steps}`, `  input x ${sizes[0]} binary code events`];
  const resets = r.chance(0.5) ? ["set"] : ["set", "subtract"];
  for (let i = 1; i < 4; i++) {
    const size = at(sizes, i);
    const firing = `threshold=${list(size, 1, 4 * most)} reset=${r.pick(resets)} bias=${list(size, -most, most)} compare=${r.pick(["ge", "gt"])}`;
    const kinds = [
      `if(${firing})`,
      `lif(${firing} leak=multiply decay=${decay()})`,
      `cuba(${firing} leak=multiply decay=${decay()} rounding=multiply decayCurrent=${decay()})`,
    ];
    const neuron = i === 3 && seed % 2 === 0 ? "readout(bias=3)" : r.pick(kinds);
    const initial = r.chance(0.4) ? ` initial(v=${list(size, -most, most)})` : "";
    const window = r.chance(0.3) ? ` start=${r.int(0, 2)}${r.chance(0.5) ? ` silent=${r.int(0, 2)}` : ""}` : "";
    lines.push(`  pop p${i} ${size} binary ${neuron}${initial}${window}`);
    lines.push(`  link ${i === 1 ? "x" : `p${i - 1}`} -> p${i} ${dense(at(sizes, i - 1), size)} delay=${r.chance(0.3) ? r.int(1, 9) : 1}`);
    if (i === 2 && r.chance(0.4)) lines.push(`  link p2 -> p1 ${dense(size, at(sizes, 1))} delay=1`);
  }
  lines.push(`  output y of p3 code ${seed % 2 === 0 ? "potential" : "spikes"}`);
  return `${lines.join("\n")}\n`;
}

/** Few compartments and routes, so that small networks take several cores. */
const small: ChipSpec = { ...target.chip, name: "small", core: { ...target.chip.core, neurons: 40 } };

function compiled(network: Network, chip: ChipSpec, seed = 1): Compiled {
  return compile(network, job({ target: targetOf(chip), method: "rate" }), context({ seed, chip }));
}

describe("random networks", () => {
  it("network and simulator agree in every spike and potential, and words read back as the same cores", { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 24; seed++) {
      const chip = seed % 3 === 0 ? small : seed % 3 === 1 ? target.chip : targetNamed("loihi2").chip;
      const c = compiled(parseNetwork(randomText(seed), null, `r${seed}.snet`), chip, seed);
      expect(verifyCores(c.cores, chip)).toEqual([]);
      expect(await compare(c.legal, c.image, chip, seed)).toBeNull();
      expect(sameCores(targetOf(chip).decode(c.image), c.cores)).toBe(true);
      expect(targetOf(chip).listing(c.image)).toContain("compartment-threshold threshold=");
      await samePotentials(c, chip, seed);
    }
  });
});

/** Every register of a potential after every step, by population and neuron. */
async function samePotentials(c: Compiled, chip: ChipSpec, seed: number): Promise<void> {
  const wanted = new Map<string, number[]>();
  const sample = randomSample(c.legal, seed);
  prepareNetwork(c.legal, {
    observe: (pop, step, _payloads, potential) => void wanted.set(`${at(c.legal.pops, pop).name} ${step}`, [...(potential ?? [])]),
  }).run(sample);
  const device = targetOf(chip).simulate();
  await device.load(c.image);
  const channels = sizeOf(at(c.image.inputs, 0).shape);
  let compared = 0;
  for (let step = 0; step < c.image.steps; step++) {
    const sent = Array.from(at(sample, 0).slice(step * channels, (step + 1) * channels) as Float64Array).flatMap((p, i) =>
      p > 0 ? [i] : [],
    );
    await device.send([{ input: 0, step, channel: Int32Array.from(sent), payload: new Int32Array(sent.length).fill(1) }]);
    await device.run(1);
    for (const core of c.image.map?.cores ?? []) {
      const found = await device.peek(`core(${core.x},${core.y})/potential`);
      for (const g of core.groups) {
        const values = wanted.get(`${g.pop} ${step}`);
        if (values === undefined) continue;
        expect(g.indices.map((n) => values[n])).toEqual(Array.from(found.subarray(g.first, g.first + g.count)));
        compared += g.count;
      }
    }
  }
  expect(compared).toBeGreaterThan(0);
}

const codes = (text: string, chip = target.chip): string[] => {
  const said: string[] = [];
  try {
    compile(parseNetwork(text, null, "t.snet"), job({ target: targetOf(chip), method: "rate" }), {
      ...context({ chip }),
      report: (d) => void said.push(d.code),
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    said.push(...error.diagnostics.map((d) => d.code));
  }
  return said;
};

const single = (neuron: string, link = "", weight = 3): string => `network t steps 300
  input x 1 binary code events
  pop a 1 binary ${neuron}
  link x -> a dense i8[1x1]{${weight}} delay=1${link}
  output y of a code spikes
`;

describe("a trained network", () => {
  // By subtraction, which takes two compartments on the first generation.
  it.each(["loihi1", "loihi2"])(
    "a convolutional network on %s: network and simulator agree on random images",
    { timeout: 240_000 },
    async (name) => {
      const { chip } = targetNamed(name);
      const path = resolve(import.meta.dirname, "../../test/models/quantized-clip/quantized-clip.onnx");
      const graph = importOnnx(readFileSync(path), "quantized-clip", () => null, context());
      const r = new Random(7);
      const image = (): Float64Array => Float64Array.from({ length: 784 }, () => (r.chance(0.2) ? r.unit() : 0));
      const calibration = [Float32Array.from(image())];
      const c = compile(graph, job({ target: targetOf(chip), method: "qcfs", options: { steps: "4" }, calibration }), context({ chip }));
      expect(sameCores(targetOf(chip).decode(c.image), c.cores)).toBe(true);
      const network = prepareNetwork(c.legal);
      const session = await openSession(targetOf(chip).simulate(), c.image);
      let spikes = 0;
      for (let k = 0; k < 2; k++) {
        const sample = [image()];
        const wanted = network.run(sample);
        const found = await session.run(sample);
        expect(found.raw.map((v) => [...v])).toEqual(wanted.raw.map((v) => [...v]));
        spikes += found.counts["spike"] ?? 0;
        // The network counts weights of 0, too.
        expect(found.counts["synapse"]).toBeLessThanOrEqual(wanted.synapticEvents);
      }
      expect(spikes).toBeGreaterThan(1000);
    },
  );
});

describe("LeNet", () => {
  // 6,272 and 1,600 neurons with kernels of 5 x 5 and, with the pooling before it, 10 x 10: written out they take 882 cores.
  it.each([
    ["loihi1", 32],
    ["loihi2", 22],
  ])("on %s takes %i of 128 cores; network and simulator agree", { timeout: 240_000 }, async (name, cores) => {
    const { chip } = targetNamed(name);
    const path = resolve(import.meta.dirname, "../../test/models/lenet/lenet.onnx");
    const graph = importOnnx(readFileSync(path), "lenet", () => null, context());
    const r = new Random(3);
    const image = (): Float64Array => Float64Array.from({ length: 784 }, () => (r.chance(0.2) ? r.unit() : 0));
    const calibration = [Float32Array.from(image())];
    const c = compile(graph, job({ target: targetOf(chip), method: "qcfs", options: { steps: "8" }, calibration }), context({ chip }));
    expect(c.cores.cores.length).toBe(cores);
    expect(verifyCores(c.cores, chip)).toEqual([]);
    const over = targetOf(chip)
      .mapping.budget(c.cores, chip)
      .filter((b) => b.used > b.available);
    expect(over).toEqual([]);
    expect(sameCores(targetOf(chip).decode(c.image), c.cores)).toBe(true);
    const session = await openSession(targetOf(chip).simulate(), c.image);
    const sample = [image()];
    const found = await session.run(sample);
    expect(found.raw.map((v) => [...v])).toEqual(
      prepareNetwork(c.legal)
        .run(sample)
        .raw.map((v) => [...v]),
    );
    expect(found.counts["spike"]).toBeGreaterThan(1000);
  });
});

describe("what does not fit", () => {
  it.each([
    ["loihi-neuron", single("unit(threshold=5 reset=set resetValue=2)")],
    ["loihi-neuron", single("unit(threshold=5 reset=none)")],
    ["loihi-neuron", single("unit(threshold=5 reset=set leak=multiply leakArgument=4200)")],
    ["loihi-bias", single("unit(threshold=9001 reset=set bias=8191)")],
    ["loihi-threshold", single("unit(threshold=200001 reset=set)")],
    [
      "loihi-current",
      single("unit(threshold=131000 reset=set current=on currentDecay=4096)")
        .replace("steps 300", "steps 20000")
        .replace("input x 1", "input x 4")
        .replace("i8[1x1]{3}", "i8[1x4]{127 127 127 127}"),
    ],
    ["map-range", single("loihi(threshold=131072)", " gain=64")],
    ["map-range", single("unit(threshold=-3 reset=set)")],
  ])("%s", (code, text) => expect(codes(text)).toContain(code));

  it("loihi-gain: a gain that is no power of two on compartments of the network's own", () => {
    expect(codes(single("loihi(threshold=5)", " gain=96"))).toContain("loihi-gain");
  });

  it.each(["unit(threshold=20000 reset=set bias=-12202)", "unit(threshold=20000 reset=subtract bias=12202)"])(
    "a bias beyond the register in 64ths makes its neurons count in 32nds: %s",
    async (neuron) => {
      const c = compiled(parseNetwork(single(neuron), null, "t.snet"), target.chip);
      const params = at(c.legal.pops, 1).neuron.params;
      expect([params["threshold"], params["bias"], params["biasExponent"]]).toEqual([9999, neuron.includes("-") ? -3050 : 3051, 7]);
      const sample = randomSample(c.legal, 1);
      const session = await openSession(target.simulate(), c.image);
      const { answers } = await session.run(sample);
      await session.close();
      expect(answers.map((a) => [...a])).toEqual(
        prepareNetwork(c.legal)
          .run(sample)
          .outputs.map((a) => [...a]),
      );
    },
  );

  it("neurons that subtract take two compartments of the first generation and one of the second", () => {
    const wide = (size: number): string =>
      single("if(threshold=5)")
        .replace("pop a 1", `pop a ${size}`)
        .replace("i8[1x1]{3}", `i8[${size}x1]{${"3 ".repeat(size).trim()}}`);
    const cores = (size: number, name: string): number =>
      compiled(parseNetwork(wide(size), null, "t.snet"), targetNamed(name).chip).cores.cores.length;
    expect([cores(512, "loihi1"), cores(513, "loihi1"), cores(1024, "loihi2")]).toEqual([1, 2, 1]);
    const c = compiled(parseNetwork(wide(512), null, "t.snet"), target.chip);
    const neurons = target.mapping.budget(c.cores, target.chip).find((b) => b.resource === "neurons");
    expect(neurons).toMatchObject({ used: 1024, available: 1024 });
  });
});
