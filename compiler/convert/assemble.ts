import { at } from "../base/bug.ts";
import { id } from "../base/id.ts";
import { f64, sizeOf, spread, type Tensor } from "../base/tensor.ts";
import type { InputCode, Link, Network, OutputCode, Param, Population } from "../ir/network/types.ts";
import type { Layer, Layered } from "./layers.ts";
import { compact } from "./walk/linear-ops.ts";
import type { Range } from "./options.ts";

/** What a rate-coded method has chosen. */
export type RateChoices = {
  readonly steps: number;
  readonly input: "static" | "direct";
  readonly inputRange: Range;
  /** Threshold of a spiking layer: a number, or a tensor with one per channel of its graph shape. */
  readonly threshold: (layer: Layer) => number | Tensor;
  /** Initial potential of a spiking layer, per neuron; by default θ/2. */
  readonly initial?: (layer: Layer) => Float64Array;
  /** Whether a spiking layer sends -1 to take back spikes: when its potential is below zero and what it has sent above. */
  readonly signed?: (layer: Layer) => boolean;
};

/**
 * Layers as integrate-and-fire populations. With soft reset, threshold θ, initial
 * potential θ/2 and a constant input z per step, a neuron fires
 * N = floor(Tz/θ + ½) times, clipped to 0 … T; a spike is worth θ, so that a
 * layer's value is θ·N/T. Biases act in every step.
 *
 * A static input is sent in the first step only, into neurons whose synaptic
 * current never decays: the first layer's sums are computed once, not T times.
 */
export function assembleRate(layered: Layered, choices: RateChoices): Network {
  const still = choices.input === "static" && layered.layers.every((l) => canBeStatic(l, layered.layers));
  const pops = layered.layers.map((l) => populations[l.kind](l, choices, still && readsInput(l, layered.layers)));
  const links = layered.layers.flatMap((l) =>
    l.ways.map(
      (w): Link => ({ from: id(w.from), to: id(l.index), kernel: w.kernel, pool: w.pool, delay: 0, gain: null, origin: w.origin }),
    ),
  );
  return {
    kind: "network",
    name: layered.name,
    steps: choices.steps,
    pops,
    links,
    inputs: layered.layers.filter((l) => l.kind === "input").map((l) => inputCode(l, choices.inputRange, still)),
    outputs: layered.layers.filter((l) => l.kind === "output").map((l) => outputCode(l, choices.steps)),
  };
}

/** Whether the input may come as a constant current: only where nothing else enters, for spikes must not stay. */
export function canBeStatic(l: Layer, layers: readonly Layer[]): boolean {
  return !readsInput(l, layers) || (l.kind === "spiking" && l.ways.every((w) => at(layers, w.from).kind === "input"));
}

export function readsInput(l: Layer, layers: readonly Layer[]): boolean {
  return l.ways.some((w) => at(layers, w.from).kind === "input");
}

const populations: Readonly<Record<Layer["kind"], (l: Layer, choices: RateChoices, still: boolean) => Population>> = {
  input: (l) => ({ ...common(l), neuron: { model: "input", params: {} }, spike: { kind: "analog" }, initial: {}, amplitude: 1 }),
  spiking: (l, choices, still) => {
    const theta = fitted(choices.threshold(l), l);
    const initial = choices.initial === undefined ? half(theta) : compact(choices.initial(l), l.shape);
    const signed = choices.signed?.(l) ?? false;
    const params: Record<string, Param> = {
      threshold: theta,
      ...biasOf(l),
      ...(still ? { decayCurrent: 1 } : {}),
      ...(signed ? { negative: "counted", negativeThreshold: 0 } : {}),
    };
    return {
      ...common(l),
      neuron: { model: still ? "cuba" : "if", params },
      spike: { kind: signed ? "ternary" : "binary" },
      initial: { v: initial },
      amplitude: theta,
    };
  },
  output: (l) => ({ ...common(l), neuron: { model: "readout", params: biasOf(l) }, spike: { kind: "binary" }, initial: {}, amplitude: 1 }),
};

export function common(l: Layer): Pick<Population, "id" | "name" | "shape" | "start" | "silent" | "stop" | "origin"> {
  return { id: id(l.index), name: l.name, shape: l.shape, start: 0, silent: 0, stop: null, origin: l.origin };
}

export function biasOf(l: Layer): Record<string, Param> {
  return l.bias === null ? {} : { bias: compact(l.bias, l.shape) };
}

function half(theta: number | Tensor): number | Tensor {
  return typeof theta === "number"
    ? theta / 2
    : f64(
        theta.shape,
        spread(theta, theta.shape).map((x) => x / 2),
      );
}

/** One per channel of the graph's shape, as the population's shape can say it. */
export function fitted(theta: number | Tensor, l: Layer): number | Tensor {
  if (typeof theta === "number" || theta.data.length === l.shape[0]) return theta;
  return f64(l.shape, spread(theta, [theta.data.length, sizeOf(l.shape) / theta.data.length]));
}

export function inputCode(l: Layer, range: Range, still: boolean): InputCode {
  return { pop: id(l.index), code: "direct", params: { low: range.low, high: range.high, ...(still ? { every: 0 } : {}) } };
}

/** The mean over all steps. */
export function outputCode(l: Layer, steps: number): OutputCode {
  return { name: l.valueName, pop: id(l.index), code: "potential", scale: 1 / steps, offset: 0 };
}
