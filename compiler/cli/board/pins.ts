import { targetOf } from "../../../targets/index.ts";
import type { Pins, Target } from "../../../targets/target.ts";
import { fail } from "../../base/diagnostic.ts";
import { sha256 } from "../../base/hash.ts";
import type { Image } from "../../ir/image/types.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import { targets } from "../../../targets/index.ts";

/** A target with its pins; a Failure where nobody publishes them. */
export function withPins(target: Target): { readonly target: Target; readonly pins: Pins } {
  const { pins } = target;
  if (pins === undefined) fail("pins-missing", [target.chip.name, chipsWithPins()]);
  return { target, pins };
}

export function pinsOf(chip: ChipSpec): { readonly target: Target; readonly pins: Pins } {
  return withPins(targetOf(chip));
}

function chipsWithPins(): readonly string[] {
  return Object.entries(targets)
    .filter(([, make]) => make().pins !== undefined)
    .map(([name]) => name);
}

/** SHA-256 of what a chip is loaded with: every section's place and words. */
export function imageHash(image: Image): string {
  const text = image.sections.map((s) => `${s.name} ${s.base} ${Array.from(s.words).join(" ")}\n`).join("");
  return sha256(`${image.target}\n${text}`);
}

/** The mark by which a log says which network ran: 24 bits of the image's hash, never 0. */
export function networkMark(image: Image): number {
  return Number.parseInt(imageHash(image).slice(0, 6), 16) || 1;
}
