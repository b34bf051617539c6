import { importer } from "../importer.ts";

export const expand = importer((n) => (n.input(1), n.emit("expand", [n.input(0)], { shape: n.knownInts(1, "shape") ?? [] })), {
  since: 8,
  static: [1],
});
