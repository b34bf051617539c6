import type { NeuronModel } from "./model.ts";

/** Passes on what arrives in the same step; made where a neuron has more inputs than a core can hold. */
export const relayModel: NeuronModel = {
  name: "relay",
  summary: "Sends the sum of its input as one graded spike and keeps nothing; splits large fan-in or fan-out.",
  equation: "payload = z, clamped to the spike type's range",
  source: "own definition",
  params: {},
  words: {},
  state: {},
  step(count, _state, drive, _params, _words, out, moment, spike) {
    if (!moment.mayFire) out.fill(0, 0, count);
    else for (let i = 0; i < count; i++) out[i] = Math.min(Math.max(drive[i]!, spike.low), spike.high);
  },
};
