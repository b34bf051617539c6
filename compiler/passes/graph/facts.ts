import { at } from "../../base/bug.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Graph, Node, Value, ValueId } from "../../ir/graph/types.ts";

/** What passes ask about a graph again and again, computed once. */
export type Facts = {
  readonly graph: Graph;
  /** The node that gives a value; null for inputs and constants. */
  readonly producer: (v: ValueId | null | undefined) => Node | null;
  /** How often a value is used, by nodes and as output of the graph. */
  readonly uses: (v: ValueId) => number;
  readonly consumers: (v: ValueId) => readonly Node[];
  readonly constant: (v: ValueId | null | undefined) => Tensor | null;
  readonly value: (v: ValueId) => Value;
  readonly shape: (v: ValueId) => readonly number[];
};

export function factsOf(g: Graph): Facts {
  const producers = new Map<ValueId, Node>();
  const consumers = new Map<ValueId, Node[]>();
  for (const n of g.nodes) {
    for (const v of n.outputs) producers.set(v, n);
    for (const v of n.inputs) if (v !== null) consumers.set(v, [...(consumers.get(v) ?? []), n]);
  }
  const asOutput = (v: ValueId): number => g.outputs.filter((o) => o === v).length;
  return {
    graph: g,
    producer: (v) => (v === null || v === undefined ? null : (producers.get(v) ?? null)),
    uses: (v) => (consumers.get(v)?.length ?? 0) + asOutput(v),
    consumers: (v) => consumers.get(v) ?? [],
    constant: (v) => (v === null || v === undefined ? null : at(g.values, v).constant),
    value: (v) => at(g.values, v),
    shape: (v) => at(g.values, v).shape,
  };
}

/** The input that an operation always has. */
export function inputOf(n: Node, index: number): ValueId {
  return at(
    n.inputs.filter((v): v is ValueId => v !== null),
    index,
  );
}

/** The only output of an operation that has one. */
export function outputOf(n: Node): ValueId {
  return at(n.outputs, 0);
}

export function numberAttr(n: Node, key: string): number {
  return n.attrs[key] as number;
}

export function listAttr(n: Node, key: string): readonly number[] {
  return n.attrs[key] as readonly number[];
}
