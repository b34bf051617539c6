import { at } from "../../../base/bug.ts";
import { make, numbersOf, sizeOf, type Tensor } from "../../../base/tensor.ts";
import { GraphBuilder, type NodeOptions } from "../../../ir/graph/build.ts";
import type { OpName } from "../../../ir/graph/ops/index.ts";
import type { Graph, Node, ValueId } from "../../../ir/graph/types.ts";
import { type Facts, outputOf } from "../facts.ts";
import { type Coefficient, isZero } from "./form.ts";
import type { Neuron } from "./neuron.ts";

/** One of two things that a spike chooses between: a number for all elements, or a value of the old graph. */
type Choice = { readonly number: number } | { readonly value: ValueId };

const isNumber = (c: Choice, n: number): boolean => "number" in c && c.number === n;

/** Builds a graph again from its outputs, with neurons in the place of comparisons. What only they needed is not built. */
export class Rebuild {
  readonly #facts: Facts;
  readonly #graph: Graph;
  readonly #builder: GraphBuilder;
  readonly #now = new Map<ValueId, ValueId>();
  readonly #byBit = new Map<ValueId, Neuron>();
  readonly #byNext = new Map<ValueId, Neuron>();
  readonly #made = new Map<Neuron, readonly ValueId[]>();

  constructor(facts: Facts, neurons: readonly Neuron[]) {
    this.#facts = facts;
    this.#graph = facts.graph;
    this.#builder = new GraphBuilder(facts.graph.name);
    for (const n of neurons) {
      this.#byBit.set(outputOf(n.node), n);
      if (n.next !== null) this.#byNext.set(n.next, n);
    }
  }

