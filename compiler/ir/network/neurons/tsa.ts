import { fire } from "./fire.ts";
import type { NeuronModel } from "./model.ts";
import { saturate } from "./integrate.ts";
import { firedState } from "./words.ts";

/**
 * Ternary self-amplifying neuron of canonic signed spike coding. A spike train is a
 * number in signed binary digits, the most significant first, so the potential is
 * doubled in each step. Silent steps (the population's `silent`, n) let later digits
 * arrive before a digit is decided; then resetValue = 2^n and threshold = 2^n / 2.
 * The latch makes it a ReLU: no negative digit before a positive one.
 */
export const tsaModel: NeuronModel = {
  name: "tsa",
  summary: "Doubles its potential each step and sends ternary digits, the most significant first (canonic signed spikes).",
  equation: "u = 2*v + z (+ bias in the first step);  s = +1 if u >= threshold, -1 if u < -threshold and fired;  v = u - s*resetValue",
  source:
    "Stepwise Weighted / Canonic Signed Spike coding for deep spiking networks, 2024; the tie rule (>= above, strict below) makes the code floor(y + 1/2)",
  params: {
    threshold: { help: "a digit is sent from here on: half of resetValue, or two thirds for fewer spikes", default: 1 },
    resetValue: { help: "what a digit is worth when it is sent: 2 to the number of silent steps", default: 2 },
    bias: { help: "added in the first active step: the bias in units of the last digit, times 2^(1-T)", default: 0 },
  },
  words: { latch: { help: "on: negative digits only after a positive one (ReLU); off: signed values", choices: ["on", "off"] } },
  state: { v: { help: "membrane potential; doubled before the first input is added", reset: 0 }, fired: firedState },
  step(count, state, drive, params, words, out, moment, spike) {
    const v = state["v"]!;
    if (moment.local === 0) {
      const bias = params["bias"]!;
      for (let i = 0; i < count; i++) v[i] = 2 * v[i]! + drive[i]! + bias[i]!;
    } else {
      for (let i = 0; i < count; i++) v[i] = 2 * v[i]! + drive[i]!;
    }
    saturate(count, v, moment.limits);
    const negative = words["latch"] === "on" ? "latched" : "free";
    const threshold = params["threshold"]!;
    fire(
      count,
      v,
      {
        threshold,
        negativeThreshold: threshold,
        resetValue: params["resetValue"]!,
        negativeReset: params["resetValue"]!,
        fired: state["fired"]!,
        compare: "ge",
        reset: "subtract",
        negative,
        emit: "unit",
        noisy: false,
      },
      out,
      moment,
      spike,
    );
  },
};
