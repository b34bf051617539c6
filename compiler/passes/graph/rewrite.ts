import { at } from "../../base/bug.ts";
import type { Tensor } from "../../base/tensor.ts";
import { GraphBuilder } from "../../ir/graph/build.ts";
import { located } from "../../ir/graph/place.ts";
import type { OpName } from "../../ir/graph/ops/index.ts";
import type { Attr, Graph, Node, ValueId } from "../../ir/graph/types.ts";
import { factsOf, type Facts } from "./facts.ts";
import { prune } from "./prune.ts";

/** What a visitor builds the replacement of a node with. Values of the new graph are given back; those of the old one come in. */
export type Edit = Facts & {
  /** The new value that stands for an old one. */
  readonly now: (old: ValueId) => ValueId;
  readonly add: (op: OpName, inputs: readonly (ValueId | null)[], attrs: Readonly<Record<string, Attr>>, like: Node) => ValueId;
  /** A constant that takes the place, and the name, of an old value. */
  readonly standIn: (old: ValueId, t: Tensor) => ValueId;
  /** A new constant, under a name that no value has. */
  readonly newConstant: (name: string, t: Tensor) => ValueId;
};

/** Gives the new values that take the place of a node's outputs; null to keep the node. */
export type Visit = (n: Node, edit: Edit) => readonly ValueId[] | null;

/**
 * Visits the nodes in order and rebuilds the graph with what the visitor put in
 * their place; what became unused by that is removed. Values keep their names,
 * and the outputs of the graph keep theirs even when another value now stands
 * for them. Gives the very same graph when every node was kept.
 *
 * The visitor looks at the graph as it was before, and each replacement must
 * compute the value that it replaces; then replacements cannot disturb each other.
 */
export function rewrite(g: Graph, visit: Visit): Graph {
  const facts = factsOf(g);
  const b = new GraphBuilder(g.name);
  const taken = new Set(g.values.map((v) => v.name));
  const fresh = new Map<ValueId, ValueId>();
  const now = (old: ValueId): ValueId =>
    at(
      [fresh.get(old)].filter((v) => v !== undefined),
      0,
    );
  let changed = false;
  const edit: Edit = {
    ...facts,
    now,
    add: (op, inputs, attrs, like) =>
      at(
        b.node(op, inputs, attrs, { name: like.name, origin: like.origin, outputNames: like.outputs.map((v) => at(g.values, v).name) }),
        0,
      ),
    standIn: (old, t) => b.constant(at(g.values, old).name, t),
    newConstant: (name, t) => {
      let free = name;
      for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
      taken.add(free);
      return b.constant(free, t);
    },
  };
  const visited = new Set<Node>();
  const inputs = new Set(g.inputs);
  const visitNode = (n: Node): void => {
    if (visited.has(n)) return;
    visited.add(n);
    const replaced = located(n, () => visit(n, edit));
    if (replaced !== null) changed = true;
    const outputs = replaced ?? copy(b, g, n, now);
    n.outputs.forEach((v, i) => fresh.set(v, at(outputs, i)));
  };
  for (const v of g.values) {
    const n = facts.producer(v.id);
    if (n !== null) visitNode(n);
    else if (inputs.has(v.id)) fresh.set(v.id, b.input(v.name, v.dtype, v.shape));
    else if (v.constant !== null) fresh.set(v.id, b.constant(v.name, v.constant));
  }
  if (!changed) return g;
  return nameOutputs(
    prune(b.finish(g.outputs.map(now), g.metadata)),
    g.outputs.map((v) => at(g.values, v).name),
  );
}

function copy(b: GraphBuilder, g: Graph, n: Node, now: (v: ValueId) => ValueId): ValueId[] {
  return b.node(
    n.op as OpName,
    n.inputs.map((v) => (v === null ? null : now(v))),
    n.attrs,
    { name: n.name, origin: n.origin, outputNames: n.outputs.map((v) => at(g.values, v).name) },
  );
}

/** Gives outputs their old names back, where no input, constant or other output has a claim to the value's name or to the new one. */
function nameOutputs(g: Graph, names: readonly string[]): Graph {
  const values = [...g.values];
  const used = new Set(values.map((v) => v.name));
  g.outputs.forEach((v, i) => {
    const name = at(names, i);
    const value = at(values, v);
    const fixed = value.constant !== null || g.inputs.includes(v) || g.outputs.indexOf(v) !== i || names.includes(value.name);
    if (fixed || used.has(name)) return;
    used.add(name);
    values[v] = { ...value, name };
  });
  return values.every((v, i) => v === g.values[i]) ? g : { ...g, values };
}

/** Repeats a change until it finds nothing more to do. */
export function untilStable(g: Graph, change: (g: Graph) => Graph): Graph {
  let now = g;
  for (let next = change(now); next !== now; next = change(now)) now = next;
  return now;
}
