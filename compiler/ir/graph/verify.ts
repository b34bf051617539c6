import { type Diagnostic, diagnostic, Failure, type Place } from "../../base/diagnostic.ts";
import { showShape } from "../../base/tensor.ts";
import { opNamed } from "./ops/index.ts";
import { complete, type Signature } from "./ops/op.ts";
import { placeOf } from "./place.ts";
import type { Graph, Node, Value, ValueId } from "./types.ts";

/*
 * The rules of a graph:
 *
 *  1. Value i of the list has id i (graph-id); names differ (graph-name-twice).
 *  2. Every id that a node, an input or an output mentions exists (graph-reference).
 *  3. Every value has exactly one source: it is an input, a constant, or an
 *     output of one node (graph-undefined, graph-assigned-twice).
 *  4. No node depends on itself (graph-cycle, which names the nodes); nodes come after
 *     the nodes they use, and ids follow the order of inputs and of nodes, which is
 *     what lets the text form give every value its id again (graph-order).
 *  5. Operations are known (graph-op-unknown); their attributes are complete,
 *     known and of the right kind (graph-attribute-*), their inputs enough
 *     (graph-inputs).
 *  6. Declared types are what the operation infers (graph-value, graph-shape, graph-dtype).
 *  7. A constant has the dtype and shape of its value (graph-value), and real numbers
 *     are finite (graph-not-finite).
 *  8. There is an output (graph-outputs).
 *
 * Not checked: that anything uses a value, and that two nodes have different names.
 */

/** Every violation of the rules above; empty when the graph is well formed. */
export function verifyGraph(g: Graph): readonly Diagnostic[] {
  const ids = [...checkIds(g), ...checkReferences(g)];
  // The other rules follow references, so they need these two.
  if (ids.length > 0) return ids;
  const structure = [...checkSources(g), ...checkOrder(g)];
  const outputs = g.outputs.length === 0 ? [diagnostic("graph-outputs", [g.name])] : [];
  return [...structure, ...checkConstants(g), ...g.nodes.flatMap((n) => checkNode(g, n)), ...outputs];
}

function placeOfValue(v: Value): Place {
  return { at: `value ${JSON.stringify(v.name)}` };
}

function valueAt(g: Graph, v: ValueId): Value {
  return g.values[v] as Value;
}

function checkIds(g: Graph): Diagnostic[] {
  const out: Diagnostic[] = [];
  const names = new Set<string>();
  g.values.forEach((v, i) => {
    if (v.id !== i) out.push(diagnostic("graph-id", [i, v.id], placeOfValue(v)));
    if (names.has(v.name)) out.push(diagnostic("graph-name-twice", [v.name], placeOfValue(v)));
    names.add(v.name);
  });
  return out;
}

function checkReferences(g: Graph): Diagnostic[] {
  const missing = (v: ValueId | null): v is ValueId => v !== null && !(v in g.values);
  const nodes = g.nodes.flatMap((n) =>
    [...n.inputs, ...n.outputs].filter(missing).map((v) => diagnostic("graph-reference", [`node "${n.name}"`, v], placeOf(n))),
  );
  const inputs = g.inputs.filter(missing).map((v) => diagnostic("graph-reference", ["an input of the graph", v]));
  const outputs = g.outputs.filter(missing).map((v) => diagnostic("graph-reference", ["an output of the graph", v]));
  return [...nodes, ...inputs, ...outputs];
}

function checkSources(g: Graph): Diagnostic[] {
  const out: Diagnostic[] = [];
  const source = new Map<ValueId, string>();
  const give = (v: ValueId, from: string): void => {
    const first = source.get(v);
    if (first !== undefined) out.push(diagnostic("graph-assigned-twice", [valueAt(g, v).name, first, from], placeOfValue(valueAt(g, v))));
    source.set(v, first ?? from);
  };
  for (const v of g.inputs) give(v, "an input");
  for (const v of g.values) if (v.constant !== null) give(v.id, "a constant");
  for (const n of g.nodes) for (const v of n.outputs) give(v, `node "${n.name}"`);
  for (const v of g.values) if (!source.has(v.id)) out.push(diagnostic("graph-undefined", [v.name], placeOfValue(v)));
  return out;
}

