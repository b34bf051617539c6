import { expect, it } from "vitest";
import { Random } from "../base/random.ts";
import { Histogram } from "./histogram.ts";

const random = new Random(3);
const values = Array.from({ length: 20000 }, () => Math.max(0, random.normal() * 3 + 0.5));
const histogram = new Histogram(2048);
for (const v of values) histogram.add(v);
const sorted = [...values].sort((a, b) => a - b);

it("finds maximum, percentiles and fractions as sorting does", () => {
  expect(histogram.max).toBe(sorted.at(-1));
  expect(histogram.active).toBeCloseTo(values.filter((v) => v > 0).length / values.length, 10);
  for (const p of [60, 90, 99, 99.9, 100])
    expect(histogram.percentile(p)).toBeCloseTo(sorted[Math.ceil((p / 100) * values.length) - 1] ?? 0, 1);
  const positive = values.filter((v) => v > 0);
  expect(histogram.above(4)).toBeCloseTo(positive.filter((v) => v > 4).length / positive.length, 2);
});

it("finds the threshold with the least error of clipping and counting", () => {
  const error = (theta: number, steps: number): number =>
    values.reduce((sum, x) => sum + (x - (theta / steps) * Math.min(steps, Math.floor((x * steps) / theta + 0.5))) ** 2, 0) / values.length;
  for (const steps of [1, 4, 64]) {
    const found = histogram.bestThreshold(steps);
    const best = Math.min(...Array.from({ length: 200 }, (_, i) => error(((i + 1) / 200) * histogram.max, steps)));
    expect(error(found, steps)).toBeLessThan(best * 1.01);
    expect(histogram.error(found, steps)).toBeCloseTo(error(found, steps), 3);
  }
  // The more steps, the less has to be clipped.
  expect(histogram.bestThreshold(4)).toBeLessThan(histogram.bestThreshold(64));
});

it("is empty without positive values", () => {
  const none = new Histogram(16);
  none.add(0);
  none.add(-1);
  expect([none.max, none.percentile(99), none.bestThreshold(8), none.above(1), none.active]).toEqual([0, 0, 0, 0, 0]);
});
