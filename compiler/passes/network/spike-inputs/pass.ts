import { at } from "../../../base/bug.ts";
import { choice } from "../../../base/options.ts";
import { f64, sizeOf, spread } from "../../../base/tensor.ts";
import { forEachSynapse } from "../../../ir/network/kernels/index.ts";
import type { InputCode, Network, Population } from "../../../ir/network/types.ts";
import { isInput } from "../edit.ts";
import { pass } from "../../pass.ts";

/*
 * An event without a value says which input spiked and nothing more, so numbers become evenly spaced spikes, each worth the
 * largest number. Where numbers go below zero, the lowest one is silence, and what it would have
 * brought goes into the biases:
 *
 *   input x 64 analog code direct(low=-1 high=3)          input x 64 binary code even(scale=4 zero=-1) amplitude=4
 *   pop a 10 binary if(threshold=1)                  ==>  pop a 10 binary if(threshold=1 bias={-sum of weights})
 *
 * Over T steps a number is off by at most half a spike's T-th part. What is binary already stays as it is. With
 * form=planes numbers stay numbers: a chip with binary spikes then gets a channel for each of their bits (legalize-inputs),
 * which is exact in every step, and asks for weights as many bits wider where axons have no gains.
 */
export const spikeInputs = pass({
  name: "spike-inputs",
  on: "network",
  summary: "Sends numbers as evenly spaced spikes, for chips whose inputs are events without a value.",
  keeps: "answers",
  options: {
    form: choice(
      ["even", "planes"],
      "even",
      "even: spikes, as many as the number is large; planes: numbers stay, and their bits become channels",
    ),
  },
  run(network, { form }, cx) {
    if (form === "planes") return network;
    const ranges = new Map(network.inputs.flatMap((code) => rangeOf(network, code)));
    if (ranges.size === 0) return network;
    cx.table(
      "spike-inputs",
      [...ranges].map(([pop, { low, high }]) => ({
        input: at(network.pops, pop).name,
        "silent at": low,
        "every step at": high,
        steps: network.steps,
      })),
    );
    const inputs = network.inputs.map((code): InputCode => {
      const range = ranges.get(code.pop);
      return range === undefined ? code : { pop: code.pop, code: "even", params: { scale: range.high - range.low, zero: range.low } };
    });
    const pops = network.pops.map((p): Population => {
      const range = ranges.get(p.id);
      return range === undefined ? p : { ...p, spike: { kind: "binary" }, amplitude: range.high - range.low };
    });
    return { ...network, inputs, pops: pops.map((p) => withSilence(network, p, ranges)) };
  },
});

type Range = { readonly low: number; readonly high: number };

/** The range of an input of numbers that come in every step. */
function rangeOf(n: Network, { pop, code, params }: InputCode): [number, Range][] {
  const p = at(n.pops, pop);
  if (p.spike.kind !== "analog" || code !== "direct" || p.amplitude !== 1 || params["every"] === 0) return [];
  const { low, high } = params;
  if (typeof low !== "number" || typeof high !== "number" || !Number.isFinite(low) || !Number.isFinite(high) || low >= high) return [];
  // Silence is nothing where numbers begin at 0 or above.
  return [[pop, { low: Math.min(0, low), high }]];
}

/** The population with what its inputs bring when they are silent. */
function withSilence(n: Network, p: Population, ranges: ReadonlyMap<number, Range>): Population {
  if (isInput(p)) return p;
  const silence = new Float64Array(sizeOf(p.shape));
  for (const l of n.links) {
    const low = ranges.get(l.from)?.low ?? 0;
    if (l.to !== p.id || low === 0 || l.pool !== null) continue;
    const from = at(n.pops, l.from);
    const gain = l.gain === null ? null : spread(l.gain, from.shape);
    for (let s = 0; s < sizeOf(from.shape); s++)
      forEachSynapse(l.kernel, from.shape, p.shape, s, (target, weight) => {
        silence[target] = silence[target]! + low * weight * (gain?.[s] ?? 1);
      });
  }
  if (silence.every((x) => x === 0)) return p;
  const bias = spread((p.neuron.params["bias"] as number | undefined) ?? 0, p.shape);
  return {
    ...p,
    neuron: {
      ...p.neuron,
      params: {
        ...p.neuron.params,
        bias: f64(
          p.shape,
          bias.map((b, i) => b + silence[i]!),
        ),
      },
    },
  };
}
