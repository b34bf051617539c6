import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workshop } from "../../../test/harness/command.ts";
import { randomNetwork } from "../../../test/harness/random-network.ts";
import { readEvents, writeEvents } from "../../../runtime/tape/events.ts";
import { parseLog, printLog } from "../../../runtime/tape/log.ts";
import type { Fault } from "../../../runtime/tape/types.ts";
import { targetNamed, targetOf } from "../../../targets/index.ts";
import { dense, routeWord, smallImage } from "../../../targets/mesh/small.ts";
import { play, vectorsOf } from "../../analysis/bringup/vectors.ts";
import { TensorStore } from "../../base/store.ts";
import { at } from "../../base/bug.ts";
import { imageFiles, readImage } from "../../ir/image/files.ts";
import type { Image, Input } from "../../ir/image/types.ts";
import { printNetwork } from "../../ir/network/print.ts";

const shop = new Workshop();
const text = (file: string): string => readFileSync(shop.path(file), "utf8");

function writeNetwork(stem: string, seed: number): void {
  const store = new TensorStore();
  shop.write(`${stem}.snet`, printNetwork(randomNetwork(seed, { forMesh: true }), store));
  if (store.size > 0) shop.write(`${stem}.tensors`, store.encode());
}

function writeImage(folder: string, image: Image): void {
  mkdirSync(shop.path(folder), { recursive: true });
  for (const [name, bytes] of imageFiles(image)) writeFileSync(shop.path(`${folder}/${name}`), bytes);
}

function imageOf(folder: string): Image {
  return readImage((name) => readFileSync(shop.path(`${folder}/${name}`)));
}

beforeAll(async () => {
  for (const seed of [3, 5]) {
    writeNetwork(`n${seed}`, seed);
    const r = await shop.run("compile", `n${seed}.snet`, "--target", "mesh-1x1", "-o", `b${seed}`);
    expect(r.err).toBe("");
  }
  const r = await shop.run("cosim", "b3", "-o", "cosim", "--samples", "3", "--read-back");
  expect(r).toMatchObject({ code: 0, err: "" });
});
afterAll(() => shop.remove());

/** The log with lines changed, as a file of its own. */
function changed(name: string, change: (lines: string[]) => string[]): string {
  shop.write(name, `${change(text("cosim/expected.txt").trimEnd().split("\n")).join("\n")}\n`);
  return name;
}

