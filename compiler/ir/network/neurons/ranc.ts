import type { NeuronModel } from "./model.ts";

/** The neuron of the RANC design: integers of a fixed width that wrap, a leak that is added, two thresholds. */
export const rancModel: NeuronModel = {
  name: "ranc",
  summary: "Integer integrate and fire with an added leak, a positive and a negative threshold, and potentials that wrap.",
  equation:
    "u = wrap(v + z + leak);  s = [u >= threshold];  v = s ? r(u, threshold) : u < negativeThreshold ? r(u, negativeThreshold) : u;  subtract: r(u, t) = wrap(u - t);  set: resetValue, or -resetValue below",
  source: "Mack et al., RANC: Reconfigurable Architecture for Neuromorphic Computing, IEEE TCAD 40(11), 2021; ThresholdResetUnit.v",
  params: {
    threshold: { help: "potential at which the neuron fires", default: 1 },
    negativeThreshold: {
      help: "below this the potential is reset without a spike (default: never)",
      default: Number.NEGATIVE_INFINITY,
    },
    resetValue: { help: "reset=set: the potential after a spike; its negative after falling below the negative threshold", default: 0 },
    leak: { help: "added in every step", default: 0 },
    bits: { help: "width of the potential in bits", default: 9 },
  },
  words: {
    reset: { help: "set: to the reset value; subtract: by the threshold that was passed", choices: ["set", "subtract"] },
  },
  state: { v: { help: "membrane potential", reset: 0 } },
  step(count, state, drive, params, words, out) {
    const v = state["v"]!;
    const { threshold, negativeThreshold, resetValue, leak, bits } = params as Readonly<Record<string, Float64Array>> & {
      readonly [K in "threshold" | "negativeThreshold" | "resetValue" | "leak" | "bits"]: Float64Array;
    };
    const subtract = words["reset"] === "subtract";
    for (let k = 0; k < count; k++) {
      const width = bits[k]!;
      const u = wrap(v[k]! + drive[k]! + leak[k]!, width);
      const fires = u >= threshold[k]!;
      out[k] = fires ? 1 : 0;
      if (fires) v[k] = subtract ? wrap(u - threshold[k]!, width) : resetValue[k]!;
      else if (u < negativeThreshold[k]!) v[k] = wrap(subtract ? u - negativeThreshold[k]! : -resetValue[k]!, width);
      else v[k] = u;
    }
  },
};

/** Two's complement of so many bits. */
function wrap(value: number, bits: number): number {
  const span = 2 ** bits;
  const rest = value - Math.floor(value / span) * span;
  return rest >= span / 2 ? rest - span : rest;
}
