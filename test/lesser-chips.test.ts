import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { at } from "../compiler/base/bug.ts";
import { Failure } from "../compiler/base/diagnostic.ts";
import { Random } from "../compiler/base/random.ts";
import { sizeOf } from "../compiler/base/tensor.ts";
import { importOnnx } from "../compiler/frontends/onnx/index.ts";
import type { Graph } from "../compiler/ir/graph/types.ts";
import { verifyCores } from "../compiler/ir/cores/verify.ts";
import { prepareNetwork } from "../compiler/ir/network/run.ts";
import type { Network, PopId, Population } from "../compiler/ir/network/types.ts";
import { genericMapping } from "../compiler/map/index.ts";
import { context } from "../compiler/passes/pass.ts";
import { type Compiled, compile, defaultMapping, type Job, job } from "../compiler/pipeline.ts";
import { openSession } from "../runtime/session.ts";
import type { ChipSpec } from "../targets/chip.ts";
import { knownChips, parseChip } from "../targets/chip-yaml.ts";
import { targetOf } from "../targets/index.ts";
import { codeNetwork, digitSample } from "./harness/code-network.ts";
import { randomNetwork, randomSample } from "./harness/random-network.ts";

/*
 * Chips that lack something, described in fixtures/chips: what is compiled for them uses only
 * what they have, and the simulator does what the network says.
 */

const folder = resolve(import.meta.dirname, "fixtures", "chips");
const names = readdirSync(folder).map((f) => f.replace(".yaml", ""));

function chipNamed(name: string): ChipSpec {
  return parseChip(readFileSync(join(folder, `${name}.yaml`), "utf8"), `${name}.yaml`);
}

function compiledFor(network: Network, chip: ChipSpec, passOptions: Job["passOptions"] = {}): Compiled {
  return compile(network, job({ target: targetOf(chip), method: "rate", passOptions }), context({ chip }));
}

/** Raw answers of the network as given, of the legal network, and of the simulator. */
async function witnesses(
  given: Network | null,
  c: Compiled,
  chip: ChipSpec,
  samples: readonly (readonly ArrayLike<number>[])[],
): Promise<void> {
  const half = 2 ** (chip.potential.bits - 1);
  const legal = prepareNetwork(c.legal, { limits: { low: -half, high: half - 1 } });
  const before = given === null ? null : prepareNetwork(given);
  const session = await openSession(targetOf(chip).simulate(), c.image);
  for (const sample of samples) {
    const wanted = legal.run(sample);
    if (before !== null) expect(wanted.outputs).toEqual(before.run(sample).outputs);
    const got = await session.run(sample);
    expect(got.raw.map((r) => [...r])).toEqual(wanted.raw.map((r) => [...r]));
  }
}

/** The network uses nothing that the chip lacks. */
function expectLesser(c: Compiled, chip: ChipSpec): void {
  expect(verifyCores(c.cores, chip)).toEqual([]);
  for (const p of c.legal.pops) expect(chip.spikes).toContain(p.spike.kind);
  const rows = new Set(c.cores.cores.flatMap((core) => core.rows.map((r) => r.kind)));
  for (const kind of rows) expect(kind === "conv" ? chip.sharedKernels : chip.lists.includes(kind)).toBe(true);
}

describe("a binary chip has the codes of the ternary one", () => {
  const binary = chipNamed("binary");
  const whole = chipNamed("no-subtraction");

  it("in pairs: every answer, wrong codes and all, on the simulator too", { timeout: 60_000 }, async () => {
    for (let seed = 0; seed < 12; seed++) {
      const n = codeNetwork(seed, { silent: seed % 3 });
      const c = compiledFor(n, binary, { "legalize-spikes": { form: "paired" } });
      expectLesser(c, binary);
      await witnesses(
        n,
        c,
        binary,
        [0, 1].map((k) => digitSample(n, 2 * seed + k)),
      );
    }
  });

  it("stored and fired: where the codes are right", { timeout: 60_000 }, async () => {
    for (let seed = 0; seed < 12; seed++) {
      const n = codeNetwork(seed, { silent: "safe" });
      const c = compiledFor(n, binary, { "legalize-spikes": { form: "store-and-fire" } });
      expectLesser(c, binary);
      await witnesses(
        n,
        c,
        binary,
        [0, 1].map((k) => digitSample(n, 2 * seed + k)),
      );
    }
  });

  it("and neurons that cannot subtract inhibit themselves", { timeout: 60_000 }, async () => {
    for (let seed = 0; seed < 12; seed++) {
      const n = codeNetwork(seed, { silent: seed % 3 });
      const c = compiledFor(n, whole);
      expectLesser(c, whole);
      await witnesses(n, c, whole, [digitSample(n, seed)]);
    }
  });
});