describe("co-simulation", () => {
  it("writes tape, images, bench, expected log and manifest", () => {
    const manifest = JSON.parse(text("cosim/manifest.json"));
    expect(manifest).toMatchObject({ kind: "ganglion-cosim", chip: "mesh-1x1", backDoor: false, readBack: true });
    expect(manifest.samples).toHaveLength(3);
    for (const file of ["tape.hex", "tape.txt", "expected.txt", "bench.v", "core-0-0-neurons.hex"])
      expect(manifest.files).toHaveProperty([file]);
    const log = parseLog(text("cosim/expected.txt"), "expected.txt");
    expect(log.filter((e) => e.kind === "mark").map((e) => e.id)).toEqual([manifest.network, 1, 2, 3]);
    // What the pins send of each sample is what the simulator's session read.
    const potentials = log.filter((e) => e.kind === "spike").map((e) => Math.floor(Number(e.word) / 2 ** 16) | 0);
    expect(potentials).toEqual(manifest.samples.flatMap((s: { raw: { out: number[] } }) => s.raw.out));
  });

  it("accepts the log that it predicts, with or without the folder", async () => {
    expect(await shop.run("verify", "b3", "--against", "cosim/expected.txt")).toMatchObject({ code: 0, err: "" });
    changed("log.txt", (l) => l);
    expect(await shop.run("verify", "b3", "--against", "log.txt", "--samples", "3", "--read-back")).toMatchObject({ code: 0, err: "" });
  });

  it("by the back door the tape writes no memory, and cycles from the mark on are the same", async () => {
    expect((await shop.run("cosim", "b3", "-o", "back", "--samples", "3", "--back-door")).code).toBe(0);
    expect(text("back/tape.txt")).not.toMatch(/^write /m);
    const events = (file: string) =>
      parseLog(text(file), file)
        .filter((e) => e.kind === "spike")
        .map((e) => e.word);
    expect(events("back/expected.txt")).toEqual(events("cosim/expected.txt"));
    expect((await shop.run("verify", "b3", "--against", "back/expected.txt")).code).toBe(0);
  });

  it.each<[string, (lines: string[]) => string[], string]>([
    ["lost", (l) => l.filter((x) => x !== l.find((y) => y.startsWith("S "))), "error[log-lost]: 1 event is missing in sample 0"],
    [
      "extra",
      (l) => l.flatMap((x, i) => (i === l.findIndex((y) => y.startsWith("S ")) ? [x, x.replace(/\S+$/, "990007")] : [x])),
      "log-extra",
    ],
    ["wrong", (l) => l.map((x, i) => (i === l.findIndex((y) => y.startsWith("S ")) ? x.replace(/\S+$/, "70000") : x)), "log-wrong"],
    [
      "late",
      (l) => l.map((x, i) => (i === l.findIndex((y) => y.startsWith("S ")) ? x.replace(/^S (\d+)/, (_, c) => `S ${Number(c) + 3}`) : x)),
      "error[log-late]: S",
    ],
    ["value", (l) => l.map((x, i) => (i === 20 ? `${x.slice(0, x.lastIndexOf(" "))} deadbeef` : x)), "log-value"],
    ["cut", (l) => l.slice(0, -1), "log-cut"],
    ["nothing", () => ["$finish called"], "log-empty"],
    ["unreadable", (l) => [...l.slice(0, 4), "S 12 xx", ...l.slice(4)], "error[log-syntax]"],
  ])("a log that is %s", async (name, change, message) => {
    const r = await shop.run("verify", "b3", "--against", changed(`${name}.txt`, change), "--cosim", "cosim");
    expect(r.code).toBe(1);
    expect(r.err).toContain(message);
  });

  it("tells late events from wrong ones, and what led to a lost one", async () => {
    expect((await shop.run("verify", "b3", "--against", "late.txt", "--cosim", "cosim", "--ordered")).code).toBe(0);
    const lost = await shop.run("verify", "b3", "--against", "lost.txt", "--cosim", "cosim");
    expect(lost.out).toContain("out[0] sends it, in step 6");
    expect(lost.out).toMatch(/cone of influence|no spike reached it before/);
    const value = await shop.run("verify", "b3", "--against", "value.txt", "--cosim", "cosim");
    expect(value.out).toMatch(/the word: core\(0,0\)\/\w+ word \d+/);
  });

  it("refuses a log of another network, a folder of another image or chip, a folder that is none", async () => {
    expect((await shop.run("verify", "b5", "--against", "log.txt")).err).toContain("error[log-other-network]");
    expect((await shop.run("verify", "b5", "--against", "log.txt", "--cosim", "cosim")).err).toContain("error[cosim-other-image]");
    expect((await shop.run("verify", "b3", "--against", "log.txt", "--cosim", "b3")).err).toContain("error[cosim-manifest]");
    mkdirSync(shop.path("damaged"), { recursive: true });
    for (const text of ["null", "{", '{"kind":"ganglion-cosim","image":"00"}']) {
      shop.write("damaged/manifest.json", text);
      expect((await shop.run("verify", "b3", "--against", "log.txt", "--cosim", "damaged")).err).toContain("error[cosim-manifest]");
    }
    expect((await shop.run("verify", "n3.snet", "--against", "log.txt")).err).toContain("error[pass-kind]");
    expect((await shop.run("cosim", "b3")).err).toContain("error[option-missing]");
  });
});

