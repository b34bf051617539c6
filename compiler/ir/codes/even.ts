import { type InputCodeModel, numberOf, planeParams } from "./code.ts";

/** Evenly spaced spikes: after t steps channel i has spiked round(t * rate) times, where the rate is what x is of the scale. */
export const evenCode: InputCodeModel = {
  name: "even",
  summary: "Evenly spaced spikes whose rate is proportional to the sample's numbers, which nothing random decides.",
  params: {
    scale: { help: "the number above zero that spikes in every step", default: 1 },
    zero: { help: "the number that never spikes", default: 0 },
    ...planeParams,
  },
  encode(sample, step, params, _analog, out) {
    const scale = numberOf(evenCode, params, "scale");
    const zero = numberOf(evenCode, params, "zero");
    for (let i = 0; i < out.length; i++) {
      const rate = Math.min(Math.max((sample[i]! - zero) / scale, 0), 1);
      out[i] = Math.floor((step + 1) * rate + 0.5) > Math.floor(step * rate + 0.5) ? 1 : 0;
    }
    return true;
  },
};
