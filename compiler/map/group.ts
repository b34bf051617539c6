import { at, bug } from "../base/bug.ts";
import { origin } from "../base/origin.ts";
import { i32, spread, type Tensor } from "../base/tensor.ts";
import type { NeuronGroup } from "../ir/cores/types.ts";
import { neuronParams, neuronWords } from "../ir/network/neurons/index.ts";
import type { Network, Param, Population, SpikeType } from "../ir/network/types.ts";
import { indicesOf, layoutOf, showTile, type Tile } from "./layout.ts";

/** What the tiles of one population share. */
export type PopulationFacts = {
  readonly pop: Population;
  readonly words: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, Float64Array>>;
  readonly initial: Float64Array;
};

export function factsOf(pop: Population): PopulationFacts {
  return { pop, words: neuronWords(pop), params: neuronParams(pop), initial: spread(pop.initial["v"] ?? 0, pop.shape) };
}

/**
 * A tile as a group of slots, in the canonical form: every word and parameter
 * present, one number where all slots agree, the window's end stated.
 */
export function groupOf(facts: PopulationFacts, tile: Tile, first: number, net: Network): NeuronGroup {
  const { pop } = facts;
  const indices = indicesOf(tile, layoutOf(pop.shape));
  const params: Record<string, Param> = { ...facts.words };
  for (const [key, values] of Object.entries(facts.params)) params[key] = gather(values, indices);
  return {
    first,
    count: indices.length,
    model: pop.neuron.model,
    params,
    initial: { v: gather(facts.initial, indices) },
    spike: spikeOf(pop.spike, facts.words),
    start: pop.start,
    // Silence beyond the window changes nothing, and would not fit the chip's words.
    silent: Math.min(pop.silent, (pop.stop ?? net.steps) - pop.start),
    stop: pop.stop ?? net.steps,
    pop: pop.name,
    indices,
    origin: origin(showTile(pop, tile), pop.origin),
  };
}

/** One number when all are equal, else a tensor. */
function gather(values: Float64Array, indices: Int32Array): number | Tensor {
  const out = Int32Array.from(indices, (i) => at(values, i));
  const first = at(out, 0);
  return out.every((v) => v === first) ? first : i32([out.length], out);
}

/** What the words say that travels: a neuron that emits units sends only +1, or also -1. */
function spikeOf(spike: SpikeType, words: Readonly<Record<string, string>>): SpikeType {
  if (words["emit"] === "unit") return words["negative"] === "none" ? { kind: "binary" } : { kind: "ternary" };
  return spike.kind === "graded" ? spike : bug(`a neuron that emits a ${words["emit"]} has ${spike.kind} spikes`);
}
