import { type InputCodeModel, planeParams } from "./code.ts";

/** The sample is a list of frames, [steps × channels], frame t being the payloads of local step t; for event cameras and recorded spikes. */
export const eventsCode: InputCodeModel = {
  name: "events",
  summary: "The sample holds the payloads of every step, [steps × channels]; steps beyond its end are empty.",
  params: {
    dt: { help: "duration of a step in seconds, by which recordings are cut into steps; 0: unknown", default: 0 },
    ...planeParams,
  },
  encode(sample, step, _params, _analog, out) {
    const from = step * out.length;
    if (from + out.length > sample.length) return false;
    for (let i = 0; i < out.length; i++) out[i] = sample[from + i]!;
    return true;
  },
};
