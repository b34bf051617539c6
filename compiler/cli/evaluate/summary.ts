import type { ChipSpec } from "../../../targets/chip.ts";
import { byGroup, type Energy, type EnergyGroup, type Influence, influences, price } from "../../../runtime/report/energy.ts";
import { distributionOf } from "../../../runtime/report/latency.ts";
import { at } from "../../base/bug.ts";
import type { Counts } from "../../../runtime/device.ts";
import type { Build } from "../build/build.ts";
import type { Outcome, RungName } from "./rungs.ts";

/** Outcomes by rung; null where the rung did not run. A rung may have run fewer samples than another: always the first ones. */
export type Outcomes = Readonly<Record<RungName, readonly Outcome[] | null>>;

type Spread = { readonly mean: number; readonly p50: number; readonly p99: number };
type Interval = { readonly low: number; readonly typical: number; readonly high: number };

/** Relative errors of estimated cycles; null where cycles are exact. */
export type Timing = { readonly samples: number; readonly mean: number; readonly worst: number } | null;

/** What `ganglion evaluate --json` prints. Null where a rung or the labels are missing. */
export type Summary = {
  readonly samples: number;
  readonly accuracy: Readonly<Record<RungName, number | null>>;
  readonly agreement: { readonly snnVsChip: number | null; readonly annVsSnn: number | null };
  readonly steps: number;
  readonly latency: {
    readonly cycles: Spread | null;
    readonly seconds: Spread | null;
    /** The mean with the tolerance of the chip's latencies, where its file states one. */
    readonly range?: Omit<Interval, "typical">;
    /** Where cycles are the fast model's: how far they are from the exact model's, on the first samples. Static energy follows them. */
    readonly estimated?: NonNullable<Timing>;
  };
  readonly energy: {
    readonly joules: Interval | null;
    /** Where it goes: neuron cores, network on chip, synchronization, host (outside the chip), static power. */
    readonly groups?: readonly (Interval & { readonly group: EnergyGroup })[];
    /** The prices that decide it, the most important one first. */
    readonly influences?: readonly Influence[];
    /** Prices of unknown tolerance, which make the interval too narrow; and what happened and has no known price, which is left out. */
    readonly unknown?: readonly string[];
    readonly unpriced?: readonly string[];
  };
  readonly spikes: { readonly perSample: number | null; readonly perNeuronStep: number | null };
  readonly synapticEvents: { readonly perSample: number | null };
  readonly cores: { readonly used: number; readonly available: number };
};

export function summarize(build: Build, outcomes: Outcomes, label: (index: number) => number | null, timing: Timing = null): Summary {
  const { chip, network, image } = build;
  const { ann, snn, chip: onChip } = outcomes;
  const cycles = onChip === null ? null : spreadOf(onChip.map((o) => o.cycles));
  const counted = snn ?? onChip;
  const spikes = counted === null ? null : mean(counted.map((o) => o.spikes));
  return {
    samples: Math.max(...[ann, snn, onChip].map((o) => o?.length ?? 0)),
    accuracy: { ann: accuracy(ann, label), snn: accuracy(snn, label), chip: accuracy(onChip, label) },
    agreement: { snnVsChip: rawAgreement(snn, onChip), annVsSnn: classAgreement(ann, snn ?? onChip) },
    steps: image.steps,
    latency: {
      cycles,
      seconds: cycles === null ? null : scaled(cycles, 1 / chip.clockHz),
      ...rangeOf(cycles, chip),
      ...(timing === null ? {} : { estimated: timing }),
    },
    energy: onChip === null ? { joules: null } : energySummary(energyOf(onChip, chip)),
    spikes: { perSample: spikes, perNeuronStep: spikes === null ? null : spikes / (neuronsOf(build) * network.steps) },
    synapticEvents: { perSample: counted === null ? null : mean(counted.map((o) => o.synapticEvents)) },
    cores: { used: coresUsed(build), available: chip.columns * chip.rows },
  };
}

/** All latencies of such a chip are as uncertain as its file says, in percent. */
function rangeOf(cycles: Spread | null, chip: ChipSpec): Pick<Summary["latency"], "range"> {
  const percent = chip.own["latencyTolerance"];
  if (cycles === null || typeof percent !== "number" || percent === 0) return {};
  const seconds = cycles.mean / chip.clockHz;
  return { range: { low: seconds * (1 - percent / 100), high: seconds * (1 + percent / 100) } };
}

/** Fraction of labelled samples whose class is the label; null without labels. */
function accuracy(outcomes: readonly Outcome[] | null, label: (index: number) => number | null): number | null {
  if (outcomes === null) return null;
  let right = 0;
  let labelled = 0;
  outcomes.forEach((o, i) => {
    const wanted = label(i);
    if (wanted === null) return;
    labelled++;
    if (o.class === wanted) right++;
  });
  return labelled === 0 ? null : right / labelled;
}

/** Fraction of all output integers that are equal, over the samples that both rungs ran. */
function rawAgreement(a: readonly Outcome[] | null, b: readonly Outcome[] | null): number | null {
  if (a === null || b === null) return null;
  let equal = 0;
  let all = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const x = at(a, i).raw;
    const y = at(b, i).raw;
    all += Math.max(x.length, y.length);
    equal += x.filter((v, k) => v === y[k]).length;
  }
  return all === 0 ? null : equal / all;
}

function classAgreement(a: readonly Outcome[] | null, b: readonly Outcome[] | null): number | null {
  if (a === null || b === null) return null;
  const both = Math.min(a.length, b.length);
  return a.slice(0, both).filter((o, i) => o.class === at(b, i).class).length / both;
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}

function spreadOf(values: readonly number[]): Spread {
  const { mean, p50, p99 } = distributionOf(values);
  return { mean, p50, p99 };
}

function scaled(s: Spread, by: number): Spread {
  return { mean: s.mean * by, p50: s.p50 * by, p99: s.p99 * by };
}

/** Energy of one sample, on average. */
function energyOf(outcomes: readonly Outcome[], chip: ChipSpec): Energy {
  return price(meanCounts(outcomes), mean(outcomes.map((o) => o.cycles)), chip);
}

function energySummary(energy: Energy): Summary["energy"] {
  return {
    joules: energy.joules,
    groups: byGroup(energy),
    influences: influences(energy),
    unknown: energy.unknown,
    unpriced: energy.unpriced,
  };
}

/** Average of each counter over the samples. */
export function meanCounts(outcomes: readonly Outcome[]): Counts {
  const names = new Set(outcomes.flatMap((o) => Object.keys(o.counts)));
  return Object.fromEntries([...names].map((n) => [n, mean(outcomes.map((o) => o.counts[n] ?? 0))]));
}

function neuronsOf({ network }: Build): number {
  const inputs = new Set<number>(network.inputs.map((i) => i.pop));
  let count = 0;
  for (const p of network.pops) if (!inputs.has(p.id)) count += p.shape.reduce((a, b) => a * b, 1);
  return count;
}

/** Cores that the image writes words into. */
export function coresUsed({ image }: Pick<Build, "image">): number {
  return new Set(image.sections.map((s) => /^core\([^)]*\)/.exec(s.name)?.[0]).filter((c) => c !== undefined)).size;
}
