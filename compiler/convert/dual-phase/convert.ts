import { at } from "../../base/bug.ts";
import type { Context } from "../../base/context.ts";
import { quiet } from "../../base/context.ts";
import { Collector, diagnostic, fail } from "../../base/diagnostic.ts";
import { choice, type Chosen, integer, real } from "../../base/options.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { assembleRate } from "../assemble.ts";
import { gatherStatistics, poolMode, prepared, type Statistics } from "../calibrate.ts";
import { conversion } from "../conversion.ts";
import { fallbackOption, learnedThreshold, levelsOf, stepsOf } from "../learned.ts";
import { lowerGraph } from "../lower-graph.ts";
import { stepsOption, structureOptions, thresholdOptions } from "../options.ts";
import { chooseRange, reportConversion } from "../report.ts";
import { exchangeMaxPools } from "../rewrite-max-pool.ts";
import { chooseThresholds, type Threshold } from "../thresholds.ts";
import { errorRows, type LayerErrors } from "./errors.ts";
import { type Fitted, fittedOf, refit } from "./fitted.ts";
import type { Phase } from "./keep-best.ts";
import { chosenPhase, phaseTwo } from "./phases.ts";
import { spiking, type Spiking } from "./spiking.ts";
import { record } from "./targets.ts";

const options = {
  steps: stepsOption(0, "time steps T per sample; 0: as many as the activations have levels"),
  phases: choice(
    ["best", "none", "IIa", "IIb", "IIc"],
    "best",
    "how far phase II goes: IIa initial potentials in closed form, IIb each layer's weights, IIc potentials again; best: the one whose answers are closest to the trained network's on validation samples",
  ),
  loss: choice(
    ["mse", "kl"],
    "mse",
    "what training a layer minimises: squared differences, or the divergence of the softmax over the layer's outputs",
  ),
  lr: real(0, 1, 3e-3, "learning rate, in units of thresholds; falls to 0 along a cosine"),
  epochs: integer(0, 10000, 15, "times that training a layer goes through the samples, at most"),
  patience: integer(1, 10000, 4, "epochs without a smaller loss on the validation samples after which training a layer stops"),
  validation: real(0.05, 0.5, 0.2, "part of the calibration samples that is not learned from, but judges"),
  potential: choice(["neuron", "channel"], "neuron", "initial potentials: one per neuron, or per channel for chips with fewer"),
  signed: choice(["off", "on"], "off", "let a neuron take a spike back by sending -1 when its potential is below zero"),
  fallback: fallbackOption,
  ...thresholdOptions,
  ...structureOptions,
};

type DualPhase = Chosen<typeof options>;

/** Statistics of the activations, and what phase II found; plain data. Null without samples. */
export type DualPhaseStatistics = Statistics & {
  readonly phaseTwo: {
    readonly fitted: Fitted;
    readonly phases: readonly (Pick<Phase, "name" | "distance" | "agreement"> & { readonly errors: readonly LayerErrors[] })[];
    readonly validation: number;
  } | null;
};

/**
 * Dual-phase conversion. Phase I is in the network already: it was trained with
 * quantized-clip activations, so that clipping and quantization cost nothing new. Phase II
 * calibrates what is left, the potentials that a finite number of steps leaves behind (README.md).
 */
