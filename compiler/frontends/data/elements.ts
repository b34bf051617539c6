import { viewOf } from "./records.ts";

/** Element types of the array formats. */
export type ElementType = "bool" | "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64" | "f16" | "f32" | "f64";

export const elementBytes: Readonly<Record<ElementType, number>> = {
  bool: 1,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  f16: 2,
  f32: 4,
  f64: 8,
};

/** IEEE 754 half precision: sign, 5 exponent bits, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const readers: Readonly<Record<ElementType, (view: DataView, at: number, little: boolean) => number>> = {
  bool: (v, at) => (v.getUint8(at) === 0 ? 0 : 1),
  i8: (v, at) => v.getInt8(at),
  u8: (v, at) => v.getUint8(at),
  i16: (v, at, little) => v.getInt16(at, little),
  u16: (v, at, little) => v.getUint16(at, little),
  i32: (v, at, little) => v.getInt32(at, little),
  u32: (v, at, little) => v.getUint32(at, little),
  i64: (v, at, little) => Number(v.getBigInt64(at, little)),
  u64: (v, at, little) => Number(v.getBigUint64(at, little)),
  f16: (v, at, little) => halfToNumber(v.getUint16(at, little)),
  f32: (v, at, little) => v.getFloat32(at, little),
  f64: (v, at, little) => v.getFloat64(at, little),
};

/** An array in a file: bytes from its first element on, and its element type. */
export type Elements = { readonly bytes: Uint8Array; readonly type: ElementType; readonly little: boolean };

/** Element number `index` as a double; 64-bit integers beyond 2^53 lose their low bits. */
export function elementReader(e: Elements): (index: number) => number {
  const view = viewOf(e.bytes);
  const size = elementBytes[e.type];
  const read = readers[e.type];
  return (index) => read(view, index * size, e.little);
}
