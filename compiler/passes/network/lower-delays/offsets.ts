import { at } from "../../../base/bug.ts";
import type { Link, Network, PopId } from "../../../ir/network/types.ts";
import { isInput } from "../edit.ts";

export type Offsets = { readonly kind: "offsets"; readonly of: Int32Array } | { readonly kind: "cycle"; readonly links: readonly Link[] };

/**
 * The least number of steps by which each population must run later, so that every
 * link has time for its transport: o(to) >= o(from) + least - delay, o >= 0. That is a
 * longest path; a cycle whose delays sum to less than `least` per link has none.
 */
export function offsetsFor(n: Network, least: number): Offsets {
  const of = new Int32Array(n.pops.length);
  const by: (Link | null)[] = n.pops.map(() => null);
  // Bellman and Ford: without a cycle of positive length, nothing moves in the last round.
  for (let round = 0; round <= n.pops.length; round++) {
    let moved: PopId | null = null;
    for (const l of n.links) {
      const wanted = at(of, l.from) + least - l.delay;
      if (wanted <= at(of, l.to)) continue;
      of[l.to] = wanted;
      by[l.to] = l;
      moved = l.to;
    }
    if (moved === null) return { kind: "offsets", of };
    if (round === n.pops.length) return { kind: "cycle", links: cycleThrough(by, moved) };
  }
  return { kind: "offsets", of };
}

/** Follows the links that pushed populations back until one repeats. */
function cycleThrough(by: readonly (Link | null)[], from: PopId): readonly Link[] {
  const seen = new Map<PopId, number>();
  const path: Link[] = [];
  for (let p = from; !seen.has(p); ) {
    seen.set(p, path.length);
    const l = by[p];
    if (l === null || l === undefined) return path;
    path.push(l);
    p = l.from;
    if (seen.has(p)) return path.slice(seen.get(p)).reverse();
  }
  return path.reverse();
}

/** Inputs cannot wait for anything, so their offset is 0 as long as nothing leads into them. */
export function inputsAreFirst(n: Network, of: Int32Array): boolean {
  return n.pops.every((p) => !isInput(p) || of[p.id] === 0);
}