describe("a chip that does not double has the codes of one that does", () => {
  const undoubled = chipNamed("no-doubling");

  it("potentials come back from companions: every digit, wrong codes and all, on the simulator too", { timeout: 60_000 }, async () => {
    for (let seed = 0; seed < 12; seed++) {
      const n = codeNetwork(seed, { silent: seed % 3 });
      const c = compiledFor(n, undoubled);
      expectLesser(c, undoubled);
      expect(c.legal.pops.some((p) => p.neuron.params["leak"] === "double")).toBe(false);
      await witnesses(
        n,
        c,
        undoubled,
        [0, 1].map((k) => digitSample(n, 2 * seed + k)),
      );
    }
  });

  it("digits are payloads of their place value: every digit, with as many neurons as before", { timeout: 60_000 }, async () => {
    const chip = chipNamed("digits");
    for (let seed = 0; seed < 24; seed++) {
      const n = codeNetwork(seed, { silent: seed % 3, input: "current" });
      const c = compiledFor(n, chip);
      expectLesser(c, chip);
      expect(c.legal.pops.length).toBe(n.pops.length);
      expect(c.legal.pops.some((p) => p.neuron.params["emit"] === "digit")).toBe(true);
      expect(c.legal.pops.some((p) => p.neuron.params["leak"] === "double")).toBe(false);
      await witnesses(
        n,
        c,
        chip,
        [0, 1].map((k) => digitSample(n, 2 * seed + k)),
      );
    }
  });

  it("without signs too: pairs that do not double", { timeout: 60_000 }, async () => {
    const plain = chipNamed("plain");
    for (let seed = 0; seed < 6; seed++) {
      const n = codeNetwork(seed, { silent: seed % 3, digits: 3, input: "binary" });
      const c = compiledFor(n, plain);
      expectLesser(c, plain);
      await witnesses(n, c, plain, [digitSample(n, seed)]);
    }
  });

  it("in payloads of few bits, which take many companions, and with resets from outside", { timeout: 60_000 }, async () => {
    const lesser: ChipSpec = {
      ...undoubled,
      payload: { ...undoubled.payload, bits: 10 },
      unit: { ...undoubled.unit, reset: ["none"] },
    };
    let parts = 0;
    for (let seed = 0; seed < 12; seed++) {
      const n = codeNetwork(seed, { silent: seed % 3, input: "binary" });
      const c = compiledFor(n, lesser);
      parts = Math.max(parts, c.legal.pops.filter((p) => p.neuron.params["emit"] === "value").length);
      await witnesses(n, c, lesser, [digitSample(n, seed)]);
    }
    expect(parts).toBeGreaterThan(5);
  });
});

describe("random networks on lesser chips", () => {
  it.each(names)("%s: network and simulator agree, or the chip cannot do it and says why", { timeout: 60_000 }, async (name) => {
    const chip = { ...chipNamed(name), columns: 8, rows: 8 };
    let [done, refused] = [0, 0];
    for (let seed = 1; seed < 250 && done < 15; seed++) {
      const n = randomNetwork(seed, { forMesh: true });
      const c = attempt(() => compiledFor(n, chip));
      if (c === null) {
        refused++;
        continue;
      }
      done++;
      expectLesser(c, chip);
      await witnesses(n, c, chip, [randomSample(n, seed)]);
    }
    expect(done, `${refused} refused`).toBeGreaterThanOrEqual(name === "shared-only" ? 3 : 8);
  });
});

function attempt<T>(run: () => T): T | null {
  try {
    return run();
  } catch (e) {
    if (e instanceof Failure) return null;
    throw e;
  }
}

describe("trained models on lesser chips", () => {
  const settings = [
    { model: "lenet", method: "qcfs", options: { steps: "2" } },
    { model: "lenet", method: "css", options: { steps: "3" } },
  ] as const;
  // Unrolled, a convolution takes hundreds of cores, which one method is enough to show.
  // So does doubling from outside at full width; with fewer bits it is below.
  const large = (chip: string): boolean => ["lists-only", "plain", "no-doubling"].includes(chip);
  const cases = settings.flatMap((s) => names.filter((n) => !large(n) || s.method === "qcfs").map((chip) => ({ ...s, chip })));

  it.each(cases)("$model by $method for $chip", { timeout: 120_000 }, async (c) => {
    const chip = chipNamed(c.chip);
    const { graph, image, calibration } = model(c.model);
    const compiled = compile(graph, job({ target: targetOf(chip), method: c.method, options: c.options, calibration }), context({ chip }));
    expectLesser(compiled, chip);
    await witnesses(null, compiled, chip, [[image()]]);
  });
});

