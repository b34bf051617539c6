import type { Network } from "../../compiler/ir/network/types.ts";
import { checkRange } from "../../compiler/passes/network/check-range/pass.ts";
import { foldAmplitude } from "../../compiler/passes/network/fold-amplitude/pass.ts";
import { legalSteps } from "../../compiler/passes/network/legalize.ts";
import { type Step, step } from "../../compiler/passes/pass.ts";
import type { ChipSpec } from "../chip.ts";
import { loihiNeurons, loihiRegisters } from "./lower.ts";

/** Steps that change what a spike adds, and so belong to neurons whose threshold they can change too. */
const scaling: readonly string[] = ["fold-amplitude", "quantize-weights"];

/**
 * The generic legalization, with everything that a spike is worth in the weights, since an axon has only an exponent;
 * then units in the registers' scale, in which ranges are checked, and as compartments.
 * A network with compartments of its own is taken at its word: weights and gains stay as they are.
 */
export function legalize(network: Network, chip: ChipSpec): readonly Step<"network">[] {
  const own = network.pops.some((p) => p.neuron.model === "loihi");
  return [
    ...legalSteps(network, chip)
      .filter((s) => s.name !== "check-range" && !(own && scaling.includes(s.name)))
      .map((s) => (s.name === "fold-amplitude" ? step(foldAmplitude, { into: "unshared" }) : s)),
    step(loihiRegisters),
    ...(own ? [] : [step(checkRange)]),
    step(loihiNeurons),
  ];
}
