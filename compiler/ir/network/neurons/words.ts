import type { ParamInfo, WordInfo } from "./model.ts";

/* Parameters and words that several models share, so that they mean the same everywhere. */

export const firingParams = {
  threshold: { help: "potential at which the neuron fires", default: 1 },
  resetValue: {
    help: "amount subtracted (reset=subtract; default: the threshold) or value set (reset=set; default: 0) by a spike",
    default: Number.NaN,
    follows: (words) => (words["reset"] === "set" ? 0 : "threshold"),
  },
  bias: { help: "added to the potential", default: 0 },
  negativeThreshold: {
    help: "a negative spike needs a potential below minus this (default: the threshold)",
    default: Number.NaN,
    follows: () => "threshold",
  },
  negativeReset: {
    help: "amount that a negative spike gives back (reset=subtract), or value it sets (default: the reset value)",
    default: Number.NaN,
    follows: () => "resetValue",
  },
  noiseWidth: { help: "uniform: noise is in [0, width); gauss: the sum of four such numbers less 2 * width", default: 0 },
  noiseKey: {
    help: "key of the neuron's noise, 24 bits (default: from the population's name and the neuron's index)",
    default: Number.NaN,
    follows: () => "key",
  },
} satisfies Record<string, ParamInfo>;

export const firingWords = {
  compare: { help: "fire at the threshold (ge) or only above it (gt)", choices: ["ge", "gt"] },
  reset: { help: "what a spike does to the potential", choices: ["subtract", "set", "none"] },
  negative: {
    help: "negative spikes: always allowed (free), only after a positive one (latched), or at most as many as positive ones (counted)",
    choices: ["none", "free", "latched", "counted"],
  },
  biasAt: { help: "bias in every step, or in the first active step only", choices: ["every", "first"] },
  emit: {
    help: "payload: the sign (unit), the potential (value), or how often the threshold fits into it (count)",
    choices: ["unit", "value", "count"],
  },
  noise: { help: "noise added to the potential for the comparison only", choices: ["none", "uniform", "gauss"] },
} satisfies Record<string, WordInfo>;

export const leakWord: WordInfo = {
  help: "how the decay is rounded: not at all, trunc(v*m/4096) with m = decay*4096, or v - floor(v/2^k) with decay = 1-2^-k",
  choices: ["real", "multiply", "shift"],
};

export const firedState = { help: "positive spikes so far (less negative ones when counted), 0 … 255", reset: 0 };
