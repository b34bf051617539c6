import type { NeuronModel } from "./model.ts";

/** Potentials and currents have 24 bits; potentials are held at ±(2^23 - 1), currents wrap. */
const wide = 2 ** 24;
const most = 2 ** 23 - 1;
/** Decays are 12-bit fractions. */
const unity = 4096;
/** Mantissas of thresholds count in units of 2^6. */
const aligned = 64;
/** What the register of a potential shows in the step of a spike: the refractory counter, which counts in units of 128. */
const refractoryMark = 128;

/** A compartment of Loihi in fixed point. */
export const loihiModel: NeuronModel = {
  name: "loihi",
  summary: "Current-based leaky integrate and fire in the fixed point of Loihi's compartments.",
  equation:
    "u = wrap(trunc(u*(4096 - du)/4096) + z);  p = hold(trunc(v*(4096 - dv)/4096) + u + bias*2^biasExponent);  s = [p > 64*threshold];  v = s ? 128, which counts as 0 | hold(p - 64*subtract) : p",
  source:
    "Davies et al., Loihi: A Neuromorphic Manycore Processor with On-Chip Learning, IEEE Micro 38(1) 2018; rounding as in lava's process LIF (bit_accurate_loihi); the 128 after a spike: lava issue 282, nengo-loihi issue 170",
  params: {
    threshold: { help: "mantissa: the neuron fires above 64 times this", default: 1 },
    subtract: {
      help: "reset=subtract: mantissa of what a spike takes away (default: the threshold)",
      default: Number.NaN,
      follows: () => "threshold",
    },
    du: { help: "decay of the current per step, in 1/4096", default: unity },
    dv: { help: "decay of the potential per step, in 1/4096", default: 0 },
    bias: { help: "mantissa of what is added in every step", default: 0 },
    biasExponent: { help: "the bias is shifted left by this", default: 0 },
  },
  words: {
    reset: { help: "set: to zero; subtract: by 64 * subtract", choices: ["set", "subtract"] },
    emit: { help: "payload: the sign", choices: ["unit"] },
    negative: { help: "there are no negative spikes", choices: ["none"] },
    output: { help: "yes: does not fire, its potential is read after the last active step", choices: ["no", "yes"] },
  },
  state: {
    v: { help: "membrane potential, as its register shows it", reset: 0 },
    u: { help: "synaptic current", reset: 0 },
    marked: { help: "1: v is the mark of a spike and counts as 0", reset: 0 },
  },
  step(count, state, drive, params, words, out, moment) {
    const v = state["v"]!;
    const u = state["u"]!;
    const marked = state["marked"]!;
    const { threshold, subtract, du, dv, bias, biasExponent } = params as Readonly<Record<string, Float64Array>> & {
      readonly [K in "threshold" | "subtract" | "du" | "dv" | "bias" | "biasExponent"]: Float64Array;
    };
    const mayFire = moment.mayFire && words["output"] === "no";
    const soft = words["reset"] === "subtract";
    for (let k = 0; k < count; k++) {
      const current = wrap(decayed(u[k]!, du[k]!) + drive[k]!);
      const before = marked[k] === 1 ? 0 : v[k]!;
      const potential = hold(decayed(before, dv[k]!) + current + bias[k]! * 2 ** biasExponent[k]!);
      const fires = mayFire && potential > aligned * threshold[k]!;
      u[k] = current;
      out[k] = fires ? 1 : 0;
      marked[k] = fires && !soft ? 1 : 0;
      v[k] = !fires ? potential : soft ? hold(potential - aligned * subtract[k]!) : refractoryMark;
    }
  },
};

/** Rounds toward zero, as the chip does. */
function decayed(value: number, decay: number): number {
  return Math.trunc((value * (unity - decay)) / unity);
}

function hold(value: number): number {
  return Math.max(-most, Math.min(most, value));
}

function wrap(value: number): number {
  const rest = value - Math.floor(value / wide) * wide;
  return rest > most ? rest - wide : rest;
}
