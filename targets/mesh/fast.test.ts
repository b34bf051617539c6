import { describe, expect, it } from "vitest";
import { at } from "../../compiler/base/bug.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import { buildMachine } from "../../runtime/fast/build.ts";
import { compareImage, compareTimes } from "../../test/fast.ts";
import { dense, type HandChip, handChip, handImage, hostEvents } from "../../test/harness/mesh-image.ts";
import { mesh } from "./index.ts";
import { type FastOptions, meshFast } from "./fast.ts";
import { planOf } from "./plan.ts";

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + Math.abs(b), 0) / list.length;

/** Everything observable of random networks in both time models; then the errors of the fast one's cycles, by step. */
async function compareSeeds(from: number, count: number, options: Partial<FastOptions> = {}): Promise<number[]> {
  const wrong: string[] = [];
  const errors: number[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const c = await compareTimes(seed, options);
    if (c.difference !== null) wrong.push(`seed ${seed}: ${c.difference}`);
    errors.push(...c.errors);
  }
  expect(wrong).toEqual([]);
  return errors;
}

describe("the fast model of random networks", () => {
  it("100 networks: spikes, states, outputs, links and all counters are the exact machine's; cycles nearly", async () => {
    const errors = await compareSeeds(1, 100);
    expect(mean(errors)).toBeLessThan(0.01);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.2);
  });

  it("the kernels' twins give the same", async () => {
    await compareSeeds(500, 20, { kernels: null });
  });

  it.each([2, 4])("%d threads give the same", async (threads) => {
    await compareSeeds(600, 4, { threads });
  });
});

/** Two cores: the first has so many neurons that always fire, each with its own axon in the second. */
function pair(count: number, more: Partial<HandChip> = {}): HandChip {
  return {
    columns: 2,
    steps: 4,
    cores: [
      {
        profiles: [{ compare: "gt" }],
        neurons: Array.from({ length: count }, (_, k) => ({ threshold: -5, reset: 0, routes: [{ x: 1, y: 0, axon: k }] })),
      },
      {
        x: 1,
        neurons: Array.from({ length: count }, () => ({ threshold: 2 ** 23 - 1 })),
        axons: Array.from({ length: count }, (_, k) => ({ row: k })),
        rows: Array.from({ length: count }, (_, k) => dense(Array.from({ length: count }, (__, i) => ((i * 7 + k * 3) % 250) - 125))),
      },
    ],
    ...more,
  };
}

async function ran(h: HandChip, options: Partial<FastOptions> = {}) {
  const device = meshFast(handChip(h), options);
  await device.load(handImage(h));
  await device.run(h.steps ?? 1);
  return device;
}

describe("the fast machine", () => {
  it("adds up dense rows as the exact one does, 300 of them and more", async () => {
    const h = pair(300);
    expect(await compareImage(handImage(h), handChip(h), [[]])).toMatchObject({ difference: null });
  });

  it("takes cycles of its own accord: the example of the README", async () => {
    const core = { neurons: [{ threshold: 0, routes: [{ line: 0 }] }] };
    const device = await ran({ steps: 1, cores: [core], lines: 1 });
    expect(device.now()).toEqual({ cycle: 8, step: 1 });
    expect(await device.receive()).toMatchObject([{ step: 0, line: 0, payload: 1 }]);
  });

  it("host events of the same channel twice in a step count twice", async () => {
    const h: HandChip = {
      steps: 2,
      cores: [{ neurons: [{ threshold: 100 }], axons: [{ row: 0 }], rows: [dense([3])] }],
      inputs: [[[{ x: 0, y: 0, axon: 0 }]]],
    };
    const device = meshFast(handChip(h));
    await device.load(handImage(h));
    await device.send([hostEvents(0, { 0: 2 }), hostEvents(0, { 0: 5 })]);
    await device.run(2);
    expect([...(await device.peek("core(0,0)/potential"))]).toEqual([21]);
  });

  it("stands still where the chip would (simulator-deadlock), and ends with its budget (simulator-budget)", async () => {
    await expect(ran(pair(20, { events: 19 }))).rejects.toThrow("event memory of core(1,0) is full");
    await expect(ran(pair(20, { events: 20 }))).resolves.toBeDefined();
    await expect(ran(pair(2), { cyclesMax: 10 })).rejects.toThrow("used its 10 cycles");
  });

  it("refuses an image that does not fit its memory (simulator-memory)", () => {
    const h = pair(4);
    const plan = planOf(handImage(h), handChip(h));
    expect(() => buildMachine(plan, { kernels: null, most: 1000 })).toThrow(Failure);
    expect(() => buildMachine(plan, { kernels: null, most: 1000 })).toThrow("its memory has at most 1000");
  });

  it("refuses an image of another chip", async () => {
    const image: Image = { ...handImage(pair(1)), target: "other" };
    await expect(meshFast(handChip(pair(1))).load(image)).rejects.toThrow("chip is other");
  });

  it("is what the target simulates when asked for", () => {
    const target = mesh(handChip(pair(1)));
    expect(target.simulate({ time: "fast" }).name).toBe("fast simulator");
    expect(target.simulate().name).toBe("simulator");
    expect(at(target.times ?? [], 1)).toBe("fast");
  });
});