describe("events with times", () => {
  it("what leaves the pins is written, read again and compared", async () => {
    shop.write("samples.txt", `${Array.from({ length: 19 }, (_, i) => (i % 3 === 0 ? 1 : 0)).join(" ")}\n`);
    for (const file of ["out.txt", "out.csv"]) {
      const r = await shop.run("run", "b3", "--samples", "samples.txt", "--events-out", file);
      expect(r.code).toBe(0);
      expect((await shop.run("verify", "b3", "--against", file, "--samples", "samples.txt")).code).toBe(0);
    }
    const events = readEvents(new TextEncoder().encode(text("out.csv")), "csv", "out.csv");
    shop.write(
      "fewer.csv",
      `time_us,address\n${events
        .slice(1)
        .map((e) => `${e.time},${e.word}\n`)
        .join("")}`,
    );
    expect((await shop.run("verify", "b3", "--against", "fewer.csv", "--samples", "samples.txt")).err).toContain("error[log-lost]");
    const lost = await shop.run("verify", "b3", "--against", "fewer.csv", "--samples", "samples.txt");
    expect(lost.err).toContain("in sample 0, 0 entries after its beginning");
    expect(lost.out).toMatch(/cone of influence|no spike reached it before/);
    // Times count from the first event; one of them comes later than it should.
    const late = events.map((e, i) => `${e.time + (i === events.length - 1 ? 1 : 0) + 7},${e.word}\n`).join("");
    shop.write("late.csv", `time_us,address\n${late}`);
    const against = ["verify", "b3", "--samples", "samples.txt", "--against"];
    expect((await shop.run(...against, "late.csv")).code).toBe(0);
    expect((await shop.run(...against, "late.csv", "--within-us", "0.5")).err).toContain("error[log-late]");
    expect((await shop.run(...against, "late.csv", "--within-us", "1.01")).out).toContain("each within 1.01 µs");
    shop.write("foreign.csv", "time_us,address\n1,0x900001\n2,0x900002\n");
    expect((await shop.run(...against, "foreign.csv")).out).toContain("2 of the 2 different words of the log are none that was expected");
    // A word can be wider than an address of AEDAT 2; which words there are depends on the network.
    expect(() => writeEvents([{ time: 0, word: 2n ** 32n }], "aedat")).toThrow("error[event-wide]");
  });

  it("a recording is a sample of a network that takes events", async () => {
    shop.write(
      "events.snet",
      [
        "network spikes steps 4",
        "  input x 3 unsigned8 code events",
        "  pop y 3 signed16 unit(compare=ge reset=none emit=unit output=yes threshold=1000) start=1 stop=4",
        "  link x -> y one weight=2 delay=1",
        "  output y code potential",
        "",
      ].join("\n"),
    );
    const compiled = await shop.run("compile", "events.snet", "--target", "mesh-1x1", "-o", "events");
    expect(compiled.err).toBe("");
    shop.write("in.txt", "# two at once\n100 0\n100.5 0\n1150 0x2\n2200 1\n99999 1\n");
    const r = await shop.run("run", "events", "--events-in", "in.txt", "--step-us", "1000");
    expect(r.out).toContain("output y: 4 2 2");
    shop.write("far.txt", "100 7\n");
    expect((await shop.run("run", "events", "--events-in", "far.txt")).err).toContain("error[event-channel]");
    expect((await shop.run("run", "b3", "--events-in", "in.txt")).err).toContain("error[event-input]");
    expect((await shop.run("run", "b3")).code).toBe(2);
  });
});

describe("recordings", () => {
  const fixture = fileURLToPath(new URL("../../../test/fixtures/recordings/ReckOn-0.json", import.meta.url));

  it("are run again, and the first difference is told", async () => {
    expect(await shop.run("replay", fixture)).toMatchObject({ code: 0, err: "" });
    const recording = JSON.parse(readFileSync(fixture, "utf8"));
    recording.steps[2].cyclesTickToReady += 1;
    shop.write("changed.json", JSON.stringify(recording));
    const r = await shop.run("replay", fixture, "changed.json");
    expect(r.code).toBe(1);
    expect(r.err).toContain("error[recording-differs]: ");
    expect(r.err).toContain("changed.json");
  });

  it("refuses what is none", async () => {
    shop.write("cut.json", '{"chip": "ODIN", "steps": [');
    shop.write("none.json", "[1, 2]");
    shop.write("other.json", '{"chip": "nobody"}');
    expect((await shop.run("replay", "cut.json")).err).toContain("error[recording-malformed]");
    expect((await shop.run("replay", "none.json")).err).toContain("error[recording-malformed]");
    expect((await shop.run("replay", "other.json")).err).toContain("error[recording-chip]");
  });
});

