import { importer } from "../importer.ts";

export const gather = importer(
  (n) => n.emit("gather", [n.input(0), n.input(1)], { axis: n.axis(n.attributes.int("axis", 0), n.input(0).shape.length) }),
  { since: 1 },
);
