import { expect, test } from "vitest";
import { Random } from "../compiler/base/random.ts";
import { Clock, Phase } from "./clock.ts";

/** Everything that wakes, as [cycle, unit], asking for more while it goes. */
function drain(clock: Clock, each: (cycle: number, unit: number) => void): number[][] {
  const out: number[][] = [];
  while (clock.advance()) {
    for (let unit = clock.take(); unit >= 0; unit = clock.take()) {
      out.push([clock.now, unit]);
      each(clock.now, unit);
    }
  }
  return out;
}

test("units wake in order of cycle, phase and number, once however often they were asked for", () => {
  const clock = new Clock(100);
  for (const [unit, cycle, phase] of [
    [70, 3, 1],
    [5, 3, 1],
    [90, 3, 0],
    [5, 3, 1],
    [1, 0, 1],
    [2, 5000, 0],
    [3, 5000, 0],
    [2, 5000, 0],
    [9, 64, 0],
  ] as const)
    clock.wake(unit, cycle, phase);
  expect(drain(clock, () => {})).toEqual([
    [0, 1],
    [3, 90],
    [3, 5],
    [3, 70],
    [64, 9],
    [5000, 2],
    [5000, 3],
  ]);
});

test("near and far wakes, asked for at any time, come out like a sorted list", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const r = new Random(seed);
    const clock = new Clock(40);
    const asked = new Set<string>();
    const key = (cycle: number, phase: number, unit: number): string =>
      [cycle, phase, unit].map((n) => String(n).padStart(6, "0")).join(" ");
    const ask = (now: number): void => {
      const cycle = now + r.pick([1, 1, 2, 3, 30, 62, 63, 64, 65, 200, 1000]);
      const unit = r.int(0, 39);
      const phase = r.pick([Phase.put, Phase.move]);
      asked.add(key(cycle, phase, unit));
      clock.wake(unit, cycle, phase);
    };
    for (let k = 0; k < 20; k++) ask(-1);
    let more = 300;
    const woken = drain(clock, (cycle) => {
      if (more-- > 0) ask(cycle);
      if (r.chance(0.2) && more > 0) ask(cycle);
    });
    const sorted = [...asked]
      .sort()
      .map((k) => k.split(" ").map(Number))
      .map(([cycle, , unit]) => [cycle, unit]);
    expect(woken).toEqual(sorted);
  }
});

test("waking a unit for the present cycle is a bug", () => {
  const clock = new Clock(2);
  clock.wake(0, 4, Phase.put);
  clock.advance();
  expect(() => clock.wake(1, 4, Phase.move)).toThrow("later cycle");
});
