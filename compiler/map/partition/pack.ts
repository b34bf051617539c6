import { at } from "../../base/bug.ts";
import type { Network } from "../../ir/network/types.ts";
import { layoutOf, type Tile, tilesOf } from "../layout.ts";
import { addNeeds, exceeded, type Need } from "../need.ts";
import type { Cut } from "./sizes.ts";

/** Which tiles share a core: for each core its tiles, in order of population. */
export type Assignment = readonly (readonly Tile[])[];

/** A core for every tile: most work is done side by side. */
export function spread(net: Network, cuts: readonly (Cut | null)[]): Assignment {
  return cuts.flatMap((cut) => (cut === null ? [] : tilesOf(cut.pop, layoutOf(at(net.pops, cut.pop).shape), cut.size).map((t) => [t])));
}

/** Each tile goes to the first core that has room for it: fewest cores, less work side by side. */
export function pack(net: Network, cuts: readonly (Cut | null)[], limits: Need): Assignment {
  const cores: { tiles: Tile[]; need: Need }[] = [];
  for (const cut of cuts) {
    if (cut === null) continue;
    for (const tile of tilesOf(cut.pop, layoutOf(at(net.pops, cut.pop).shape), cut.size)) {
      const core = cores.find((c) => exceeded(addNeeds(c.need, cut.need), limits).length === 0);
      if (core === undefined) cores.push({ tiles: [tile], need: cut.need });
      else {
        core.tiles.push(tile);
        core.need = addNeeds(core.need, cut.need);
      }
    }
  }
  return cores.map((c) => c.tiles);
}
