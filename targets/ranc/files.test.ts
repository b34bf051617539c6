import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { Random } from "../../compiler/base/random.ts";
import { parseNetwork } from "../../compiler/ir/network/parse.ts";
import { context } from "../../compiler/passes/pass.ts";
import { compile, type Compiled, job } from "../../compiler/pipeline.ts";
import { encodeSample, openSession } from "../../runtime/session.ts";
import { parseChip } from "../chip-yaml.ts";
import { targetOf } from "../index.ts";
import { connectedAxons, type Column, planAxons } from "./axons.ts";
import { replayRanc } from "./replay.ts";

/* The design's files, its pins, recordings of its RTL, and what does not fit. */

const chip = parseChip(
  `name: ranc-test
extends: ranc-2x2
family: ranc
core:
  neurons: { value: 32, source: "test" }
  axons: { value: 32, source: "test" }
outputs: { value: 32, source: "test" }
`,
  "test.yaml",
);
const target = targetOf(chip);

const wide = targetOf(
  parseChip(
    `name: ranc-wide
extends: ranc-2x2
family: ranc
weight:
  bitsMax: { value: 16 bits, source: "test" }
potential: { bits: { value: 20 bits, source: "test" } }
own: { thresholdBits: { value: 20 bits, source: "test" } }
`,
    "wide.yaml",
  ),
);

function make(text: string, notes: string[] = [], on = target): Compiled {
  return compile(parseNetwork(text, null, "t"), job({ target: on, method: "rate" }), context({ report: (d) => notes.push(d.code) }));
}

const small = `network t steps 8
  input x 4 binary code events
  pop h 5 binary if(threshold=3)
  pop y 3 binary if(threshold=2 reset=set)
  link x -> h dense i8[5x4]{1 -1 2 0 1 3 2 2 -2 1 1 0 0 1 1 -1 2 2 1 1}
  link h -> y dense i8[3x5]{1 2 -1 2 1 -2 1 1 1 2 1 1 1 1 -1}
  output o of y code spikes
`;

/** The codes with which a network is refused. */
function refused(text: string, on = target): readonly string[] {
  try {
    make(text, [], on);
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics.map((d) => d.code);
    throw error;
  }
  return [];
}

describe("recordings of the RTL", () => {
  for (const n of [11, 12])
    it(`RANC-${n}`, () => {
      const file = new URL(`../../test/fixtures/recordings/RANC-${n}.json`, import.meta.url);
      const recording = JSON.parse(readFileSync(file, "utf8"));
      expect(replayRanc(recording).difference).toBeNull();
      recording.ticks[3].core0Potentials[2]++;
      expect(replayRanc(recording).difference?.where).toBe("tick 3, core0Potentials[2]");
    });
});

describe("native files", () => {
  it("give the memories back, from memory files and from the simulator's", () => {
    const { image } = make(small);
    const files = target.native!.files(image);
    const cores = image.sections.filter((s) => s.name !== "chip/parameters");
    const memory = new Map([...files].filter(([n]) => n.endsWith(".mem")));
    expect(target.native!.read(memory).sections.slice(1)).toEqual(cores);
    const json = new Map([...files].filter(([n]) => n.endsWith(".json")));
    expect(target.native!.read(json).sections.slice(1)).toEqual(cores);
    expect(target.listing(target.native!.read(memory))).toContain("slot 0");
    expect(target.decode(target.native!.read(memory)).cores).toHaveLength(2);
  });

  it("of another chip are refused (ranc-files)", () => {
    const wrong = (files: Record<string, string>): unknown => {
      try {
        return target.native!.read(new Map(Object.entries(files).map(([n, t]) => [n, new TextEncoder().encode(t)])));
      } catch (error) {
        return (error as Failure).diagnostics[0]?.code;
      }
    };
    expect(wrong({})).toBe("ranc-files");
    expect(wrong({ "csram_000.mem": "0101\n" })).toBe("ranc-files");
    expect(wrong({ "csram_000.mem": "0101\n", "tc_000.mem": "00\n" })).toBe("ranc-files");
    expect(wrong({ "ranc.json": "{" })).toBe("ranc-files");
  });
});

