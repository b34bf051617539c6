import type { ImportNode } from "../node.ts";
import { importer } from "../importer.ts";
import { autoPad, perAxis, spatialOf, split } from "./window.ts";

/** ConvTranspose over any number of spatial dimensions: x [N,C,…], weight [C,M/group,…], bias [M]. */
export const convTranspose = importer(
  (n) => {
    const [x, weight, bias] = [n.input(0), n.input(1), n.optional(2)];
    const spatial = spatialOf(n, x.shape);
    const rank = spatial.length;
    const kernel = weight.shape.slice(2);
    const stated = n.attributes.ints("kernel_shape", kernel);
    if (stated.join() !== kernel.join()) n.attributes.wrong("kernel_shape", stated, `[${kernel.join(",")}], the shape of its weight`);
    const strides = perAxis(n, "strides", rank, 1, 1);
    const dilations = perAxis(n, "dilations", rank, 1, 1);
    const { pads, outputPadding } = padding(n, spatial, kernel, strides, dilations);
    const attrs = { strides, pads, dilations, group: n.attributes.int("group", 1), outputPadding };
    return n.emit("conv-transpose", bias === null ? [x, weight] : [x, weight, bias], attrs);
  },
  { since: 1 },
);

/**
 * Explicit pads. A wanted size (output_shape, or in × stride for SAME) is
 * reached by cutting stride·(in−1) + output_padding + (k−1)·dilation + 1 − size
 * off both sides, the odd one at the end for SAME_UPPER and at the begin
 * otherwise; where the result is too small instead, it is grown at the end.
 */
function padding(
  n: ImportNode,
  spatial: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): { readonly pads: readonly number[]; readonly outputPadding: readonly number[] } {
  const rank = spatial.length;
  const outputPadding = perAxis(n, "output_padding", rank, 0, 0);
  const mode = autoPad(n);
  const shape = n.attributes.ints("output_shape", null);
  if (shape === null && mode === "NOTSET") return { pads: perAxis(n, "pads", 2 * rank, 0, 0), outputPadding };
  if (shape === null && mode === "VALID") return { pads: Array.from({ length: 2 * rank }, () => 0), outputPadding };
  // Some exporters write batch and channel before the spatial sizes.
  const wanted = shape === null ? spatial.map((size, a) => size * (strides[a] ?? 1)) : shape.slice(-rank);
  if (wanted.length !== rank) n.attributes.wrong("output_shape", wanted, `${rank} integers`);
  const totals = spatial.map((size, a) => {
    const [stride = 1, k = 1, dilation = 1, extra = 0, want = 0] = [strides[a], kernel[a], dilations[a], outputPadding[a], wanted[a]];
    return stride * (size - 1) + extra + (k - 1) * dilation + 1 - want;
  });
  return {
    pads: split(
      totals.map((t) => Math.max(t, 0)),
      mode === "SAME_UPPER",
    ),
    outputPadding: outputPadding.map((o, a) => o + Math.max(-(totals[a] ?? 0), 0)),
  };
}
