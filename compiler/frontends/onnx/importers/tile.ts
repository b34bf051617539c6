import { sizeOf } from "../../../base/tensor.ts";
import { importer } from "../importer.ts";

/** The input repeated along each axis: one concatenation for each axis that repeats. */
export const tile = importer(
  (n) => {
    n.input(1);
    const repeats = n.knownInts(1, "repeats") ?? [];
    const axes = repeats.flatMap((r, axis) => (r === 1 ? [] : [{ r, axis }]));
    if (axes.some(({ r }) => r < 1) || repeats.length !== n.input(0).shape.length) {
      n.fail("onnx-attribute-value", [n.op, "repeats", `[${repeats.join(",")}]`, "one number from 1 for each axis"]);
    }
    n.checkSize(axes.reduce((count, { r }) => count * r, sizeOf(n.input(0).shape)));
    const last = axes.pop();
    if (last === undefined) return n.emit("identity", [n.input(0)]);
    let x = n.input(0);
    for (const { r, axis } of axes)
      x = n.step(
        "concat",
        Array.from({ length: r }, () => x),
        { axis },
        `axis${axis}`,
      );
    return n.emit(
      "concat",
      Array.from({ length: last.r }, () => x),
      { axis: last.axis },
    );
  },
  { since: 6, static: [1] },
);
