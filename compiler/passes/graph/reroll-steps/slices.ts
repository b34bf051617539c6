import { at } from "../../../base/bug.ts";
import { make, type Tensor } from "../../../base/tensor.ts";
import { GraphBuilder } from "../../../ir/graph/build.ts";
import type { OpName } from "../../../ir/graph/ops/index.ts";
import type { Attr, Graph, Node, ValueId } from "../../../ir/graph/types.ts";
import { type Facts, listAttr, numberAttr } from "../facts.ts";

/*
 * Frameworks run layers without memory on all steps at once: a first axis of T holds the steps. Here
 * such values are taken apart, so that every step has values of its own.
 */

/** Why a value cannot be taken apart; caught by the pass. */
export class NotSteps extends Error {}

/** Operations that treat what lies along the first axis one by one. */
const stepwise: ReadonlySet<string> = new Set(
  [
    "add sub mul div sum min max neg abs sqrt exp sigmoid tanh relu leaky-relu clip",
    "identity dropout cast not where greater greater-or-equal less less-or-equal",
    "conv conv-transpose gemm matmul batch-normalization average-pool max-pool global-average-pool global-max-pool",
  ].flatMap((line) => line.split(" ")),
);

export class Slices {
  readonly builder: GraphBuilder;
  readonly #facts: Facts;
  readonly #steps: number;
  readonly #made = new Map<string, ValueId>();
  readonly #stacked = new Map<ValueId, boolean>();

  constructor(facts: Facts, steps: number) {
    this.#facts = facts;
    this.#steps = steps;
    this.builder = new GraphBuilder(facts.graph.name);
    for (const v of facts.graph.inputs) {
      const { name, dtype, shape } = facts.value(v);
      this.#made.set(`${v}`, this.builder.input(name, dtype, shape));
    }
  }

