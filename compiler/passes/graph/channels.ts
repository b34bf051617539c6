import { at } from "../../base/bug.ts";
import { make, numbersOf, type Tensor } from "../../base/tensor.ts";

/** One number for all channels, or one per channel. */
export type Channels = Float64Array;

/**
 * A constant that spreads over a value of the given shape, as numbers per
 * channel (axis 1); null when it differs along another axis or makes the value larger.
 */
export function channelsOf(t: Tensor, shape: readonly number[]): Channels | null {
  if (t.shape.length > shape.length) return null;
  const numbers = numbersOf(t);
  const skipped = shape.length - t.shape.length;
  if (t.shape.some((d, a) => d !== 1 && d !== shape[a + skipped])) return null;
  if (numbers.every((n) => n === numbers[0])) return numbers.slice(0, 1);
  return t.shape.every((d, a) => d === 1 || a + skipped === 1) ? numbers.slice() : null;
}

export function channel(c: Channels, index: number): number {
  return at(c, c.length === 1 ? 0 : index);
}

/** f on numbers per channel; one number spreads to all. */
export function combine(a: Channels, b: Channels, f: (x: number, y: number) => number): Channels {
  return Float64Array.from({ length: Math.max(a.length, b.length) }, (_, i) => f(channel(a, i), channel(b, i)));
}

/** A tensor like `t` in dtype and shape, with numbers of its own. */
export function withNumbers(t: Tensor, numbers: ArrayLike<number>): Tensor {
  return real(t.dtype === "f64" ? "f64" : "f32", t.shape, numbers);
}

export function real(dtype: "f32" | "f64", shape: readonly number[], numbers: ArrayLike<number>): Tensor {
  const data = make[dtype](numbers.length);
  data.set(numbers);
  return { dtype, shape, data } as Tensor;
}
