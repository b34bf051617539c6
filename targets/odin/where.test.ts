import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findDivergence } from "../../compiler/analysis/divergence/index.ts";
import { lineOf, showDivergence } from "../../compiler/analysis/divergence/show.ts";
import { networkWitness, simulatorWitness } from "../../compiler/analysis/divergence/witness.ts";
import { at } from "../../compiler/base/bug.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { targetNamed } from "../index.ts";
import { sectionNames } from "./memory.ts";

/* Three inputs, two neurons and a readout: small enough that every address below is worked out from README.md. */

const neuron = { odin: "low=0 high=255 queue=32 signs=apart", tinyodin: "low=-2048 high=2047 queue=128" };
const source = (chip: "odin" | "tinyodin"): string => `network small steps 3
  input x 3 binary code direct
  pop h 2 binary event-lif(threshold=5 ${neuron[chip]})
  link x -> h dense i8[2x3]{3 2 -1 1 -3 4} delay=0
  pop y 1 binary event-lif(threshold=3 ${neuron[chip]})
  link h -> y dense i8[1x2]{2 3} delay=0
  output y code spikes
`;

function built(chip: "odin" | "tinyodin") {
  const target = targetNamed(chip);
  const { legal, image } = compile(
    parseNetwork(source(chip), null, "small"),
    job({ target, method: "rate" }),
    context({ chip: target.chip }),
  );
  return { target, network: legal, image };
}

/** The image with bits of one byte turned over. */
function changed(image: Image, section: string, address: number, mask: number): Image {
  return {
    ...image,
    sections: image.sections.map((s) => {
      const k = address - s.base;
      if (s.name !== section || k < 0 || k >= s.words.length) return s;
      const words = Uint32Array.from(s.words);
      words[k] = at(words, k) ^ mask;
      return { ...s, words };
    }),
  };
}

describe.each(["odin", "tinyodin"] as const)("names on %s", (chip) => {
  const { target, network, image } = built(chip);
  const line = lineOf(image, target);

  it("a word at the pins is a neuron's, and of which output", () => {
    const meaning = target.pins?.meaning?.(image);
    expect(meaning?.(0)).toEqual({ text: "h[0]", from: { core: 0, slot: 0 } });
    expect(meaning?.(2)).toEqual({ text: "y[0], output y[0]", from: { core: 0, slot: 2 } });
    expect(meaning?.(77)).toEqual({ text: "neuron 77, not used", from: null });
  });

  it("a byte of the synapses names sources, targets and weights, in the image's listing too", () => {
    const cores = target.decode(image);
    const sends = at(cores.inputs, 0).sends;
    // On ODIN an input with weights of both signs takes a row for each; the first channel has one sign.
    const row = at(sends.axon, at(sends.start, 0));
    const [place] = target.wordsOf?.(image, 0, 1, row) ?? [];
    // Eight synapses a word, 32 words a row; byte 0 holds neurons 0 and 1.
    expect(place).toEqual({ section: sectionNames.synapses, address: 32 * row, why: "weight of x[0] -> h[1], weight 1" });
    expect(line(place ?? { section: "", address: 0, why: "" })).toContain("x[0] -> h[0], weight 3; x[0] -> h[1], weight 1");
    // In the closed loop row 1 is neuron h[1]; byte 1 of a word lies 8192 addresses further.
    const own = target.wordsOf?.(image, 0, 2, 1) ?? [];
    expect(own[0]).toEqual({ section: sectionNames.synapses, address: 8192 + 32, why: "weight of h[1] -> y[0], weight 3" });
    expect(line(at(own, 0))).toMatch(/^chip\/synapses word 8224: 2020  .*h\[1\] -> y\[0\], weight 3; h\[1\] -> neuron 3, weight 0/);
    expect(own.map((w) => w.section)).toEqual(
      chip === "odin" ? [sectionNames.synapses, sectionNames.registers, sectionNames.registers] : [sectionNames.synapses],
    );
  });

  it("bytes of a neuron name its fields and it, and the registers that matter follow", () => {
    const places = target.wordsOf?.(image, 0, 2, null) ?? [];
    const threshold = places.filter((p) => p.why.includes("threshold")).map((p) => p.address >> 8);
    // ODIN: bits 16 to 9 of 128; tinyODIN: bits 23 to 12 of 32.
    expect(threshold).toEqual([1, 2]);
    expect(
      places.filter((p) => p.section === sectionNames.neurons).every((p) => p.why.endsWith(" of y[0]") && (p.address & 255) === 2),
    ).toBe(true);
    expect(places.filter((p) => p.section === sectionNames.registers).map((p) => p.address)).toEqual(chip === "odin" ? [1] : [1, 3]);
    expect(line(at(places, 1))).toContain("threshold");
  });

  it.each([
    [
      "a weight",
      sectionNames.synapses,
      8192 + 32,
      2,
      /weight of h\[1\] -> y\[0\], delay 0: network 3, image 1\n.*word 8224: .*h\[1\] -> y\[0\], weight 1/,
    ],
    [
      "a threshold",
      sectionNames.neurons,
      2 * 256 + 2,
      chip === "odin" ? 1 : 128,
      /threshold of y\[0\]: network 3, image \d+\n.*chip\/neurons word \d+: .*threshold/,
    ],
  ])("the first divergence names %s that is not the network's", async (_, section, address, mask, text) => {
    const bad = changed(image, section, address, mask);
    const subject = { network, image: bad, target };
    const d = await findDivergence(
      subject,
      networkWitness(network, target, 1),
      await simulatorWitness(network, target, bad),
      [Float64Array.of(0, 0, 1)],
      { trials: 50 },
    );
    expect(d).not.toBeNull();
    if (d !== null) expect(showDivergence(subject, d)).toMatch(text);
  });
});

it("a register that opens the loop is named beside the neuron that hears nothing", () => {
  const { target, image } = built("tinyodin");
  const places = target.wordsOf?.(image, 0, 2, null) ?? [];
  const line = lineOf(image, target);
  expect(places.map(line).filter((l) => l.startsWith(sectionNames.registers))).toEqual([
    expect.stringContaining("openLoop = 0: whether spikes of neurons reach neurons"),
    expect.stringContaining("maxNeuron = 2: the last neuron that is updated"),
  ]);
});

it("MNIST's image is listed with a name for every synapse byte", () => {
  const target = targetNamed("tinyodin");
  const text = readFileSync(join(import.meta.dirname, "../../test/models/odin/tinyodin.snet"), "utf8");
  const { image } = compile(parseNetwork(text, null, "tinyodin"), job({ target, method: "rate" }), context({ chip: target.chip }));
  const lines = target.listing(image).split("\n");
  // Weight of pixel 0 to the first two hidden neurons, from the network's own text: columns of the matrix.
  const weights = /link x -> h dense i8\[66x180\]\{([^}]*)\}/.exec(text)?.[1]?.split(" ").map(Number) ?? [];
  expect(lines.some((l) => l.endsWith(`x[0] -> h[0], weight ${at(weights, 0)}; x[0] -> h[1], weight ${at(weights, 180)}`))).toBe(true);
});
