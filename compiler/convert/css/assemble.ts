import { at } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import { f64, numbersOf, sizeOf, spread, type Tensor } from "../../base/tensor.ts";
import type { Kernel, Link, Network, Param, PopId, Population } from "../../ir/network/types.ts";
import type { Layer, Layered } from "../layers.ts";
import type { Range } from "../options.ts";
import { compact } from "../walk/linear-ops.ts";
import { firstPlace, largestCode, resetOf } from "./code.ts";
import { schedule } from "./schedule.ts";

/** What has been chosen for the network as a whole and for each spiking layer. */
export type Choices = {
  /** Digits of a code. */
  readonly digits: number;
  readonly input: "current" | "digits";
  readonly inputRange: Range;
  /** Threshold as a fraction of what a digit takes away. */
  readonly phi: number;
  readonly spikes: "ternary" | "binary";
  /** Largest value of a layer, which the largest code stands for: a number, or one per channel of its graph shape. */
  readonly largest: (layer: Layer) => number | Tensor;
  readonly silent: (layer: Layer) => number;
};

/**
 * Layers as populations that send and receive digits. Weights stay those of the model:
 * a digit of layer l is worth Δ(l), which is its amplitude, and the potential is in
 * units of the model's own numbers:
 *
 *   u = 2m + Σ W·Δ(source)·s (+ 2^(1-T)·b in the first step)
 *   s = +1 if u >= φϑ,  -1 if u < -φϑ and a +1 has been sent      ϑ = 2^n·Δ(l)
 *   m = u - ϑs
 *
 * An input given as a current comes whole in the first step, as 2^(1-T) of itself, so
 * the layers that read it need no silent step; given as digits, it goes through encoders, which
 * are such layers with one input each.
 */
export function assembleCss(layered: Layered, choices: Choices): Network {
  const { digits } = choices;
  const direct = choices.input === "current" && canBeCurrent(layered);
  const pops: Population[] = [];
  const links: Link[] = [];
  /** The population whose digits the layer's listeners hear. */
  const speaker: PopId[] = [];
  const add = (p: Omit<Population, "id">): PopId => {
    const made = id<"population">(pops.length);
    pops.push({ ...p, id: made });
    return made;
  };
  for (const l of layered.layers) {
    const made = add(
      l.kind === "input"
        ? inputOf(l, digits)
        : l.kind === "output"
          ? readoutOf(l)
          : neuronsOf(l, choices, direct && readsInput(l, layered)),
    );
    speaker.push(made);
    for (const w of l.ways)
      links.push({ from: at(speaker, w.from), to: made, kernel: w.kernel, pool: w.pool, delay: 0, gain: null, origin: w.origin });
    if (l.kind !== "input" || direct) continue;
    const encoder = add(encoderOf(l, choices));
    links.push({ from: made, to: encoder, kernel: plain, pool: null, delay: 0, gain: null, origin: l.origin });
    speaker[l.index] = encoder;
  }
  const layers = (kind: Layer["kind"]): readonly Layer[] => layered.layers.filter((l) => l.kind === kind);
  const inputPop = new Map(pops.filter((p) => p.neuron.model === "input").map((p) => [p.name, p.id]));
  const network: Network = {
    kind: "network",
    name: layered.name,
    steps: digits,
    pops,
    links,
    inputs: layers("input").map((l) => ({
      pop: inputPop.get(l.name) as PopId,
      code: "direct",
      params: { ...choices.inputRange, every: 0 },
    })),
    outputs: layers("output").map((l) => ({
      name: l.valueName,
      pop: at(speaker, l.index),
      code: "potential",
      scale: 1,
      offset: l.bias === null ? 0 : compact(l.bias, l.shape),
    })),
  };
  return timed(network, digits);
}

/** The network with every window and delay as the schedule has them, for the silent steps that its populations name. */
export function timed(n: Network, digits: number): Network {
  const { timing, delays, steps } = schedule(n.pops, n.links, digits);
  const pops = n.pops.map((p, i) => (p.neuron.model === "input" ? p : { ...p, ...at(timing, i) }));
  return { ...n, steps, pops, links: n.links.map((l, i) => ({ ...l, delay: at(delays, i) })) };
}

