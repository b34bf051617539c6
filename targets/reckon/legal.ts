import type { Network } from "../../compiler/ir/network/types.ts";
import { foldAmplitude } from "../../compiler/passes/network/fold-amplitude/pass.ts";
import { lowerDelays } from "../../compiler/passes/network/lower-delays/pass.ts";
import { removeUnread } from "../../compiler/passes/network/remove-unread/pass.ts";
import { type Step, step } from "../../compiler/passes/pass.ts";
import { fitReckon, settleReckon } from "./fit.ts";

/** The passes that make a network fit; one that is in the chip's neurons already has only its delays to be checked. */
export function legalize(network: Network): readonly Step<"network">[] {
  const settled = network.pops.some((p) => p.neuron.model === "reckon-readout" && p.stop === network.steps && p.start > 0);
  return [
    step(removeUnread),
    step(foldAmplitude, { into: "auto" }),
    step(fitReckon),
    // Delays that are too long are refused, not made with relays.
    step(lowerDelays, { max: "65535" }),
    ...(settled ? [] : [step(settleReckon)]),
  ];
}
