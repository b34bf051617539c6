import { importer } from "../importer.ts";

/** QONNX Quant: x, scale, zero point, bit width → x on the grid of that many bits, as a real number. IntQuant is its newer name. */
export const quant = importer(
  (n) => {
    const attrs = {
      signed: n.attributes.int("signed", 1),
      narrow: n.attributes.int("narrow", 0),
      roundingMode: n.attributes.string("rounding_mode", "ROUND").toUpperCase(),
    };
    return n.emit(
      "quant",
      [0, 1, 2, 3].map((i) => n.input(i)),
      attrs,
    );
  },
  { since: 1 },
);

/** QONNX BipolarQuant: scale where x >= 0, −scale elsewhere. */
export const bipolarQuant = importer((n) => n.emit("bipolar-quant", [n.input(0), n.input(1)]), { since: 1 });
