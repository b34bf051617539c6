import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { mapWeights, weightsOf } from "../../ir/network/kernels/index.ts";
import type { Layer } from "../layers.ts";
import type { PhaseName } from "./keep-best.ts";
import { type Adjusted, type Neurons, type Spiking, withLayers } from "./spiking.ts";

/** What phase II has changed, as plain data. */
export type Fitted = {
  readonly phase: PhaseName;
  readonly steps: number;
  readonly signed: boolean;
  /** By the layer's name: weights of each way that was trained, bias, and initial potentials; null where they are as they were. */
  readonly layers: Readonly<Record<string, FittedLayer>>;
};

type Numbers = readonly number[] | null;
type FittedLayer = { readonly weights: readonly Numbers[]; readonly bias: Numbers; readonly initial: Numbers };

/** What is different in `after`. */
export function fittedOf(phase: PhaseName, before: Spiking, after: Spiking, signed: boolean): Fitted {
  const layers = before.layered.layers.flatMap((old, i): [string, FittedLayer][] => {
    const layer = at(after.layered.layers, i);
    if (layer.kind === "input") return [];
    const weights = layer.ways.map((w, k) => different(weightsOf(at(old.ways, k).kernel), weightsOf(w.kernel)));
    const bias = different(old.bias, layer.bias);
    return [
      [layer.name, { weights, bias, initial: different(at(before.neurons, i)?.initial ?? null, at(after.neurons, i)?.initial ?? null) }],
    ];
  });
  return { phase, steps: before.steps, signed, layers: Object.fromEntries(layers) };
}

function different(before: Float64Array | null, after: Float64Array | null): Numbers {
  if (after === null || (before !== null && after.every((x, i) => x === before[i]))) return null;
  return [...after];
}

/** The network as phase II left it. Fails when it was fitted to another network. */
export function refit(s: Spiking, fitted: Fitted, signed: boolean): Spiking {
  if (fitted.steps !== s.steps) fail("convert-other-statistics", ["steps", fitted.steps, s.steps]);
  if (fitted.signed !== signed) fail("convert-other-statistics", ["signed", show(fitted.signed), show(signed)]);
  const adjusted = s.layered.layers.map((layer, i): Adjusted => {
    const neurons = at(s.neurons, i);
    if (layer.kind === "input") return { layer, neurons };
    const found = fitted.layers[layer.name];
    if (found === undefined || !fits(layer, found)) fail("convert-no-statistics", [layer.name], { origin: layer.origin });
    return { layer: refitLayer(layer, found), neurons: refitNeurons(neurons, found) };
  });
  return withLayers(s, adjusted);
}

const show = (on: boolean): string => (on ? "on" : "off");

function fits(layer: Layer, { weights, bias, initial }: FittedLayer): boolean {
  const count = sizeOf(layer.shape);
  const kernels = layer.ways.map((w) => weightsOf(w.kernel).length);
  const sized = (numbers: Numbers, n: number | undefined): boolean => numbers === null || numbers.length === n;
  return weights.length === kernels.length && weights.every((w, k) => sized(w, kernels[k])) && sized(bias, count) && sized(initial, count);
}

function refitLayer(layer: Layer, { weights, bias }: FittedLayer): Layer {
  const ways = layer.ways.map((w, k) => {
    const numbers = at(weights, k);
    return numbers === null ? w : { ...w, kernel: mapWeights(w.kernel, (_, i) => at(numbers, i)) };
  });
  return { ...layer, ways, bias: bias === null ? layer.bias : Float64Array.from(bias) };
}

function refitNeurons(neurons: Neurons | null, { initial }: FittedLayer): Neurons | null {
  return neurons === null || initial === null ? neurons : { ...neurons, initial: Float64Array.from(initial) };
}
