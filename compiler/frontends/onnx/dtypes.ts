import { TensorProto_DataType as Kind } from "onnx-buf";
import type { Dtype } from "../../base/tensor.ts";

/** How one ONNX element type is stored and what it becomes here. */
export type Element = {
  readonly name: string;
  readonly dtype: Dtype;
  /** Bits of one element in raw data. */
  readonly bits: number;
  /** The number whose bit pattern is `raw`; null where the pattern is read as a little-endian number of `dtype` itself. */
  readonly decode: ((raw: number) => number) | null;
  /** Lowest and highest value, for integers narrower than `dtype`; quantizing saturates there. */
  readonly range: readonly [number, number] | null;
};

const plain = (name: string, dtype: Dtype, bits: number): Element => ({ name, dtype, bits, decode: null, range: null });
const signed = (name: string, bits: number): Element => ({
  name,
  dtype: "i8",
  bits,
  decode: (raw) => (raw << (32 - bits)) >> (32 - bits),
  range: [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1],
});
const unsigned = (name: string, bits: number, dtype: Dtype): Element => ({
  name,
  dtype,
  bits,
  decode: (raw) => raw,
  range: [0, 2 ** bits - 1],
});
const float = (name: string, bits: number, exponent: number, bias: number, special: Special): Element => ({
  name,
  dtype: "f32",
  bits,
  decode: (raw) => decodeFloat(raw, bits, exponent, bias, special),
  range: null,
});

/** What the top exponent and the patterns around it mean. `nan`: only all ones; `uz`: only negative zero; `none`: every pattern is a number. */
type Special = "ieee" | "nan" | "uz" | "none";

/** A small float: sign, `exponent` bits with the given bias, and the rest as mantissa. */
function decodeFloat(raw: number, bits: number, exponent: number, bias: number, special: Special): number {
  const mantissaBits = bits - 1 - exponent;
  const negative = (raw >>> (bits - 1)) & 1;
  const e = (raw >>> mantissaBits) & (2 ** exponent - 1);
  const m = raw & (2 ** mantissaBits - 1);
  const ones = e === 2 ** exponent - 1;
  if (special === "uz" && negative === 1 && e === 0 && m === 0) return Number.NaN;
  if (special === "nan" && ones && m === 2 ** mantissaBits - 1) return Number.NaN;
  if (special === "ieee" && ones) return m !== 0 ? Number.NaN : negative === 1 ? -Infinity : Infinity;
  const size = e === 0 ? m * 2 ** (1 - bias - mantissaBits) : (1 + m * 2 ** -mantissaBits) * 2 ** (e - bias);
  return negative === 1 ? -size : size;
}

/** The element types that are read (onnx.proto, TensorProto.DataType); the rest are refused with onnx-dtype. */
export const elements: ReadonlyMap<number, Element> = new Map<number, Element>([
  [Kind.FLOAT, plain("float32", "f32", 32)],
  [Kind.DOUBLE, plain("float64", "f64", 64)],
  [Kind.INT8, plain("int8", "i8", 8)],
  [Kind.UINT8, plain("uint8", "u8", 8)],
  [Kind.INT16, plain("int16", "i16", 16)],
  [Kind.INT32, plain("int32", "i32", 32)],
  [Kind.INT64, plain("int64", "i64", 64)],
  [Kind.UINT64, plain("uint64", "i64", 64)],
  [Kind.BOOL, plain("bool", "bool", 8)],
  [Kind.UINT16, unsigned("uint16", 16, "i32")],
  [Kind.UINT32, unsigned("uint32", 32, "i64")],
  [Kind.INT4, signed("int4", 4)],
  [Kind.UINT4, unsigned("uint4", 4, "u8")],
  [Kind.INT2, signed("int2", 2)],
  [Kind.UINT2, unsigned("uint2", 2, "u8")],
  [Kind.FLOAT16, float("float16", 16, 5, 15, "ieee")],
  [Kind.BFLOAT16, float("bfloat16", 16, 8, 127, "ieee")],
  [Kind.FLOAT8E4M3FN, float("float8e4m3fn", 8, 4, 7, "nan")],
  [Kind.FLOAT8E4M3FNUZ, float("float8e4m3fnuz", 8, 4, 8, "uz")],
  [Kind.FLOAT8E5M2, float("float8e5m2", 8, 5, 15, "ieee")],
  [Kind.FLOAT8E5M2FNUZ, float("float8e5m2fnuz", 8, 5, 16, "uz")],
  [Kind.FLOAT4E2M1, float("float4e2m1", 4, 2, 1, "none")],
]);

/** The name of any ONNX element type, also of one that is not read. */
export function elementName(kind: number): string {
  return elements.get(kind)?.name ?? (Kind[kind] as string | undefined)?.toLowerCase() ?? `number ${kind}`;
}
