import { expect, test } from "vitest";
import { parseNetwork } from "./parse.ts";
import { prepareNetwork } from "./run.ts";

/** What passes the pool in each step: one row of window spikes per frame of input. */
function passed(pool: string, shape: string, windows: string, frames: number[][], amplitude = 1): number[][] {
  const n = parseNetwork(
    `network t steps ${frames.length}
      input x ${shape} binary code events amplitude=${amplitude}
      pop y ${windows} analog relay
      link x -> y one weight=1 pool ${pool}
      output y code spikes`,
    null,
  );
  const train = prepareNetwork(n, { record: [n.pops[1]!.id] })
    .run([frames.flat()])
    .trains.get(n.pops[1]!.id)!;
  const width = train.length / frames.length;
  return frames.map((_, t) => [...train.subarray(t * width, (t + 1) * width)]);
}

test("or spikes when any input of the window does, and when all do", () => {
  const frames = [
    [0, 0, 0, 1],
    [1, 1, 0, 0],
    [0, 0, 0, 0],
    [1, 1, 1, 1],
  ];
  expect(passed("or(size=2)", "1x4", "1x2", frames)).toEqual([
    [0, 1],
    [1, 0],
    [0, 0],
    [1, 1],
  ]);
  expect(passed("and(size=2)", "1x4", "1x2", frames)).toEqual([
    [0, 0],
    [1, 0],
    [0, 0],
    [1, 1],
  ]);
});

test("max pooling of a negative amplitude is and, of a positive one or", () => {
  const window = (mode: string, a: number, bits: number[]): number => passed(`${mode}(size=2x2)`, "1x2x2", "1x1x1", [bits], a)[0]![0]!;
  expect(window("or", 1.5, [0, 1, 0, 0])).toBe(1.5);
  expect(window("or", 1.5, [0, 0, 0, 0])).toBe(0);
  expect(window("and", -1.5, [1, 1, 0, 1])).toBe(0);
  expect(window("and", -1.5, [1, 1, 1, 1])).toBe(-1.5);
});

test("overlapping windows share their inputs; one that reaches into padding never fulfils and", () => {
  expect(passed("or(size=2 stride=1)", "1x4", "1x3", [[0, 1, 0, 0]])).toEqual([[1, 1, 0]]);
  expect(passed("and(size=2 stride=1 pads=1)", "1x2", "1x3", [[1, 1]])).toEqual([[0, 1, 0]]);
  expect(passed("or(size=2 stride=1 pads=1)", "1x2", "1x3", [[1, 1]])).toEqual([[1, 1, 1]]);
});

test("gate passes the spikes of the input that has spiked most, this step included, ties to the lowest", () => {
  const frames = [
    [0, 1], // counts 0 1: input 1 leads and spikes
    [1, 0], // counts 1 1: tie, the lowest leads, and it spikes
    [0, 1], // counts 1 2: input 1 leads and spikes
    [1, 0], // counts 2 2: tie, input 0 leads and spikes
    [0, 0], // nobody spikes
    [1, 1], // counts 3 3: input 0
  ];
  expect(passed("gate(size=2)", "1x2", "1x1", frames).flat()).toEqual([1, 1, 1, 1, 0, 1]);
  expect(
    passed("gate(size=2)", "1x2", "1x1", [
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 1],
    ]).flat(),
  ).toEqual([1, 1, 0, 0, 1]);
});

test("gate counts start again with each sample", () => {
  const n = parseNetwork(
    "network t steps 2\n input x 1x2 binary code events\n pop y 1 analog relay\n link x -> y one weight=1 pool gate(size=2)\n output y code spikes",
    null,
  );
  const run = prepareNetwork(n).run;
  expect(run([[1, 0, 1, 0]]).raw[0]).toEqual(Float64Array.of(2));
  expect(run([[0, 1, 0, 1]]).raw[0]).toEqual(Float64Array.of(2));
});

test("gate counts only while the target is active", () => {
  const n = parseNetwork(
    "network t steps 3\n input x 1x2 binary code events\n pop y 1 analog relay start=2\n link x -> y one weight=1 pool gate(size=2)\n output y code spikes",
    null,
  );
  expect(prepareNetwork(n).run([[1, 0, 1, 0, 0, 1]]).raw[0]).toEqual(Float64Array.of(1));
});