describe("bring-up", () => {
  const only = "march-registers,leak,axon-work,rows";
  const target = targetNamed("mesh-1x1");
  const pins = target.pins ?? expect.unreachable();
  const tests = pins.bringup().map(vectorsOf);

  function answer(
    file: string,
    name: string,
    faults: readonly Fault[],
    change: (t: ReturnType<typeof vectorsOf>["tape"]) => typeof t = (t) => t,
  ): string {
    const v = at(
      tests.filter((t) => t.test.name === name),
      0,
    );
    shop.write(file, printLog(play(pins, change(v.tape), faults)));
    return file;
  }

  it("writes vectors in every form, with what they exercise", async () => {
    const r = await shop.run("bringup", "mesh-1x1", "-o", "kit", "--only", only);
    expect(r).toMatchObject({ code: 0, err: "" });
    const kit = JSON.parse(text("kit/kit.json"));
    expect(kit.tests.map((t: { name: string }) => t.name)).toEqual(["march-registers", "leak", "rows", "axon-work"]);
    expect(kit.coverage.memories["chip/registers"]).toEqual({ exercised: 96, total: 96 });
    expect(kit.coverage.missing).toContain("noise-gauss");
    for (const f of ["tape.hex", "tape.txt", "tape.h", "tape.json", "expected.txt"])
      expect(text(`kit/leak/${f}`).length).toBeGreaterThan(100);
    expect((await shop.run("diagnose", "kit/leak/expected.txt", "kit/rows/expected.txt", "--kit", "kit")).out).toContain("a sound chip");
  });

  it("the whole kit goes through every bit, branch and neuron", () => {
    const names = new Set(tests.flatMap((t) => t.test.covers));
    expect(Object.keys(pins.branches).filter((b) => !names.has(b))).toEqual([]);
    expect(tests.filter((t) => play(pins, t.tape).length < 3).map((t) => t.test.name)).toEqual([]);
  });

  it.each([
    ["without much room", { neurons: 40, axons: 48, profiles: 4, routes: 256, synapseWords: 2048, shapes: 4 }, {}],
    [
      "that can do less",
      {},
      {
        spikes: ["binary"],
        pools: [],
        sharedKernels: false,
        unit: { noise: ["none"], emit: ["unit"], leak: ["none", "shift"], negative: ["none"] },
      },
    ],
  ])("on a chip %s every test answers, and claims only what the chip can do", (_, core, less) => {
    const { chip } = target;
    const small = targetOf({
      ...chip,
      ...less,
      core: { ...chip.core, ...core },
      unit: { ...chip.unit, ...("unit" in less ? less.unit : {}) },
    } as typeof chip);
    const own = small.pins ?? expect.unreachable();
    const vectors = own.bringup().map(vectorsOf);
    const mute = vectors.filter((v) => v.test.image !== undefined && !play(own, v.tape).some((e) => e.kind === "spike"));
    expect(mute.map((v) => v.test.name)).toEqual([]);
    const claimed = new Set(vectors.flatMap((v) => v.test.covers));
    const known = Object.keys(own.branches);
    expect([...claimed].filter((b) => !known.includes(b))).toEqual([]);
    if (Object.keys(less).length > 0) expect(known).not.toContain("noise-gauss");
    else expect(known.filter((b) => !claimed.has(b))).toEqual([]);
  });

  it("compares cycles where they are asked for", async () => {
    const late = text("kit/rows/expected.txt").replace(/^S (\d+) /m, (_, c) => `S ${Number(c) + 2} `);
    shop.write("late-kit.log", late);
    expect((await shop.run("diagnose", "late-kit.log", "--kit", "kit")).code).toBe(0);
    const r = await shop.run("diagnose", "late-kit.log", "--kit", "kit", "--cycles");
    expect(r.code).toBe(1);
    expect(r.err).toContain("error[board-late]: 1 of 1 test answers rightly in other cycles: here 2 later than expected");
    expect((await shop.run("diagnose", "kit/rows/expected.txt", "--kit", "kit", "--cycles")).out).toContain(
      "cycles: those of a sound chip",
    );
  });

  it("names a stuck bit that is read back", async () => {
    const log = answer("stuck.log", "march-registers", [{ section: "chip/registers", address: 1, bit: 20, stuck: 1 }]);
    const r = await shop.run("diagnose", log, "--kit", "kit");
    expect(r.code).toBe(1);
    expect(r.err).toContain("error[board-differs]");
    expect(r.out).toContain("1. bit 20 of chip/registers word 1 is stuck at 1 (explains 100 %)");
  });

  it("names swapped bytes of a register", async () => {
    const swap = (d: number | bigint): number => {
      const b = [24, 16, 8, 0].map((s) => (Number(d) >>> s) & 255);
      return ((at(b, 3) << 24) | (at(b, 2) << 16) | (at(b, 1) << 8) | at(b, 0)) >>> 0;
    };
    const log = answer("swapped.log", "march-registers", [], (t) => t.map((o) => (o.op === "write" ? { ...o, data: swap(o.data) } : o)));
    expect((await shop.run("diagnose", log, "--kit", "kit")).out).toContain("1. the bytes of chip/registers are swapped");
  });

  it("names a dead axon, and an event that was lost once", async () => {
    const axons = at(
      tests.filter((t) => t.test.name === "axon-work"),
      0,
    ).tape;
    const word = axons.flatMap((o) => (o.op === "event" ? [o.word] : []))[4];
    const dead = answer("dead.log", "axon-work", [], (t) => t.filter((o) => o.op !== "event" || o.word !== word));
    expect((await shop.run("diagnose", dead, "--target", "mesh-1x1")).out).toContain(
      `1. input line of event 0x${word?.toString(16)} is dead`,
    );
    const once = answer("once.log", "rows", [], (t) => t.filter((_, i) => i !== t.findIndex((o) => o.op === "event") + 4));
    expect((await shop.run("diagnose", once, "--target", "mesh-1x1")).out).toMatch(/1\. (one event|input line of event) 0x/);
  });

  it("names outputs that were lost on the way", async () => {
    answer("whole.log", "leak", []);
    const lines = text("whole.log").split("\n");
    shop.write("drop.log", lines.filter((l, i) => !(l.startsWith("S ") && i % 40 === 7)).join("\n"));
    expect((await shop.run("diagnose", "drop.log", "--target", "mesh-1x1", "--trials", "100")).out).toContain("lost on the way out");
  });

  it("finds a stuck bit of a word that only events show", async () => {
    // The threshold of slot 4 in a test that never reads memories back.
    const log = answer("unseen.log", "threshold-edges", [{ section: "core(0,0)/neurons", address: 6 * 4 + 1, bit: 2, stuck: 1 }]);
    const r = await shop.run("diagnose", log, "--target", "mesh-1x1");
    expect(r.out).toMatch(/core\(0,0\)\/neurons word 25 is stuck/);
  });

  it("refuses logs of nothing, of another kit, and chips without pins", async () => {
    shop.write("none.log", "M 0 1\nE 1 0\n");
    expect((await shop.run("diagnose", "none.log", "--kit", "kit")).err).toContain("error[kit-no-test]");
    expect((await shop.run("diagnose", "stuck.log", "--kit", "cosim")).err).toContain("error[kit-unreadable]");
    for (const text of ["null", "{", '{"kind":"ganglion-kit"}']) {
      mkdirSync(shop.path("damaged"), { recursive: true });
      shop.write("damaged/kit.json", text);
      expect((await shop.run("diagnose", "stuck.log", "--kit", "damaged")).err).toContain("error[kit-unreadable]");
    }
    shop.write("mark.log", "M 0 60999\nE 1 0\n");
    expect((await shop.run("diagnose", "mark.log", "--kit", "kit")).err).toContain("error[kit-mark]");
    expect((await shop.run("bringup", "mesh-1x1", "-o", "cosim", "--only", "leak")).err).toContain("error[output-occupied]");
    expect((await shop.run("bringup", "paicore", "-o", "kit2")).err).toContain("error[pins-missing]");
    expect((await shop.run("bringup", "mesh-1x1", "-o", "kit2", "--only", "leaks")).err).toContain('did you mean "leak"');
  });
});

