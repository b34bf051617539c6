import { fire } from "./fire.ts";
import { integrate } from "./integrate.ts";
import type { Moment, NeuronModel } from "./model.ts";
import { realNoise } from "./noise.ts";
import { firedState, firingParams, firingWords } from "./words.ts";

/** Integrate and fire. */
export const ifModel: NeuronModel = {
  name: "if",
  summary: "Integrates its input without leak and fires at a threshold; with reset by subtraction its spike count rounds the mean input.",
  equation: "u = v + z + bias;  s = [u + noise >= threshold] (or -1, see negative);  v = u - s*resetValue",
  source:
    "Rueckauer et al., Conversion of Continuous-Valued Deep Networks to Efficient Event-Driven Networks, Frontiers in Neuroscience 2017",
  params: firingParams,
  words: firingWords,
  state: { v: { help: "membrane potential", reset: 0 }, fired: firedState },
  step(count, state, drive, params, words, out, moment, spike) {
    const v = state["v"]!;
    const bias = words["biasAt"] === "every" || moment.local === 0 ? params["bias"]! : null;
    integrate(count, v, drive, bias, moment.limits);
    fireReal(count, v, state["fired"]!, params, words, out, moment, spike);
  },
};

/** Firing of the models with real parameters; the words and params are those of `words.ts`. */
export function fireReal(
  count: number,
  v: Float64Array,
  fired: Float64Array,
  params: Readonly<Record<string, Float64Array>>,
  words: Readonly<Record<string, string>>,
  out: Float64Array,
  moment: Moment,
  spike: { readonly low: number; readonly high: number },
): void {
  const noise = words["noise"]!;
  const noisy = noise !== "none" && moment.mayFire;
  if (noisy) realNoise(count, out, noise, params["noiseWidth"]!, params["noiseKey"]!, moment.seed, moment.step);
  fire(
    count,
    v,
    {
      threshold: params["threshold"]!,
      negativeThreshold: params["negativeThreshold"]!,
      resetValue: params["resetValue"]!,
      negativeReset: params["negativeReset"]!,
      fired,
      compare: words["compare"]!,
      reset: words["reset"]!,
      negative: words["negative"]!,
      emit: words["emit"]!,
      noisy,
    },
    out,
    moment,
    spike,
  );
}
