import { at } from "../base/bug.ts";
import { id } from "../base/id.ts";
import { origin } from "../base/origin.ts";
import { f32, numbersOf, type Tensor } from "../base/tensor.ts";
import { opNamed } from "../ir/graph/ops/index.ts";
import type { Graph, Node, Value, ValueId } from "../ir/graph/types.ts";
import { isMaxPool } from "./walk/max-pool.ts";

/*
 * Max pooling, brought into a form that spikes can take. Both rewrites keep the
 * names of values, so statistics belong to the rewritten graph and the original alike.
 */

/** Activations that are the same before and behind a max pooling, since they never turn an order around. */
const monotone: ReadonlySet<string> = new Set(["relu", "clip", "quantized-clip"]);

/** activation(max-pool(x)) = max-pool(activation(x)): puts the activation first, so that spikes are pooled. */
export function exchangeMaxPools(g: Graph): Graph {
  const users = new Map<ValueId, number>();
  for (const n of g.nodes) for (const v of n.inputs) if (v !== null) users.set(v, (users.get(v) ?? 0) + 1);
  for (const v of g.outputs) users.set(v, (users.get(v) ?? 0) + 1);
  const values = [...g.values];
  const nodes = [...g.nodes];
  let changed = false;
  nodes.forEach((first, i) => {
    const middle = at(first.outputs, 0);
    if (!isMaxPool(first) || users.get(middle) !== 1) return;
    const j = nodes.findIndex((n) => n.inputs[0] === middle);
    const second = nodes[j];
    if (second === undefined || !monotone.has(second.op) || !second.inputs.slice(1).every((v) => v === null || isFlat(g, v))) return;
    const x = at(first.inputs, 0) as ValueId;
    values[middle] = { ...at(values, middle), shape: at(values, x).shape };
    nodes[i] = { ...second, inputs: [x, ...second.inputs.slice(1)], outputs: [middle] };
    nodes[j] = { ...first, inputs: [middle], outputs: second.outputs };
    changed = true;
  });
  return changed ? { ...g, values, nodes } : g;
}

/** A constant that spreads over positions: one number, or one per channel. */
function isFlat(g: Graph, v: ValueId): boolean {
  const { constant } = at(g.values, v);
  return constant !== null && constant.shape.slice(-2).every((d) => d === 1);
}

/** Max poolings whose output is needed, by node name. */
export function maxPoolsOf(g: Graph): readonly Node[] {
  return g.nodes.filter(isMaxPool);
}

/** The average pooling that stands in for a max pooling; padding counts in neither. */
function averageOf(node: Node): Node {
  if (node.op === "global-max-pool") return { ...node, op: "global-average-pool" };
  return { ...node, op: "average-pool", attrs: { ...node.attrs, countIncludePad: 0 } };
}

/** Runs that average pooling on the max pooling's input. */
export function averaged(node: Node, x: Tensor): Float64Array {
  const stand = averageOf(node);
  return numbersOf(at(opNamed(stand.op)?.run([x], stand.attrs) ?? [], 0));
}

/** Replaces max pooling by average pooling times a gain per channel, by node name; a pooling without gains is taken as it is. */
export function replaceMaxPools(g: Graph, gains: ReadonlyMap<string, readonly number[]>): Graph {
  if (!g.nodes.some(isMaxPool)) return g;
  const values: Value[] = [...g.values];
  const add = (name: string, shape: readonly number[], constant: Tensor | null): ValueId => {
    const v = id<"value">(values.length);
    values.push({ id: v, name, dtype: "f32", shape, constant });
    return v;
  };
  const nodes = g.nodes.flatMap((n) => {
    if (!isMaxPool(n)) return [n];
    const y = at(n.outputs, 0);
    const { name, shape } = at(g.values, y);
    const gain = gains.get(n.name) ?? [1];
    const mean = add(`${name}/mean`, shape, null);
    const factor = add(`${name}/gain`, [1, gain.length, ...shape.slice(2).map(() => 1)], null);
    values[factor] = { ...at(values, factor), constant: f32(at(values, factor).shape, gain) };
    const multiply: Node = {
      name: `${n.name}/gain`,
      op: "mul",
      inputs: [mean, factor],
      outputs: [y],
      attrs: {},
      origin: origin(`${n.name}/gain`, n.origin),
    };
    return [{ ...averageOf(n), outputs: [mean] }, multiply];
  });
  return { ...g, values, nodes };
}
