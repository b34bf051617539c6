import { targetOf, targets } from "../../targets/index.ts";
import type { ChipSpec } from "../../targets/chip.ts";
import { fail } from "../base/diagnostic.ts";
import { passes } from "../passes/index.ts";
import type { Pass } from "../passes/pass.ts";
import { lookUp } from "./names.ts";

/* Passes that anybody can run, and those that belong to a target. */

// biome-ignore lint/suspicious/noExplicitAny: passes over different artifacts with different options.
type AnyPass = Pass<any, any>;

/** Passes of targets by name, each with the targets that have it. */
export function targetPasses(): ReadonlyMap<string, { readonly pass: AnyPass; readonly targets: readonly string[] }> {
  const out = new Map<string, { pass: AnyPass; targets: string[] }>();
  for (const [name, make] of Object.entries(targets))
    for (const pass of make().passes ?? []) {
      const known = out.get(pass.name);
      if (known === undefined) out.set(pass.name, { pass, targets: [name] });
      else known.targets.push(name);
    }
  return out;
}

/** The named pass: anybody's, or one of the chip's target. */
export function passNamed(name: string, chip: ChipSpec | null): AnyPass {
  const own = (chip === null ? undefined : targetOf(chip).passes) ?? [];
  const found = own.find((p) => p.name === name);
  if (found !== undefined) return found;
  const elsewhere = targetPasses().get(name);
  if (elsewhere !== undefined && !Object.hasOwn(passes, name))
    fail("name-unknown", ["pass", name, null], { help: [`it is a pass of ${elsewhere.targets.join(", ")}: name the chip with --target`] });
  return lookUp("pass", name, passes);
}
