import { bug } from "./bug.ts";

export type Dtype = "f32" | "f64" | "i8" | "i16" | "i32" | "i64" | "u8" | "bool";

type DataOf = {
  f32: Float32Array;
  f64: Float64Array;
  i8: Int8Array;
  i16: Int16Array;
  i32: Int32Array;
  i64: BigInt64Array;
  u8: Uint8Array;
  bool: Uint8Array;
};

export type TensorOf<D extends Dtype> = { readonly dtype: D; readonly shape: readonly number[]; readonly data: DataOf[D] };

/** Row-major numbers with a shape. A scalar has shape []. Treated as immutable once made. */
export type Tensor = { [D in Dtype]: TensorOf<D> }[Dtype];

export const bytesOf: Readonly<Record<Dtype, number>> = { f32: 4, f64: 8, i8: 1, i16: 2, i32: 4, i64: 8, u8: 1, bool: 1 };

export const make: { readonly [D in Dtype]: (count: number) => DataOf[D] } = {
  f32: (n) => new Float32Array(n),
  f64: (n) => new Float64Array(n),
  i8: (n) => new Int8Array(n),
  i16: (n) => new Int16Array(n),
  i32: (n) => new Int32Array(n),
  i64: (n) => new BigInt64Array(n),
  u8: (n) => new Uint8Array(n),
  bool: (n) => new Uint8Array(n),
};

/** Product of the dimensions; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

export function tensor<D extends Dtype>(dtype: D, shape: readonly number[], data: DataOf[D]): TensorOf<D> {
  if (data.length !== sizeOf(shape)) bug(`a tensor of shape [${shape.join(",")}] was given ${data.length} numbers`);
  return { dtype, shape, data };
}

export function f64(shape: readonly number[], values: ArrayLike<number>): TensorOf<"f64"> {
  return tensor("f64", shape, Float64Array.from(values));
}

export function f32(shape: readonly number[], values: ArrayLike<number>): TensorOf<"f32"> {
  return tensor("f32", shape, Float32Array.from(values));
}

export function i32(shape: readonly number[], values: ArrayLike<number>): TensorOf<"i32"> {
  return tensor("i32", shape, Int32Array.from(values));
}

/** Numbers as a tensor of any type; of those that are no integers, or beyond the type's range, integers keep what a typed array does. */
export function tensorFrom(dtype: Dtype, shape: readonly number[], numbers: ArrayLike<number>): Tensor {
  if (dtype === "i64")
    return tensor(
      "i64",
      shape,
      BigInt64Array.from(numbers, (n) => BigInt(Number.isFinite(n) ? Math.trunc(n) : 0)),
    );
  const data = make[dtype](numbers.length) as Exclude<Tensor["data"], BigInt64Array>;
  data.set(numbers);
  return { dtype, shape, data } as Tensor;
}

/** The elements as doubles; i64 beyond 2^53 loses its low bits. */
export function numbersOf(t: Tensor): Float64Array {
  if (t.dtype === "f64") return t.data;
  if (t.dtype === "i64") return Float64Array.from(t.data, Number);
  return Float64Array.from(t.data);
}

/** A number or a tensor, spread to `count` doubles. A tensor of another size repeats along its trailing axes only if it fits `shape` by channel ([C] or [C,1,1] on [C,H,W]). */
export function spread(value: number | Tensor, shape: readonly number[]): Float64Array {
  const count = sizeOf(shape);
  if (typeof value === "number") return new Float64Array(count).fill(value);
  const numbers = numbersOf(value);
  if (numbers.length === count) return numbers === value.data ? numbers.slice() : numbers;
  if (numbers.length === 1) return new Float64Array(count).fill(numbers[0] ?? 0);
  const channels = shape[0] ?? 1;
  if (numbers.length !== channels) bug(`a tensor of ${numbers.length} numbers cannot be spread over [${shape.join(",")}]`);
  const out = new Float64Array(count);
  const per = count / channels;
  for (let c = 0; c < channels; c++) out.fill(numbers[c] ?? 0, c * per, (c + 1) * per);
  return out;
}

/** Equal in dtype, shape and every element, with NaN equal to NaN and -0 different from 0. */
export function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  if (a.dtype !== b.dtype || a.shape.length !== b.shape.length) return false;
  if (a.shape.some((d, i) => d !== b.shape[i])) return false;
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return false;
  return true;
}

/** The smallest integer dtype that holds every value in low..high. */
export function dtypeFor(low: number, high: number): "i8" | "i16" | "i32" {
  if (low >= -128 && high <= 127) return "i8";
  if (low >= -32768 && high <= 32767) return "i16";
  return "i32";
}

export function showShape(shape: readonly number[]): string {
  return shape.length === 0 ? "scalar" : shape.join("x");
}