describe("lint", () => {
  it("has nothing to remark on what was compiled", async () => {
    expect(await shop.run("lint", "b3")).toMatchObject({ code: 0, err: "" });
  });

  it("finds words written twice, never, or with reserved bits", async () => {
    const image = imageOf("b3");
    const sections = image.sections.flatMap((s) => {
      if (s.name.endsWith("/axons")) return [s, { ...s, base: 2, words: s.words.slice(2, 4) }];
      if (s.name.endsWith("/shapes")) return [s, { ...s, base: s.words.length + 4, words: s.words.slice(0, 2) }];
      if (s.name.endsWith("/control")) return [{ ...s, words: Uint32Array.from(s.words, (w) => w | 0x1000) }];
      return [s];
    });
    writeImage("bad", { ...image, sections });
    const r = await shop.run("lint", "bad");
    expect(r.code).toBe(1);
    for (const code of ["error[lint-overlap]", "warning[lint-unwritten]", "error[lint-reserved]", "error[image-word]"])
      expect(r.err).toContain(code);
    expect(r.err).toContain("core(0,0)/control word 0");
  });

  it("finds routes to nowhere, silent lines, unused axons and rows, and neurons that nothing reaches", async () => {
    const image = imageOf("b3");
    const input = at(image.inputs, 0);
    const cut = { ...input, targets: Uint32Array.from(input.targets, (t, i) => (i === 0 ? (t | 0xfff) >>> 0 : t)) };
    const neurons = image.sections.map((s) => {
      if (!s.name.endsWith("/neurons")) return s;
      const words = Uint32Array.from(s.words);
      // The last slots are the outputs': their routes are taken away.
      words[words.length - 6] = ((words[words.length - 6] as number) & 0x8000003f) >>> 0;
      return { ...s, words };
    });
    writeImage("routes", { ...image, sections: neurons, inputs: [cut, ...image.inputs.slice(1)] });
    const r = await shop.run("lint", "routes");
    for (const code of ["error[lint-route]", "error[lint-line]", "warning[lint-axon]"]) expect(r.err).toContain(code);
  });

  it("finds rows that no axon names, and neurons that no event can reach", async () => {
    const image = smallImage("idle", targetNamed("mesh-1x1").chip, [
      { x: 0, y: 0, profiles: [{}], neurons: [{}, {}], axons: [{ row: 0 }], rows: [dense([3, 0], 4), dense([1, 1], 4)] },
    ]);
    const input: Input = {
      name: "x",
      code: "events",
      params: {},
      spike: { kind: "binary" },
      shape: [1],
      window: { start: 0, stop: 1 },
      start: Uint32Array.from([0, 1]),
      targets: Uint32Array.from([routeWord({ x: 0, y: 0, axon: 0 })]),
    };
    writeImage("idle", { ...image, inputs: [input] });
    const r = await shop.run("lint", "idle");
    expect(r.code).toBe(0);
    expect(r.err).toContain("warning[lint-row]: 1 row is never applied, for example row 1 of core(0,0)");
    expect(r.err).toContain("warning[lint-neuron]: nothing reaches 1 neuron, for example slot 1 of core(0,0)");
  });

  it("refuses an image of another chip and files that say no chip", async () => {
    expect((await shop.run("lint", "b3", "--target", "mesh-4x4")).err).toContain("error[image-chip]");
    expect((await shop.run("lint", "n3.snet")).err).toContain("error[option-missing]");
    expect((await shop.run("lint", "n3.snet", "--target", "mesh-1x1")).err).toContain("error[native-missing]");
  });
});

