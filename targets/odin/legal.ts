import type { Network } from "../../compiler/ir/network/types.ts";
import { foldAmplitude } from "../../compiler/passes/network/fold-amplitude/pass.ts";
import { quantizeInputs } from "../../compiler/passes/network/quantize-inputs/pass.ts";
import { quantizeWeights } from "../../compiler/passes/network/quantize-weights/pass.ts";
import { removeUnread } from "../../compiler/passes/network/remove-unread/pass.ts";
import { unrollStaticInput } from "../../compiler/passes/network/unroll-static-input/pass.ts";
import { spikeInputs } from "../../compiler/passes/network/spike-inputs/pass.ts";
import { type Step, step } from "../../compiler/passes/pass.ts";
import { fitEvents } from "./fit.ts";
import type { Variant } from "./variant.ts";

/** The passes that make a network fit; one of the chip's own neurons is taken as it is. */
export function legalize(network: Network, variant: Variant): readonly Step<"network">[] {
  if (network.pops.some((p) => p.neuron.model === "event-lif")) return [step(fitEvents(variant))];
  return [
    step(removeUnread),
    step(unrollStaticInput),
    step(spikeInputs),
    step(quantizeInputs),
    step(foldAmplitude, { into: "auto" }),
    step(quantizeWeights),
    step(fitEvents(variant)),
  ];
}
