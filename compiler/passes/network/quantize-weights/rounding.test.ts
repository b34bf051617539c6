import { describe, expect, it } from "vitest";
import { Random } from "../../../base/random.ts";
import { f64 } from "../../../base/tensor.ts";
import type { Kernel } from "../../../ir/network/types.ts";
import { blocksOf, roundSums } from "./rounding.ts";

const sum = (list: ArrayLike<number>): number => Array.from(list).reduce((a, b) => a + b, 0);

describe("rounding that keeps sums", () => {
  it("errs by less than 1 in each weight, by at most 1½ in each block and by half in each row", () => {
    for (let seed = 0; seed < 200; seed++) {
      const r = new Random(seed);
      const block = r.int(2, 12);
      const row = block * r.int(1, 6);
      const exact = Float64Array.from({ length: row * r.int(1, 4) }, () => 40 * (r.unit() - 0.5));
      const whole = roundSums(exact, { row, block }, 127);
      expect(whole.every(Number.isInteger)).toBe(true);
      exact.forEach((x, i) => expect(Math.abs(x - whole[i]!)).toBeLessThan(1));
      for (let from = 0; from < exact.length; from += block)
        expect(Math.abs(sum(exact.subarray(from, from + block)) - sum(whole.subarray(from, from + block)))).toBeLessThanOrEqual(1.5 + 1e-9);
      for (let from = 0; from < exact.length; from += row)
        expect(Math.abs(sum(exact.subarray(from, from + row)) - sum(whole.subarray(from, from + row)))).toBeLessThanOrEqual(0.5 + 1e-9);
    }
  });

  it("leaves whole weights, and the largest, where they are", () => {
    expect([...roundSums(Float64Array.of(3, -2, 0, 127, 0.4, 0.4), { row: 6, block: 3 }, 127)]).toEqual([3, -2, 0, 127, 1, 0]);
    expect([...roundSums(Float64Array.of(127.4, 127.4, 127.4), { row: 3, block: 3 }, 127)]).toEqual([127, 127, 127]);
  });

  it("takes the weights of one source channel together", () => {
    const dense: Kernel = { kind: "dense", weight: f64([2, 12], new Float64Array(24)) };
    expect(blocksOf(dense, [3, 2, 2])).toEqual({ row: 12, block: 4 });
    const conv = { kind: "conv", stride: [1, 1], pads: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
    expect(blocksOf({ ...conv, weight: f64([2, 4, 3, 3], new Float64Array(72)), shared: true }, [4, 5, 5])).toEqual({ row: 36, block: 9 });
    const unshared = f64([2, 3, 3, 4, 3, 3], new Float64Array(648));
    expect(blocksOf({ ...conv, weight: unshared, shared: false }, [4, 5, 5])).toEqual({ row: 36, block: 9 });
    expect(blocksOf({ kind: "one", weight: 0.3 }, [4])).toBeNull();
  });
});
