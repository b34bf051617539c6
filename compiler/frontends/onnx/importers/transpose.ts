import { importer } from "../importer.ts";

/** Axes in another order, by default backward. */
export const transpose = importer(
  (n) => {
    const backward = n.input(0).shape.map((_, a, all) => all.length - 1 - a);
    return n.emit("transpose", [n.input(0)], { perm: n.attributes.ints("perm", backward) });
  },
  { since: 1 },
);
