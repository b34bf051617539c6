import { describe, expect, it } from "vitest";
import { at } from "../../base/bug.ts";
import { Random } from "../../base/random.ts";
import { targetNamed } from "../../../targets/index.ts";
import { fitCosts, type Measurement } from "./fit.ts";
import { boundedLeastSquares, resolutionOf } from "./least-squares.ts";

const random = (seed: number) => new Random(seed);

describe("least squares with bounds", () => {
  it("meets the conditions of an optimum on random problems", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const r = random(seed);
      const [rows, n] = [2 + (seed % 9), 1 + (seed % 6)];
      const a = Array.from({ length: rows + n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (i < rows ? r.unit() * 2 - 1 : i - rows === j ? 1e-3 : 0)),
      );
      const b = Array.from({ length: rows + n }, () => r.unit() * 4 - 2);
      const low = Float64Array.from({ length: n }, () => r.unit() - 1);
      const high = low.map((v) => v + r.unit());
      const { x } = boundedLeastSquares(a, b, low, high);
      const residual = b.map((y, i) => y - at(a, i).reduce((s, w, j) => s + w * (x[j] as number), 0));
      for (let j = 0; j < n; j++) {
        const v = x[j] as number;
        expect(v).toBeGreaterThanOrEqual((low[j] as number) - 1e-12);
        expect(v).toBeLessThanOrEqual((high[j] as number) + 1e-12);
        const slope = a.reduce((s, row, i) => s + at(row, j) * at(residual, i), 0);
        if (v > (low[j] as number) + 1e-9) expect(slope).toBeGreaterThan(-1e-7);
        if (v < (high[j] as number) - 1e-9) expect(slope).toBeLessThan(1e-7);
      }
    }
  });

  it("tells what the rows determine", () => {
    const { resolved } = resolutionOf(
      [
        [1, 1, 0],
        [2, 2, 0],
        [0, 0, 0],
      ],
      1e-6,
    );
    expect([...resolved].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0.5, 0.5, 0]);
  });
});

const { chip } = targetNamed("mesh-1x1");

/** Runs of a board whose prices are `factor` times the file's. */
function board(factor: (name: string) => number, runs: number, noise: number, names: readonly string[]): Measurement[] {
  const r = random(5);
  return Array.from({ length: runs }, (_, i) => {
    const counts = Object.fromEntries(names.map((n) => [n, Math.round(r.unit() * 1e6)]));
    const seconds = 1e-3 * r.unit();
    const dynamic = names.reduce((s, n) => s + (counts[n] ?? 0) * (chip.costs[n]?.picojoules ?? 0) * factor(n) * 1e-12, 0);
    const joules = (dynamic + seconds * chip.staticWatts.watts * factor("static")) * (1 + noise * (2 * r.unit() - 1));
    return { name: `run ${i}`, counts, seconds, joules, tolerance: noise === 0 ? null : noise };
  });
}

describe("fitting prices", () => {
  const names = ["synapse", "update", "hop"];
  const factor = (name: string): number => ({ synapse: 1.2, update: 0.9, hop: 1.1 })[name] ?? 1.3;

  it("finds a board's prices from runs that tell them apart", () => {
    const fit = fitCosts(chip, board(factor, 12, 0, names));
    for (const p of fit.prices) {
      expect(p.value / p.before).toBeCloseTo(factor(p.name), 2);
      expect(p.determined).toBeGreaterThan(0.99);
    }
    expect(fit.deviation.fitted).toBeLessThan(1e-3);
    expect(fit.deviation.before).toBeGreaterThan(0.02);
  });

  it("states errors that hold the truth, with noisy measurements", () => {
    const fit = fitCosts(chip, board(factor, 40, 0.02, names));
    const synapse = fit.prices.find((p) => p.name === "synapse") ?? expect.unreachable();
    expect(synapse.error).not.toBeNull();
    expect(Math.abs(synapse.value - 1.2 * synapse.before)).toBeLessThan(2 * (synapse.error ?? 0));
  });

  it("stays within the file's tolerances, and says where it ends at one", () => {
    const fit = fitCosts(
      chip,
      board((n) => (n === "synapse" ? 2 : 1), 12, 0, names),
    );
    const synapse = fit.prices.find((p) => p.name === "synapse") ?? expect.unreachable();
    expect(synapse.value).toBeCloseTo(1.3 * synapse.before, 9);
    expect(synapse.bound).toBe("high");
  });

  it("leaves what the runs do not tell apart near the file's, and says so", () => {
    const both = board(factor, 12, 0, names).map((m) => ({
      ...m,
      counts: { ...m.counts, row: m.counts["hop"] ?? 0, word: m.counts["hop"] ?? 0 },
    }));
    const costs = {
      ...chip.costs,
      row: { picojoules: 3, tolerance: null, source: "t" },
      word: { picojoules: 3, tolerance: null, source: "t" },
    };
    const fit = fitCosts({ ...chip, costs }, both);
    const row = fit.prices.find((p) => p.name === "row") ?? expect.unreachable();
    expect(row.determined).toBeLessThan(0.5);
    expect(row.error).toBeNull();
  });

  it.each([
    ["fit-empty", []],
    ["fit-counter", [{ name: "a", counts: { nonsense: 1 }, seconds: 1, joules: 1, tolerance: null }]],
    ["fit-value", [{ name: "a", counts: { hop: 1 }, seconds: 1, joules: 0, tolerance: null }]],
  ])("%s", (code, measurements) => {
    expect(() => fitCosts(chip, measurements)).toThrow(expect.objectContaining({ diagnostics: [expect.objectContaining({ code })] }));
  });
});
