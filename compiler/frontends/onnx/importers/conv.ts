import { importer } from "../importer.ts";
import { spatialOf, windowOf } from "./window.ts";

/** Conv over any number of spatial dimensions: x [N,C,…], weight [M,C/group,…], bias [M]. */
export const conv = importer(
  (n) => {
    const [x, weight, bias] = [n.input(0), n.input(1), n.optional(2)];
    const spatial = spatialOf(n, x.shape);
    const kernel = weight.shape.slice(2);
    const stated = n.attributes.ints("kernel_shape", kernel);
    if (stated.join() !== kernel.join()) n.attributes.wrong("kernel_shape", stated, `[${kernel.join(",")}], the shape of its weight`);
    const { strides, pads, dilations } = windowOf(n, spatial, kernel);
    const attrs = { strides, pads, dilations, group: n.attributes.int("group", 1) };
    return n.emit("conv", bias === null ? [x, weight] : [x, weight, bias], attrs);
  },
  { since: 1 },
);
