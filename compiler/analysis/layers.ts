import { at } from "../base/bug.ts";
import { sizeOf } from "../base/tensor.ts";
import { type NamedLayer, namedLayers } from "../convert/lower-graph.ts";
import { endings } from "../convert/walk/activations.ts";
import type { Activation } from "../convert/layers.ts";
import type { Graph, ValueId } from "../ir/graph/types.ts";
import type { Network, Population } from "../ir/network/types.ts";
import { type Reading, readingOf } from "./reading.ts";

/** A layer that can be followed from the trained model to the chip. */
export type TracedLayer = {
  readonly name: string;
  /** The value of the lowered graph that the layer stands for, and its name, which the trained model may share. */
  readonly value: ValueId;
  readonly valueName: string;
  readonly neurons: number;
  /** The value's shape without the batch; its first axis counts channels. */
  readonly shape: readonly number[];
  /** Null for the encoders of an input. */
  readonly activation: Activation | null;
  /** The population of the converted network. */
  readonly pop: Population;
  readonly reading: Reading;
};

/** The layers of neurons that the graph and the converted network share, in order. Populations are named after the graph's layers. */
export function tracedLayers(lowered: Graph, converted: Network): readonly TracedLayer[] {
  const byName = new Map(converted.pops.map((p) => [p.name, p]));
  return namedLayers(lowered).flatMap((l): TracedLayer[] => {
    const pop = byName.get(l.kind === "input" ? `${l.name}.digits` : l.name);
    if (pop === undefined || l.kind === "output") return [];
    const { name: valueName, shape } = at(lowered.values, l.value);
    const reading = readingOf(converted, pop);
    if (reading === null || sizeOf(pop.shape) !== sizeOf(shape)) return [];
    return [{ name: pop.name, value: l.value, valueName, neurons: sizeOf(shape), shape: l.shape, activation: l.activation, pop, reading }];
  });
}

/** A layer of a network that comes from no trained model: all that can be said of it is what its spikes stand for. */
export type SpikingLayer = Pick<TracedLayer, "name" | "neurons" | "pop" | "reading">;

/** Every population whose spikes stand for numbers. */
export function spikingLayers(n: Network): readonly SpikingLayer[] {
  return n.pops.flatMap((pop): SpikingLayer[] => {
    const reading = readingOf(n, pop);
    return reading === null || n.outputs.some((o) => o.pop === pop.id && o.code === "potential")
      ? []
      : [{ name: pop.name, neurons: sizeOf(pop.shape), pop, reading }];
  });
}

/** The first output of a graph, where the network answers with the same numbers: not behind a softmax and the like. */
export function comparableOutput(lowered: Graph): ValueId | null {
  const output: NamedLayer | undefined = namedLayers(lowered).find((l) => l.kind === "output");
  if (output === undefined) return null;
  const behind = new Set<ValueId>();
  for (const n of lowered.nodes)
    if (endings.has(n.op) || n.inputs.some((v) => v !== null && behind.has(v))) for (const v of n.outputs) behind.add(v);
  return behind.has(output.value) ? null : output.value;
}
