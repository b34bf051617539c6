import { at } from "../base/bug.ts";
import { fail } from "../base/diagnostic.ts";
import { numbersOf, sizeOf, type Tensor, tensorFrom } from "../base/tensor.ts";
import { prepareGraph } from "../ir/graph/run.ts";
import { poolLimits } from "../ir/cores/storage.ts";
import type { Graph, ValueId } from "../ir/graph/types.ts";
import { type Context, quiet } from "../base/context.ts";
import { type ErrorSums, gateError, relativeError } from "./gate-error.ts";
import { Histogram } from "./histogram.ts";
import { averaged, exchangeMaxPools, maxPoolsOf, replaceMaxPools, splitMaxPools } from "./rewrite-max-pool.ts";
import { type Draft, walk } from "./walk/walk.ts";

/** What calibration found of one layer. */
export type LayerStatistics = {
  /** The threshold chosen: one number, or one per channel. */
  readonly scale: readonly number[];
  readonly max: number;
  /** Fraction of the activations above zero that exceed the threshold. */
  readonly clipped: number;
  /** Fraction of activations above zero. */
  readonly active: number;
};

/** Plain data, so that it can be saved, printed and used again. */
export type Statistics = {
  readonly samples: number;
  /** Smallest and largest input value; null without samples. */
  readonly input: { readonly low: number; readonly high: number } | null;
  /** By the name of the activation's value in the graph. */
  readonly layers: Readonly<Record<string, LayerStatistics>>;
  /** By the name of the max pooling node: gains per channel of the average pooling that stands in (empty for a gate), and the relative error of the pooled values. */
  readonly pools: Readonly<Record<string, { readonly gains: readonly number[]; readonly error: number }>>;
};

export const noStatistics: Statistics = { samples: 0, input: null, layers: {}, pools: {} };

export type CalibrationOptions = {
  readonly threshold: "max" | "percentile" | "mse";
  readonly percentile: number;
  readonly per: "layer" | "channel";
  readonly maxPool: "refuse" | "gate" | "average";
  readonly averagePool: "fold" | "neurons";
};

/** What each choice of a threshold reads of a histogram. */
const scales: Readonly<Record<CalibrationOptions["threshold"], (h: Histogram, percentile: number, steps: number) => number>> = {
  max: (h) => h.max,
  percentile: (h, percentile) => h.percentile(percentile),
  mse: (h, _percentile, steps) => h.bestThreshold(steps),
};

/** A channel's threshold is at least this part of its layer's, so that a channel that hardly ever fires cannot make one spike worth next to nothing. */
const channelFloor = 0.05;

/** Gates are measured on so many samples; their error varies little. */
const gateSamples = 4;

/** The graph with max pooling in a form that this choice can lower. */
export function prepared(g: Graph, maxPool: CalibrationOptions["maxPool"], stats: Statistics, steps: number): Graph {
  const exchanged = exchangeMaxPools(g);
  if (steps === 1 || maxPool === "refuse") return exchanged;
  if (maxPool === "gate") return splitMaxPools(exchanged, poolLimits.members);
  return replaceMaxPools(exchanged, new Map(Object.entries(stats.pools).map(([name, p]) => [name, p.gains])));
}

/** How a max pooling is lowered: with one step a window spikes when one of its inputs does, and that is exact. */
export function poolMode(maxPool: CalibrationOptions["maxPool"], steps: number): "refuse" | "gate" | "or" {
  return steps === 1 ? "or" : maxPool === "gate" ? "gate" : "refuse";
}

/** Runs the trained network over samples and gathers statistics of every activation. Without samples the statistics are empty. */
export function gatherStatistics(
  g: Graph,
  samples: Iterable<Float32Array>,
  steps: number,
  options: CalibrationOptions,
  cx: Context,
): Statistics {
  const [input, second] = g.inputs;
  if (input === undefined || second !== undefined) fail("convert-inputs", [g.inputs.length]);
  const pools = options.maxPool === "average" && steps > 1 ? averageGains(exchangeMaxPools(g), input, (samples = [...samples]), cx) : {};
  const graph = prepared(g, options.maxPool, { ...noStatistics, pools }, steps);
  const { drafts, gates } = walk(graph, { maxPool: poolMode(options.maxPool, steps), averagePool: options.averagePool }, quiet());
  const layers = drafts.filter((d) => d.kind === "spiking");
  const range = { low: Infinity, high: -Infinity };
  const collected = layers.map((d) => histogramsOf(d, options.per));
  const kept: Float64Array[][] = [];
  let count = 0;
  for (const [x, values] of runs(
    graph,
    input,
    samples,
    layers.map((d) => d.value),
    cx,
  )) {
    count++;
    for (const v of x) {
      if (v < range.low) range.low = v;
      if (v > range.high) range.high = v;
    }
    values.forEach((v, i) => collect(at(collected, i), v, graph, at(layers, i)));
    if (options.maxPool === "gate" && kept.length < gateSamples) kept.push(values);
  }
  if (count === 0) return { ...noStatistics, pools };
  const found = layers.map((d, i) =>
    statisticsOf(at(collected, i), options, steps, d.activation?.kind === "clip" ? d.activation.high : Infinity),
  );
  return {
    samples: count,
    input: range,
    layers: Object.fromEntries(layers.map((d, i) => [at(graph.values, d.value).name, at(found, i)])),
    pools:
      options.maxPool === "gate" && steps > 1
        ? Object.fromEntries(gates.map((gate) => [gate.name, { gains: [], error: errorOfGate(gate, layers, kept, found, steps) }]))
        : pools,
  };
}

