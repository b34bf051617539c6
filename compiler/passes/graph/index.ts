import { type Pass, type Step, step } from "../pass.ts";
import { dropIdentities } from "./drop-identities/pass.ts";
import { foldBatchNorm } from "./fold-batch-norm/pass.ts";
import { foldConstants } from "./fold-constants/pass.ts";
import { fuseBias } from "./fuse-bias/pass.ts";
import { mergePads } from "./merge-pads/pass.ts";
import { recognizeNeurons } from "./recognize-neurons/pass.ts";
import { recognizeQuantizedClip } from "./recognize-quantized-clip/pass.ts";
import { removeDead } from "./remove-dead/pass.ts";
import { rerollSteps } from "./reroll-steps/pass.ts";

/** Every pass on graphs, by name. */
export const graphPasses = {
  "fold-constants": foldConstants,
  "drop-identities": dropIdentities,
  "merge-pads": mergePads,
  "fuse-bias": fuseBias,
  "fold-batch-norm": foldBatchNorm,
  "reroll-steps": rerollSteps,
  "recognize-neurons": recognizeNeurons,
  "recognize-quantized-clip": recognizeQuantizedClip,
  "remove-dead": removeDead,
} satisfies Readonly<Record<string, Pass<"graph">>>;

/** What is done to every imported graph, in order. */
export const graphPipeline: readonly Step<"graph">[] = [
  // First, since the others look for constants.
  step(foldConstants),
  // Then nodes stand next to each other that an identity kept apart.
  step(dropIdentities),
  // One step is what neurons are recognized in.
  step(rerollSteps),
  // Before biases are fused: a threshold, or the mean of a noise, must not disappear in the layer before it.
  step(recognizeNeurons),
  // Before biases are fused: what is added in front of a rounding must not disappear in the layer before it.
  step(recognizeQuantizedClip),
  step(mergePads),
  // Before batch normalizations: a bias may stand between a layer and its normalization.
  step(fuseBias),
  step(foldBatchNorm),
  // A bias behind a normalization is next to the layer only now.
  step(fuseBias),
  step(removeDead),
];
