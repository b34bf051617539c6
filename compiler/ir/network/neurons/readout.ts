import { integrate } from "./integrate.ts";
import type { NeuronModel } from "./model.ts";

/** The last layer: sums its input and never fires. Read it with the output code `potential`. */
export const readoutModel: NeuronModel = {
  name: "readout",
  summary: "Accumulates its input and never fires; the answer is its potential at the end.",
  equation: "v = v + z + bias (flat), or v = 2*v + z + bias (doubling, for codes with the most significant digit first)",
  source: "Rueckauer et al., Frontiers in Neuroscience 2017, section 2.2 (output layer); doubling: canonic signed spikes, Horner's rule",
  params: { bias: { help: "added to the potential", default: 0 } },
  words: {
    weighting: {
      help: "whether later steps count the same (flat) or earlier ones twice the next (doubling)",
      choices: ["flat", "doubling"],
    },
    biasAt: { help: "bias in every step, or in the first active step only", choices: ["every", "first"] },
  },
  state: { v: { help: "accumulated input", reset: 0 } },
  step(count, state, drive, params, words, out, moment) {
    const v = state["v"]!;
    if (words["weighting"] === "doubling") for (let i = 0; i < count; i++) v[i] = 2 * v[i]!;
    integrate(count, v, drive, words["biasAt"] === "every" || moment.local === 0 ? params["bias"]! : null, moment.limits);
    out.fill(0, 0, count);
  },
};
