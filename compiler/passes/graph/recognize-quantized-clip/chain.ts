import { numbersOf, type Tensor } from "../../../base/tensor.ts";
import { quantRange } from "../../../ir/graph/ops/quant.ts";
import type { Node, ValueId } from "../../../ir/graph/types.ts";
import { type Channels, channelsOf } from "../channels.ts";
import { type Facts, inputOf, numberAttr, outputOf } from "../facts.ts";

/** One thing that happens to a number on its way; per channel where constants are. */
export type Link =
  | { readonly kind: "scale"; readonly by: Channels }
  | { readonly kind: "shift"; readonly by: Channels }
  | { readonly kind: "clip"; readonly low: Channels; readonly high: Channels }
  /** Downward, after adding `half`: 0 for floor, 1/2 for rounding to the nearest. */
  | { readonly kind: "round"; readonly half: number };

/** What a node does to its first non-constant input, and which that is. Null for everything that a quantized clip does not consist of. */
export type Element = { readonly input: ValueId; readonly links: readonly Link[] };

const number = (n: number): Channels => Float64Array.of(n);
const clip = (low: number, high: number): Link => ({ kind: "clip", low: number(low), high: number(high) });
const scale = (by: Channels): Link => ({ kind: "scale", by });
const shift = (by: Channels): Link => ({ kind: "shift", by });
const inverse = (c: Channels): Channels => c.map((v) => 1 / v);
const negative = (c: Channels): Channels => c.map((v) => -v);

export function elementOf(n: Node | null, facts: Facts): Element | null {
  if (n === null) return null;
  const through = straightThrough(n, facts);
  if (through !== null) return { input: through, links: [] };
  const element = elements[n.op]?.(n, facts) ?? null;
  // A constant may spread the value to a larger shape, which a quantized clip does not do.
  return element !== null && facts.shape(element.input).join() === facts.shape(outputOf(n)).join() ? element : null;
}

/**
 * The trick by which training passes gradients around a rounding: u + (v - u) is
 * v in forward direction. Gives v.
 */
function straightThrough(n: Node, facts: Facts): ValueId | null {
  if (n.op !== "add") return null;
  for (const [u, d] of [
    [inputOf(n, 0), inputOf(n, 1)],
    [inputOf(n, 1), inputOf(n, 0)],
  ] as const) {
    const difference = facts.producer(d);
    if (difference?.op === "sub" && inputOf(difference, 1) === u) return inputOf(difference, 0);
  }
  return null;
}

type Reader = (n: Node, facts: Facts) => Element | null;

/** An operation on a value and a constant, in either order unless `ordered`. */
function withConstant(links: (c: Channels) => readonly Link[], ordered = false): Reader {
  return (n, facts) => {
    if (n.inputs.length !== 2) return null;
    const index = [1, 0].find((i) => facts.constant(inputOf(n, i)) !== null);
    if (index === undefined || (ordered && index === 0)) return null;
    const input = inputOf(n, 1 - index);
    const c = perChannel(facts.constant(inputOf(n, index)), facts.shape(outputOf(n)));
    return c === null || facts.constant(input) !== null ? null : { input, links: links(c) };
  };
}

function perChannel(t: Tensor | null, shape: readonly number[]): Channels | null {
  return t === null ? null : channelsOf(t, shape);
}

function fixed(...links: readonly Link[]): Reader {
  return (n) => ({ input: inputOf(n, 0), links });
}

const elements: Readonly<Record<string, Reader>> = {
  mul: withConstant((c) => [scale(c)]),
  div: withConstant((c) => [scale(inverse(c))], true),
  add: withConstant((c) => [shift(c)]),
  sub: withConstant((c) => [shift(negative(c))], true),
  min: withConstant((c) => [{ kind: "clip", low: number(-Infinity), high: c }]),
  max: withConstant((c) => [{ kind: "clip", low: c, high: number(Infinity) }]),
  relu: fixed(clip(0, Infinity)),
  clip: (n) => ({ input: inputOf(n, 0), links: [clip(numberAttr(n, "min"), numberAttr(n, "max"))] }),
  floor: fixed({ kind: "round", half: 0 }),
  round: fixed({ kind: "round", half: 0.5 }),
  "quantize-linear": (n, facts) => {
    const q = scaleAndZero(n, facts);
    const dtype = facts.value(outputOf(n)).dtype;
    const [low, high] = dtype === "u8" ? [0, 255] : dtype === "i8" ? [-128, 127] : [-32768, 32767];
    return q && { input: inputOf(n, 0), links: [scale(inverse(q.scale)), { kind: "round", half: 0.5 }, shift(q.zero), clip(low, high)] };
  },
  "dequantize-linear": (n, facts) => {
    const q = scaleAndZero(n, facts);
    return q && { input: inputOf(n, 0), links: [shift(negative(q.zero)), scale(q.scale)] };
  },
  quant: (n, facts) => {
    const shape = facts.shape(outputOf(n));
    const [s, zero, bits] = [1, 2, 3].map((i) => perChannel(facts.constant(inputOf(n, i)), shape));
    const half = { ROUND: 0.5, FLOOR: 0 }[String(n.attrs["roundingMode"])];
    if (!s || !zero || bits?.length !== 1 || half === undefined || zero.some((z) => z !== 0)) return null;
    const [low, high] = quantRange(bits[0] ?? 0, numberAttr(n, "signed") !== 0, numberAttr(n, "narrow") !== 0);
    return { input: inputOf(n, 0), links: [scale(inverse(s)), clip(low, high), { kind: "round", half }, scale(s)] };
  },
};

/** Scale and zero point of (de)quantize-linear, per channel; null when they are computed or belong to another axis. */
function scaleAndZero(n: Node, facts: Facts): { readonly scale: Channels; readonly zero: Channels } | null {
  const tensor = facts.constant(inputOf(n, 1));
  const zeroId = n.inputs[2] ?? null;
  const zeroTensor = facts.constant(zeroId);
  if (tensor === null || (zeroId !== null && zeroTensor === null)) return null;
  const rank = facts.shape(inputOf(n, 0)).length;
  const axis = numberAttr(n, "axis");
  if (tensor.data.length > 1 && (axis < 0 ? axis + rank : axis) !== 1) return null;
  return { scale: numbersOf(tensor), zero: zeroTensor === null ? number(0) : numbersOf(zeroTensor) };
}