describe("pins", () => {
  it("give the simulator's outputs in its cycles", async () => {
    const { image } = make(small);
    const r = new Random(3);
    const sample = [Float64Array.from({ length: 32 }, () => (r.chance(0.5) ? 1 : 0))];
    const session = await openSession(target.simulate(), image);
    const got = await session.run(sample);
    const pins = target.pins!;
    const log = pins.board().run([...pins.program(image), ...pins.present(image, encodeSample(image, sample, 0), 1)]);
    const spikes = log.filter((e) => e.kind === "spike");
    const counts = [0, 1, 2].map((line) => spikes.filter((e) => e.word === line).length);
    expect(counts).toEqual([...(got.raw[0] ?? [])]);
    expect(log.at(-1)?.cycle).toBe(got.cycles);
    expect(pins.meaning!(image)(1).text).toBe("output o[1]");
  });

  it("a stuck bit of a connection shows in the bring-up vectors", () => {
    const pins = target.pins!;
    const test = pins.bringup().find((t) => t.name === "crossbar-0-0-even")!;
    const sound = pins.board().run(test.tape);
    expect(pins.board().run(test.tape)).toEqual(sound);
    const memory = pins.memories[0]!;
    // The last two words of a neuron hold the connections.
    const fault = { section: memory.section, address: memory.words - 1, bit: 3, stuck: 0 } as const;
    const both = pins.bringup().filter((t) => t.name.startsWith("crossbar-0-0"));
    expect(both.some((t) => JSON.stringify(pins.board([fault]).run(t.tape)) !== JSON.stringify(pins.board().run(t.tape)))).toBe(true);
    expect(pins.bench()).toContain("RANCNetworkGrid");
    expect(pins.tapeHex(test.tape).trimEnd().split("\n").at(-1)).toBe("f000000000000000");
    expect(pins.elaboration!(test.tape).has("csram_000.mem")).toBe(true);
  });
});

describe("axon plans", () => {
  it("hold every weight exactly", () => {
    const r = new Random(7);
    for (const [low, high, least] of [
      [-1, 0, 1],
      [-1, 1, 2],
      [-4, 3, 3],
      [-8, 7, 4],
      [-63, 63, 8],
    ] as const) {
      const columns = Array.from({ length: 12 }, (): Column => {
        const weights = Array.from({ length: 20 }, () => r.int(low, high));
        const sources = [...weights.keys()].filter((i) => weights[i] !== 0);
        return { sources: Int32Array.from(sources), weights: Int32Array.from(sources, (i) => weights[i]!) };
      });
      const plan = planAxons(columns, 20, 256)!;
      expect(plan.axons).toBeLessThanOrEqual(20 * (least + 4));
      columns.forEach((c, n) =>
        c.sources.forEach((s, i) => {
          const sum = connectedAxons(plan, n, s, c.weights[i]!).reduce((a, k) => a + plan.weights[n]![plan.types[s]![k]!]!, 0);
          expect(sum).toBe(c.weights[i]);
        }),
      );
    }
  });
});

describe("what does not fit", () => {
  const list = (n: number, f: (i: number) => number): string => Array.from({ length: n }, (_, i) => f(i)).join(" ");
  it("fan-in (ranc-fan-in), fan-out (ranc-fan-out), weights (ranc-weights)", () => {
    expect(
      refused(`network t steps 3
  input x 40 binary code events
  pop y 1 binary if(threshold=9)
  link x -> y dense i8[1x40]{${list(40, () => 1)}}
  output o of y code spikes
`),
    ).toEqual(["ranc-fan-in"]);
    expect(
      refused(`network t steps 3
  input x 1 binary code events
  pop h 1 binary if(threshold=1)
  pop y 1056 binary if(threshold=9)
  pop z 1 binary if(threshold=9)
  link x -> h dense i8[1x1]{1}
  link h -> y dense i8[1056x1]{${list(1056, () => 1)}}
  link y -> z dense i8[1x1056]{${list(1056, (i) => (i === 0 ? 1 : 0))}}
  output o of z code spikes
`),
    ).toEqual(["ranc-fan-out"]);
    expect(
      refused(
        `network t steps 3
  input x 12 binary code events
  pop y 1 binary if(threshold=9)
  link x -> y dense i32[1x12]{32767 -32768 -12345 23456 1 2 253 -17 -1 -99 100 77}
  output o of y code spikes
`,
        wide,
      ),
    ).toEqual(["ranc-weights"]);
  });

  it("neurons (ranc-neuron) and windows (ranc-window)", () => {
    expect(
      refused(`network t steps 3
  input x 1 binary code events
  pop y 1 binary if(threshold=9 resetValue=4)
  link x -> y dense i8[1x1]{1}
  output o of y code spikes
`),
    ).toEqual(["ranc-neuron"]);
    expect(
      refused(`network t steps 6
  input x 1 binary code events
  pop h 1 binary if(threshold=1 bias=1) stop=3
  pop y 1 binary if(threshold=9)
  link x -> h dense i8[1x1]{1} delay=1
  link h -> y dense i8[1x1]{1} delay=1
  output o of y code spikes
`),
    ).toEqual(["ranc-window"]);
  });

  it("warns of potentials that wrap (ranc-wraps), tells the bill (ranc-bill) and counts (ranc-counts)", () => {
    const notes: string[] = [];
    make(
      `network t steps 9
  input x 4 binary code events
  pop h 2 binary if(threshold=100)
  pop y 2 binary readout
  link x -> h dense i8[2x4]{-40 -40 -40 -40 9 9 9 9}
  link h -> y dense i8[2x2]{3 1 1 3}
  output o of y code potential
`,
      notes,
    );
    expect(notes).toContain("ranc-wraps");
    expect(notes).toContain("ranc-bill");
    expect(notes).toContain("ranc-counts");
  });
});
