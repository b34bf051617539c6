import { describe, expect, test } from "vitest";
import { dense, handChip, type HandChip, handImage } from "../test/harness/mesh-image.ts";
import { meshMachine } from "../targets/mesh/machine.ts";
import { openSession, type Sample, type SampleRun } from "./session.ts";

/** Two layers, each active for two steps of a sample, so that a sample can begin every two steps. The second counts, or shows its potential. */
const pipeline = (interval: number, code: "spikes" | "potential"): HandChip => {
  const output = code === "potential";
  const target = (x: number, axon: number): { x: number; y: number; axon: number } => ({ x, y: 0, axon });
  return {
    columns: 2,
    steps: 4,
    interval,
    code,
    lines: 2,
    cores: [
      {
        profiles: [{ start: 1, length: 2 }],
        neurons: [
          { threshold: 3, routes: [target(1, 0)] },
          { threshold: 2, initial: 1, routes: [target(1, 1)] },
        ],
        axons: [{ row: 0 }, { row: 1 }],
        rows: [dense([1, 2]), dense([2, -1])],
      },
      {
        x: 1,
        profiles: [{ start: 2, length: 2, output, emit: output ? "unit" : "count" }],
        neurons: [0, 1].map((line) => ({ threshold: output ? 2 ** 23 - 1 : 2, routes: [{ line }] })),
        axons: [{ row: 0 }, { row: 1 }],
        rows: [dense([9, -5]), dense([2, 7])],
      },
    ],
    inputs: [[[target(0, 0)], [target(0, 1)]]],
  };
};
const samples: Sample[] = [
  [3, 1, 0, 0, 0, 0, 0, 0],
  [0, 2, 5, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0],
  [4, 4, 4, 4, 0, 0, 0, 0],
  [1, 3, 2, 0, 0, 0, 0, 0],
].map((s) => [s]);

async function open(h: HandChip) {
  return openSession(meshMachine(handChip(h)), handImage(h));
}
const answers = (runs: readonly SampleRun[]): number[][] => runs.map((r) => r.raw.flatMap((raw) => [...raw]));

describe.each(["spikes", "potential"] as const)("a session reading %s", (code) => {
  test("gives each sample the same answer one at a time, one after the other, and overlapping", async () => {
    const alone: SampleRun[] = [];
    for (const s of samples) alone.push(await (await open(pipeline(4, code))).run(s));
    expect(new Set(answers(alone).map(String)).size).toBeGreaterThan(3);
    const one = await open(pipeline(4, code));
    const inTurn: SampleRun[] = [];
    for (const s of samples) inTurn.push(await one.run(s));
    expect(answers(inTurn)).toEqual(answers(alone));
    expect(answers(await (await open(pipeline(4, code))).runMany(samples))).toEqual(answers(alone));
    expect(answers(await (await open(pipeline(2, code))).runMany(samples))).toEqual(answers(alone));
    expect(answers(await (await open(pipeline(3, code))).runMany(samples))).toEqual(answers(alone));
    expect(answers(await (await open(pipeline(7, code))).runMany(samples))).toEqual(answers(alone));
  });
  test("counts and cycles of the samples add up to the run's", async () => {
    for (const interval of [2, 4]) {
      const session = await open(pipeline(interval, code));
      const before = await session.device.counts();
      const runs = await session.runMany(samples);
      const after = await session.device.counts();
      for (const name of Object.keys(after)) {
        expect([name, runs.reduce((sum, r) => sum + (r.counts[name] as number), 0)]).toEqual([
          name,
          (after[name] as number) - (before[name] as number),
        ]);
      }
      if (interval === 4) expect(runs.reduce((sum, r) => sum + r.cycles, 0)).toBe(session.device.now().cycle);
    }
  });
});

test("answers are what the code read, times scale, plus offset; lines without an event read 0", async () => {
  const h = pipeline(4, "spikes");
  const image = handImage(h);
  const session = await openSession(meshMachine(handChip(h)), {
    ...image,
    outputs: image.outputs.map((o) => ({ ...o, scale: 0.5, offset: 3 })),
  });
  const run = await session.run(samples[2] as Sample);
  expect([...(run.answers[0] as Float64Array)]).toEqual([3, 3]);
  expect(run.firstOutputCycle).toBeNull();
  const other = await session.run(samples[3] as Sample);
  expect(other.answers[0]?.[0]).toBe((other.raw[0]?.[0] as number) * 0.5 + 3);
  expect(other.firstOutputCycle).toBeGreaterThan(0);
});
