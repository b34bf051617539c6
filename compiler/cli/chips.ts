import type { ChipSpec } from "../../targets/chip.ts";
import { parseChip } from "../../targets/chip-yaml.ts";
import { targetOf, targets } from "../../targets/index.ts";
import type { Target } from "../../targets/target.ts";
import { fail } from "../base/diagnostic.ts";
import type { Run } from "./command.ts";
import { lookUp } from "./names.ts";

export type ChipFlags = { readonly target?: string | undefined; readonly chip?: string | undefined };

/** The chip that --target names or --chip describes. */
export function chipOf(run: Run, flags: ChipFlags): ChipSpec {
  if (flags.chip !== undefined) return parseChip(run.files.text(flags.chip), flags.chip);
  if (flags.target === undefined) fail("option-missing", ["this command", "--target NAME or --chip FILE"]);
  return lookUp("target", flags.target, targets)().chip;
}

/** The target that --target names or that implements the chip of --chip. */
export function chosenTarget(run: Run, flags: ChipFlags): Target {
  return targetOf(chipOf(run, flags));
}
