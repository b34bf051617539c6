import { sha256 } from "../../../base/hash.ts";
import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";

/** A file without a seed asks for a new draw at every run; a graph is a function, so the draw is the node's own. */
function seedOf(n: ImportNode): number {
  const given = n.attributes.float("seed", Number.NaN);
  return Number.isNaN(given) ? Number.parseInt(sha256(n.name).slice(0, 6), 16) : Math.trunc(given);
}

export const randomNormalLike = importer(
  (n) =>
    n.emit("random-normal-like", [n.input(0)], {
      mean: n.attributes.float("mean", 0),
      scale: n.attributes.float("scale", 1),
      seed: seedOf(n),
    }),
  { since: 1 },
);

export const randomUniformLike = importer(
  (n) =>
    n.emit("random-uniform-like", [n.input(0)], {
      low: n.attributes.float("low", 0),
      high: n.attributes.float("high", 1),
      seed: seedOf(n),
    }),
  { since: 1 },
);
