import { checkRange } from "./check-range/pass.ts";
import { foldAmplitude } from "./fold-amplitude/pass.ts";
import { lowerDelays } from "./lower-delays/pass.ts";
import { lowerNeurons } from "./lower-neurons/pass.ts";
import { quantizeInputs } from "./quantize-inputs/pass.ts";
import { quantizeWeights } from "./quantize-weights/pass.ts";
import { removeUnread } from "./remove-unread/pass.ts";
import { splitFanIn } from "./split-fan-in/pass.ts";

/** The passes on networks, in the order in which legalization runs them. */
export const networkPasses = {
  "remove-unread": removeUnread,
  "quantize-inputs": quantizeInputs,
  "fold-amplitude": foldAmplitude,
  "quantize-weights": quantizeWeights,
  "split-fan-in": splitFanIn,
  "lower-delays": lowerDelays,
  "lower-neurons": lowerNeurons,
  "check-range": checkRange,
};
