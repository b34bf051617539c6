import type { ChipSpec } from "../../../targets/chip.ts";
import type { Network } from "../../ir/network/types.ts";
import { limitsOf } from "../need.ts";
import { type Assignment, pack, spread } from "./pack.ts";
import type { Cut } from "./sizes.ts";

/** How tiles are given to cores. */
export type Partition = {
  readonly summary: string;
  readonly assign: (net: Network, cuts: readonly (Cut | null)[], chip: ChipSpec) => Assignment;
};

export const partitions: Readonly<Record<string, Partition>> = {
  tiles: {
    summary: "a core for every tile when the chip has enough cores, else as packed",
    assign: (net, cuts, chip) => {
      const alone = spread(net, cuts);
      return alone.length <= chip.columns * chip.rows ? alone : pack(net, cuts, limitsOf(chip));
    },
  },
  spread: { summary: "a core for every tile: the least time", assign: spread },
  packed: { summary: "tiles share cores where they fit: the fewest cores", assign: (net, cuts, chip) => pack(net, cuts, limitsOf(chip)) },
};
