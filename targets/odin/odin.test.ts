import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { id } from "../../compiler/base/id.ts";
import { origin } from "../../compiler/base/origin.ts";
import { Random } from "../../compiler/base/random.ts";
import { i32 } from "../../compiler/base/tensor.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Link, Network, Population } from "../../compiler/ir/network/types.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, job } from "../../compiler/pipeline.ts";
import { openSession } from "../../runtime/session.ts";
import { targetNamed } from "../index.ts";
import { recordings } from "../recordings.ts";
import { type Variant, variants } from "./variant.ts";

const folder = join(import.meta.dirname, "..", "..", "test", "fixtures", "recordings");

describe("recordings of the RTL", () => {
  const files = readdirSync(folder).filter((f) => /^(tiny)?ODIN-\d+\.json$/.test(f));
  it("are there", () => expect(files.length).toBeGreaterThanOrEqual(5));
  for (const file of files)
    it(`${file} agrees in every field`, () => {
      const recording = JSON.parse(readFileSync(join(folder, file), "utf8"));
      const { compared, difference } = recordings[recording.chip]!(recording);
      expect(difference).toBeNull();
      expect(compared).toBeGreaterThan(300);
    });
  it("a recording with one other spike is found out, with its place", () => {
    const recording = JSON.parse(readFileSync(join(folder, "ODIN-1.json"), "utf8"));
    recording.steps[0].spikes[3] ^= 1;
    expect(recordings["ODIN"]!(recording).difference?.where).toBe("step 0, spike 3");
  });
});

/** A network of the chip's own neurons: inputs, up to two layers, perhaps recurrent, perhaps leaky. */
function randomNetwork(seed: number, variant: Variant): Network {
  const random = new Random(seed);
  const whole = (low: number, high: number): number => random.int(low, high);
  const layers = 1 + random.int(0, 2);
  const sizes = [whole(3, 20), ...Array.from({ length: layers }, () => whole(1, 12))];
  const leak = random.int(0, 1) === 0 ? 0 : whole(1, 20);
  const preset = random.int(0, 2) === 0;
  const pops = sizes.map((count, i): Population => {
    const threshold = whole(4, 30);
    return {
      id: id<"population">(i),
      name: i === 0 ? "x" : `h${i}`,
      shape: [count],
      neuron:
        i === 0
          ? { model: "input", params: {} }
          : {
              model: "event-lif",
              params: {
                threshold,
                leak,
                low: variant.low,
                high: variant.high,
                queue: variant.queue,
                ...(variant.signBySource ? { signs: "apart" } : {}),
              },
            },
      spike: { kind: "binary" },
      initial:
        i > 0 && preset
          ? {
              v: i32(
                [count],
                Int32Array.from({ length: count }, () => whole(variant.low < 0 ? -9 : 0, threshold - 1)),
              ),
            }
          : {},
      amplitude: 1,
      start: 0,
      silent: 0,
      stop: null,
      origin: origin("random"),
    };
  });
  const link = (from: number, to: number, gain: number): Link => {
    const [columns, rows] = [at(sizes, from), at(sizes, to)];
    // On ODIN neurons have one sign; inputs may have both.
    const signs = Array.from({ length: columns }, () => (random.int(0, 3) === 0 ? -1 : 1));
    const weights = Int32Array.from({ length: rows * columns }, (_, k) => {
      if (random.int(0, 99) >= 60 * gain) return 0;
      const w = random.int(0, 7);
      return variant.signBySource && from > 0 ? at(signs, k % columns) * w : random.int(0, 2) === 0 ? -w : w;
    });
    return {
      from: id<"population">(from),
      to: id<"population">(to),
      kernel: { kind: "dense", weight: i32([rows, columns], weights) },
      pool: null,
      delay: 0,
      gain: null,
      origin: origin("random"),
    };
  };
  const links = pops.slice(1).map((_, i) => link(i, i + 1, 1));
  if (random.int(0, 2) === 0) links.push(link(layers, 1, 0.15));
  return {
    kind: "network",
    name: `random-${seed}`,
    steps: whole(1, 6),
    pops,
    links: variant.signBySource ? oneSign(links) : links,
    inputs: [{ pop: id<"population">(0), code: "rate", params: { scale: 2, seed } }],
    outputs: [
      { name: "counts", pop: id<"population">(layers), code: "spikes", scale: 1, offset: 0 },
      { name: "ends", pop: id<"population">(1), code: "potential", scale: 0.5, offset: 1 },
    ],
  };
}

/** Neurons with two links keep the sign of the first. */
function oneSign(links: readonly Link[]): Link[] {
  const sign = new Map<string, number>();
  return links.map((l) => {
    if (l.kernel.kind !== "dense" || l.from === 0) return l;
    const columns = at(l.kernel.weight.shape, 1);
    const weights = Int32Array.from(l.kernel.weight.data as Int32Array, (w, k) => {
      const key = `${l.from}:${k % columns}`;
      if (w !== 0 && !sign.has(key)) sign.set(key, Math.sign(w));
      return w === 0 ? 0 : Math.abs(w) * sign.get(key)!;
    });
    return { ...l, kernel: { kind: "dense", weight: i32(l.kernel.weight.shape, weights) } };
  });
}

describe.each(["odin", "tinyodin"] as const)("%s", (name) => {
  const target = targetNamed(name);
  const cx = context({ chip: target.chip, seed: 1 });
  it("the network and the simulator on its image agree in counts and potentials, sample after sample", async () => {
    let spikes = 0;
    for (let seed = 0; seed < 40; seed++) {
      const network = randomNetwork(seed, variants[name]);
      const { legal, image } = compile(network, job({ target, method: "rate" }), cx);
      const run = prepareNetwork(legal);
      const session = await openSession(target.simulate(), image);
      const random = new Random(seed + 1000);
      for (let s = 0; s < 3; s++) {
        const sample = [Float64Array.from({ length: at(network.pops, 0).shape[0]! }, () => random.unit() * 2)];
        const expected = run.run(sample);
        const got = await session.run(sample);
        expect(
          got.raw.map((r) => Array.from(r)),
          `seed ${seed}, sample ${s}`,
        ).toEqual(expected.raw.map((r) => Array.from(r)));
        expect(got.answers.map((r) => Array.from(r))).toEqual(expected.outputs.map((r) => Array.from(r)));
        spikes += expected.events.reduce((a, b) => a + b, 0);
      }
    }
    expect(spikes).toBeGreaterThan(2000);
  });
});
