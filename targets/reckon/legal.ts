import type { Network } from "../../compiler/ir/network/types.ts";
import { foldAmplitude } from "../../compiler/passes/network/fold-amplitude/pass.ts";
import { lowerDelays } from "../../compiler/passes/network/lower-delays/pass.ts";
import { isInput } from "../../compiler/passes/network/edit.ts";
import { inputLines } from "./planes.ts";
import { quantizeInputs } from "../../compiler/passes/network/quantize-inputs/pass.ts";
import { unrollStaticInput } from "../../compiler/passes/network/unroll-static-input/pass.ts";
import { clockBiases } from "./clocks.ts";
import { removeUnread } from "../../compiler/passes/network/remove-unread/pass.ts";
import { type Step, step } from "../../compiler/passes/pass.ts";
import { fitReckon, settleReckon } from "./fit.ts";

/** Bits of an input that is a number: each takes an input line, and its weights are that much larger. */
const inputBits = "4";

/** The passes that make a network fit; one that is in the chip's neurons already has only its delays to be checked. */
export function legalize(network: Network): readonly Step<"network">[] {
  const settled = network.pops.some((p) => p.neuron.model === "reckon-readout" && p.stop === network.steps && p.start > 0);
  const graded = network.pops.some((p) => isInput(p) && p.spike.kind !== "binary");
  return [
    step(removeUnread),
    ...(graded
      ? [step(unrollStaticInput), step(quantizeInputs, { bits: inputBits }), step(foldAmplitude, { into: "auto" }), step(inputLines)]
      : [step(foldAmplitude, { into: "auto" })]),
    step(clockBiases),
    step(fitReckon),
    // Delays that are too long are refused, not made with relays.
    step(lowerDelays, { max: "65535" }),
    ...(settled ? [] : [step(settleReckon)]),
  ];
}
