import { describe, expect, it } from "vitest";
import { measureFaults } from "./bench/faults.ts";

/* Bring-up kits find random stuck bits and name the word: the short form of test/bench/faults.ts. */

describe("random stuck-at faults", () => {
  it.each(["mesh-1x1", "odin", "tinyodin", "reckon"])(
    "of %s are detected, and the word is among the first three named",
    (chip) => {
      const f = measureFaults(chip, 40, 11);
      expect(f.missed).toEqual([]);
      expect(f.named).toBeGreaterThanOrEqual(36);
    },
    120_000,
  );

  it("of registers that nobody can read are named by what they change", () => {
    const f = measureFaults("tinyodin", 6, 3, "chip/registers");
    expect([f.detected, f.named]).toEqual([6, 6]);
  }, 120_000);

  it("of ReckOn's registers are named too", () => {
    const f = measureFaults("reckon", 3, 5, "chip/registers");
    expect([f.detected, f.named]).toEqual([3, 3]);
  }, 120_000);
});
