import { at } from "../../../base/bug.ts";
import { numbersOf, sizeOf, type Tensor } from "../../../base/tensor.ts";
import { spreadMap } from "../../../ir/graph/ops/broadcast.ts";
import type { Node, ValueId } from "../../../ir/graph/types.ts";
import type { Facts } from "../facts.ts";

/*
 * Values of a neuron's formulas as linear forms. Exporters write the same neuron in many
 * ways, (1-z)*u + z*(u-theta) for u - theta*z and so on. Once the spike z is given the value 0 or 1, all
 * of them are a sum of coefficients times values, and equal forms mean equal neurons.
 */

/** One number for all elements, or one for each. */
export type Coefficient = number | Float64Array;

/** sum of coefficient * value, and a constant. */
export type Form = { readonly of: ReadonlyMap<ValueId, Coefficient>; readonly one: Coefficient };

/** What a comparison's result is taken to be, by its value. */
export type Bits = ReadonlyMap<ValueId, boolean>;

export function map2(a: Coefficient, b: Coefficient, f: (x: number, y: number) => number): Coefficient {
  if (typeof a === "number" && typeof b === "number") return f(a, b);
  const length = typeof a === "number" ? (b as Float64Array).length : a.length;
  return lowered(Float64Array.from({ length }, (_, i) => f(typeof a === "number" ? a : at(a, i), typeof b === "number" ? b : at(b, i))));
}

function lowered(values: Float64Array): Coefficient {
  const first = at(values, 0);
  return values.every((v) => v === first) ? first : values;
}

export function every(c: Coefficient, holds: (x: number) => boolean): boolean {
  return typeof c === "number" ? holds(c) : c.every(holds);
}

export const isZero = (c: Coefficient): boolean => every(c, (x) => x === 0);

/** Equal but for the rounding of single precision. */
export function alike(a: Coefficient, b: Coefficient): boolean {
  return every(
    map2(a, b, (x, y) => (Math.abs(x - y) <= 1e-6 * Math.max(1, Math.abs(x), Math.abs(y)) ? 0 : 1)),
    (x) => x === 0,
  );
}

export function combine(a: Form, b: Form, factor: number): Form {
  const of = new Map(a.of);
  for (const [v, c] of b.of) {
    const sum = map2(of.get(v) ?? 0, c, (x, y) => x + factor * y);
    if (isZero(sum)) of.delete(v);
    else of.set(v, sum);
  }
  return { of, one: map2(a.one, b.one, (x, y) => x + factor * y) };
}

export function scaled(a: Form, by: Coefficient): Form {
  if (isZero(by)) return { of: new Map(), one: 0 };
  const times = (c: Coefficient): Coefficient => map2(c, by, (x, y) => x * y);
  return { of: new Map([...a.of].map(([v, c]) => [v, times(c)])), one: times(a.one) };
}

const constantForm = (one: Coefficient): Form => ({ of: new Map(), one });

/** Operations that work on each element alone, and so keep a neuron together. */
const elementwise: ReadonlySet<string> = new Set([
  "add",
  "sub",
  "sum",
  "mul",
  "div",
  "neg",
  "identity",
  "dropout",
  "cast",
  "expand",
  "where",
  "not",
  "greater",
  "greater-or-equal",
  "less",
  "less-or-equal",
]);

export const comparisons: ReadonlySet<string> = new Set(["greater", "greater-or-equal", "less", "less-or-equal"]);

/** Noise of a training with a single step; it is kept apart in formulas, so that its mean does not hide in a sum. */
const random: ReadonlySet<string> = new Set(["random-normal-like", "random-uniform-like"]);

/** What the elementwise formula of a value reaches back to; random numbers count as inputs. */
export type Cone = { readonly inputs: ReadonlySet<ValueId>; readonly compares: ReadonlySet<ValueId> };

/** Reads formulas of a graph; remembers what it has seen. */
export class Formulas {
  readonly facts: Facts;
  readonly #inputs: ReadonlySet<ValueId>;
  readonly #cones = new Map<ValueId, Cone>();
  readonly #deep: boolean;

  /** `deep`: formulas are read to their end, also where neither an input of the graph nor a comparison of interest is in them. */
  constructor(facts: Facts, deep = false) {
    this.facts = facts;
    this.#deep = deep;
    this.#inputs = new Set(facts.graph.inputs);
  }