  finish(): Graph {
    for (const v of this.#graph.inputs) {
      const { name, dtype, shape } = this.#facts.value(v);
      this.#now.set(v, this.#builder.input(name, dtype, shape));
    }
    return this.#builder.finish(
      this.#graph.outputs.map((v) => this.#value(v)),
      this.#graph.metadata,
    );
  }

  #value(v: ValueId): ValueId {
    const done = this.#now.get(v);
    if (done !== undefined) return done;
    const made = this.#make(v);
    this.#now.set(v, made);
    return made;
  }

  #make(v: ValueId): ValueId {
    const constant = this.#facts.constant(v);
    if (constant !== null) return this.#builder.constant(this.#facts.value(v).name, constant);
    const next = this.#byNext.get(v);
    if (next !== undefined) return at(this.#neuron(next), 1);
    const n = this.#facts.producer(v) as Node;
    return this.#spike(n, v) ?? this.#copy(n, v);
  }

  #copy(n: Node, v: ValueId): ValueId {
    const inputs = n.inputs.map((i) => (i === null ? null : this.#value(i)));
    const outputNames = n.outputs.map((o) => this.#facts.value(o).name);
    const outputs = this.#builder.node(n.op as OpName, inputs, n.attrs, { name: n.name, origin: n.origin, outputNames });
    n.outputs.forEach((o, i) => {
      this.#now.set(o, at(outputs, i));
    });
    return at(outputs, n.outputs.indexOf(v));
  }

  /** Spikes and, with a state, its next value. */
  #neuron(n: Neuron): readonly ValueId[] {
    const made = this.#made.get(n);
    if (made !== undefined) return made;
    const current = this.#current(n);
    const { shape, dtype } = this.#builder.value(current);
    const constant = (c: Coefficient, what: string): ValueId => this.#builder.constant(`${n.node.name}.${what}`, tensorOf(c, shape, dtype));
    const decay = n.state === null || n.decay === 1 ? null : constant(n.decay, "decay");
    const amount = n.reset === "none" || (n.reset === "set" && isZero(n.amount)) ? null : constant(n.amount, "reset");
    const state = n.state === null ? null : this.#value(n.state);
    const inputs = [current, constant(n.threshold, "threshold"), state, decay, amount];
    while (inputs.at(-1) === null) inputs.pop();
    const names = [this.#spikeName(n), ...(n.next === null ? [] : [this.#facts.value(n.next).name])];
    const outputs = this.#builder.node(
      "neuron-step",
      inputs,
      { compare: n.compare, reset: n.reset },
      { ...like(n.node), outputNames: names },
    );
    this.#made.set(n, outputs);
    return outputs;
  }

  /** Spikes are called after the first number that the file makes of the comparison. */
  #spikeName(n: Neuron): string {
    const cast = this.#facts.consumers(outputOf(n.node)).find((c) => c.op === "cast");
    return this.#facts.value(cast === undefined ? outputOf(n.node) : outputOf(cast)).name;
  }

  /** The sum of coefficients times values, and the constant. */
  #current(n: Neuron): ValueId {
    const shape = this.#facts.shape(n.state ?? outputOf(n.node));
    const { dtype } = this.#facts.value(n.node.inputs[0] as ValueId);
    const parts = [...n.current.of].map(([v, c], i): ValueId => {
      const x = this.#value(v);
      return c === 1
        ? x
        : this.#add("mul", [x, this.#builder.constant(`${n.node.name}.weight${i}`, tensorOf(c, shape, dtype))], n, `weighted${i}`);
    });
    if (!isZero(n.current.one)) parts.push(this.#builder.constant(`${n.node.name}.bias`, tensorOf(n.current.one, shape, dtype)));
    const [first, ...more] = parts;
    if (first === undefined)
      return this.#builder.constant(`${n.node.name}.current`, tensorOf(new Float64Array(sizeOf(shape)), shape, dtype));
    return more.reduce((sum, x, i) => this.#add("add", [sum, x], n, `sum${i}`), first);
  }

  #add(op: OpName, inputs: readonly ValueId[], n: Neuron, what: string): ValueId {
    return at(this.#builder.node(op, inputs, {}, { name: `${n.node.name}/${what}`, origin: n.node.origin }), 0);
  }

  /** The neuron that a bool value says has fired, or has not; null when it says something else. */
  #bit(v: ValueId): { readonly neuron: Neuron; readonly fired: boolean } | null {
    const neuron = this.#byBit.get(v);
    if (neuron !== undefined) return { neuron, fired: neuron.fires };
    const n = this.#facts.producer(v);
    if (n?.op !== "not" && n?.op !== "identity") return null;
    const inner = this.#bit(n.inputs[0] as ValueId);
    return inner === null || n.op === "identity" ? inner : { ...inner, fired: !inner.fired };
  }

  /** A number made of a spike: z itself, 1 - z, or a choice between two values by z. Null for every other node. */
  #spike(n: Node, v: ValueId): ValueId | null {
    const { dtype } = this.#facts.value(v);
    const condition = n.inputs[0] ?? null;
    if ((n.op !== "cast" && n.op !== "where") || (dtype !== "f32" && dtype !== "f64") || condition === null) return null;
    const bit = this.#facts.value(condition).dtype === "bool" ? this.#bit(condition) : null;
    if (bit === null) return null;
    const choices: readonly Choice[] =
      n.op === "cast" ? [{ number: 1 }, { number: 0 }] : [1, 2].map((i) => this.#choice(n.inputs[i] as ValueId));
    const [fired, rest] = bit.fired ? choices : [...choices].reverse();
    const z = at(this.#neuron(bit.neuron), 0);
    const same = this.#builder.value(z).dtype === dtype ? z : at(this.#builder.node("cast", [z], { to: dtype }, like(n)), 0);
    return this.#chosen(same, at([fired], 0) as Choice, at([rest], 0) as Choice, n);
  }

  #chosen(z: ValueId, fired: Choice, rest: Choice, n: Node): ValueId {
    const add = (op: OpName, inputs: readonly ValueId[], name: string): ValueId =>
      at(this.#builder.node(op, inputs, {}, { ...like(n), name }), 0);
    const operand = (c: Choice): ValueId => {
      if ("value" in c) return this.#value(c.value);
      return this.#builder.constant(`${n.name}.${c.number}`, tensorOf(c.number, [], this.#builder.value(z).dtype));
    };
    if (isNumber(fired, 1) && isNumber(rest, 0)) return z;
    if (isNumber(rest, 0)) return add("mul", [z, operand(fired)], n.name);
    if (isNumber(fired, 0) && isNumber(rest, 1)) return add("sub", [operand(rest), z], n.name);
    const change = add("sub", [operand(fired), operand(rest)], `${n.name}/change`);
    return add("add", [add("mul", [z, change], `${n.name}/by`), operand(rest)], n.name);
  }

  #choice(v: ValueId): Choice {
    const constant = this.#facts.constant(v);
    const numbers = constant === null ? [] : numbersOf(constant);
    const [first] = numbers;
    return first !== undefined && numbers.every((x) => x === first) ? { number: first } : { value: v };
  }
}

function like(n: Node): NodeOptions {
  return { name: n.name, origin: n.origin };
}

function tensorOf(c: Coefficient, shape: readonly number[], dtype: Tensor["dtype"]): Tensor {
  const numbers = typeof c === "number" ? [c] : c;
  const data = make[dtype === "f64" ? "f64" : "f32"](numbers.length);
  data.set(numbers);
  return { dtype: dtype === "f64" ? "f64" : "f32", shape: typeof c === "number" ? [] : shape, data } as Tensor;
}
