import type { NeuronModel } from "./model.ts";

/** Spikes that come from outside: `drive` is what the input code made of the sample. */
export const inputModel: NeuronModel = {
  name: "input",
  summary: "Sends what the population's input code makes of the sample; nothing leads into it.",
  equation: "payload = code(sample, local step)",
  source: "own definition",
  params: {},
  words: {},
  state: {},
  step(count, _state, drive, _params, _words, out) {
    for (let i = 0; i < count; i++) out[i] = drive[i]!;
  },
};
