import type { ChipSpec } from "../../../targets/chip.ts";
import type { Limits } from "../../ir/network/neurons/model.ts";

/** The range a chip's potential saturates at: two's complement of its bits. */
export function potentialLimits(chip: ChipSpec): Limits {
  const high = 2 ** (chip.potential.bits - 1) - 1;
  return { low: -high - 1, high };
}
