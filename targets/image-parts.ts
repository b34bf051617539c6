import { bug } from "../compiler/base/bug.ts";
import { showOrigin } from "../compiler/base/origin.ts";
import type { Core, Cores } from "../compiler/ir/cores/types.ts";
import type { ImageMap } from "../compiler/ir/image/types.ts";

/* What the emitters of all chips have in common: where cores are, and which neurons are in them. */

type Place = { readonly x: number; readonly y: number };

export function placeOf(core: Core): Place {
  return core.at ?? bug(`core ${core.id} has no place on the chip`);
}

/** The map that an image carries beside its words; a chip of one core has it at 0,0. */
export function mapOf(cores: Cores, place: (core: Core) => Place = placeOf): ImageMap {
  return {
    cores: cores.cores.map((core) => ({
      ...place(core),
      origin: showOrigin(core.origin),
      groups: core.groups.map((g) => ({
        first: g.first,
        count: g.count,
        pop: g.pop,
        indices: Array.from(g.indices),
        origin: showOrigin(g.origin),
      })),
    })),
  };
}
