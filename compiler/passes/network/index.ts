import { checkRange } from "./check-range/pass.ts";
import { foldAmplitude } from "./fold-amplitude/pass.ts";
import { legalizeDoubling } from "./legalize-doubling/pass.ts";
import { legalizeInputs } from "./legalize-inputs/pass.ts";
import { legalizePools } from "./legalize-pools/pass.ts";
import { legalizeReset } from "./legalize-reset/pass.ts";
import { legalizeSettings } from "./legalize-settings/pass.ts";
import { legalizeSpikes } from "./legalize-spikes/pass.ts";
import { lowerDelays } from "./lower-delays/pass.ts";
import { lowerNeurons } from "./lower-neurons/pass.ts";
import { quantizeInputs } from "./quantize-inputs/pass.ts";
import { quantizeWeights } from "./quantize-weights/pass.ts";
import { removeUnread } from "./remove-unread/pass.ts";
import { spikeInputs } from "./spike-inputs/pass.ts";
import { splitFanIn } from "./split-fan-in/pass.ts";
import { unrollStaticInput } from "./unroll-static-input/pass.ts";

/** The passes on networks, in the order in which legalization runs them. */
export const networkPasses = {
  "remove-unread": removeUnread,
  "unroll-static-input": unrollStaticInput,
  "spike-inputs": spikeInputs,
  "quantize-inputs": quantizeInputs,
  "fold-amplitude": foldAmplitude,
  "quantize-weights": quantizeWeights,
  "legalize-spikes": legalizeSpikes,
  "legalize-inputs": legalizeInputs,
  "legalize-pools": legalizePools,
  "legalize-doubling": legalizeDoubling,
  "legalize-reset": legalizeReset,
  "legalize-settings": legalizeSettings,
  "split-fan-in": splitFanIn,
  "lower-delays": lowerDelays,
  "lower-neurons": lowerNeurons,
  "check-range": checkRange,
};
