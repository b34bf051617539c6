import { meshQuantities } from "./mesh/quantities.ts";
import type { QuantityTree } from "./quantity.ts";

/** A family of chips as a chip file sees it. */
export type Family = {
  /** The packaged file that describes its known members. */
  readonly file: URL;
  /** Keys of its chip files: those of ChipSpec that this kind of chip has, and under `own` what only it has. */
  readonly quantities: QuantityTree;
};

/** Families that have a target. */
export const families: Readonly<Record<string, Family>> = {
  mesh: { file: new URL("./mesh/chip.yaml", import.meta.url), quantities: meshQuantities },
};
