import type { SanafeImage } from "./image.ts";
import { SanafeMachine, type StepCounts, zeros } from "./machine.ts";
import { stepTime, type Timing } from "./timing.ts";

/** One step, or the sum of several: counts, energy in joules, time in seconds. */
export type StepReport = StepCounts & { readonly seconds: number };

/** Runs an image from its first step on. `each` gets every step, counted from 1, and the machine as it is then. */
export function runSanafe(
  image: SanafeImage,
  steps: number,
  timing: Timing,
  each: (step: number, report: StepReport, machine: SanafeMachine) => void = () => {},
): StepReport {
  const machine = new SanafeMachine(image);
  const time = stepTime(machine, timing);
  const sum = { ...zeros(), seconds: 0 };
  for (let step = 1; step <= steps; step++) {
    machine.step();
    const report = { ...machine.counts, seconds: time() };
    for (const key of Object.keys(sum) as (keyof StepReport)[]) sum[key] += report[key];
    each(step, report, machine);
  }
  return sum;
}

export function energyOf(report: StepCounts): number {
  return report.synapseEnergy + report.dendriteEnergy + report.somaEnergy + report.networkEnergy;
}

const columns =
  "timestep,fired,updated,packets,hops,spikes,sim_time,synapse_energy,dendrite_energy,soma_energy,network_energy,total_energy";

/** The table that SANA-FE calls perf.csv. */
export function perfLines(reports: readonly StepReport[]): string[] {
  return [
    columns,
    ...reports.map((r, i) => {
      const numbers = [r.seconds, r.synapseEnergy, r.dendriteEnergy, r.somaEnergy, r.networkEnergy, energyOf(r)];
      return [i + 1, r.fired, r.updated, r.messages, r.hops, r.synapticEvents, ...numbers.map((n) => n.toExponential(9))].join(",");
    }),
  ];
}
