import { at } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import { type Origin, origin } from "../../base/origin.ts";
import type { Dtype, Tensor } from "../../base/tensor.ts";
import { type OpName, ops } from "./ops/index.ts";
import { complete } from "./ops/op.ts";
import { located } from "./place.ts";
import type { Attr, Graph, Node, Value, ValueId } from "./types.ts";

export type NodeOptions = {
  /** Also the name of the first output, unless `outputNames` says otherwise. */
  readonly name: string;
  readonly origin?: Origin;
  readonly outputNames?: readonly string[];
};

/**
 * Builds a graph in order: a value exists before it is used, so the result is
 * topologically ordered and its ids are dense by construction. Types of nodes'
 * outputs are inferred and attributes completed with their defaults; what does
 * not go together fails with the name of the node. Value names that are taken
 * get a number behind them.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #values: Value[] = [];
  readonly #nodes: Node[] = [];
  readonly #inputs: ValueId[] = [];
  readonly #names = new Set<string>();

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, dtype: Dtype, shape: readonly number[]): ValueId {
    const v = this.#add(name, dtype, shape, null);
    this.#inputs.push(v);
    return v;
  }

  constant(name: string, tensor: Tensor): ValueId {
    return this.#add(name, tensor.dtype, tensor.shape, tensor);
  }

  /** Adds a node and gives its outputs. Without an origin, the node's name is its origin. */
  node(op: OpName, inputs: readonly (ValueId | null)[], attrs: Readonly<Record<string, Attr>>, options: NodeOptions): ValueId[] {
    const from = options.origin ?? origin(options.name);
    return located({ name: options.name, origin: from }, () => {
      const full = complete(op, ops[op].attrs, attrs);
      const types = ops[op].infer(
        inputs.map((v) => (v === null ? null : this.value(v))),
        full,
      );
      const names = options.outputNames ?? [];
      const outputs = types.map((t, i) => this.#add(names[i] ?? options.name, t.dtype, t.shape, null));
      this.#nodes.push({ name: options.name, op, inputs, outputs, attrs: full, origin: from });
      return outputs;
    });
  }

  value(v: ValueId): Value {
    return at(this.#values, v);
  }

  shapeOf(v: ValueId): readonly number[] {
    return this.value(v).shape;
  }

  /** The numbers of a constant; null for everything else. */
  constantOf(v: ValueId): Tensor | null {
    return this.value(v).constant;
  }

  finish(outputs: readonly ValueId[], metadata?: Graph["metadata"]): Graph {
    const about = metadata === undefined ? {} : { metadata };
    return {
      kind: "graph",
      name: this.#name,
      values: [...this.#values],
      nodes: [...this.#nodes],
      inputs: [...this.#inputs],
      outputs,
      ...about,
    };
  }

  #add(name: string, dtype: Dtype, shape: readonly number[], constant: Tensor | null): ValueId {
    const v = id<"value">(this.#values.length);
    this.#values.push({ id: v, name: this.#free(name), dtype, shape, constant });
    return v;
  }

  #free(name: string): string {
    let free = name;
    for (let i = 1; this.#names.has(free); i++) free = `${name}_${i}`;
    this.#names.add(free);
    return free;
  }
}
