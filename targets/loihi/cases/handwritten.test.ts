import { expect, it } from "vitest";
import { parseNetwork } from "../../../compiler/ir/network/parse.ts";
import { context } from "../../../compiler/passes/pass.ts";
import { compile, defaultMapping, job } from "../../../compiler/pipeline.ts";
import type { Image } from "../../../compiler/ir/image/types.ts";
import { targetNamed } from "../../index.ts";
import { Schedule } from "../schedule.ts";

/* Words and times worked out by hand from words.ts and README.md. Never regenerate these. */

const target = targetNamed("loihi1");

const text = `network t steps 4
  input x 2 binary code events
  pop a 2 binary loihi(threshold=i32[2]{25 131071} dv=163 bias=i32[2]{-1 3} biasExponent=i32[2]{0 7}) initial(v=-2) silent=1
  pop b 1 binary loihi(output=yes threshold=131071 du=1000 dv=4096)
  link x -> a dense i8[2x2]{10 0 -3 127} gain=64 delay=1
  link a -> b dense i8[1x2]{-8 7} delay=3
  output y of b code potential
`;

function imageOf(): Image {
  return compile(
    parseNetwork(text, null, "t.snet"),
    job({ target, method: "rate", mapping: { ...defaultMapping, partition: "packed" } }),
    context({ chip: target.chip, seed: 9 }),
  ).image;
}

const wordsOf = (image: Image, name: string): string[] =>
  Array.from(image.sections.find((s) => s.name === name)?.words ?? [], (w) => w.toString(16).padStart(8, "0"));

it("an image's words", () => {
  const image = imageOf();
  // Format 1, 16 columns at 8, 8 rows at 16. 4 steps; nothing sent in step 3 may meet the next sample: 3 + 3 - 0 + 1 = 7 at 16. Seed 9.
  expect(wordsOf(image, "chip/registers")).toEqual(["00081001", "00070004", "00000009"]);
  // 3 compartments, enabled at 31.
  expect(wordsOf(image, "core(0,0)/control")).toEqual(["80000003"]);
  // a: start 0, silent 1 at 16; length 4, set. b: length 4, output at 17.
  expect(wordsOf(image, "core(0,0)/profiles")).toEqual(["00010000", "00000004", "00000000", "00020004"]);
  expect(wordsOf(image, "core(0,0)/compartments")).toEqual([
    // a[0]: route 0, count 1 at 13, profile 0. du 4095 + offset at 12, dv 163 at 13 (163 * 8192 = 146000). Threshold 25, bias -1 in 13 bits at 17.
    "00002000",
    "00147fff",
    "3ffe0019",
    "00000019",
    "00fffffe",
    // a[1]: route 1. Exponent 7 at 26. Threshold 1ffff, bias 3 at 17. Subtract as threshold. Initial -2.
    "00002001",
    "1c147fff",
    "0007ffff",
    "0001ffff",
    "00fffffe",
    // b: route 2, profile 1 at 26. du 1000 = 3e8, dv 4095 at 13 and its offset at 25. Threshold 1ffff.
    "04002002",
    "03ffe3e8",
    "0001ffff",
    "0001ffff",
    "00000000",
  ]);
  // Axons 2 and 3 of core (0,0), which are those of the link a -> b; output line 0 of the host at 24.
  expect(wordsOf(image, "core(0,0)/routes")).toEqual(["00000002", "00000003", "01000000"]);
  expect(wordsOf(image, "core(0,0)/synapses")).toEqual([
    // x[0]: dense, 5 bits (4 at 1), base 0, 2 weights at 14: 10 = 01010, -3 = 11101.
    "00008008",
    "000003aa",
    // x[1]: one weight, 8 bits (7 at 1), base 1 at 4: 127.
    "0000401e",
    "0000007f",
    // a[0]: one weight, 4 bits (3 at 1), base 2 at 4: -8 = 1000. a[1]: 7.
    "00004026",
    "00000008",
    "00004026",
    "00000007",
  ]);
  // Rows 0 and 2, shift 6 at 15, used at 25; rows 4 and 6, delay 3 - 1 = 2 at 19.
  expect(wordsOf(image, "core(0,0)/axons")).toEqual(["02030000", "02030002", "02100004", "02100006"]);
  expect(Array.from(image.inputs[0]?.targets ?? [])).toEqual([0, 1]);
});

