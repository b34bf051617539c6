import { describe, expect, it } from "vitest";
import { randomNetwork, randomSample } from "../../../test/harness/random-network.ts";
import { targetNamed } from "../../../targets/index.ts";
import { context } from "../../passes/pass.ts";
import { compile, defaultMapping } from "../../pipeline.ts";
import type { Image, Section } from "../../ir/image/types.ts";
import { Random } from "../../base/random.ts";
import { findDivergence } from "./index.ts";
import { showDivergence } from "./show.ts";
import { shrink } from "./shrink.ts";
import { networkWitness, simulatorWitness } from "./witness.ts";

const target = targetNamed("mesh-4x4");

function build(seed: number) {
  const source = randomNetwork(seed, { forMesh: true });
  const job = { target, method: "", options: {}, calibration: [], passOptions: {}, mapping: defaultMapping };
  const { legal, image } = compile(source, job, { ...context(), seed: 1 });
  return { network: legal, image };
}

/** The image with one bit of one word turned over. */
function flipped(image: Image, section: string, address: number, bit: number): Image {
  return {
    ...image,
    sections: image.sections.map((s): Section => {
      if (s.name !== section) return s;
      const words = Uint32Array.from(s.words);
      words[address - s.base] = ((words[address - s.base] as number) ^ (1 << bit)) >>> 0;
      return { ...s, words };
    }),
  };
}

describe("first divergence", () => {
  it("is null while the image is what the network says", async () => {
    const { network, image } = build(11);
    const right = await simulatorWitness(network, target, image);
    expect(
      await findDivergence({ network, image, target }, networkWitness(network, target, 1), right, randomSample(network, 1), { trials: 50 }),
    ).toBeNull();
  });

  it("names the word of a flipped weight bit", async () => {
    let named = 0;
    let shown = 0;
    const random = new Random(5);
    for (let seed = 20; seed < 60; seed++) {
      const { network, image } = build(seed);
      const memories = image.sections.filter((s) => s.name.endsWith("/synapses"));
      const memory = random.pick(memories);
      const listing = target.listing(image).split("\n");
      const from = listing.findIndex((l) => l.startsWith(memory.name));
      const weightWords = [...memory.words.keys()].filter((k) => / weights /.test(listing[from + 1 + k] ?? ""));
      if (weightWords.length === 0) continue;
      const address = random.pick(weightWords);
      const bad = flipped(image, memory.name, address, random.int(0, 2));
      const right = await simulatorWitness(network, target, bad);
      const subject = { network, image: bad, target };
      for (let s = 0; s < 3; s++) {
        const sample = randomSample(network, 100 * seed + s);
        const d = await findDivergence(subject, networkWitness(network, target, 1), right, sample, { trials: 200 });
        if (d === null) continue;
        shown++;
        const words = d.suspects.flatMap((x) => x.words.slice(0, 1));
        if (words.some((w) => w.section === memory.name && w.address === address)) named++;
        expect(showDivergence(subject, d)).toContain(`${memory.name} word ${address}: `);
        break;
      }
    }
    expect(shown).toBeGreaterThan(8);
    expect(named).toBe(shown);
  });
});

describe("shrinking", () => {
  it("finds the two items that matter", async () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const small = await shrink(items, (part) => part.includes(17) && part.includes(80), { trials: 1000 });
    expect(small).toEqual([17, 80]);
  });

  it("stops when its trials are used up, with something that still shows it", async () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const small = await shrink(items, (part) => part.includes(17), { trials: 3 });
    expect(small).toContain(17);
    expect(small.length).toBeLessThan(100);
  });
});
