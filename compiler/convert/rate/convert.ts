import { at } from "../../base/bug.ts";
import { Collector } from "../../base/diagnostic.ts";
import type { Threshold } from "../thresholds.ts";
import { assembleRate } from "../assemble.ts";
import { gatherStatistics, poolMode, prepared, type Statistics } from "../calibrate.ts";
import { conversion } from "../conversion.ts";
import type { Layer } from "../layers.ts";
import { lowerGraph } from "../lower-graph.ts";
import { stepsOption, structureOptions, thresholdOptions } from "../options.ts";
import { chooseRange, reportConversion } from "../report.ts";
import { calibrated, chooseThresholds } from "../thresholds.ts";

/**
 * Rate coding with calibrated thresholds: a value a is carried by N of T steps with
 * a spike, a ≈ θ·N/T. The threshold θ of each layer comes from the activations of
 * the trained network on sample data; what lies above it is clipped, what lies
 * between two counts is rounded (README.md).
 */
export const rate = conversion({
  name: "rate",
  summary: "Spike counts stand for activations; thresholds are calibrated on sample data. Takes any network with ReLU.",
  source:
    "Rueckauer et al., Conversion of Continuous-Valued Deep Networks to Efficient Event-Driven Networks for Image Classification, Frontiers in Neuroscience 11:682, 2017",
  options: { steps: stepsOption(32, "time steps T per sample"), ...thresholdOptions, ...structureOptions },

  calibrate: (graph, samples, options, cx): Statistics => gatherStatistics(graph, samples, options.steps, options, cx),

  rewrite: (graph, stats, { maxPool, steps }) => prepared(graph, maxPool, stats, steps),

  convert(graph, stats, options, cx) {
    const { steps, maxPool, averagePool } = options;
    const layered = lowerGraph(prepared(graph, maxPool, stats, steps), { maxPool: poolMode(maxPool, steps), averagePool }, cx);
    const problems = new Collector();
    const thresholds = chooseThresholds(layered, (l, _sources, report) => learned(l) ?? calibrated(l, stats, report), problems.report);
    problems.check();
    for (const d of problems.diagnostics) cx.report(d);
    reportConversion(layered, thresholds, stats, maxPool, steps, cx);
    const inputRange = chooseRange(options.inputRange, stats, cx);
    return assembleRate(layered, {
      steps,
      input: options.input,
      inputRange,
      threshold: (l) => at([thresholds.get(l.index)], 0)?.theta ?? 1,
    });
  },
});

/** A clip that was learned in training is the better threshold. */
function learned({ activation }: Layer): Threshold | null {
  return activation?.kind === "quantized" ? { theta: activation.lambda, from: "learned" } : null;
}
