import { factorUnit, integrate, leak, leakMultiply, saturate } from "./integrate.ts";
import type { NeuronModel } from "./model.ts";
import { leakWord } from "./words.ts";

/** A leaky integrator, with or without a synaptic current: never fires, and its potential is the answer. */
export const integratorModel: NeuronModel = {
  name: "integrator",
  summary: "Leaky integration of its input, directly or through a synaptic current; never fires, read it with the output code `potential`.",
  equation: "i = decayCurrent*i + z (current=on; else i = z);  v = decay*v + i + bias",
  source: "Pedersen et al., Neuromorphic intermediate representation, Nature Communications 2024 (I, LI, CubaLI)",
  params: {
    bias: { help: "added to the potential", default: 0 },
    decay: { help: "factor of the potential per step, 0 … 1", default: 1 },
    decayCurrent: { help: "factor of the synaptic current per step, 0 … 1", default: 0 },
  },
  words: {
    current: { help: "whether input passes through a synaptic current", choices: ["off", "on"] },
    leak: leakWord,
    rounding: {
      help: "how the current's decay is rounded: not at all, or trunc(i*m/4096) with m = decayCurrent*4096",
      choices: ["real", "multiply"],
    },
  },
  state: { v: { help: "membrane potential", reset: 0 }, i: { help: "synaptic current", reset: 0 } },
  step(count, state, drive, params, words, out, moment) {
    const v = state["v"]!;
    const current = state["i"]!;
    let input = drive;
    if (words["current"] === "on") {
      if (words["rounding"] === "multiply") leakMultiply(count, current, params["decayCurrent"]!, factorUnit);
      else leak(count, current, params["decayCurrent"]!, "real");
      for (let k = 0; k < count; k++) current[k] = current[k]! + drive[k]!;
      saturate(count, current, moment.limits);
      input = current;
    }
    leak(count, v, params["decay"]!, words["leak"]!);
    integrate(count, v, input, params["bias"]!, moment.limits);
    out.fill(0, 0, count);
  },
};
