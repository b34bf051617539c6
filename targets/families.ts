import { loihiQuantities } from "./loihi/quantities.ts";
import { meshQuantities } from "./mesh/quantities.ts";
import { odinQuantities } from "./odin/quantities.ts";
import { rancQuantities } from "./ranc/quantities.ts";
import { paicoreQuantities } from "./paicore/quantities.ts";
import type { QuantityTree } from "./quantity.ts";
import { reckonQuantities } from "./reckon/quantities.ts";

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
  paicore: { file: new URL("./paicore/chip.yaml", import.meta.url), quantities: paicoreQuantities },
  ranc: { file: new URL("./ranc/chip.yaml", import.meta.url), quantities: rancQuantities },
  reckon: { file: new URL("./reckon/chip.yaml", import.meta.url), quantities: reckonQuantities },
  odin: { file: new URL("./odin/chip.yaml", import.meta.url), quantities: odinQuantities },
  tinyodin: { file: new URL("./odin/tinyodin.yaml", import.meta.url), quantities: odinQuantities },
  loihi: { file: new URL("./loihi/chip.yaml", import.meta.url), quantities: loihiQuantities },
  loihi2: { file: new URL("./loihi/loihi2.yaml", import.meta.url), quantities: loihiQuantities },
};
