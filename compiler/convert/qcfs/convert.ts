import { at } from "../../base/bug.ts";
import { Collector, diagnostic } from "../../base/diagnostic.ts";
import { assembleRate } from "../assemble.ts";
import { gatherStatistics, noStatistics, poolMode, prepared, type Statistics } from "../calibrate.ts";
import { conversion } from "../conversion.ts";
import { fallbackOption, learnedThreshold, levelsOf, stepsOf } from "../learned.ts";
import { lowerGraph } from "../lower-graph.ts";
import { stepsOption, structureOptions, thresholdOptions } from "../options.ts";
import { chooseRange, reportConversion } from "../report.ts";
import { chooseThresholds } from "../thresholds.ts";

/**
 * QCFS: the network was trained with λ/L·clip(floor(xL/λ+½), 0, L), which is what
 * an integrate-and-fire neuron with θ = λ and initial potential θ/2 does to a
 * constant input in T = L steps. The learned λ become the thresholds, and no data is
 * needed (README.md).
 */
export const qcfs = conversion({
  name: "qcfs",
  summary: "Spike counts stand for quantized activations whose clip was learned in training. Takes networks trained with QCFS.",
  source: "Bu et al., Optimal ANN-SNN Conversion for High-accuracy and Ultra-low-latency Spiking Neural Networks, ICLR 2022",
  options: {
    steps: stepsOption(0, "time steps T per sample; 0: as many as the activations have levels"),
    fallback: fallbackOption,
    ...thresholdOptions,
    ...structureOptions,
  },

  calibrate: (graph, samples, options, cx): Statistics => {
    const steps = stepsOf(graph, options.steps);
    const [only, second] = graph.inputs;
    // Samples are welcome for the input's range and the report, but not required, so an input less usual does not hinder.
    return only === undefined || second !== undefined ? noStatistics : gatherStatistics(graph, samples, steps, options, cx);
  },

  rewrite: (graph, stats, { maxPool, steps }) => prepared(graph, maxPool, stats, stepsOf(graph, steps)),

  convert(graph, stats, options, cx) {
    const { maxPool, averagePool, fallback } = options;
    const steps = stepsOf(graph, options.steps);
    const layered = lowerGraph(prepared(graph, maxPool, stats, steps), { maxPool: poolMode(maxPool, steps), averagePool }, cx);
    const problems = new Collector();
    const thresholds = chooseThresholds(
      layered,
      (l, sources, report) => learnedThreshold("qcfs", l, sources, stats, fallback, report),
      problems.report,
    );
    problems.check();
    for (const d of problems.diagnostics) cx.report(d);
    const levels = levelsOf(graph);
    if (levels.some((l) => l !== steps)) cx.report(diagnostic("convert-steps-differ", [steps, levels]));
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
