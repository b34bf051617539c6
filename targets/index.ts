import { bug } from "../compiler/base/bug.ts";
import { fail } from "../compiler/base/diagnostic.ts";
import type { ChipSpec } from "./chip.ts";
import { knownChips } from "./chip-yaml.ts";
import { loihi } from "./loihi/index.ts";
import { mesh } from "./mesh/index.ts";
import { paicore } from "./paicore/index.ts";
import { odin } from "./odin/index.ts";
import { ranc } from "./ranc/index.ts";
import { reckon } from "./reckon/index.ts";
import type { Target } from "./target.ts";

/** A family of chips: its members differ in what their ChipSpec says. */
const families: Readonly<Record<string, (chip: ChipSpec) => Target>> = {
  mesh,
  paicore,
  ranc,
  reckon,
  odin,
  tinyodin: odin,
  loihi,
  loihi2: loihi,
};

/** The target that implements a chip; a chip file has been checked to name a known family. */
export function targetOf(chip: ChipSpec): Target {
  const family = families[chip.family] ?? bug(`chip ${chip.name} is of the unknown family ${chip.family}`);
  return family(chip);
}

/** Every chip that can be named, e.g. with `--target mesh-4x4`. */
export const targets: Readonly<Record<string, () => Target>> = Object.fromEntries(
  Object.entries(knownChips()).map(([name, chip]) => [name, () => targetOf(chip)]),
);

/** The named chip's target; a Failure with the known names where there is none of that name. */
export function targetNamed(name: string): Target {
  const make =
    targets[name] ?? fail("name-unknown", ["target", name, null], { help: [`the targets are ${Object.keys(targets).join(", ")}`] });
  return make();
}
