import { counterNoise } from "../../base/random.ts";
import { numberOf, type InputCodeModel, planeParams } from "./code.ts";

/** Bernoulli spikes: channel i spikes in each step with probability |x| / scale, with the sign of x. */
export const rateCode: InputCodeModel = {
  name: "rate",
  summary: "Random spikes whose rate is proportional to the sample's numbers; the same seed gives the same spikes.",
  params: {
    scale: { help: "the number that spikes in every step", default: 1 },
    seed: { help: "seed of the counter-based noise; the channel is its key", default: 1 },
    ...planeParams,
  },
  encode(sample, step, params, _analog, out) {
    const scale = numberOf(rateCode, params, "scale");
    const seed = numberOf(rateCode, params, "seed");
    for (let i = 0; i < out.length; i++) {
      const x = sample[i]!;
      out[i] = counterNoise(seed, i, step) / 2 ** 32 < Math.abs(x) / scale ? Math.sign(x) : 0;
    }
    return true;
  },
};
