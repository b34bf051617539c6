import { describe, expect, it } from "vitest";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { Random } from "../../compiler/base/random.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { sameCores } from "../../compiler/ir/cores/same.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { compare } from "../../test/fuzz.ts";
import { targetNamed, targetOf } from "../index.ts";

const target = targetNamed("paicore");
const { chip } = target;

/** Layers, also with a way past one or back, of whole numbers; some hear more axons than a core has. */
function randomText(seed: number): string {
  const r = new Random(seed);
  const steps = r.int(3, 9);
  const sizes = [seed % 10 === 0 ? 1200 : r.int(3, 30), r.int(1, 40), r.int(1, 90), r.int(1, 12)];
  const bits = r.pick([1, 3, 7]);
  const dense = (from: number, to: number): string => {
    const weights = Array.from({ length: from * to }, () =>
      r.chance(0.3) ? 0 : r.int(seed % 7 === 0 ? 0 : -(2 ** bits), seed % 7 === 0 ? 1 : 2 ** bits - 1),
    );
    return `dense i8[${to}x${from}]{${weights.join(" ")}}`;
  };
  const list = (count: number, low: number, high: number): string =>
    `i32[${count}]{${Array.from({ length: count }, () => r.int(low, high)).join(" ")}}`;
  const lines = [`network r${seed} steps ${steps}`, `  input x ${sizes[0]} binary code events`];
  for (let i = 1; i < 4; i++) {
    const size = sizes[i] ?? 1;
    const last = i === 3;
    const initial = r.chance(0.5) ? ` initial(v=${list(size, -9, 9)})` : "";
    const neuron =
      last && r.chance(0.5)
        ? "readout(bias=3)"
        : `if(threshold=${list(size, 1, 30)} reset=${r.pick(["subtract", "set", "none"])} bias=${r.int(-3, 3)})`;
    lines.push(`  pop p${i} ${size} binary ${neuron}${initial}`);
    const delay = r.chance(0.3) ? ` delay=${r.int(1, 3)}` : " delay=1";
    lines.push(`  link ${i === 1 ? "x" : `p${i - 1}`} -> p${i} ${dense(sizes[i - 1] ?? 1, size)}${delay}`);
    if (i === 2 && r.chance(0.4)) lines.push(`  link p2 -> p1 ${dense(size, sizes[1] ?? 1)} delay=1`);
  }
  lines.push(`  output y of p3 code ${/readout/.test(lines.join()) ? "potential" : "spikes"}`);
  return `${lines.join("\n")}\n`;
}

describe("random networks", () => {
  it("network and simulator agree in every spike, and frames hold the same cores", { timeout: 240_000 }, async () => {
    const refused: string[] = [];
    for (let seed = 1; seed <= 14; seed++) {
      const source = parseNetwork(randomText(seed), null, `r${seed}.snet`);
      try {
        const { legal, image, cores } = compile(source, job({ target, method: "rate" }), context({ seed, chip }));
        expect(await compare(legal, image, chip, seed)).toBeNull();
        const files = target.native?.files(image) ?? expect.unreachable();
        for (const [name, bytes] of files) {
          const back = target.native?.read(new Map([[name, bytes]])) ?? expect.unreachable();
          // Frames do not hold what the host keeps.
          const { inputs, outputs, steps, interval, map, name: title } = image;
          expect(sameCores(target.decode({ ...back, inputs, outputs, steps, interval, map, name: title }), cores)).toBe(true);
        }
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        refused.push(...error.diagnostics.map((d) => d.code));
      }
    }
    // Links of one population with different delays have no common destination.
    expect(refused.filter((c) => c !== "map-illegal")).toEqual([]);
    expect(refused.length).toBeLessThan(7);
  });
});

/** Two layers with real weights behind an input of numbers, as a conversion leaves them. */
const numbers = `network t steps 16
  input x 6 analog code direct(low=-0.5 high=1)
  pop a 4 binary if(threshold=1 reset=subtract) initial(v=0.5)
  pop y 2 binary readout
  link x -> a dense f64[4x6]{0.5 -0.3 0.1 0.25 0.7 -0.4 -0.5 0.3 0.1 0.25 0.7 -0.1 0.2 0.2 0.2 0.2 0.2 0.2 0.9 -0.9 0 0 0.9 -0.9} delay=1
  link a -> y dense f64[2x4]{0.5 -0.5 0.25 1 -0.125 1 0.5 0.75} delay=1
  output o of y code potential
`;

