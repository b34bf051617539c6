import { describe, expect, it } from "vitest";
import { counterNoise, Random } from "./random.ts";

describe("Random", () => {
  it("gives the same numbers for the same seed, others for another", () => {
    const draw = (seed: number): number[] =>
      Array.from(
        { length: 8 },
        (() => {
          const r = new Random(seed);
          return () => r.u32();
        })(),
      );
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });
  it("is close to uniform and to normal", () => {
    const r = new Random(3);
    const bins = new Array<number>(10).fill(0);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 100_000; i++) {
      bins[Math.floor(r.unit() * 10)]! += 1;
      const n = r.normal();
      sum += n;
      squares += n * n;
    }
    // Ten thousand a bin, standard deviation 95; five of them.
    for (const b of bins) expect(Math.abs(b - 10_000)).toBeLessThan(475);
    expect(Math.abs(sum / 100_000)).toBeLessThan(0.016);
    expect(Math.abs(squares / 100_000 - 1)).toBeLessThan(0.023);
  });
  it("integers reach both ends and nothing else", () => {
    const r = new Random(1);
    const seen = new Set(Array.from({ length: 500 }, () => r.int(-2, 2)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });
});

describe("counterNoise", () => {
  it("is a pure function of seed, key and step, and each of them matters", () => {
    const base = counterNoise(1, 2, 3);
    expect(counterNoise(1, 2, 3)).toBe(base);
    for (const other of [counterNoise(2, 2, 3), counterNoise(1, 3, 3), counterNoise(1, 2, 4)]) expect(other).not.toBe(base);
  });
  it("has balanced bits over neighbouring keys and steps", () => {
    const ones = new Array<number>(32).fill(0);
    for (let key = 0; key < 100; key++) {
      for (let step = 0; step < 100; step++) {
        const h = counterNoise(9, key, step);
        for (let b = 0; b < 32; b++) ones[b]! += (h >>> b) & 1;
      }
    }
    // Five standard deviations of 50 around 5,000.
    for (const n of ones) expect(Math.abs(n - 5000)).toBeLessThan(250);
  });
});
