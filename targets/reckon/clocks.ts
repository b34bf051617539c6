import { at } from "../../compiler/base/bug.ts";
import { id } from "../../compiler/base/id.ts";
import { type Origin, origin } from "../../compiler/base/origin.ts";
import { sizeOf, spread, tensor } from "../../compiler/base/tensor.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { InputCode, Link, Network, Param, Population } from "../../compiler/ir/network/types.ts";
import { freshName, isInput, settle } from "../../compiler/passes/network/edit.ts";
import { pass } from "../../compiler/passes/pass.ts";
import { decayOf, isReadout } from "./misfits.ts";

/*
 * Biases and first potentials, which ReckOn's neurons do not have, as spikes of neurons that fire by
 * themselves: a neuron with the threshold 0 is always at it. One fires in every step, its neighbour (they
 * share a word) once, for it keeps itself down from then on. What they say is in their weights. Each layer
 * behind the first has a pair of its own, which the pair before it wakes a step later.
 *
 *   pop a 2 binary if(threshold=4 bias={1 -2})      pop clock 2 binary if(threshold=0)
 *                                             ==>   pop a 2 binary if(threshold=4)
 *                                                   link clock -> a dense {1 0; -2 0} delay=1
 *
 * The chip fires nothing in its first tick, so inputs begin a step later. Exact.
 */
export const clockBiases = pass({
  name: "clock-biases",
  on: "network",
  summary: "Gives biases and first potentials as spikes of neurons that fire by themselves.",
  keeps: "spikes",
  options: {},
  run(network, _options, cx) {
    const driven = network.pops.filter((p) => !isInput(p) && !isReadout(network, p) && needsClock(p));
    if (driven.length === 0) return network;
    const depth = depths(network);
    const last = driven.reduce((d, p) => Math.max(d, at(depth, p.id)), 1);
    const taken = new Set(network.pops.map((p) => p.name));
    const hard = network.pops.some((p) => !isInput(p) && !isReadout(network, p) && neuronWords(p)["reset"] === "set");
    const next = network.pops.length;
    const clocks = Array.from({ length: last }, (_, k) =>
      clockAt(next + k, freshName(taken, k === 0 ? "clock" : `clock${k + 1}`), k, hard),
    );
    const first = at(clocks, 0);
    const links: Link[] = [
      // Has no weight: it says that the first clock fires in the step in which inputs act.
      ...network.pops
        .filter(isInput)
        .slice(0, 1)
        .map((p) => dense(p, first, new Float64Array(2 * sizeOf(p.shape)), 0)),
      // The second neuron keeps itself from firing again.
      dense(first, first, Float64Array.of(0, 0, 0, -1), 1),
      ...clocks.slice(1).map((c, k) => dense(at(clocks, k), c, Float64Array.of(1, 0, 0, 1), 0)),
    ];
    for (const p of driven) {
      const clock = at(clocks, Math.max(0, at(depth, p.id) - 1));
      const bias = neuronParams(p)["bias"] ?? new Float64Array(sizeOf(p.shape));
      const initial = spread(p.initial["v"] ?? 0, p.shape);
      const decay = decayOf(p);
      const weights = new Float64Array(2 * sizeOf(p.shape));
      initial.forEach((v, i) => {
        weights[2 * i] = at(bias, i);
        weights[2 * i + 1] = v * at(decay, i);
      });
      links.push(dense(clock, p, weights, 1));
    }
    cx.table(
      "clock-biases",
      driven.map((p) => ({
        population: p.name,
        clock: at(clocks, Math.max(0, at(depth, p.id) - 1)).name,
        bias: neuronParams(p)["bias"]?.some((b) => b !== 0) === true ? "yes" : "no",
        "first potential": spread(p.initial["v"] ?? 0, p.shape).some((v) => v !== 0) ? "yes" : "no",
        neurons: 2 * clocks.length,
        "steps more": 1,
      })),
    );
    const later = network.pops.map((p): Population => {
      const moved = { ...p, start: p.start + 1, stop: p.stop === null ? null : p.stop + 1 };
      return driven.includes(p) ? { ...moved, initial: withoutV(p), neuron: { ...p.neuron, params: withoutBias(p) } } : moved;
    });
    const inputs: readonly InputCode[] = network.inputs;
    return settle({
      ...network,
      steps: network.steps + 1,
      // Clocks first among the neurons, so that each pair of them is a pair of the chip's.
      pops: [...later.filter(isInput), ...clocks, ...later.filter((p) => !isInput(p))],
      links: [...network.links, ...links],
      inputs,
    });
  },
});

/** What a clock can give: a bias of every step, and a first potential. */
function needsClock(p: Population): boolean {
  if (!["if", "lif"].includes(p.neuron.model)) return false;
  const words = neuronWords(p);
  const some = (values: ArrayLike<number> | undefined): boolean => Array.from(values ?? []).some((v) => v !== 0);
  if (words["biasAt"] === "first" && some(neuronParams(p)["bias"])) return false;
  if (Object.keys(p.initial).some((name) => name !== "v")) return false;
  return some(neuronParams(p)["bias"]) || some(spread(p.initial["v"] ?? 0, p.shape));
}

function withoutBias(p: Population): Record<string, Param> {
  const { bias: _bias, biasAt: _when, ...params } = p.neuron.params;
  return params;
}

function withoutV(p: Population): Population["initial"] {
  const { v: _v, ...rest } = p.initial;
  return rest;
}

/** Steps from the inputs to each population over links that take none, at least 1 for neurons. */
function depths(n: Network): Int32Array {
  const out = Int32Array.from(n.pops, (p) => (isInput(p) ? 0 : 1));
  for (let round = 0; round < n.pops.length; round++)
    for (const l of n.links) if (l.delay === 0 && l.from !== l.to) out[l.to] = Math.max(at(out, l.to), at(out, l.from) + 1);
  return out;
}

function clockAt(number: number, name: string, k: number, hard: boolean): Population {
  // Behind the first a weight of 1 has to be enough, rounded as it may be.
  const params = { threshold: k === 0 ? 0 : 0.75, ...(hard ? { reset: "set" } : { reset: "subtract" }) };
  return {
    id: id<"population">(number),
    name,
    shape: [2],
    neuron: { model: "if", params },
    spike: { kind: "binary" },
    initial: {},
    amplitude: 1,
    start: 0,
    silent: 0,
    stop: null,
    origin: origin("fires in every step, and once"),
  };
}

/** Weights [target][source]. */
function dense(from: Population, to: Population, weights: Float64Array, delay: number): Link {
  const why: Origin = origin(`${from.name} drives ${to.name}`);
  const weight = tensor("f64", [sizeOf(to.shape), sizeOf(from.shape)], weights);
  return { from: from.id, to: to.id, kernel: { kind: "dense", weight }, pool: null, delay, gain: null, origin: why };
}