describe("inputs of numbers", () => {
  const made = (passOptions = {}) =>
    compile(parseNetwork(numbers, null, "t.snet"), job({ target, method: "rate", passOptions }), context({ chip }));

  it("come as spikes, which take no bits from the weights", async () => {
    const { legal, image, converted } = made();
    expect(legal.inputs.map((i) => i.code)).toEqual(["even"]);
    expect(await compare(legal, image, chip, 1)).toBeNull();
    const sample = [Float64Array.of(0.9, -0.5, 0.3, 0.1, 1, 0.6)];
    const [before, after] = [converted, legal].map((n) => prepareNetwork(n).run(sample).outputs[0]!);
    // What is read is up to 16 * 1.75; spikes move by a step here or there.
    before!.forEach((v, i) => expect(Math.abs(after![i]! - v)).toBeLessThan(2));
    expect(Math.max(...before!)).toBeGreaterThan(8);
  });

  it("as planes need narrower weights, which is said", () => {
    const planes = { "spike-inputs": { form: "planes" } };
    expect(() => made(planes)).toThrow(Failure);
    try {
      made(planes);
    } catch (error) {
      expect((error as Failure).diagnostics.map((d) => d.code)).toEqual(["input-planes-weight"]);
    }
    const narrow = made({ ...planes, "quantize-inputs": { bits: "4" }, "quantize-weights": { bits: "4" } });
    expect(narrow.legal.inputs.map((i) => i.params["planes"])).toEqual([4]);
  });
});

/** A neuron read by its spikes; `more` adds lines. */
function single(more: string): string {
  return `network t steps 3
  input x 2 binary code events
  pop a 1 binary if(threshold=5)
  link x -> a dense i8[1x2]{3 3} delay=1
  output y of a code spikes
${more}`;
}

describe("what does not fit", () => {
  const codes = (text: string, on = target): string[] => {
    try {
      compile(parseNetwork(text, null, "t.snet"), job({ target: on, method: "rate" }), context({ chip: on.chip }));
      return [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error.diagnostics.map((d) => d.code);
    }
  };

  it("spikes with two destinations", () => {
    const more = "  pop b 1 binary if(threshold=5)\n  link a -> b dense i8[1x1]{3} delay=1\n  output z of b code spikes\n";
    expect(codes(single(more))).toEqual(["paicore-destinations"]);
  });

  it("more axons and bits than a core has dendrites", () => {
    // Two neurons share a source, so that their block hears all three; this chip has 4 axons, doubled once.
    const small = targetOf({ ...chip, own: { ...chip.own, fanIn: 4, extensionMax: 2 } });
    const link = (from: string, to: string): string => `  link ${from} -> ${to} dense i8[1x4]{1 2 3 1} delay=1\n`;
    const inputs = ["x", "y", "z"].map((n) => `  input ${n} 4 binary code events\n`).join("");
    const pops = "  pop a 1 binary if(threshold=5)\n  pop b 1 binary if(threshold=5)\n";
    const links = [link("x", "a"), link("y", "a"), link("x", "b"), link("z", "b")].join("");
    const text = `network t steps 1\n${inputs}${pops}${links}  output o of a code spikes\n  output p of b code spikes\n`;
    expect(codes(text, small)).toEqual(["paicore-fan-in", "paicore-fan-in"]);
  });
});

describe("frames that are none", () => {
  const read = (bytes: Uint8Array): unknown => {
    try {
      return target.native?.read(new Map([["config_all.bin", bytes]]));
    } catch (error) {
      if (error instanceof Failure) return error.diagnostics[0]?.code;
      throw error;
    }
  };

  it.each([
    ["no whole number of frames", new Uint8Array(9)],
    ["a spike", Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0x80])],
    ["a package that is cut", Uint8Array.from([4, 0, 0, 0, 0, 0, 0, 0x20])],
    ["digits that are too few", new TextEncoder().encode("0101\n")],
    ["nothing", new Uint8Array()],
  ])("%s", (_, bytes) => expect(read(bytes)).toBe("paicore-frames"));
});
