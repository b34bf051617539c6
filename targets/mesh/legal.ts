import type { Network } from "../../compiler/ir/network/types.ts";
import { legalSteps } from "../../compiler/passes/network/legalize.ts";
import type { Step } from "../../compiler/passes/pass.ts";
import type { ChipSpec } from "../chip.ts";

/** The generic legalization is all that mesh needs: its ChipSpec says everything that is peculiar to it. */
export function legalize(network: Network, chip: ChipSpec): readonly Step<"network">[] {
  return legalSteps(network, chip);
}
