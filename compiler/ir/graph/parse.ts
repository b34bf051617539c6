import { diagnostic, Failure } from "../../base/diagnostic.ts";
import { id } from "../../base/id.ts";
import { type Origin, origin } from "../../base/origin.ts";
import type { TensorStore } from "../../base/store.ts";
import { type Dtype, make, type Tensor } from "../../base/tensor.ts";
import { Reader } from "../../base/text.ts";
import { opNamed } from "./ops/index.ts";
import type { Attr, Graph, Node, Value, ValueId } from "./types.ts";

/** A name used before all are known, with its place for the message. */
type Use = { readonly name: string; readonly place: string };
type NodeText = Omit<Node, "inputs"> & { readonly inputs: readonly (Use | null)[] };

/**
 * Reads the form that `printGraph` writes. Names may be used before the line
 * that declares them, so that a graph with a cycle can be read and verified.
 * Attributes that are not written get their defaults. Fails with text-syntax,
 * graph-undefined, graph-name-twice or tensor-missing and the place.
 */
export function parseGraph(text: string, store: TensorStore | null, fileName = "graph"): Graph {
  const r: Reader = new Reader(text, fileName);
  r.need("graph");
  const name = r.name("the name of the graph");
  r.nextLine();
  const body = new Body(r, store);
  while (r.more) {
    const declare = Object.hasOwn(body.declarations, r.peek().text) ? body.declarations[r.peek().text] : undefined;
    if (declare === undefined) r.expected(Object.keys(body.declarations).join(", "));
    r.word();
    declare();
    r.nextLine();
  }
  return body.finish(name);
}

class Body {
  readonly #r: Reader;
  readonly #store: TensorStore | null;
  readonly #values: Value[] = [];
  readonly #byName = new Map<string, ValueId>();
  readonly #inputs: ValueId[] = [];
  readonly #nodes: NodeText[] = [];
  readonly #outputs: Use[] = [];
  readonly #metadata: Record<string, string> = {};

  readonly declarations: Readonly<Record<string, () => void>> = {
    input: () => this.#inputs.push(this.#typed()),
    constant: () => this.#constant(),
    value: () => this.#typed(),
    node: () => this.#node(),
    output: () => this.#outputs.push(this.#use()),
    metadata: () => {
      const key = this.#r.name("a key");
      this.#metadata[key] = this.#r.name("its text");
    },
  };

  constructor(r: Reader, store: TensorStore | null) {
    this.#r = r;
    this.#store = store;
  }

  finish(name: string): Graph {
    const nodes = this.#nodes.map((n) => ({ ...n, inputs: n.inputs.map((u) => (u === null ? null : this.#resolve(u))) }));
    const outputs = this.#outputs.map((u) => this.#resolve(u));
    const about = Object.keys(this.#metadata).length === 0 ? {} : { metadata: this.#metadata };
    return { kind: "graph", name, values: this.#values, nodes, inputs: this.#inputs, outputs, ...about };
  }

  #resolve(u: Use): ValueId {
    const v = this.#byName.get(u.name);
    if (v === undefined) throw new Failure([diagnostic("graph-undefined", [u.name], { at: u.place })]);
    return v;
  }

  #use(): Use {
    const place = this.#r.place();
    return { name: this.#r.name("the name of a value"), place };
  }

  #declare(u: Use, dtype: Dtype, shape: readonly number[], constant: Tensor | null): ValueId {
    if (this.#byName.has(u.name)) throw new Failure([diagnostic("graph-name-twice", [u.name], { at: u.place })]);
    const v = id<"value">(this.#values.length);
    this.#values.push({ id: v, name: u.name, dtype, shape, constant });
    this.#byName.set(u.name, v);
    return v;
  }

  /** `x f32[1x4]` */
  #typed(): ValueId {
    const r = this.#r;
    const use = this.#use();
    if (!Object.hasOwn(make, r.peek().text)) r.expected(`a dtype (${Object.keys(make).join(" ")})`);
    const dtype = r.word() as Dtype;
    r.need("[");
    const shape = r.is("]") ? [] : r.shape();
    r.need("]");
    return this.#declare(use, dtype, shape, null);
  }

  #constant(): void {
    const use = this.#use();
    this.#r.need("=");
    const t = this.#r.tensor(this.#store);
    this.#declare(use, t.dtype, t.shape, t);
  }

  #node(): void {
    const r = this.#r;
    const name = r.name("the name of the node");
    r.need("=");
    const op = r.word("an operation");
    r.need("(");
    const inputs = this.#list(() => (r.skip("-") ? null : this.#use()), ")");
    r.need(")");
    const attrs = this.#attrs(op);
    r.need("->");
    const outputs = this.#list(() => this.#typed(), "");
    const from: Origin = r.origin() ?? origin(name);
    this.#nodes.push({ name, op, inputs, outputs, attrs, origin: from });
  }

  /** Items with commas between them, none when the closing mark comes at once. */
  #list<T>(item: () => T, close: string): T[] {
    if (close !== "" && this.#r.is(close)) return [];
    const items = [item()];
    while (this.#r.skip(",")) items.push(item());
    return items;
  }

  #attrs(op: string): Record<string, Attr> {
    const r = this.#r;
    const written: Record<string, Attr> = {};
    while (r.peek().kind === "word" && r.peek(1).text === "=") {
      const key = r.word();
      r.need("=");
      written[key] = r.is("[") ? this.#numbers() : r.value(this.#store);
    }
    // In the order of the operation's table, whatever the order in the text.
    const specs = Object.entries(opNamed(op)?.attrs ?? {});
    const known = specs.flatMap(([key, spec]): [string, Attr][] => {
      const value = written[key] ?? spec.default;
      return value === null ? [] : [[key, value]];
    });
    return { ...Object.fromEntries(known), ...written };
  }

  #numbers(): number[] {
    const out: number[] = [];
    this.#r.need("[");
    while (!this.#r.is("]")) out.push(this.#r.number());
    this.#r.need("]");
    return out;
  }
}
