import { fireReal } from "./if.ts";
import { integrate, leak, leakMultiply, factorUnit, saturate } from "./integrate.ts";
import type { NeuronModel } from "./model.ts";
import { firedState, firingParams, firingWords, leakWord } from "./words.ts";

/**
 * Current-based leaky integrate and fire. With decayCurrent = 1 the current never
 * decays: an input given in the first step only acts as a constant current.
 */
export const cubaModel: NeuronModel = {
  name: "cuba",
  summary: "Leaky integrate and fire whose input is a synaptic current with a decay of its own.",
  equation: "i = decayCurrent*i + z;  u = decay*v + i + bias;  s = [u + noise >= threshold] (or -1, see negative);  v = u - s*resetValue",
  source: "Davies et al., Loihi: A Neuromorphic Manycore Processor with On-Chip Learning, IEEE Micro 38(1) 2018",
  params: {
    ...firingParams,
    decay: { help: "factor of the potential per step, 0 … 1", default: 1 },
    decayCurrent: { help: "factor of the synaptic current per step, 0 … 1", default: 0 },
  },
  words: {
    ...firingWords,
    leak: leakWord,
    rounding: {
      help: "how the current's decay is rounded: not at all, or trunc(i*m/4096) with m = decayCurrent*4096",
      choices: ["real", "multiply"],
    },
  },
  state: { v: { help: "membrane potential", reset: 0 }, i: { help: "synaptic current", reset: 0 }, fired: firedState },
  step(count, state, drive, params, words, out, moment, spike) {
    const v = state["v"]!;
    const current = state["i"]!;
    const bias = words["biasAt"] === "every" || moment.local === 0 ? params["bias"]! : null;
    if (words["rounding"] === "multiply") leakMultiply(count, current, params["decayCurrent"]!, factorUnit);
    else leak(count, current, params["decayCurrent"]!, "real");
    for (let k = 0; k < count; k++) current[k] = current[k]! + drive[k]!;
    saturate(count, current, moment.limits);
    leak(count, v, params["decay"]!, words["leak"]!);
    integrate(count, v, current, bias, moment.limits);
    fireReal(count, v, state["fired"]!, params, words, out, moment, spike);
  },
};
