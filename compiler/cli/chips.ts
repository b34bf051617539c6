import type { ChipSpec } from "../../targets/chip.ts";
import { parseChip } from "../../targets/chip-yaml.ts";
import { targetOf, targets } from "../../targets/index.ts";
import type { Target } from "../../targets/target.ts";
import { fail } from "../base/diagnostic.ts";
import type { Run } from "./command.ts";
import { lookUp } from "./names.ts";

export type ChipFlags = { readonly target?: string | undefined; readonly chip?: string | undefined };

/** The chip that --target names or --chip describes; with both they must be the same chip. */
export function chipOf(run: Run, flags: ChipFlags): ChipSpec {
  const described = flags.chip === undefined ? null : parseChip(run.files.text(flags.chip), flags.chip);
  const named = flags.target === undefined ? null : lookUp("target", flags.target, targets)().chip;
  if (described !== null && named !== null && differ(described, named))
    fail("options-contradict", [`--target ${named.name}`, `--chip ${flags.chip ?? ""}`, `which describes another chip, ${described.name}`]);
  return described ?? named ?? fail("option-missing", ["this command", "--target NAME or --chip FILE"]);
}

/** Whether the chips differ in more than their names and where their numbers come from. */
function differ(a: ChipSpec, b: ChipSpec): boolean {
  const facts = (c: ChipSpec): string => JSON.stringify({ ...c, name: "", summary: "", sizes: {}, sources: {} });
  return facts(a) !== facts(b);
}

/** The target that --target names or that implements the chip of --chip. */
export function chosenTarget(run: Run, flags: ChipFlags): Target {
  return targetOf(chipOf(run, flags));
}
