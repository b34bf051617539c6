import { at } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import type { Graph, Node, Value, ValueId } from "../../ir/graph/types.ts";

/** The graph without nodes and constants that no output depends on; inputs stay. The same object when there are none. */
export function prune(g: Graph): Graph {
  const needed = new Set<ValueId>([...g.outputs, ...g.inputs]);
  const nodes: Node[] = [];
  for (const n of [...g.nodes].reverse()) {
    if (!n.outputs.some((v) => needed.has(v))) continue;
    nodes.push(n);
    for (const v of n.outputs) needed.add(v);
    for (const v of n.inputs) if (v !== null) needed.add(v);
  }
  if (needed.size === g.values.length) return g;
  const fresh = new Map<ValueId, ValueId>();
  const values: Value[] = [];
  for (const v of g.values) {
    if (!needed.has(v.id)) continue;
    const now = id<"value">(values.length);
    fresh.set(v.id, now);
    values.push({ ...v, id: now });
  }
  const map = (v: ValueId): ValueId =>
    at(
      [fresh.get(v)].filter((f) => f !== undefined),
      0,
    );
  const renumbered = nodes
    .reverse()
    .map((n) => ({ ...n, inputs: n.inputs.map((v) => (v === null ? null : map(v))), outputs: n.outputs.map(map) }));
  return { ...g, values, nodes: renumbered, inputs: g.inputs.map(map), outputs: g.outputs.map(map) };
}
