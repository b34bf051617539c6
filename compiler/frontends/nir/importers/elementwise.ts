import { f64, sizeOf } from "../../../base/tensor.ts";
import type { Importer } from "../importer.ts";
import { condensed } from "../condense.ts";

/** y = scale * x, element by element. */
export const scaleImporter: Importer = {
  kind: "linear",
  read(p, inShape) {
    const scale = condensed(p.each("scale", inShape), inShape);
    return { kernel: { kind: "one", weight: scale }, outShape: inShape, bias: null, delay: null };
  },
};

/** y(t) = x(t - delay), in seconds, element by element. */
export const delayImporter: Importer = {
  kind: "linear",
  read(p, inShape, s) {
    const seconds = p.each("delay", inShape);
    const bad = seconds.find((v) => v < 0);
    if (bad !== undefined) p.outOf("delay", bad, "it cannot be negative");
    const delay = seconds.some((v) => v > 0) ? seconds.map((v) => v / s.dt()) : null;
    return { kernel: null, outShape: inShape, bias: null, delay };
  },
};

/** Row-major order stays, so only the shape changes. */
export const flattenImporter: Importer = {
  kind: "linear",
  read(p, inShape) {
    const rank = inShape.length;
    const index = (name: string, preset: number): number => {
      const given = p.has(name) ? Number(f64([], p.each(name, [])).data[0]) : preset;
      return given < 0 ? given + rank : given;
    };
    // Counted without the batch; a start of 1 in graphs whose shapes have no batch still joins everything after it.
    const start = Math.min(index("start_dim", 0), Math.max(0, rank - 1));
    const end = Math.min(index("end_dim", -1), rank - 1);
    if (start > end) p.misfit(`it joins the axes ${start} to ${end}`);
    const outShape = [...inShape.slice(0, start), sizeOf(inShape.slice(start, end + 1)), ...inShape.slice(end + 1)];
    return { kernel: null, outShape, bias: null, delay: null };
  },
};
