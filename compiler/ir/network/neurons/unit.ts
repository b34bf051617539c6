import { fire } from "./fire.ts";
import { integrate, leakMultiply, saturate } from "./integrate.ts";
import type { NeuronModel } from "./model.ts";
import { integerNoise } from "./noise.ts";
import { firedState } from "./words.ts";

/**
 * The configurable integer neuron of the mesh chip, of which the other models are
 * settings: `lower-neurons` writes them as units. Everything is an integer; limits
 * are the register's range.
 *
 *   local step 0: boundary preload: v = initial (run has put it there), i = 0, fired = 0;  clear: all 0;  keep: nothing
 *   update=touched and no synapse reached the neuron in this step: skip the rest
 *   i  = sat(trunc(i*currentDecay/4096) + z), drive = i      if current=on, else drive = z
 *   lv = v | v - (v >> leakArgument) | trunc(v*leakArgument/4096) | 2*v       (none, shift, multiply, double)
 *   u  = sat(lv + drive + (bias if biasAt=every or local step 0))
 *   then firing as in fire.ts, with integer noise
 *   output=yes: spikes are not sent; the potential is read at the end
 */
export const unitModel: NeuronModel = {
  name: "unit",
  summary: "The configurable integer neuron that chips of the mesh family have; every other model lowers to it.",
  equation: "u = sat(leak(v) + drive + bias);  s = compare(u + noise);  v = reset(u, s)",
  source: "targets/mesh/README.md, section A step",
  params: {
    threshold: { help: "potential at which the neuron fires", default: 1 },
    resetValue: {
      help: "amount subtracted, or value set, by a spike",
      default: Number.NaN,
      follows: (words) => (words["reset"] === "set" ? 0 : "threshold"),
    },
    bias: { help: "added to the potential", default: 0 },
    leakArgument: { help: "leak=shift: the shift; leak=multiply: the factor in 1/4096", default: 0 },
    currentDecay: { help: "factor of the synaptic current, in 1/4096", default: 0 },
    noiseBits: { help: "width of the noise in bits; 0: none", default: 0 },
    noiseKey: {
      help: "key of the neuron's noise, 24 bits (default: from the population's name and the neuron's index)",
      default: Number.NaN,
      follows: () => "key",
    },
  },
  words: {
    leak: { help: "decay of the potential", choices: ["none", "shift", "multiply", "double"] },
    current: { help: "whether input passes through a synaptic current", choices: ["off", "on"] },
    compare: { help: "fire at the threshold (ge) or only above it (gt)", choices: ["ge", "gt"] },
    reset: { help: "what a spike does to the potential", choices: ["subtract", "set", "none"] },
    negative: {
      help: "negative spikes: none, always, after a positive one, at most as many as positive ones",
      choices: ["none", "free", "latched", "counted"],
    },
    negativeAt: { help: "a negative spike needs a potential below minus the threshold, or below zero", choices: ["threshold", "zero"] },
    biasAt: { help: "bias in every step, or in the first active step only", choices: ["every", "first"] },
    update: { help: "in every step, or only in steps in which a synapse reached the neuron", choices: ["every", "touched"] },
    emit: {
      help: "payload: the sign (unit), the potential (value), how often the threshold fits into it (count), or the sign times 2 to the active steps that follow, by which threshold and reset are multiplied too (digit)",
      choices: ["unit", "value", "count", "digit"],
    },
    boundary: {
      help: "state at the start of a sample: the initial potential, zero, or what the last sample left",
      choices: ["preload", "clear", "keep"],
    },
    noise: { help: "noise added to the potential for the comparison only", choices: ["none", "uniform", "gauss"] },
    output: { help: "yes: sends no spikes, its potential is read after the last active step", choices: ["no", "yes"] },
  },
  state: { v: { help: "membrane potential", reset: 0 }, i: { help: "synaptic current", reset: 0 }, fired: firedState },
  step(count, state, drive, params, words, out, moment, spike) {
    const v = state["v"]!;
    const current = state["i"]!;
    const fired = state["fired"]!;
    if (moment.local === 0) begin(words["boundary"]!, v, current, fired);
    const before = moment.touched === null ? null : { v: v.slice(), current: current.slice(), fired: fired.slice() };

    let input = drive;
    if (words["current"] === "on") {
      leakMultiply(count, current, params["currentDecay"]!, 1);
      for (let k = 0; k < count; k++) current[k] = current[k]! + drive[k]!;
      saturate(count, current, moment.limits);
      input = current;
    }
    unitLeak(count, v, words["leak"]!, params["leakArgument"]!);
    integrate(count, v, input, words["biasAt"] === "every" || moment.local === 0 ? params["bias"]! : null, moment.limits);
    const noisy = words["noise"] !== "none" && moment.mayFire;
    if (noisy) integerNoise(count, out, words["noise"]!, params["noiseBits"]!, params["noiseKey"]!, moment.seed, moment.step);
    const threshold = params["threshold"]!;
    fire(
      count,
      v,
      {
        threshold,
        negativeThreshold: words["negativeAt"] === "zero" ? new Float64Array(count) : threshold,
        resetValue: params["resetValue"]!,
        negativeReset: params["resetValue"]!,
        fired,
        compare: words["compare"]!,
        reset: words["reset"]!,
        negative: words["negative"]!,
        emit: words["emit"]!,
        noisy,
      },
      out,
      moment,
      spike,
    );

    if (before !== null) {
      for (let k = 0; k < count; k++) {
        if (moment.touched![k] !== 0) continue;
        v[k] = before.v[k]!;
        current[k] = before.current[k]!;
        fired[k] = before.fired[k]!;
        out[k] = 0;
      }
    }
    if (words["output"] === "yes") out.fill(0, 0, count);
  },
};

function begin(boundary: string, v: Float64Array, current: Float64Array, fired: Float64Array): void {
  if (boundary === "keep") return;
  current.fill(0);
  fired.fill(0);
  if (boundary === "clear") v.fill(0);
}

function unitLeak(count: number, v: Float64Array, how: string, argument: Float64Array): void {
  if (how === "shift") for (let k = 0; k < count; k++) v[k] = v[k]! - Math.floor(v[k]! / 2 ** argument[k]!);
  else if (how === "multiply") leakMultiply(count, v, argument, 1);
  else if (how === "double") for (let k = 0; k < count; k++) v[k] = 2 * v[k]!;
}
