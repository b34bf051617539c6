import type { Context } from "../../base/context.ts";
import { initialPotentials, type Potential } from "./initial-potential.ts";
import { judged, keepBest, type Phase, type PhaseName } from "./keep-best.ts";
import { layerTraining, type TrainingOptions } from "./layer-training.ts";
import type { Spiking } from "./spiking.ts";
import { type Adjust, sweep, unchanged } from "./sweep.ts";
import type { Recorded } from "./targets.ts";

export type PhaseOptions = TrainingOptions & { readonly potential: Potential };

const order: readonly PhaseName[] = ["none", "IIa", "IIb", "IIc"];

const adjusts: Readonly<Record<PhaseName, (o: PhaseOptions) => Adjust>> = {
  none: () => unchanged,
  IIa: (o) => initialPotentials(o.potential),
  IIb: (o) => layerTraining(o),
  IIc: (o) => initialPotentials(o.potential),
};

/** The parts of phase II in order, each from what the one before left, up to the last one asked for. */
export function phaseTwo(start: Spiking, data: Recorded, last: PhaseName, options: PhaseOptions, cx: Context): readonly Phase[] {
  const outputs = start.layered.layers.filter((l) => l.kind === "output");
  const wanted = data.validation.map((s) => outputs.flatMap((l) => [...(data.targets[l.index]?.[s] ?? [])]));
  const phases: Phase[] = [];
  let now = start;
  for (const name of order.slice(0, order.indexOf(last) + 1)) {
    const swept = sweep(name === "none" ? "before phase II" : name, now, data, adjusts[name](options), cx);
    phases.push(judged(name, swept, wanted));
    now = swept.spiking;
  }
  return phases;
}

/** The phase that the user named, or the best one. */
export function chosenPhase(phases: readonly Phase[], which: PhaseName | "best"): Phase {
  return phases.find((p) => p.name === which) ?? keepBest(phases);
}
