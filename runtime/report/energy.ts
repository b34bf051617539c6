import type { Counts } from "../device.ts";

/*
 * Prices. The device counts; here counts become joules, so that prices can change without
 * running again. A price with a tolerance makes an interval of every sum it is part of.
 */

/** What of a chip's specification has to do with energy; a ChipSpec is one. */
export type Prices = {
  readonly clockHz: number;
  /** By counter. `tolerance` is relative; null: unknown. */
  readonly costs: Readonly<Record<string, { readonly picojoules: number; readonly tolerance: number | null; readonly source: string }>>;
  readonly staticWatts: { readonly watts: number; readonly tolerance: number | null; readonly source: string };
};

/** Joules. */
export type Interval = { readonly low: number; readonly typical: number; readonly high: number };

export const energyGroups = ["neuron cores", "network on chip", "synchronization", "host", "static"] as const;
export type EnergyGroup = (typeof energyGroups)[number];

/** Energy of one kind of event, in joules. */
export type EnergyPart = Interval & { readonly name: string; readonly group: EnergyGroup; readonly count: number };

export type Energy = {
  readonly joules: Interval;
  /** In the order of the groups; static power last, its count being the cycles. */
  readonly parts: readonly EnergyPart[];
  /** Names of parts that cost something, with a tolerance that nobody knows: low and high are taken as typical, so the interval is too narrow. */
  readonly unknown: readonly string[];
  /** Names of parts that happened and for which nobody knows a price: they count as nothing. */
  readonly unpriced: readonly string[];
};

/** Counters that are not of the cores. */
const groupOf: Readonly<Record<string, EnergyGroup>> = {
  send: "network on chip",
  hop: "network on chip",
  hopX: "network on chip",
  hopY: "network on chip",
  deliver: "network on chip",
  barrier: "synchronization",
  hostIn: "host",
  hostOut: "host",
  loadWord: "host",
};

/** Prices counts (integers or averages) over so many cycles. Counters without a price cost nothing; they are parts of another's. */
export function price(counts: Counts, cycles: number, prices: Prices): Energy {
  const unknown: string[] = [];
  const unpriced: string[] = [];
  const part = (name: string, group: EnergyGroup, count: number, joules: number, tolerance: number | null): EnergyPart => {
    if (tolerance === null && joules > 0) unknown.push(name);
    if (tolerance === null && joules === 0 && count > 0) unpriced.push(name);
    const spread = joules * (tolerance ?? 0);
    return { name, group, count, low: Math.max(0, joules - spread), typical: joules, high: joules + spread };
  };
  const dynamic = Object.entries(prices.costs).map(([name, cost]) => {
    const count = counts[name] ?? 0;
    return part(name, groupOf[name] ?? "neuron cores", count, count * cost.picojoules * 1e-12, cost.tolerance);
  });
  const { watts, tolerance } = prices.staticWatts;
  const all = [...dynamic, part("static", "static", cycles, (watts * cycles) / prices.clockHz, tolerance)];
  const parts = energyGroups.flatMap((group) => all.filter((p) => p.group === group));
  return { joules: sum(parts), parts, unknown, unpriced };
}

/** Joules of each group that has a part. */
export function byGroup(energy: Energy): readonly (Interval & { readonly group: EnergyGroup })[] {
  return energyGroups
    .filter((g) => energy.parts.some((p) => p.group === g))
    .map((group) => ({ group, ...sum(energy.parts.filter((p) => p.group === group)) }));
}

/** How much one price decides: its share of the energy, and of the interval's width. */
export type Influence = {
  readonly name: string;
  readonly group: EnergyGroup;
  /** Of the typical energy. */
  readonly share: number;
  /** Of the distance from low to high; null where nobody knows the price's tolerance. */
  readonly ofInterval: number | null;
};

/** The prices that decide, first those of unknown tolerance that cost most, then by the width of interval that each one makes. */
export function influences(energy: Energy): readonly Influence[] {
  const { joules, parts, unknown } = energy;
  const width = joules.high - joules.low;
  const all = parts
    .filter((p) => p.typical > 0)
    .map(({ name, group, typical, low, high }) => ({
      name,
      group,
      share: typical / joules.typical,
      ofInterval: unknown.includes(name) ? null : width === 0 ? 0 : (high - low) / width,
    }));
  const weight = (i: Influence): number => i.ofInterval ?? 1 + i.share;
  return all.sort((a, b) => weight(b) - weight(a) || b.share - a.share);
}

function sum(parts: readonly Interval[]): Interval {
  const total = { low: 0, typical: 0, high: 0 };
  for (const p of parts) {
    total.low += p.low;
    total.typical += p.typical;
    total.high += p.high;
  }
  return total;
}