it("lists that axons move", async () => {
  // Three positions see two inputs each, through the weights 5 and -3: position 0 sees 0 and 1, position 1 sees 1 and 2, …
  const { image } = compile(
    parseNetwork(
      `network t steps 3
  input x 1x4 binary code events
  pop a 1x3 binary loihi(threshold=100)
  link x -> a conv i8[1x1x2]{5 -3} gain=64 delay=1
  output y of a code spikes
`,
      null,
      "t.snet",
    ),
    job({ target, method: "rate", mapping: { ...defaultMapping, partition: "packed" } }),
    context({ chip: target.chip, seed: 9 }),
  );
  expect(wordsOf(image, "core(0,0)/synapses")).toEqual([
    // x[0]: dense, 4 bits (3 at 1), base 0, 1 weight at 14: 5.
    "00004006",
    "00000005",
    // x[1]: dense, 4 bits, base 0, 2 weights: -3 = 1101, 5 at 4. x[2] adds 1 to its slots.
    "00008006",
    "0000005d",
    // x[3]: 1 weight, 3 bits (2 at 1), base 2 at 4: -3 = 101.
    "00004024",
    "00000005",
  ]);
  // Rows 0, 2, 2 and 4; shift 6 at 15, used at 25.
  expect(wordsOf(image, "core(0,0)/axons")).toEqual(["02030000", "02030002", "02030002", "02030004"]);
  expect(wordsOf(image, "core(0,0)/offsets")).toEqual(["00000000", "00000000", "00000001", "00000000"]);
  const device = target.simulate();
  await device.load(image);
  await device.send([{ input: 0, step: 0, channel: Int32Array.of(2), payload: Int32Array.of(1) }]);
  await device.run(2);
  // x[2] reaches position 1 through -3 and position 2 through 5.
  expect([...(await device.peek("core(0,0)/potential"))]).toEqual([0, -192, 320]);
});

it("an image with a word that is none", () => {
  const image = imageOf();
  const spoilt = (name: string, at: number, word: number): Image => ({
    ...image,
    sections: image.sections.map((s) => (s.name === name ? { ...s, words: s.words.with(at, word) } : s)),
  });
  expect(() => target.decode(spoilt("core(0,0)/axons", 0, 0x02030001))).toThrow(/no row begins at 1/);
  expect(() => target.decode(spoilt("core(0,0)/routes", 0, 0x80000000))).toThrow(/reserved bits/);
  expect(() => target.decode(spoilt("core(0,0)/routes", 0, 0x00010000))).toThrow(/core\(1,0\), which is not enabled/);
});

it("the time of a step", () => {
  // Tiles have 2 x 2 cores: (0,0) and (1,1) share one, (5,2) is two tiles to the east and one to the south.
  const schedule = new Schedule(target.chip, [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
    { x: 5, y: 2 },
  ]);
  expect(schedule.hops({ x: 1, y: 1 }, { x: 5, y: 2 })).toEqual({ x: 2, y: 1 });
  // Two tiles: 1130 + (4650 - 1130) / 31 = 1243.5…, in whole cycles 1244.
  expect(schedule.end()).toEqual({ quiet: 0, next: 1244 });
  schedule.core(10, 2, 1);
  schedule.core(1, 3, 0);
  schedule.spike({ x: 0, y: 0 });
  schedule.spike({ x: 2, y: 1 });
  // 10 * 35 + 2 * 84 + 53 = 571; 21 + 2 * 41 + 65 = 168.
  expect(schedule.end()).toEqual({ quiet: 739, next: 739 + 1244 });
});

it("what a core does in the first steps", async () => {
  const device = target.simulate();
  await device.load(imageOf());
  await device.send([{ input: 0, step: 0, channel: Int32Array.of(0, 1), payload: Int32Array.of(1, 1) }]);
  await device.run(1);
  // a[0]: trunc(-2 * 3933 / 4096) = -1, bias -1. a[1]: -1 + 3 * 128. b: nothing.
  expect([...(await device.peek("core(0,0)/potential"))]).toEqual([-2, 383, 0]);
  await device.run(1);
  // a[0]: -1 + 640 - 1. a[1]: trunc(383 * 3933 / 4096) = 367, + (127 - 3) * 64 = 7936, + 384. Nothing fires: 25 * 64 = 1600.
  expect([...(await device.peek("core(0,0)/potential"))]).toEqual([638, 8687, 0]);
  expect(await device.counts()).toMatchObject({ event: 2, synapse: 3, spike: 0, update: 4, skip: 2, barrier: 2, hostIn: 2, lost: 0 });
  // Updates of a, b idle: 2 * 84 + 53 and the host's spike, 21; then 3 synapses more. A barrier of one tile each.
  expect(device.now()).toEqual({ cycle: 221 + 21 + 1130 + 221 + 3 * 35 + 1130, step: 2 });
});
