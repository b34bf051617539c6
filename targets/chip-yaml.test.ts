import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Failure, type Diagnostic } from "../compiler/base/diagnostic.ts";
import { knownChips, parseChip } from "./chip-yaml.ts";
import { targetOf, targets } from "./index.ts";

function problems(text: string): string[] {
  try {
    parseChip(text, "my.yaml");
  } catch (e) {
    if (e instanceof Failure) return e.diagnostics.map((d: Diagnostic) => `${d.code} ${d.at} ${d.message}`);
    throw e;
  }
  return [];
}

const start = "extends: mesh-4x4\n";

describe("the packaged chips", () => {
  it("have the sizes that their names say, and a source for every quantity", () => {
    const chips = knownChips();
    const mesh = Object.values(chips).filter((c) => c.family === "mesh");
    expect(mesh.map((c) => [c.name, c.columns, c.rows])).toEqual([
      ["mesh-1x1", 1, 1],
      ["mesh-4x4", 4, 4],
      ["mesh-32x32", 32, 32],
    ]);
    for (const chip of Object.values(chips)) {
      expect(Object.values(chip.sources).every((s) => s.length > 10)).toBe(true);
      if (chip.family === "mesh") expect(Object.keys(chip.sources)).toContain("energy.synapse");
      expect(Object.values(chip.costs).every((c) => c.source !== "")).toBe(true);
    }
    expect(chips["mesh-32x32"]?.costs["synapse"]).toMatchObject({ picojoules: 23.6, tolerance: 0.3 });
    expect(chips["mesh-4x4"]?.clockHz).toBe(250e6);
    expect(chips["mesh-4x4"]?.staticWatts.watts).toBeCloseTo(0.0042, 10);
    expect(chips["mesh-4x4"]?.loadBitsPerSecond).toBe(400e6);
  });

  it("are targets", () => {
    expect(Object.keys(targets)).toEqual(Object.keys(knownChips()));
    expect(targets["mesh-4x4"]?.().chip.name).toBe("mesh-4x4");
  });
});

describe("a user's chip", () => {
  it("changes some quantities of a known one", () => {
    const chip = parseChip(
      `name: half\n${start}core:\n  synapses: { value: 16384 words, source: "assumed: half" }\nenergy:\n  hop: { value: 0.002 nJ, tolerance: unknown, source: mine }\n`,
      "my.yaml",
    );
    expect(chip.name).toBe("half");
    expect(chip.core.synapseWords).toBe(16384);
    expect(chip.core.axons).toBe(4096);
    expect(chip.costs["hop"]).toEqual({ picojoules: 2, tolerance: null, source: "mine" });
    expect(targetOf(chip).chip).toBe(chip);
  });

  it("is named after its file, and may describe the whole family", () => {
    const family = readFileSync(new URL("./mesh/chip.yaml", import.meta.url), "utf8");
    const chip = parseChip(`${family}\ncolumns: { value: 2, source: mine }\nrows: { value: 3, source: mine }\n`, "/a/b/two.yaml");
    expect([chip.name, chip.columns, chip.rows]).toEqual(["two", 2, 3]);
  });
});

describe("mistakes are told with line and column", () => {
  it("chip-syntax", () => {
    expect(problems("extends: [mesh-4x4\n")[0]).toMatch(/^chip-syntax my\.yaml:2:1 the chip file is not YAML: /);
    expect(problems("- a list\n")[0]).toMatch(/^chip-syntax my\.yaml:1:1/);
  });
  it("chip-unit", () => {
    expect(problems(`${start}clock: { value: 250 pJ, source: mine }\n`)).toEqual([
      'chip-unit my.yaml:2:17 clock is "250 pJ"; its unit must be Hz or kHz or MHz or GHz',
    ]);
    expect(problems(`${start}energy: { hop: { value: 3, tolerance: 10 %, source: mine } }\n`)[0]).toMatch(
      /^chip-unit my\.yaml:2:25 energy\.hop is 3; its unit must be fJ or pJ or nJ/,
    );
  });
  it("chip-value", () => {
    expect(problems(`${start}core:\n  neurons: { value: 2000, source: mine }\n`)).toEqual([
      "chip-value my.yaml:3:21 core.neurons is 2000; expected a whole number from 1 to 1024",
    ]);
    expect(problems(`${start}spikes: { value: [binary, loud], source: mine }\n`)[0]).toMatch(
      /^chip-value my\.yaml:2:18 .*a list out of binary, ternary, graded/,
    );
    expect(problems(`${start}energy: { hop: { value: 3 pJ, tolerance: much, source: mine } }\n`)[0]).toMatch(
      /^chip-value my\.yaml:2:42 .*a percentage such as 30 %/,
    );
    expect(problems(`${start}fifo: 4\n`)[0]).toMatch(/^chip-value my\.yaml:2:7 fifo is 4; expected \{ value/);
  });
  it("chip-source-missing", () => {
    expect(problems(`${start}fifo: { value: 8 }\n`)).toEqual(["chip-source-missing my.yaml:2:7 fifo has no source"]);
  });
  it("chip-key-unknown, together with others", () => {
    const found = problems(`${start}core:\n  neurones: { value: 8, source: mine }\nfifo: { value: 8 }\n`);
    expect(found[0]).toMatch(/^chip-key-unknown my\.yaml:3:3 "core\.neurones" is not a key of a chip; here are possible: neurons, axons/);
    expect(found[1]).toMatch(/^chip-source-missing my\.yaml:4:7/);
  });
  it("chip-key-missing", () => {
    expect(problems("clock: { value: 1 MHz, source: mine }\n")[0]).toMatch(/^chip-key-missing my\.yaml:1:1 the chip has no family/);
    expect(problems("family: mesh\n").some((p) => p === "chip-key-missing my.yaml:1:1 the chip has no core")).toBe(true);
  });
  it("chip-family-unknown", () => {
    expect(problems("family: torus\n")[0]).toMatch(/^chip-family-unknown my\.yaml:1:9 "torus" is not a family of chips; known: mesh/);
  });
  it("chip-extends-unknown", () => {
    expect(problems("extends: mesh-5x5\n")[0]).toMatch(
      /^chip-extends-unknown my\.yaml:1:10 there is no chip "mesh-5x5" to extend; known: mesh-1x1, mesh-4x4, mesh-32x32/,
    );
  });
});