  /** Inputs of the graph and comparisons within the elementwise formula of the value. */
  cone(v: ValueId): Cone {
    const seen = this.#cones.get(v);
    if (seen !== undefined) return seen;
    const inputs = new Set<ValueId>(this.#inputs.has(v) ? [v] : []);
    const compares = new Set<ValueId>();
    const node = this.facts.producer(v);
    if (node !== null && random.has(node.op)) inputs.add(v);
    if (node !== null && elementwise.has(node.op)) {
      if (comparisons.has(node.op)) compares.add(v);
      for (const i of node.inputs) {
        if (i === null) continue;
        const below = this.cone(i);
        for (const x of below.inputs) inputs.add(x);
        for (const x of below.compares) compares.add(x);
      }
    }
    const cone = { inputs, compares };
    this.#cones.set(v, cone);
    return cone;
  }

  /**
   * The value as a form for elements of `shape`; null when it is none. Whatever neither reaches an input
   * of the graph, random numbers nor a comparison of `bits` is taken whole, as one value.
   */
  form(v: ValueId, shape: readonly number[], bits: Bits): Form | null {
    const constant = this.facts.constant(v);
    if (constant !== null) return spreadForm(constant, shape);
    const { inputs, compares } = this.cone(v);
    const whole: Form = { of: new Map([[v, 1]]), one: 0 };
    if (!this.#deep && inputs.size === 0 && ![...bits.keys()].some((b) => compares.has(b))) return whole;
    const node = this.facts.producer(v);
    if (node === null || this.facts.shape(v).join() !== shape.join()) return node === null ? whole : this.#smaller(v, shape, bits, node);
    return this.#node(node, shape, bits) ?? whole;
  }

  /** A value that spreads over the shape has no elements of its own; only what is constant once the bits are known can be read. */
  #smaller(v: ValueId, shape: readonly number[], bits: Bits, node: Node): Form | null {
    const f = this.#node(node, this.facts.shape(v), bits);
    return f !== null && f.of.size === 0 && typeof f.one === "number" && sizeOf(shape) > 0 ? f : null;
  }

  /** Whether the value is random numbers. */
  isRandom(v: ValueId): boolean {
    return random.has(this.facts.producer(v)?.op ?? "");
  }

  /** The form with single numbers that are added within its values taken out of them, into its constant. */
  peeled(f: Form): Form {
    for (const [v, c] of f.of) {
      const n = this.facts.producer(v);
      if (n?.op !== "add" && n?.op !== "sub") continue;
      const added = [1, 0].find((i) => this.facts.constant(n.inputs[i])?.data.length === 1 && (n.op === "add" || i === 1));
      const x = added === undefined ? null : (n.inputs[1 - added] ?? null);
      if (added === undefined || x === null || this.facts.shape(x).join() !== this.facts.shape(v).join()) continue;
      const number = Number(this.facts.constant(n.inputs[added])?.data[0]) * (n.op === "sub" ? -1 : 1);
      const of = new Map([...f.of].filter(([w]) => w !== v));
      const rest: Form = { of, one: map2(f.one, c, (a, b) => a + b * number) };
      return this.peeled(combine(rest, scaled({ of: new Map([[x, 1]]), one: 0 }, c), 1));
    }
    return f;
  }

  /** Truth of a bool value under the bits; null when it is not decided. */
  truth(v: ValueId, bits: Bits): boolean | null {
    const bit = bits.get(v);
    if (bit !== undefined) return bit;
    const node = this.facts.producer(v);
    if (node?.op === "identity") return this.truth(node.inputs[0] as ValueId, bits);
    if (node?.op !== "not") return null;
    const inner = this.truth(node.inputs[0] as ValueId, bits);
    return inner === null ? null : !inner;
  }

  #node(n: Node, shape: readonly number[], bits: Bits): Form | null {
    const read = (i: number): Form | null => {
      const v = n.inputs[i] ?? null;
      return v === null ? null : this.form(v, shape, bits);
    };
    const both = (f: (a: Form, b: Form) => Form | null): Form | null => {
      const [a, b] = [read(0), read(1)];
      return a === null || b === null ? null : f(a, b);
    };
    switch (n.op) {
      case "identity":
      case "dropout":
      case "expand":
        return read(0);
      case "neg": {
        const a = read(0);
        return a && scaled(a, -1);
      }
      case "add":
        return both((a, b) => combine(a, b, 1));
      case "sub":
        return both((a, b) => combine(a, b, -1));
      case "sum":
        return n.inputs.reduce<Form | null>((sum, _, i) => {
          const a = read(i);
          return sum === null || a === null ? null : combine(sum, a, 1);
        }, constantForm(0));
      case "mul":
        return both((a, b) => (a.of.size === 0 ? scaled(b, a.one) : b.of.size === 0 ? scaled(a, b.one) : null));
      case "div":
        return both((a, b) =>
          b.of.size === 0 && every(b.one, (x) => x !== 0)
            ? scaled(
                a,
                map2(1, b.one, (x, y) => x / y),
              )
            : null,
        );
      case "cast": {
        const from = n.inputs[0] as ValueId;
        if (this.facts.value(from).dtype !== "bool") return read(0);
        const truth = this.truth(from, bits);
        return truth === null ? null : constantForm(truth ? 1 : 0);
      }
      case "where": {
        const truth = this.truth(n.inputs[0] as ValueId, bits);
        return truth === null ? null : read(truth ? 1 : 2);
      }
    }
    return null;
  }
}

/** A constant as it spreads over the shape; null when it does not. */
function spreadForm(t: Tensor, shape: readonly number[]): Form | null {
  const numbers = numbersOf(t);
  if (numbers.length === 1) return constantForm(at(numbers, 0));
  const fits = t.shape.length <= shape.length && t.shape.every((d, i) => d === 1 || d === shape[i + shape.length - t.shape.length]);
  if (!fits) return null;
  const order = spreadMap(t.shape, shape);
  return constantForm(lowered(order === null ? numbers : Float64Array.from(order, (i) => at(numbers, i))));
}
