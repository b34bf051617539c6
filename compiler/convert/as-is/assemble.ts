import { at } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import { numbersOf, type Tensor } from "../../base/tensor.ts";
import type { Link, Network, Param, Population } from "../../ir/network/types.ts";
import { biasOf, canBeStatic, common, fitted, inputCode, outputCode, readsInput } from "../assemble.ts";
import type { Layer, Layered, Neuron } from "../layers.ts";
import type { Range } from "../options.ts";

/** What is not in the file. */
export type SpikingChoices = {
  readonly steps: number;
  readonly input: "static" | "direct";
  readonly inputRange: Range;
  /** Potential before the first step; 0 unless given. */
  readonly initial?: (layer: Layer) => number;
  /** Words and parameters over the neuron's own, such as noise. */
  readonly extra?: (layer: Layer) => Readonly<Record<string, Param>>;
};

/**
 * Layers whose neurons are known as populations. A constant that multiplies a layer's spikes is its
 * amplitude; where its ways differ, it is a gain of the link. The answer is the mean of the
 * last linear layer over the steps.
 */
export function assembleSpiking(layered: Layered, choices: SpikingChoices): Network {
  const { layers } = layered;
  const still = choices.input === "static" && layers.every((l) => canBeStatic(l, layers));
  const ways = layers.flatMap((l) => l.ways.map((way) => ({ way, to: l })));
  const worth = layers.map((l) => commonGain(ways.filter(({ way }) => way.from === l.index).map(({ way }) => way.gain ?? 1)));
  const pops = layers.map((l): Population => {
    const base = { ...common(l), initial: {}, amplitude: 1 };
    if (l.kind === "input") return { ...base, neuron: { model: "input", params: {} }, spike: { kind: "analog" } };
    if (l.kind === "output" || l.neuron === undefined)
      return { ...base, neuron: { model: "readout", params: biasOf(l) }, spike: { kind: "binary" } };
    const v = choices.initial?.(l) ?? 0;
    const neuron = neuronFor(l, l.neuron, still && readsInput(l, layers), choices.extra?.(l) ?? {});
    return { ...base, neuron, spike: { kind: "binary" }, initial: v === 0 ? {} : { v }, amplitude: fitted(at(worth, l.index) ?? 1, l) };
  });
  const links = ways.map(({ way, to }): Link => {
    const own = at(worth, way.from) === null && way.gain !== undefined && way.gain !== 1;
    return {
      from: id(way.from),
      to: id(to.index),
      kernel: way.kernel,
      pool: way.pool,
      delay: 0,
      gain: own ? (way.gain ?? null) : null,
      origin: way.origin,
    };
  });
  return {
    kind: "network",
    name: layered.name,
    steps: choices.steps,
    pops,
    links,
    inputs: layers.filter((l) => l.kind === "input").map((l) => inputCode(l, choices.inputRange, still)),
    outputs: layers.filter((l) => l.kind === "output").map((l) => outputCode(l, choices.steps)),
  };
}

/** The gain that all share; null when they differ, 1 when there are none. */
function commonGain(gains: readonly (number | Tensor)[]): number | Tensor | null {
  const [first = 1, ...more] = gains;
  const same = (g: number | Tensor): boolean => {
    if (typeof g === "number" || typeof first === "number") return g === first;
    return g.data.length === first.data.length && g.data.every((x, i) => x === first.data[i]);
  };
  return more.every(same) ? first : null;
}

function neuronFor(l: Layer, n: Neuron, still: boolean, extra: Readonly<Record<string, Param>>): Population["neuron"] {
  const forgets = n.decay === 0;
  const model = still ? "cuba" : n.decay === 1 ? "if" : "lif";
  const preset = n.reset === "set" ? 0 : n.threshold;
  const params: Record<string, Param> = {
    threshold: fitted(n.threshold, l),
    // Where nothing is kept, a reset changes nothing.
    ...(n.reset === "subtract" || forgets ? {} : { reset: n.reset }),
    ...(forgets || sameNumbers(n.amount, preset) ? {} : { resetValue: fitted(n.amount, l) }),
    ...(n.compare === "gt" ? { compare: "gt" } : {}),
    ...(n.decay === 1 ? {} : { decay: typeof n.decay === "number" ? n.decay : fitted(n.decay, l) }),
    ...biasOf(l),
    ...(still ? { decayCurrent: 1 } : {}),
    ...extra,
  };
  return { model, params };
}

function sameNumbers(a: number | Tensor, b: number | Tensor): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  const [x, y] = [numbersOf(a), numbersOf(b)];
  return x.length === y.length && x.every((v, i) => v === y[i]);
}
