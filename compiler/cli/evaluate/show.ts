import type { Influence } from "../../../runtime/report/energy.ts";
import { showPairs } from "../tables.ts";
import { showCount, showJoules, showPercent, showSeconds } from "../units.ts";
import type { Outcomes, Summary } from "./summary.ts";

/** A price that decides the energy: what it is of it, and of the interval. */
function showInfluence({ name, share, ofInterval }: Influence): string {
  const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;
  const interval = ofInterval === null ? "tolerance unknown" : `${percent(ofInterval)} of the interval`;
  return `${name} (${percent(share)}, ${interval})`;
}

/** The summary as a table for people. */
export function showSummary(s: Summary, outcomes: Outcomes): string {
  const count = (rung: keyof Outcomes): string => `on ${showCount(outcomes[rung]?.length ?? 0)} samples`;
  const pairs: (readonly [string, string] | null)[] = [
    outcomes.ann && ["accuracy, trained model", `${showPercent(s.accuracy.ann)} ${count("ann")}`],
    outcomes.snn && ["accuracy, spiking network", `${showPercent(s.accuracy.snn)} ${count("snn")}`],
    outcomes.chip && ["accuracy, chip", `${showPercent(s.accuracy.chip)} ${count("chip")}`],
    s.agreement.annVsSnn === null ? null : ["model and network choose alike", showPercent(s.agreement.annVsSnn)],
    s.agreement.snnVsChip === null ? null : ["network and chip equal", `${showPercent(s.agreement.snnVsChip)} of all outputs`],
    ["steps", String(s.steps)],
    s.latency.cycles && [
      "cycles per sample",
      `${showCount(s.latency.cycles.mean)} (median ${showCount(s.latency.cycles.p50)}, 99 % below ${showCount(s.latency.cycles.p99)})`,
    ],
    s.latency.seconds && [
      "latency",
      `${showSeconds(s.latency.seconds.mean)} (median ${showSeconds(s.latency.seconds.p50)}, 99 % below ${showSeconds(s.latency.seconds.p99)})`,
    ],
    s.latency.range === undefined
      ? null
      : ["  with tolerances", `${showSeconds(s.latency.range.low)} to ${showSeconds(s.latency.range.high)}`],
    s.latency.estimated === undefined
      ? null
      : [
          "cycles are estimated",
          `against the exact model on ${showCount(s.latency.estimated.samples)} samples: mean error ${showPercent(s.latency.estimated.mean)}, worst ${showPercent(s.latency.estimated.worst)}`,
        ],
    s.energy.joules && [
      "energy per sample",
      `${showJoules(s.energy.joules.typical)} (${showJoules(s.energy.joules.low)} to ${showJoules(s.energy.joules.high)}${(s.energy.unknown ?? []).length > 0 ? ", or more: tolerances unknown" : ""})`,
    ],
    ...(s.energy.groups ?? [])
      .filter((g) => g.typical > 0)
      .map((g) => [`  ${g.group}`, `${showJoules(g.typical)} (${showJoules(g.low)} to ${showJoules(g.high)})`] as const),
    s.energy.unpriced && s.energy.unpriced.length > 0 ? ["  no price known, left out", s.energy.unpriced.join(", ")] : null,
    s.energy.influences && s.energy.influences.length > 0
      ? ["  decided by", s.energy.influences.slice(0, 3).map(showInfluence).join("; ")]
      : null,
    s.spikes.perSample === null ? null : ["spikes per sample", showCount(s.spikes.perSample)],
    s.spikes.perNeuronStep === null ? null : ["spikes per neuron and step", showCount(s.spikes.perNeuronStep)],
    s.synapticEvents.perSample === null ? null : ["synaptic events per sample", showCount(s.synapticEvents.perSample)],
    ["cores", `${s.cores.used} of ${s.cores.available}`],
  ];
  return showPairs(pairs.filter((p) => p !== null));
}
