import { at } from "../../../base/bug.ts";
import { f64, numbersOf, sizeOf, spread, type Tensor } from "../../../base/tensor.ts";

/**
 * What the spikes of a population are worth, in the coarsest form that says it:
 * nothing (1), one number, one per channel (populations with spatial axes), or one
 * per neuron. Layer- and channel-wise gains commute with everything that treats
 * positions alike, so they keep a convolution's kernel shared.
 */
export type Gain =
  | { readonly kind: "one" }
  | { readonly kind: "layer"; readonly value: number }
  | { readonly kind: "channel"; readonly values: Float64Array }
  | { readonly kind: "element"; readonly values: Float64Array };

export const one: Gain = { kind: "one" };

/** The gain of a population of this shape, demoted as far as its values agree. */
export function gainOf(value: number | Tensor | null, shape: readonly number[]): Gain {
  if (value === null) return one;
  if (typeof value === "number") return layer(value);
  const numbers = numbersOf(value);
  if (numbers.length === 1) return layer(at(numbers, 0));
  if (numbers.length === sizeOf(shape)) return demote({ kind: "element", values: numbers }, shape);
  return demote({ kind: "channel", values: spread(value, [at(shape, 0)]) }, shape);
}

function layer(value: number): Gain {
  return value === 1 ? one : { kind: "layer", value };
}

/** Element → channel → layer → one, where values agree exactly. */
export function demote(g: Gain, shape: readonly number[]): Gain {
  if (g.kind === "element" && shape.length > 1) {
    const channels = at(shape, 0);
    const per = g.values.length / channels;
    const values = Float64Array.from({ length: channels }, (_, c) => at(g.values, c * per));
    if (g.values.every((v, i) => v === values[Math.floor(i / per)])) return demote({ kind: "channel", values }, shape);
    return g;
  }
  if (g.kind === "element" || g.kind === "channel") {
    const first = at(g.values, 0);
    return g.values.every((v) => v === first) ? layer(first) : g;
  }
  return g;
}

/** One number per neuron, or per channel. */
export function values(g: Gain, count: number): Float64Array {
  switch (g.kind) {
    case "one":
      return new Float64Array(count).fill(1);
    case "layer":
      return new Float64Array(count).fill(g.value);
    case "channel":
    case "element": {
      const per = count / g.values.length;
      return per === 1 ? g.values : Float64Array.from({ length: count }, (_, i) => at(g.values, Math.floor(i / per)));
    }
  }
}

/** Both gains, one after the other, on a population of this shape. */
export function times(a: Gain, b: Gain, shape: readonly number[]): Gain {
  if (a.kind === "one") return b;
  if (b.kind === "one") return a;
  if (a.kind === "layer" && b.kind === "layer") return layer(a.value * b.value);
  const element = a.kind === "element" || b.kind === "element" || shape.length === 1;
  const count = element ? sizeOf(shape) : at(shape, 0);
  const left = values(a, count);
  const right = values(b, count);
  return demote({ kind: element ? "element" : "channel", values: left.map((v, i) => v * at(right, i)) }, shape);
}

/** As it stands in a link: null for 1, a number, [C], or one per neuron. */
export function gainField(g: Gain, shape: readonly number[]): number | Tensor | null {
  switch (g.kind) {
    case "one":
      return null;
    case "layer":
      return g.value;
    case "channel":
      return f64([g.values.length], g.values);
    case "element":
      return f64(shape, g.values);
  }
}
