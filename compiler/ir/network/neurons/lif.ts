import { fireReal } from "./if.ts";
import { integrate, leak } from "./integrate.ts";
import type { NeuronModel } from "./model.ts";
import { firedState, firingParams, firingWords, leakWord } from "./words.ts";

/** Leaky integrate and fire. The input is not scaled by (1 - decay): fold that into the weights. */
export const lifModel: NeuronModel = {
  name: "lif",
  summary: "Integrate and fire with a potential that decays by a factor in every step.",
  equation: "u = decay*v + z + bias;  s = [u + noise >= threshold] (or -1, see negative);  v = u - s*resetValue",
  source: "Gerstner et al., Neuronal Dynamics, Cambridge University Press 2014, section 1.3",
  params: { ...firingParams, decay: { help: "factor of the potential per step, 0 … 1", default: 1 } },
  words: { ...firingWords, leak: leakWord },
  state: { v: { help: "membrane potential", reset: 0 }, fired: firedState },
  step(count, state, drive, params, words, out, moment, spike) {
    const v = state["v"]!;
    const bias = words["biasAt"] === "every" || moment.local === 0 ? params["bias"]! : null;
    leak(count, v, params["decay"]!, words["leak"]!);
    integrate(count, v, drive, bias, moment.limits);
    fireReal(count, v, state["fired"]!, params, words, out, moment, spike);
  },
};
