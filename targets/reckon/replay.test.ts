import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Failure } from "../../compiler/base/diagnostic.ts";
import { recordings } from "../recordings.ts";

const load = (k: number): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/recordings/ReckOn-${k}.json`, import.meta.url), "utf8")) as Record<string, unknown>;
const replay = recordings["ReckOn"]!;

describe("recordings of ReckOn's RTL", () => {
  for (const k of [0, 1])
    test(`ReckOn-${k}: every value`, () => {
      expect(replay(load(k))).toEqual({ compared: 1401, difference: null });
    });

  test("a value that is not the chip's is found", () => {
    const recording = load(0) as { steps: { u: number[]; cyclesTickToReady: number }[] };
    recording.steps[7]!.u[5]! += 1;
    expect(replay(recording).difference?.where).toBe("steps[7].u[5]");
    recording.steps[3]!.cyclesTickToReady--;
    expect(replay(recording).difference?.where).toBe("steps[3].cyclesTickToReady");
  });

  test("a recording without its weights is refused: recording-field", () => {
    const { wRec: _, ...rest } = load(0);
    expect(() => replay(rest)).toThrow(Failure);
    expect(() => replay(rest)).toThrow(/wRec/);
  });
});
