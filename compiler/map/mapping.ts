import type { ChipSpec } from "../../targets/chip.ts";
import type { Cores } from "../ir/cores/types.ts";
import type { Network } from "../ir/network/types.ts";
import type { Context } from "../base/context.ts";

/** How a legal network becomes placed cores. The strategies are chosen by name. */
export type MappingOptions = {
  readonly partition: string;
  readonly place: string;
};

/** Used and available of one resource in one core (or of the chip, core null). */
export type Budget = { readonly core: number | null; readonly resource: string; readonly used: number; readonly available: number };

export type Mapping = {
  readonly map: (network: Network, chip: ChipSpec, options: MappingOptions, cx: Context) => Cores;
  readonly budget: (cores: Cores, chip: ChipSpec) => readonly Budget[];
};