function checkOrder(g: Graph): Diagnostic[] {
  const cycle = findCycle(g);
  if (cycle !== null) return [diagnostic("graph-cycle", [cycle.map((n) => n.name)], placeOf(cycle[0] as Node))];
  const out: Diagnostic[] = [];
  const given = new Set<ValueId>([...g.inputs, ...g.values.filter((v) => v.constant !== null).map((v) => v.id)]);
  const made = new Set(g.nodes.flatMap((n) => n.outputs));
  let last = -1;
  for (const n of g.nodes) {
    const first = n.outputs[0] ?? last;
    const late = n.inputs.find((v): v is ValueId => v !== null && made.has(v) && (!given.has(v) || v > first));
    if (late !== undefined) out.push(diagnostic("graph-order", [`node "${n.name}"`, valueAt(g, late).name], placeOf(n)));
    for (const v of n.outputs) {
      if (v < last) out.push(diagnostic("graph-order", [`node "${n.name}"`, valueAt(g, v).name], placeOf(n)));
      last = v;
      given.add(v);
    }
  }
  return [...out, ...checkInputOrder(g)];
}

function checkInputOrder(g: Graph): Diagnostic[] {
  return g.inputs.flatMap((v, i) => {
    const before = g.inputs[i - 1] ?? -1;
    return v > before ? [] : [diagnostic("graph-order", ["the list of inputs", valueAt(g, v).name], placeOfValue(valueAt(g, v)))];
  });
}

/** Nodes that feed each other, in order of data flow, or null. Searched without recursion: graphs may be deep. */
function findCycle(g: Graph): readonly Node[] | null {
  const producer = new Map<ValueId, Node>();
  for (const n of g.nodes) for (const v of n.outputs) producer.set(v, n);
  const done = new Set<Node>();
  for (const start of g.nodes) {
    const path: { readonly node: Node; next: number }[] = [{ node: start, next: 0 }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const v = top.node.inputs[top.next++];
      const before = v === null || v === undefined ? undefined : producer.get(v);
      if (before !== undefined && onPath.has(before)) {
        const from = path.findIndex((p) => p.node === before);
        return path
          .slice(from)
          .map((p) => p.node)
          .reverse();
      }
      if (before !== undefined && !done.has(before)) {
        path.push({ node: before, next: 0 });
        onPath.add(before);
      } else if (top.next >= top.node.inputs.length) {
        path.pop();
        onPath.delete(top.node);
        done.add(top.node);
      }
    }
  }
  return null;
}

function checkConstants(g: Graph): Diagnostic[] {
  return g.values.flatMap((v) => {
    if (v.constant === null) return [];
    const said = showSignature(v);
    const found = showSignature(v.constant);
    const types = said === found ? [] : [diagnostic("graph-value", [v.name, said, found], { at: `constant ${JSON.stringify(v.name)}` })];
    return [...types, ...checkFinite(g, v)];
  });
}

/** The first number of a constant that is not finite, with the nodes that use it. */
function checkFinite(g: Graph, v: Value): Diagnostic[] {
  if (v.constant === null || (v.constant.dtype !== "f32" && v.constant.dtype !== "f64")) return [];
  const index = v.constant.data.findIndex((n: number) => !Number.isFinite(n));
  if (index < 0) return [];
  const users = g.nodes.filter((n) => n.inputs.includes(v.id));
  const names = users.map((n) => `"${n.name}"`).join(", ");
  const user = users[0];
  const where = { at: `constant ${JSON.stringify(v.name)}`, origin: user?.origin };
  return [
    diagnostic("graph-not-finite", [v.name, index, String(v.constant.data[index]), names === "" ? "" : `, used by node ${names}`], where),
  ];
}

function checkNode(g: Graph, n: Node): Diagnostic[] {
  const op = opNamed(n.op);
  if (op === null) return [diagnostic("graph-op-unknown", [n.op], placeOf(n))];
  try {
    const full = complete(n.op, op.attrs, n.attrs);
    const missing = Object.keys(full).filter((key) => !Object.hasOwn(n.attrs, key));
    if (missing.length > 0) return missing.map((key) => diagnostic("graph-attribute-missing", [n.op, key], placeOf(n)));
    const inferred = op.infer(
      n.inputs.map((v) => (v === null ? null : valueAt(g, v))),
      n.attrs,
    );
    return checkTypes(g, n, inferred);
  } catch (e) {
    if (!(e instanceof Failure)) throw e;
    return e.diagnostics.map((d) => ({ ...d, at: placeOf(n).at, origin: n.origin }));
  }
}

function checkTypes(g: Graph, n: Node, inferred: readonly Signature[]): Diagnostic[] {
  if (inferred.length !== n.outputs.length)
    return [diagnostic("graph-shape", [n.op, `it gives ${inferred.length} outputs, not ${n.outputs.length}`], placeOf(n))];
  return n.outputs.flatMap((v, i) => {
    const said = showSignature(valueAt(g, v));
    const found = showSignature(inferred[i] as Signature);
    return said === found ? [] : [diagnostic("graph-value", [valueAt(g, v).name, said, found], placeOf(n))];
  });
}

function showSignature(s: Signature): string {
  return `${s.dtype}[${s.shape.length === 0 ? "" : showShape(s.shape)}]`;
}