const plain: Kernel = { kind: "one", weight: 1 };

function readsInput(l: Layer, { layers }: Layered): boolean {
  return l.ways.some((w) => at(layers, w.from).kind === "input");
}

/** Whether the input can come at once: only where no digits enter beside it, for these take T steps. */
export function canBeCurrent(layered: Layered): boolean {
  return layered.layers.every((l) => !readsInput(l, layered) || l.ways.every((w) => at(layered.layers, w.from).kind === "input"));
}

function common(l: Layer): Pick<Population, "name" | "shape" | "initial" | "start" | "silent" | "stop" | "origin"> {
  return { name: l.name, shape: l.shape, initial: {}, start: 0, silent: 0, stop: null, origin: l.origin };
}

function inputOf(l: Layer, digits: number): Omit<Population, "id"> {
  return { ...common(l), neuron: { model: "input", params: {} }, spike: { kind: "analog" }, amplitude: 1 / firstPlace(digits) };
}

/** Horner's rule over the digits; the bias is left to the reader of the answer. */
function readoutOf(l: Layer): Omit<Population, "id"> {
  return { ...common(l), neuron: { model: "readout", params: { weighting: "doubling" } }, spike: { kind: "binary" }, amplitude: 1 };
}

function neuronsOf(l: Layer, choices: Choices, atOnce: boolean): Omit<Population, "id"> {
  const lsb = scaled(perPopulation(choices.largest(l), l), 1 / largestCode(choices.digits));
  const bias =
    l.bias === null
      ? {}
      : {
          bias: compact(
            l.bias.map((b) => b / firstPlace(choices.digits)),
            l.shape,
          ),
        };
  return { ...common(l), ...dynamics(lsb, atOnce ? 0 : choices.silent(l), choices.phi, choices.spikes, "on", bias) };
}

/** One neuron per number of the input, which turns what it gets in the first step into digits. Where the input can be negative, so can its digits. */
function encoderOf(l: Layer, choices: Choices): Omit<Population, "id"> {
  const { low, high } = choices.inputRange;
  const lsb = Math.max(-low, high) / largestCode(choices.digits);
  return { ...common(l), name: `${l.name}.digits`, ...dynamics(lsb, 0, choices.phi, choices.spikes, low < 0 ? "off" : "on", {}) };
}

type Dynamics = Pick<Population, "neuron" | "spike" | "amplitude" | "silent">;

/**
 * The neuron for an LSB of so much and n silent steps. Without silent steps only φ = ½ gives
 * right codes. Binary digits, which cannot correct what was sent too early, are there for
 * comparison only; they are sent at the full worth.
 */
export function dynamics(
  lsb: number | Tensor,
  silent: number,
  phi: number,
  spikes: "ternary" | "binary",
  latch: "on" | "off",
  rest: Readonly<Record<string, Param>>,
): Dynamics {
  const resetValue = scaled(lsb, resetOf(silent));
  if (spikes === "binary") {
    const params = { leak: "double", biasAt: "first", threshold: resetValue, resetValue, ...rest };
    return { neuron: { model: "unit", params }, spike: { kind: "binary" }, amplitude: lsb, silent };
  }
  const threshold = scaled(resetValue, silent === 0 ? 1 / 2 : phi);
  const params = { threshold, resetValue, ...(latch === "off" ? { latch } : {}), ...rest };
  return { neuron: { model: "tsa", params }, spike: { kind: "ternary" }, amplitude: lsb, silent };
}

function scaled(x: number | Tensor, factor: number): number | Tensor {
  return typeof x === "number"
    ? x * factor
    : f64(
        x.shape,
        numbersOf(x).map((v) => v * factor),
      );
}

/** One per channel of the graph's shape, as the population's shape can say it. */
function perPopulation(x: number | Tensor, l: Layer): number | Tensor {
  if (typeof x === "number" || x.data.length === l.shape[0]) return x;
  const count = sizeOf(l.shape);
  return x.data.length === count ? f64(l.shape, numbersOf(x)) : f64(l.shape, spread(x, [x.data.length, count / x.data.length]));
}
