import { numbersOf } from "../../../base/tensor.ts";
import { importer } from "../importer.ts";

export const leakyRelu = importer((n) => n.emit("leaky-relu", [n.input(0)], { alpha: n.attributes.float("alpha", 0.01) }), { since: 6 });

/** PRelu with one slope for all channels is LeakyRelu; slopes of their own per channel have no form in the graph. */
export const pRelu = importer(
  (n) => {
    const slopes = numbersOf(n.known(1, "slope"));
    const [alpha = 0] = slopes;
    if (slopes.some((s) => s !== alpha)) {
      n.fail("onnx-unsupported-form", ["PRelu", "with slopes that differ between channels"], {
        help: ["train with ReLU, or with PReLU(num_parameters=1)"],
      });
    }
    return n.emit("leaky-relu", [n.input(0)], { alpha });
  },
  { static: [1] },
);
