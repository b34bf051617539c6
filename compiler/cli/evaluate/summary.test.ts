import { expect, it } from "vitest";
import { targetNamed } from "../../../targets/index.ts";
import { parseNetwork } from "../../ir/network/parse.ts";
import { context } from "../../passes/pass.ts";
import { compile, job } from "../../pipeline.ts";
import type { Build } from "../build/build.ts";
import type { Outcome } from "./rungs.ts";
import { showSummary } from "./show.ts";
import { type Outcomes, type Summary, summarize } from "./summary.ts";

const text = `network t steps 3
  input x 2 binary code events
  pop a 2 binary if(threshold=5)
  link x -> a dense i8[2x2]{3 1 2 4} delay=1
  output y of a code spikes
`;

/** What is said of one sample with so many cycles of 0.1 ns. */
function of(name: string, cycles: number, counts: Record<string, number>): { readonly summary: Summary; readonly shown: string } {
  const target = targetNamed(name);
  const { image, legal } = compile(parseNetwork(text, null, "t.snet"), job({ target, method: "rate" }), context({ chip: target.chip }));
  const outcome = { raw: [0, 0], class: 0, cycles, spikes: 0, synapticEvents: 0, counts } as unknown as Outcome;
  const outcomes: Outcomes = { ann: null, snn: null, chip: [outcome] };
  const summary = summarize({ image, network: legal, chip: target.chip } as unknown as Build, outcomes, () => null);
  return { summary, shown: showSummary(summary, outcomes) };
}

it("latency has an interval where the chip's file says how uncertain its latencies are", () => {
  const { summary, shown } = of("loihi1", 10_000, { synapse: 1000, barrier: 3 });
  expect(summary.latency.range?.low).toBeCloseTo(0.7e-6, 12);
  expect(summary.latency.range?.high).toBeCloseTo(1.3e-6, 12);
  expect(shown).toContain("700 ns to 1.3 µs");
  expect(of("loihi2", 10_000, {}).summary.latency.range).toBeUndefined();
  expect(of("mesh-1x1", 10_000, {}).summary.latency.range).toBeUndefined();
});

it("energy says what is left out, and where the interval may be wider", () => {
  const first = of("loihi1", 10_000, { synapse: 1000, barrier: 3 });
  expect(first.summary.energy).toMatchObject({ unknown: [], unpriced: ["barrier", "static"] });
  expect(first.shown).toContain("23.6 nJ (16.5 nJ to 30.7 nJ)");
  expect(first.shown).toMatch(/no price known, left out +barrier, static/);
  const second = of("loihi2", 10_000, { synapse: 1000 });
  expect(second.summary.energy.unknown).toEqual(["synapse"]);
  expect(second.shown).toContain("23.6 nJ (23.6 nJ to 23.6 nJ, or more: tolerances unknown)");
});
