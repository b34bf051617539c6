import { Failure, type Place } from "../../base/diagnostic.ts";
import type { Node } from "./types.ts";

/** Where a node is, for messages. */
export function placeOf(n: Pick<Node, "name" | "origin">): Place & { readonly at: string } {
  return { at: `node ${JSON.stringify(n.name)}`, origin: n.origin };
}

/** Adds the node to the diagnostics of what fails inside. */
export function located<T>(n: Pick<Node, "name" | "origin">, body: () => T): T {
  try {
    return body();
  } catch (e) {
    if (!(e instanceof Failure)) throw e;
    throw new Failure(e.diagnostics.map((d) => ({ ...d, at: d.at ?? placeOf(n).at, origin: d.origin ?? n.origin })));
  }
}
