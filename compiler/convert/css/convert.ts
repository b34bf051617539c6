import { at } from "../../base/bug.ts";
import { Collector, diagnostic } from "../../base/diagnostic.ts";
import { quiet } from "../../base/context.ts";
import { choice, type Chosen, integer, type Option, real } from "../../base/options.ts";
import type { Graph } from "../../ir/graph/types.ts";
import type { Network } from "../../ir/network/types.ts";
import type { Context } from "../../base/context.ts";
import { gatherStatistics, type Statistics } from "../calibrate.ts";
import { conversion } from "../conversion.ts";
import type { Layer, Layered } from "../layers.ts";
import { lowerGraph } from "../lower-graph.ts";
import { structureOptions, thresholdOptions } from "../options.ts";
import { chooseRange } from "../report.ts";
import { exchangeMaxPools } from "../rewrite-max-pool.ts";
import type { Threshold } from "../thresholds.ts";
import { thresholdRows } from "../thresholds.ts";
import { assembleCss, canBeCurrent, type Choices } from "./assemble.ts";
import { largestCode, safeSilent } from "./code.ts";
import { tryLayers } from "./layerwise.ts";
import { lowerMaxPools } from "./max-tree.ts";
import { chooseScales } from "./scales.ts";

/** Silent steps: one number for all layers, or chosen for each by calibration. */
const silent: Option<number | "auto"> = {
  default: 1,
  help: "steps in which a layer listens before it sends its first digit; auto: for each layer the fewest with which less than `wrong` percent of its codes are wrong on calibration samples",
  domain: "auto|integer 0..8",
  parse: (text) => (text === "auto" ? "auto" : integer(0, 8, 1, "").parse(text)),
  show: String,
};

const options = {
  steps: integer(1, 16, 6, "digits T of a code; a value has 2^T - 1 levels"),
  silent,
  wrong: real(0, 100, 1, "percentage of wrong codes that silent=auto stays below"),
  phi: choice(
    ["1/2", "2/3"],
    "1/2",
    "decision point, as a fraction of what a digit takes away: 1/2 tolerates the most, 2/3 sends fewer spikes",
  ),
  ...thresholdOptions,
  input: choice(
    ["current", "digits"],
    "current",
    "input: given once, whole, into the first layer; or as digits, which neurons of its own make of it",
  ),
  inputRange: structureOptions.inputRange,
  averagePool: structureOptions.averagePool,
  maxSum: choice(
    ["fold", "neurons"],
    "fold",
    "max pooling, b + relu(a - b): leave the sum to the next layer's synapses, or give it neurons of its own (three times fewer synapses, three more steps)",
  ),
  spikes: choice(["ternary", "binary"], "ternary", "binary digits cannot correct what was sent too early; they are for comparison"),
};

type Css = Chosen<typeof options>;

/** Statistics of the activations, and the silent steps that silent=auto chose, by the name of a layer's value. */
export type CssStatistics = Statistics & { readonly silent: Readonly<Record<string, number>> };

const phis: Readonly<Record<Css["phi"], number>> = { "1/2": 1 / 2, "2/3": 2 / 3 };

/** Samples that silent steps are tried on; a layer has thousands of codes in each. */
const trialSamples = 20;

/** More silent steps than any trained network has needed. */
const silentMax = 8;

/**
 * Canonic signed spikes: a value is sent in T ternary digits, the most significant first,
 * by neurons that double their potential in every step and wait n steps before the first
 * digit. T steps have the resolution of 2^T - 1 steps of rate coding (README.md).
 */
export const css = conversion({
  name: "css",
  summary:
    "Values as ternary digits, the most significant first: 2^T - 1 levels in T steps. Takes any network with ReLU, without training.",
  source: "Canonic Signed Spike Coding for Efficient Spiking Neural Networks, 2024 (Ternary Self-Amplifying neuron)",
  options,

  calibrate(graph, given, options, cx): CssStatistics {
    const samples = [...given];
    const pooled = lowerMaxPools(exchangeMaxPools(graph), options.maxSum);
    const stats = gatherStatistics(pooled.graph, samples, largestCode(options.steps), { ...options, maxPool: "refuse" }, cx);
    const found: CssStatistics = { ...stats, silent: {} };
    return options.silent === "auto" && samples.length > 0
      ? { ...found, silent: chooseSilent(graph, found, samples.slice(0, trialSamples), options, cx) }
      : found;
  },

  rewrite: (graph, _stats, { maxSum }) => lowerMaxPools(exchangeMaxPools(graph), maxSum).graph,

  convert(graph, stats, options, cx) {
    const made = assembled(graph, stats, options, cx);
    cx.table("layers", rows(made, stats));
    return made.network;
  },
});

