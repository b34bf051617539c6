import { numberOf, type InputCodeModel, planeParams } from "./code.ts";

/**
 * The sample's numbers as payloads. On an analog population the payload is the number
 * itself. On any other it is round((x - zero) / scale), halves up, clipped to
 * low … high; the population's amplitude is then what one unit is worth.
 */
export const directCode: InputCodeModel = {
  name: "direct",
  summary: "The sample itself as payloads, quantized unless the population is analog; in every step or in the first.",
  params: {
    scale: { help: "what one unit of payload is worth in the sample", default: 1 },
    zero: { help: "the sample value that is payload 0", default: 0 },
    low: { help: "smallest payload", default: -Infinity },
    high: { help: "largest payload", default: Infinity },
    every: { help: "1: in every active step; 0: in the first active step only", default: 1 },
    ...planeParams,
  },
  encode(sample, step, params, analog, out) {
    if (step > 0 && numberOf(directCode, params, "every") === 0) return false;
    if (analog) {
      for (let i = 0; i < out.length; i++) out[i] = sample[i]!;
      return true;
    }
    const scale = numberOf(directCode, params, "scale");
    const zero = numberOf(directCode, params, "zero");
    const low = numberOf(directCode, params, "low");
    const high = numberOf(directCode, params, "high");
    for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(Math.floor((sample[i]! - zero) / scale + 0.5), low), high);
    return true;
  },
};
