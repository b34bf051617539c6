import { fail } from "../../../base/diagnostic.ts";
import { broadcastShape, spreadMap } from "./broadcast.ts";
import { data, need, needFloat, op } from "./op.ts";
import { narrowing, roundEven } from "./unary.ts";

const roundings: Readonly<Record<string, (x: number) => number>> = {
  ROUND: roundEven,
  FLOOR: Math.floor,
  CEIL: Math.ceil,
  ROUND_TO_ZERO: Math.trunc,
  UP: (x) => Math.sign(x) * Math.ceil(Math.abs(x)),
  DOWN: Math.trunc,
  HALF_UP: (x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5),
  HALF_DOWN: (x) => Math.sign(x) * Math.ceil(Math.abs(x) - 0.5),
};

/** Smallest and largest level of a quantizer: narrow leaves out the lowest of a signed range and the highest of an unsigned one. */
export function quantRange(bits: number, signed: boolean, narrow: boolean): readonly [number, number] {
  if (signed) return [-(2 ** (bits - 1)) + (narrow ? 1 : 0), 2 ** (bits - 1) - 1];
  return [0, 2 ** bits - 1 - (narrow ? 1 : 0)];
}

/** QONNX's Quant: (round(clip(x / scale + zero)) - zero) scale; all parameters spread over x. */
export const quant = op({
  name: "quant",
  summary: "x rounded to a grid of 2^bits levels and back (QONNX); inputs x, scale, zero point, bits",
  arity: [4, 4],
  attrs: {
    signed: { help: "1 when levels are signed", kind: "int", default: 1 },
    narrow: { help: "1 to leave out one extreme level", kind: "int", default: 0 },
    roundingMode: { help: Object.keys(roundings).join(", "), kind: "string", default: "ROUND" },
  },
  infer: (inputs, { roundingMode }) => {
    const x = need(inputs, 0);
    needFloat("quant", x);
    if (!Object.hasOwn(roundings, roundingMode))
      fail("graph-shape", ["quant", `"${roundingMode}" is not a rounding mode (${Object.keys(roundings).join(", ")})`]);
    return [
      {
        dtype: x.dtype,
        shape: broadcastShape(
          "quant",
          [0, 1, 2, 3].map((i) => need(inputs, i).shape),
        ),
      },
    ];
  },
  plan: (inputs, { signed, narrow, roundingMode }, outputs) => {
    const round = roundings[roundingMode] ?? roundEven;
    const { shape: out, dtype } = need(outputs, 0);
    const narrowed = narrowing(dtype);
    const [mapX, mapScale, mapZero, mapBits] = [0, 1, 2, 3].map((i) => spreadMap(need(inputs, i).shape, out));
    return (ins, outs) => {
      const [x, scale, zero, bits, y] = [
        data(need(ins, 0)),
        data(need(ins, 1)),
        data(need(ins, 2)),
        data(need(ins, 3)),
        data(need(outs, 0)),
      ];
      for (let i = 0; i < y.length; i++) {
        const s = scale[mapScale?.[i] ?? i] as number;
        const z = zero[mapZero?.[i] ?? i] as number;
        const [low, high] = quantRange(bits[mapBits?.[i] ?? i] as number, signed !== 0, narrow !== 0);
        const level = narrowed((x[mapX?.[i] ?? i] as number) / s) + z;
        y[i] = (round(level < low ? low : level > high ? high : level) - z) * s;
      }
    };
  },
});

export const bipolarQuant = op({
  name: "bipolar-quant",
  summary: "scale where x is at least 0, -scale elsewhere (QONNX)",
  arity: [2, 2],
  attrs: {},
  infer: (inputs) => {
    const x = need(inputs, 0);
    needFloat("bipolar-quant", x);
    return [{ dtype: x.dtype, shape: broadcastShape("bipolar-quant", [x.shape, need(inputs, 1).shape]) }];
  },
  plan: (inputs, _, outputs) => {
    const out = need(outputs, 0).shape;
    const [mapX, mapScale] = [0, 1].map((i) => spreadMap(need(inputs, i).shape, out));
    return (ins, outs) => {
      const [x, scale, y] = [data(need(ins, 0)), data(need(ins, 1)), data(need(outs, 0))];
      for (let i = 0; i < y.length; i++) {
        const s = scale[mapScale?.[i] ?? i] as number;
        y[i] = (x[mapX?.[i] ?? i] as number) >= 0 ? s : -s;
      }
    };
  },
});
