import { diagnostic, fail, Failure } from "../../base/diagnostic.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { conversion } from "../conversion.ts";
import type { Layered } from "../layers.ts";
import { lowerGraph } from "../lower-graph.ts";
import { type Range, stepsOption, structureOptions } from "../options.ts";
import { isSpiking } from "../walk/neurons.ts";
import { assembleSpiking } from "./assemble.ts";
import { inputRangeOf, rangeOf } from "./range.ts";
import { neuronRows } from "./report.ts";

/**
 * A spiking network that was trained as one (Real Spike, ATIF, and every other network of
 * integrate-and-fire neurons): the file says one time step, and the network runs it. Nothing is converted and
 * nothing is lost; only steps and the input's range have to be known (README.md).
 */
export const asIs = conversion({
  name: "as-is",
  summary:
    "Runs a spiking network as its file describes it, one time step with states in and out. Chosen without asking where the file is one.",
  source:
    "Guo et al., Real Spike, ECCV 2022; Castagnetti, Pegatoquet, Miramond, Trainable quantization for Speedy Spiking Neural Networks, 2023",
  options: {
    steps: stepsOption(0, "time steps T per sample; 0: as many as the file says, if it does"),
    input: structureOptions.input,
    inputRange: structureOptions.inputRange,
  },
  spiking: true,

  calibrate: (_graph, samples): Range | null => rangeOf(samples),

  convert(graph, seen, options, cx) {
    if (!isSpiking(graph)) fail("convert-no-neurons", []);
    const noise = graph.nodes.filter((n) => n.op === "random-normal-like" || n.op === "random-uniform-like");
    if (noise.length > 0)
      throw new Failure(
        noise.map((n) => diagnostic("convert-noise-in-file", [], { at: `node ${JSON.stringify(n.name)}`, origin: n.origin })),
      );
    const steps = stepsOf(graph, options.steps);
    const layered = lowerSpiking(graph, cx);
    cx.table("neurons", neuronRows(layered));
    return assembleSpiking(layered, { steps, input: options.input, inputRange: inputRangeOf(options.inputRange, seen, cx) });
  },
});

/** Layers of a file that describes its neurons; fails where some activation is not one of them. */
export function lowerSpiking(graph: Graph, cx: Parameters<typeof lowerGraph>[2]): Layered {
  const layered = lowerGraph(graph, { maxPool: "or", averagePool: "fold", neurons: "keep" }, cx);
  const others = layered.layers.filter((l) => l.activation !== null);
  if (others.length > 0)
    throw new Failure(
      others.map((l) => diagnostic("convert-mixed", [l.activation?.kind ?? ""], { at: `layer ${l.name}`, origin: l.origin })),
    );
  return layered;
}

/** Steps as given, or as the file says. */
function stepsOf(graph: Graph, given: number): number {
  const said = Number(graph.metadata?.["ganglion.steps"] ?? 0);
  return given > 0 ? given : said > 0 ? said : fail("convert-steps-missing", []);
}