describe("show", () => {
  it("prints the cores that an image says", async () => {
    expect((await shop.run("show", "b3", "--cores")).out).toMatch(/^cores random3 chip mesh-1x1/);
  });
});

describe("reduce", () => {
  it("shrinks a network and its sample while a command still succeeds", async () => {
    shop.write("one.txt", "0 0 0 0 1 0 0 0 0 1 0 0 0 -1 0 1 1 1 1\n");
    // Kept is what still has a population h3 and a 1 in the sample.
    const r = await shop.run(
      "reduce",
      "n3.snet",
      "--samples",
      "one.txt",
      "--while",
      "grep -q 'pop h3' {network} && grep -q 1 {sample}",
      "-o",
      "small",
    );
    expect(r.err).toBe("");
    expect(r.code).toBe(0);
    expect(text("small.snet")).toMatch(/steps [1-3]\b/);
    expect(text("small.snet")).not.toContain("pop h2");
    expect(
      text("small.txt")
        .trim()
        .split(" ")
        .filter((w) => w !== "0"),
    ).toHaveLength(1);
  }, 60_000);

  it("says when there is nothing to reduce", async () => {
    expect((await shop.run("reduce", "n3.snet", "--samples", "one.txt", "--target", "mesh-1x1")).err).toContain("error[reduce-nothing]");
    expect((await shop.run("reduce", "b3", "--samples", "2")).err).toContain("error[reduce-nothing]");
  });
});