/** A trained model, with images that are random but alike from run to run. */
function model(name: string): { graph: Graph; image: () => Float32Array; calibration: Float32Array[] } {
  const graph = importOnnx(readFileSync(join(resolve(import.meta.dirname), "models", name, `${name}.onnx`)), name, () => null, context());
  const r = new Random(1);
  const image = (): Float32Array => Float32Array.from({ length: 28 * 28 }, () => (r.chance(0.7) ? 0 : r.unit()));
  return { graph, image, calibration: Array.from({ length: 8 }, image) };
}

describe("a trained network of signed digits, on a chip with them and on one without", () => {
  const whole = at(Object.values(knownChips()), 2);
  // Few bits, so that the negative halves can be held back within 24 bits of potential.
  const bits = { "quantize-inputs": { bits: "5" }, "quantize-weights": { bits: "6" } };

  it.each([
    // The same digits, wrong codes included.
    { form: "paired", silent: "1", steps: "3" },
    // So many silent steps that no code of these images is wrong: then store-and-fire has the same ones.
    { form: "store-and-fire", silent: "3", steps: "4" },
    // Signs, but no doubling.
    { form: "companions", silent: "1", steps: "4" },
    { form: "digits", silent: "1", steps: "4" },
    { form: "digits", silent: "0", steps: "5" },
  ])("$form: the same codes in every neuron and the same answers", { timeout: 120_000 }, async ({ form, silent, steps }) => {
    const { graph, image, calibration } = model("lenet");
    const make = (chip: ChipSpec, passOptions: Job["passOptions"]): Compiled =>
      compile(
        graph,
        job({ target: targetOf(chip), method: "css", options: { steps, silent }, calibration, passOptions }),
        context({ chip }),
      );
    const chip = chipNamed({ companions: "no-doubling", digits: "digits" }[form] ?? "binary");
    const options = chip.spikes.includes("ternary") ? bits : { ...bits, "legalize-spikes": { form } };
    const [ternary, lesser] = [make(whole, bits), make(chip, options)];
    expect(ternary.legal.pops.some((p) => p.spike.kind === "ternary")).toBe(true);
    expectLesser(lesser, chip);
    const samples = [[image()], [image()]];
    await witnesses(null, lesser, chip, samples.slice(0, 1));
    for (const sample of samples) {
      const [a, b] = [ternary, lesser].map((c) => prepareNetwork(c.legal, { record: c.legal.pops.map((p) => p.id) }).run(sample));
      expect(b!.raw).toEqual(a!.raw);
      for (const p of ternary.legal.pops.filter((q) => q.spike.kind === "ternary"))
        expect(codesOf(lesser.legal, p.name, b!.trains, Number(steps)), p.name).toEqual(
          codesOf(ternary.legal, p.name, a!.trains, Number(steps)),
        );
    }
  });

  /** Codes that a population sent: digits times their places; of a pair, plus less minus. */
  function codesOf(n: Network, name: string, trains: ReadonlyMap<PopId, Float64Array>, digits: number): number[] {
    const halves: [string, number][] = n.pops.some((p) => p.name === name)
      ? [[name, 1]]
      : [
          [`${name}.plus`, 1],
          [`${name}.minus`, -1],
        ];
    const out: number[] = [];
    for (const [half, sign] of halves) {
      const p = n.pops.find((q) => q.name === half) as Population;
      const count = sizeOf(p.shape);
      const train = trains.get(p.id) as Float64Array;
      for (let i = 0; i < count; i++) {
        let code = 0;
        // A payload of a place value is worth that already.
        const base = p.neuron.params["emit"] === "digit" ? 1 : 2;
        for (let k = 0; k < digits; k++) code = base * code + (train[(p.start + p.silent + k) * count + i] ?? 0);
        out[i] = (out[i] ?? 0) + sign * code;
      }
    }
    return out;
  }
});

describe("verification", () => {
  it("refuses cores that use what the chip lacks (cores-feature)", () => {
    const mesh: ChipSpec = { ...chipNamed("binary"), spikes: ["binary", "ternary", "graded"], unit: chipNamed("shared-only").unit };
    const n = codeNetwork(2, { silent: 1 });
    const { cores } = compiledFor(n, mesh);
    expect(verifyCores(cores, mesh)).toEqual([]);
    const found = new Set(names.flatMap((name) => verifyCores({ ...cores, chip: name }, chipNamed(name)).map((d) => d.code)));
    expect(found).toContain("cores-feature");
  });

  it("refuses networks that use what the chip lacks (map-illegal)", () => {
    const whole = chipNamed("shared-only");
    for (const name of ["binary", "plain", "no-subtraction"]) {
      const legal = compiledFor(codeNetwork(2, { silent: 1, input: "binary" }), { ...whole, lists: ["dense", "sparse"] }).legal;
      expect(sizeOf(at(legal.pops, 0).shape)).toBeGreaterThan(0);
      expect(() => genericMapping.map(legal, chipNamed(name), defaultMapping, context())).toThrow(/map-illegal/);
    }
  });
});