  finish(outputs: readonly ValueId[]): Graph {
    return this.builder.finish(outputs, this.#facts.graph.metadata);
  }

  /** Whether the first axis of a value holds the steps. */
  isStacked(v: ValueId): boolean {
    const known = this.#stacked.get(v);
    if (known !== undefined) return known;
    const n = this.#facts.producer(v);
    const is = n !== null && this.#facts.shape(v)[0] === this.#steps && this.#stacks(n);
    this.#stacked.set(v, is);
    return is;
  }

  #stacks(n: Node): boolean {
    const inputs = n.inputs.filter((v) => v !== null);
    const parts = inputs.every((v) => this.#facts.shape(v)[0] === 1);
    if (n.op === "concat") return numberAttr(n, "axis") === 0 && inputs.length === this.#steps && parts;
    if (n.op === "expand") return inputs.slice(0, 1).every((v) => (this.#facts.shape(v)[0] ?? 1) === 1 || this.isStacked(v));
    return inputs.some((v) => this.isStacked(v));
  }

  /** A value that belongs to no step, or to one by its own making. */
  plain(v: ValueId): ValueId {
    return this.#once(`${v}`, () => {
      const constant = this.#facts.constant(v);
      if (constant !== null) return this.builder.constant(this.#facts.value(v).name, constant);
      const n = this.#facts.producer(v) as Node;
      if (this.isStacked(v)) throw new NotSteps(`${n.op} mixes the steps`);
      const from = n.inputs[0] ?? null;
      if (from !== null && this.isStacked(from)) return this.#picked(n, from);
      return this.#node(
        n,
        n.inputs.map((i) => (i === null ? null : this.plain(i))),
        n.attrs,
        v,
      );
    });
  }

  /** A stacked value in one step; its first axis is 1 then. */
  at(v: ValueId, step: number): ValueId {
    return this.#once(`${v}@${step}`, () => {
      const n = this.#facts.producer(v) as Node;
      const shape = [1, ...this.#facts.shape(v).slice(1)];
      const input = (i: number): ValueId => at(n.inputs, i) as ValueId;
      const own = (i: number): ValueId => (this.isStacked(input(i)) ? this.at(input(i), step) : this.plain(input(i)));
      if (n.op === "concat") return this.shaped(this.plain(input(step)), shape, n);
      if (n.op === "expand") return this.shaped(own(0), shape, n);
      if (n.op === "reshape") return this.shaped(own(0), shape, n);
      if (n.op === "reduce-mean" && !listAttr(n, "axes").some((a) => a === 0 || a === -this.#facts.shape(input(0)).length))
        return this.#node(n, [own(0)], n.attrs, v, step);
      if (n.op === "transpose" && listAttr(n, "perm")[0] === 0) return this.#node(n, [own(0)], n.attrs, v, step);
      if (!stepwise.has(n.op)) throw new NotSteps(`${n.op} mixes the steps`);
      const inputs = n.inputs.map((i, k) => (i === null ? null : (this.#sliced(i, v, n.op) ?? own(k))));
      return this.#node(n, inputs, n.attrs, v, step);
    });
  }

  /** The step that an index takes out of all. */
  #picked(n: Node, from: ValueId): ValueId {
    const shape = this.#facts.shape(n.outputs[0] as ValueId);
    const index = n.op === "gather" && numberAttr(n, "axis") === 0 ? this.#facts.constant(n.inputs[1]) : null;
    if (index !== null && index.data.length === 1)
      return this.shaped(this.at(from, (Number(index.data[0]) + this.#steps) % this.#steps), shape, n);
    if (n.op === "slice" && listAttr(n, "axes").join() === "0" && shape[0] === 1)
      return this.shaped(this.at(from, (at(listAttr(n, "starts"), 0) + this.#steps) % this.#steps), shape, n);
    throw new NotSteps(`${n.op} mixes the steps`);
  }

  /** A constant with a value for each step, which must be the same; null for every other value. */
  #sliced(i: ValueId, whole: ValueId, op: string): ValueId | null {
    const constant = this.#facts.constant(i);
    const rank = this.#facts.shape(whole).length;
    if (
      constant === null ||
      constant.shape.length !== rank ||
      constant.shape[0] !== this.#steps ||
      !["add", "sub", "mul", "div", "where"].includes(op)
    )
      return null;
    const size = constant.data.length / this.#steps;
    const parts = Array.from({ length: this.#steps }, (_, t) => constant.data.slice(t * size, (t + 1) * size));
    const [first] = parts;
    if (!parts.every((p) => p.every((x, k) => x === first?.[k]))) throw new NotSteps("a constant differs from step to step");
    return this.#once(`${i}@`, () =>
      this.builder.constant(this.#facts.value(i).name, {
        dtype: constant.dtype,
        shape: [1, ...constant.shape.slice(1)],
        data: first ?? make[constant.dtype](0),
      } as Tensor),
    );
  }

  /** The value in another shape. */
  shaped(v: ValueId, shape: readonly number[], n: Node): ValueId {
    if (this.builder.shapeOf(v).join() === shape.join()) return v;
    return at(this.builder.node("reshape", [v], { shape }, { name: n.name, origin: n.origin }), 0);
  }

  #node(
    n: Node,
    inputs: readonly (ValueId | null)[],
    attrs: Readonly<Record<string, Attr>>,
    v: ValueId,
    step: number | null = null,
  ): ValueId {
    const outputs = this.builder.node(n.op as OpName, inputs, attrs, {
      name: n.name,
      origin: n.origin,
      outputNames: n.outputs.map((o) => this.#facts.value(o).name),
    });
    n.outputs.forEach((o, i) => {
      this.#made.set(step === null ? `${o}` : `${o}@${step}`, at(outputs, i));
    });
    return at(outputs, n.outputs.indexOf(v));
  }

  #once(key: string, create: () => ValueId): ValueId {
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const v = create();
    this.#made.set(key, v);
    return v;
  }
}