type Made = {
  readonly layered: Layered;
  readonly scales: ReadonlyMap<number, Threshold>;
  readonly network: Network;
  readonly silent: (l: Layer) => number;
  readonly trees: ReadonlyMap<string, number>;
};

function assembled(graph: Graph, stats: CssStatistics, options: Css, cx: Context): Made {
  const { graph: pooled, sums } = lowerMaxPools(exchangeMaxPools(graph), options.maxSum);
  const layered = lowerGraph(pooled, { maxPool: "refuse", averagePool: options.averagePool }, cx);
  const problems = new Collector();
  const scales = chooseScales(layered, stats, (l) => sums.has(l.valueName), problems.report);
  problems.check();
  for (const d of problems.diagnostics) cx.report(d);
  if (options.input === "current" && !canBeCurrent(layered)) cx.report(diagnostic("convert-input-digits", []));
  const silent = (l: Layer): number => {
    const sum = sums.get(l.valueName);
    if (sum !== undefined) return safeSilent(sum);
    return options.silent === "auto" ? (stats.silent[l.valueName] ?? 1) : options.silent;
  };
  const choices: Choices = {
    digits: options.steps,
    input: options.input,
    inputRange: chooseRange(options.inputRange, stats, cx),
    phi: phis[options.phi],
    spikes: options.spikes,
    largest: (l) => at([scales.get(l.index)], 0)?.theta ?? 1,
    silent,
  };
  return { layered, scales, network: assembleCss(layered, choices), silent, trees: sums };
}

/** The fewest silent steps of each layer, one after the other, each with the digits that the layers before it then send. */
function chooseSilent(
  graph: Graph,
  stats: CssStatistics,
  samples: readonly Float32Array[],
  options: Css,
  cx: Context,
): Record<string, number> {
  const { network, layered, trees } = assembled(graph, stats, { ...options, silent: 1, spikes: "ternary" }, quiet());
  const byName = new Map(layered.layers.map((l) => [l.name, l]));
  const chosen: Record<string, number> = {};
  const table: Record<string, string | number>[] = [];
  const choose = (name: string, present: number, wrong: (n: number) => number): number => {
    const layer = byName.get(name);
    const fixed = layer === undefined || present === 0 || trees.has(layer.valueName);
    let n = fixed ? present : 0;
    while (!fixed && n < silentMax && wrong(n) >= options.wrong / 100) n++;
    if (!fixed) chosen[layer.valueName] = n;
    table.push({
      layer: name,
      ...Object.fromEntries([0, 1, 2].map((k) => [`wrong, n=${k}`, percent(wrong(k))])),
      chosen: n,
      wrong: percent(wrong(n)),
    });
    return n;
  };
  tryLayers(
    network,
    samples,
    phis[options.phi],
    ({ layer, wrong }) => choose(layer.pop.name, layer.silent, wrong),
    (done, total) => cx.progress("choose silent steps", done, total),
  );
  cx.table("silent steps", table);
  return chosen;
}

function rows({ layered, scales, network, silent }: Made, stats: Statistics): readonly Record<string, string | number>[] {
  const spiking = layered.layers.filter((l) => l.kind === "spiking");
  const byName = new Map(network.pops.map((p) => [p.name, p]));
  return thresholdRows(layered, scales, stats).map((row, i) => {
    const layer = at(spiking, i);
    const pop = byName.get(layer.name);
    return { ...row, silent: pop?.silent ?? silent(layer), start: pop?.start ?? 0 };
  });
}

function percent(x: number): string {
  return `${(100 * x).toFixed(2)}%`;
}