/** Runs the graph sample by sample and gives the input and the values asked for. */
function* runs(
  g: Graph,
  input: ValueId,
  samples: Iterable<Float32Array>,
  keep: readonly ValueId[],
  cx: Context,
): Generator<[Float32Array, Float64Array[]]> {
  const run = prepareGraph(g, keep);
  const { dtype, shape } = at(g.values, input);
  const total = Array.isArray(samples) ? samples.length : 0;
  let done = 0;
  for (const x of samples) {
    if (x.length !== sizeOf(shape)) fail("data-shape", ["the calibration data", `${x.length} numbers`, `${sizeOf(shape)} numbers`]);
    const { kept } = run.run([tensorFrom(dtype, shape, x)]);
    yield [x, kept.map(numbersOf)];
    cx.progress("calibrate", ++done, total);
  }
}

function histogramsOf(d: Draft, per: "layer" | "channel"): readonly Histogram[] {
  const whole = new Histogram(2048);
  return per === "layer" ? [whole] : [whole, ...Array.from({ length: d.shape[0] ?? 1 }, () => new Histogram(512))];
}

function collect([whole, ...channels]: readonly Histogram[], values: Float64Array, g: Graph, layer: Draft): void {
  const per = values.length / Math.max(1, channels.length);
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? 0;
    if (!Number.isFinite(v)) fail("convert-not-finite", [at(g.values, layer.value).name]);
    whole?.add(v);
    if (channels.length > 0) at(channels, Math.floor(i / per)).add(v);
  }
}

function statisticsOf(
  [whole, ...channels]: readonly Histogram[],
  options: CalibrationOptions,
  steps: number,
  high: number,
): LayerStatistics {
  const layer = at([whole], 0) as Histogram;
  const choose = (h: Histogram): number => Math.min(high, scales[options.threshold](h, options.percentile, steps) || h.max);
  const all = choose(layer);
  const scale = channels.length === 0 ? [all] : channels.map((c) => Math.max(choose(c), channelFloor * all));
  const clipped =
    channels.length === 0 ? layer.above(all) : channels.reduce((sum, c, i) => sum + c.above(at(scale, i)), 0) / channels.length;
  return { scale, max: layer.max, clipped, active: layer.active };
}

type Gates = ReturnType<typeof walk>["gates"];

function errorOfGate(
  gate: Gates[number],
  layers: readonly Draft[],
  kept: readonly Float64Array[][],
  found: readonly LayerStatistics[],
  steps: number,
): number {
  const which = layers.findIndex((d) => d.index === gate.layer);
  const { shape } = at(layers, which);
  const { scale } = at(found, which);
  const per = sizeOf(shape) / scale.length;
  const sums: ErrorSums[] = kept.map((values) =>
    gateError(at(values, which), (i) => scale[Math.floor(i / per)] || 1, steps, gate.pool, shape),
  );
  return relativeError({ difference: sums.reduce((s, e) => s + e.difference, 0), size: sums.reduce((s, e) => s + e.size, 0) });
}

/** Per max pooling and channel, the gain that brings its average closest to its maximum (least squares), and what is left. */
function averageGains(g: Graph, input: ValueId, samples: Iterable<Float32Array>, cx: Context): Statistics["pools"] {
  const nodes = maxPoolsOf(g);
  const sums = nodes.map((n) => {
    const channels = at(g.values, at(n.outputs, 0)).shape[1] ?? 1;
    return { cross: new Float64Array(channels), average: new Float64Array(channels), largest: new Float64Array(channels) };
  });
  const keep = nodes.flatMap((n) => [at(n.inputs, 0) as ValueId, at(n.outputs, 0)]);
  for (const [, values] of runs(g, input, samples, keep, cx)) {
    nodes.forEach((n, i) => {
      const x = at(g.values, at(n.inputs, 0) as ValueId);
      const averages = averaged(n, { dtype: "f64", shape: x.shape, data: at(values, 2 * i) } as Tensor);
      const maxima = at(values, 2 * i + 1);
      const { cross, average, largest } = at(sums, i);
      const per = maxima.length / cross.length;
      for (let k = 0; k < maxima.length; k++) {
        const c = Math.floor(k / per);
        const [a, m] = [averages[k] ?? 0, maxima[k] ?? 0];
        cross[c] = (cross[c] ?? 0) + a * m;
        average[c] = (average[c] ?? 0) + a * a;
        largest[c] = (largest[c] ?? 0) + m * m;
      }
    });
  }
  return Object.fromEntries(
    nodes.map((n, i) => {
      const { cross, average, largest } = at(sums, i);
      const gains = [...cross].map((x, c) => (at(average, c) > 0 ? x / at(average, c) : 1));
      const size = largest.reduce((s, x) => s + x, 0);
      const explained = [...cross].reduce((s, x, c) => s + (at(average, c) > 0 ? (x * x) / at(average, c) : 0), 0);
      return [n.name, { gains, error: relativeError({ difference: Math.max(0, size - explained), size }) }];
    }),
  );
}