export const dualPhase = conversion({
  name: "dual-phase",
  summary:
    "Networks trained with quantized clips, then fitted layer by layer to the spikes of a few steps. For the lowest loss of spike counts at 2 to 8 steps.",
  source:
    "Wang et al., Towards High-accuracy and Low-latency Spiking Neural Networks with Two-Stage Optimization, IEEE TNNLS 36(2):3189, 2025",
  options,

  calibrate(graph, given, options, cx): DualPhaseStatistics {
    const samples = [...given];
    const stats = gatherStatistics(graph, samples, stepsOf(graph, options.steps), options, cx);
    if (samples.length === 0) return { ...stats, phaseTwo: null };
    const { start } = startOf(graph, stats, options, quiet());
    const { phases, validation } = phaseTwoOf(graph, start, samples, options, cx);
    const kept = chosenPhase(phases, options.phases);
    const fitted = fittedOf(kept.name, start, kept.spiking, options.signed === "on");
    return {
      ...stats,
      phaseTwo: {
        fitted,
        phases: phases.map(({ name, distance, agreement, errors }) => ({ name, distance, agreement, errors })),
        validation,
      },
    };
  },

  rewrite: (graph, stats, { maxPool, steps }) => prepared(graph, maxPool, stats, stepsOf(graph, steps)),

  convert(graph, stats, options, cx) {
    const { start, thresholds } = startOf(graph, stats, options, cx);
    const { steps } = start;
    const levels = levelsOf(graph);
    if (levels.some((l) => l !== steps)) cx.report(diagnostic("convert-steps-differ", [steps, levels]));
    reportConversion(start.layered, thresholds, stats, options.maxPool, steps, cx);
    if (stats.phaseTwo === null && options.phases !== "none") fail("convert-no-samples", []);
    reportPhases(stats, cx);
    const signed = options.signed === "on";
    const network = stats.phaseTwo === null ? start : refit(start, stats.phaseTwo.fitted, signed);
    return networkOf(network, thresholds, { input: options.input, inputRange: chooseRange(options.inputRange, stats, cx) });
  },
});

/** The network before phase II. */
export function startOf(
  graph: Graph,
  stats: Statistics,
  options: DualPhase,
  cx: Context,
): { start: Spiking; thresholds: ReadonlyMap<number, Threshold> } {
  const { maxPool, averagePool, fallback } = options;
  const steps = stepsOf(graph, options.steps);
  const layered = lowerGraph(prepared(graph, maxPool, stats, steps), { maxPool: poolMode(maxPool, steps), averagePool }, cx);
  const problems = new Collector();
  const thresholds = chooseThresholds(
    layered,
    (l, sources, report) => learnedThreshold("dual-phase", l, sources, stats, fallback, report),
    problems.report,
  );
  problems.check();
  for (const d of problems.diagnostics) cx.report(d);
  return { start: spiking(layered, thresholds, steps, options.signed === "on"), thresholds };
}

/** All parts of phase II that the options ask for. */
export function phaseTwoOf(
  graph: Graph,
  start: Spiking,
  samples: readonly Float32Array[],
  options: DualPhase,
  cx: Context,
): { phases: readonly Phase[]; validation: number } {
  // Pooling that was replaced by averages is fitted to the maxima.
  const data = record(exchangeMaxPools(graph), start.layered, samples, options.validation, cx);
  const last = options.phases === "best" ? "IIc" : options.phases;
  return { phases: phaseTwo(start, data, last, options, cx), validation: data.validation.length };
}

export function networkOf(
  s: Spiking,
  thresholds: ReadonlyMap<number, Threshold>,
  input: Pick<Parameters<typeof assembleRate>[1], "input" | "inputRange">,
): ReturnType<typeof assembleRate> {
  const neurons = (index: number) => at(s.neurons, index);
  return assembleRate(s.layered, {
    ...input,
    steps: s.steps,
    threshold: (l) => at([thresholds.get(l.index)], 0)?.theta ?? 1,
    initial: (l) => neurons(l.index)?.initial ?? new Float64Array(0),
    signed: (l) => neurons(l.index)?.signed ?? false,
  });
}

function reportPhases({ phaseTwo: found }: DualPhaseStatistics, cx: Context): void {
  if (found === null) return;
  const { phases, fitted } = found;
  cx.table(
    `phase II, on ${found.validation} validation samples`,
    phases.map((p) => ({
      after: p.name,
      "distance of answers": p.distance.toFixed(4),
      "same class": `${(100 * p.agreement).toFixed(1)}%`,
      kept: p.name === fitted.phase ? "yes" : "",
    })),
  );
  for (const p of phases)
    if (p.name === "none" || p.name === fitted.phase)
      cx.table(
        `errors in units of the threshold, mean (mean size): ${p.name === "none" ? "before phase II" : `after ${p.name}`}`,
        errorRows(p.errors),
      );
}
