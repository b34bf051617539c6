import { importer } from "../importer.ts";

/** Bounds were attributes up to opset 10 and are inputs since. */
export const clip = importer(
  (n) => {
    const bounds =
      n.opset < 11
        ? { min: n.attributes.float("min", -Infinity), max: n.attributes.float("max", Infinity) }
        : { min: n.knownNumber(1, "lower bound") ?? -Infinity, max: n.knownNumber(2, "upper bound") ?? Infinity };
    return n.emit("clip", [n.input(0)], bounds);
  },
  { since: 6, static: [1, 2] },
);
