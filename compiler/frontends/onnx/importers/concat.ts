import { importer } from "../importer.ts";

export const concat = importer((n) => n.emit("concat", n.all(), { axis: n.axis(n.attributes.int("axis"), n.input(0).shape.length) }), {
  since: 4,
});
