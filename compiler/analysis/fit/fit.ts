import type { ChipSpec } from "../../../targets/chip.ts";
import type { Counts } from "../../../runtime/device.ts";
import { at } from "../../base/bug.ts";
import { diagnostic, fail, Failure } from "../../base/diagnostic.ts";
import { boundedLeastSquares, resolutionOf } from "./least-squares.ts";

/*
 * The prices of a chip fitted to measurements of a board.
 *
 * A measurement is what a run counted, how long it took, and the energy that was measured:
 *
 *   joules = Σ count · price + watts · seconds
 *
 * Prices and static power stay within the tolerances that the chip's file states (where a
 * tolerance is unknown, from zero on). Among prices that the measurements cannot tell apart,
 * those are taken that differ least, relatively, from the file's.
 */

export type Measurement = {
  readonly name: string;
  readonly counts: Counts;
  readonly seconds: number;
  readonly joules: number;
  /** Relative standard error of `joules`; null: unknown, the same for all. */
  readonly tolerance: number | null;
};

/** A price after the fit; static power is the price `static`, in watts, all others in picojoules. */
export type FittedPrice = {
  readonly name: string;
  readonly before: number;
  readonly value: number;
  /** Two standard errors, of what the measurements determine; null where they determine less than half of it. */
  readonly error: number | null;
  /** 1: fixed by the measurements; 0: they say nothing, the value is the file's. */
  readonly determined: number;
  readonly bound: "low" | "high" | null;
};

export type Fit = {
  readonly prices: readonly FittedPrice[];
  readonly measurements: readonly { readonly name: string; readonly measured: number; readonly before: number; readonly fitted: number }[];
  /** Root mean square of the relative deviations, before and after. */
  readonly deviation: { readonly before: number; readonly fitted: number };
};

/** How strongly prices are drawn to the file's: an unmeasured direction is held, a measured one is moved by less than this share. */
const pull = 1e-4;
const cutoff = 1e-3;

/** Fits prices to measurements; without any measurement, or with a count the chip has no price for, a Failure. */
export function fitCosts(chip: ChipSpec, measurements: readonly Measurement[]): Fit {
  check(chip, measurements);
  const used = Object.keys(chip.costs).filter((name) => measurements.some((m) => (m.counts[name] ?? 0) > 0));
  const names = [...used, "static"];
  const before = names.map((name) => (name === "static" ? chip.staticWatts.watts : (chip.costs[name]?.picojoules ?? 0)));
  const tolerance = names.map((name) => (name === "static" ? chip.staticWatts.tolerance : (chip.costs[name]?.tolerance ?? null)));
  // A price of zero has no relative size of its own: it is scaled like the smallest one that has.
  const smallest = Math.min(...before.filter((v) => v > 0), 1);
  const unit = before.map((v) => (v > 0 ? v : smallest));
  const joulesOf = (m: Measurement, j: number): number => (names[j] === "static" ? m.seconds : (m.counts[at(names, j)] ?? 0) * 1e-12);
  const weight = measurements.map((m) => 1 / (m.joules * (m.tolerance ?? 0.05)));
  const rows = measurements.map((m, i) => names.map((_, j) => at(weight, i) * joulesOf(m, j) * at(unit, j)));
  const targets = measurements.map((m, i) => at(weight, i) * m.joules);
  const size = Math.max(1e-300, ...rows.flat().map(Math.abs));
  const held = names.map((_, j) => names.map((_, k) => (j === k ? pull * size : 0)));
  const relative = before.map((v, j) => v / at(unit, j));
  const low = relative.map((v, j) => v * Math.max(0, 1 - (tolerance[j] ?? 1)));
  const high = relative.map((v, j) => (tolerance[j] == null || v === 0 ? Infinity : v * (1 + (tolerance[j] ?? 0))));
  const { x, at: ended } = boundedLeastSquares([...rows, ...held], [...targets, ...relative.map((v) => v * pull * size)], low, high);
  const { resolved, variance } = resolutionOf(rows, cutoff);
  const value = names.map((_, j) => (x[j] as number) * at(unit, j));
  const predict = (prices: readonly number[]) => (m: Measurement) => names.reduce((s, _, j) => s + joulesOf(m, j) * at(prices, j), 0);
  const [wasPredicted, isPredicted] = [measurements.map(predict(before)), measurements.map(predict(value))];
  // Where no error of the measurements is stated it is estimated from what the fit leaves.
  const freedom = measurements.length - resolved.reduce((s, r) => s + r, 0);
  const chi = measurements.reduce((s, m, i) => s + (at(weight, i) * (at(isPredicted, i) - m.joules)) ** 2, 0);
  const spread = measurements.every((m) => m.tolerance !== null) ? 1 : freedom > 0.5 ? Math.sqrt(chi / freedom) : null;
  const rms = (predicted: readonly number[]): number =>
    Math.sqrt(measurements.reduce((s, m, i) => s + (at(predicted, i) / m.joules - 1) ** 2, 0) / measurements.length);
  return {
    prices: names.map((name, j) => {
      const known = (resolved[j] as number) >= 0.5 && spread !== null;
      return {
        name,
        before: at(before, j),
        value: at(value, j),
        error: known ? 2 * spread * Math.sqrt(variance[j] as number) * at(unit, j) : null,
        determined: resolved[j] as number,
        bound: at(ended, j) === "free" ? null : (at(ended, j) as "low" | "high"),
      };
    }),
    measurements: measurements.map((m, i) => ({
      name: m.name,
      measured: m.joules,
      before: at(wasPredicted, i),
      fitted: at(isPredicted, i),
    })),
    deviation: { before: rms(wasPredicted), fitted: rms(isPredicted) },
  };
}

function check(chip: ChipSpec, measurements: readonly Measurement[]): void {
  if (measurements.length === 0) fail("fit-empty", []);
  const wrong = measurements.flatMap((m) => {
    const unknown = Object.keys(m.counts).filter((name) => !Object.hasOwn(chip.costs, name));
    if (unknown.length > 0) return [diagnostic("fit-counter", [m.name, unknown, Object.keys(chip.costs)])];
    const bad = m.joules > 0 && m.seconds >= 0 && Object.values(m.counts).every((n) => n >= 0);
    return bad ? [] : [diagnostic("fit-value", [m.name])];
  });
  if (wrong.length > 0) throw new Failure(wrong);
}
