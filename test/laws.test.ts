import { describe, expect, it } from "vitest";
import { TensorStore } from "../compiler/base/store.ts";
import { parseCores } from "../compiler/ir/cores/parse.ts";
import { printCores } from "../compiler/ir/cores/print.ts";
import { sameCores } from "../compiler/ir/cores/same.ts";
import { imageFiles, readImage } from "../compiler/ir/image/files.ts";
import { parseNetwork } from "../compiler/ir/network/parse.ts";
import { printNetwork } from "../compiler/ir/network/print.ts";
import { context } from "../compiler/passes/pass.ts";
import { type Compiled, compile, job } from "../compiler/pipeline.ts";
import type { Counts, TraceEvent } from "../runtime/device.ts";
import { price } from "../runtime/report/energy.ts";
import { openSession, type SampleRun } from "../runtime/session.ts";
import { targetNamed } from "../targets/index.ts";
import { randomNetwork, randomSample } from "./harness/random-network.ts";

/* What holds for every artifact and every run, stated once and tried on random networks. */

const target = targetNamed("mesh-4x4");
const seeds = Array.from({ length: 25 }, (_, i) => i + 1);

function compiled(seed: number): Compiled {
  return compile(randomNetwork(seed, { forMesh: true }), job({ target, method: "rate" }), context({ chip: target.chip, seed: 1 }));
}

async function ran(c: Compiled, seed: number, trace: ((e: TraceEvent) => void) | null = null): Promise<SampleRun> {
  const device = target.simulate();
  const session = await openSession(device, c.image);
  device.trace(trace);
  return session.run(randomSample(c.legal, seed));
}

const total = (counts: Counts, name: string): number => counts[name] ?? 0;

describe("text forms read back", () => {
  it.each(seeds)("network and cores of seed %i", (seed) => {
    const c = compiled(seed);
    for (const n of [c.converted, c.legal]) {
      const store = new TensorStore();
      const text = printNetwork(n, store);
      expect(printNetwork(parseNetwork(text, TensorStore.decode(store.encode())), new TensorStore())).toBe(text);
      expect(printNetwork(parseNetwork(printNetwork(n, null), null), null)).toBe(printNetwork(n, null));
    }
    const store = new TensorStore();
    expect(sameCores(parseCores(printCores(c.cores, store), store), c.cores)).toBe(true);
  });
});

describe("bytes", () => {
  it.each(seeds)("are the same from the same inputs, and read back as the same image (seed %i)", (seed) => {
    const first = imageFiles(compiled(seed).image);
    const second = imageFiles(compiled(seed).image);
    expect([...first.keys()]).toEqual([...second.keys()]);
    for (const [name, bytes] of first)
      expect(Buffer.from(bytes).equals(Buffer.from(second.get(name) ?? new Uint8Array())), name).toBe(true);
    const again = imageFiles(readImage((name) => first.get(name) ?? null));
    expect(Buffer.from(again.get("image.bin") ?? []).equals(Buffer.from(first.get("image.bin") ?? []))).toBe(true);
  });

  it.each(seeds.slice(0, 10))("decode(emit(cores)) is the cores, and emitting again gives the bytes (seed %i)", (seed) => {
    const c = compiled(seed);
    const decoded = target.decode(c.image);
    expect(sameCores(decoded, c.cores)).toBe(true);
    expect(target.emit(decoded).sections).toEqual(c.image.sections);
  });
});

describe("runs", () => {
  it.each(seeds)("every packet sent is delivered, to a core or to the host (seed %i)", async (seed) => {
    const { counts } = await ran(compiled(seed), seed);
    expect(total(counts, "deliver") + total(counts, "hostOut")).toBe(total(counts, "send") + total(counts, "hostIn"));
    expect(total(counts, "lost")).toBe(0);
  });

  it.each(seeds.slice(0, 10))("are repeatable, and tracing changes nothing (seed %i)", async (seed) => {
    const c = compiled(seed);
    const plain = await ran(c, seed);
    const events: TraceEvent[] = [];
    const traced = await ran(c, seed, (e) => events.push(e));
    expect(traced).toEqual(plain);
    const again: TraceEvent[] = [];
    expect(await ran(c, seed, (e) => again.push(e))).toEqual(plain);
    expect(events.length).toBeGreaterThan(0);
    expect(again).toEqual(events);
  });

  it("halving a price halves its share of the energy and nothing else", async () => {
    const { counts, cycles } = await ran(compiled(3), 3);
    const costs = target.chip.costs;
    const name = "update";
    const cost = costs[name];
    if (cost === undefined) throw new Error("the chip has no price for an update");
    const whole = price(counts, cycles, target.chip);
    const halved = price(counts, cycles, { ...target.chip, costs: { ...costs, [name]: { ...cost, picojoules: cost.picojoules / 2 } } });
    const share = whole.parts.find((p) => p.name === name)?.typical ?? 0;
    expect(share).toBeGreaterThan(0);
    expect(halved.parts.find((p) => p.name === name)?.typical).toBeCloseTo(share / 2, 20);
    expect(whole.joules.typical - halved.joules.typical).toBeCloseTo(share / 2, 18);
  });
});
