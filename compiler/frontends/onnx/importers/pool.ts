import { importer } from "../importer.ts";
import type { ImportNode } from "../node.ts";
import { spatialOf, windowOf } from "./window.ts";

export const averagePool = importer((n) => {
  const countIncludePad = n.attributes.int("count_include_pad", 0);
  return n.emit("average-pool", [n.input(0)], { ...pool(n), countIncludePad });
});

/** The second output, indices of the maxima, is not read. */
export const maxPool = importer((n) => n.emit("max-pool", [n.input(0)], pool(n)), { since: 1 });

function pool(n: ImportNode) {
  const spatial = spatialOf(n, n.input(0).shape);
  const { kernelShape, strides, pads, dilations, auto } = windowOf(n, spatial, n.attributes.ints("kernel_shape"));
  return { kernelShape, strides, pads, dilations, ceilMode: auto ? 0 : n.attributes.int("ceil_mode", 0) };
}
