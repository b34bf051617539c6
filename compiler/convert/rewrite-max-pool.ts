import { at } from "../base/bug.ts";
import { id } from "../base/id.ts";
import { origin } from "../base/origin.ts";
import { f32, numbersOf, sizeOf, type Tensor } from "../base/tensor.ts";
import { opNamed } from "../ir/graph/ops/index.ts";
import type { Graph, Node, Value, ValueId } from "../ir/graph/types.ts";
import { isMaxPool, windowsOf } from "./walk/max-pool.ts";

/*
 * Max pooling, brought into a form that spikes can take. All rewrites keep the
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

/** An axis of a pooling that is taken in parts: the size of a part, and how many parts a window has. */
type Parts = { readonly size: number; readonly count: number; readonly stride: number; readonly pad: number; readonly places: number };

/** The ways to cut windows of `size` along an axis of `length`, such that every window consists of whole parts. */
function partsOf(length: number, size: number, stride: number): Parts[] {
  return Array.from({ length: size }, (_, i) => i + 1).flatMap((part) => {
    const count = Math.ceil(size / part);
    if (length === size) return [{ size: part, count, stride: 1, pad: count * part - length, places: count }];
    if (size % part !== 0 || stride % part !== 0) return [];
    return [{ size: part, count, stride: stride / part, pad: 0, places: Math.floor(length / part) }];
  });
}

/** The largest of a window is the largest of its parts' largest: cuts windows of more than `most` values, which nothing can compare at once, into parts. */
export function splitMaxPools(g: Graph, most: number): Graph {
  const values: Value[] = [...g.values];
  const nodes = g.nodes.flatMap((n) => split(n));
  return nodes.length === g.nodes.length ? g : { ...g, values, nodes };

  function split(n: Node): Node[] {
    if (!isMaxPool(n)) return [n];
    const x = at(values, at(n.inputs, 0) as ValueId);
    const pool = windowsOf(n, x.shape, at(values, at(n.outputs, 0)).shape, "gate");
    if (typeof pool === "string" || sizeOf(pool.size) <= most || pool.pads.some((p) => p !== 0)) return [n];
    const ways = pool.size.map((size, a) => partsOf(at(x.shape, 2 + a), size, at(pool.stride, a)));
    const all = ways.reduce<Parts[][]>((out, way) => out.flatMap((o) => way.map((p) => [...o, p])), [[]]);
    const volume = (parts: readonly Parts[], what: "size" | "count"): number => parts.reduce((v, p) => v * p[what], 1);
    const [best] = all
      .filter((parts) => volume(parts, "size") <= most && volume(parts, "size") > 1)
      .sort((a, b) => volume(a, "count") - volume(b, "count") || volume(a, "size") - volume(b, "size"));
    if (best === undefined) return [n];
    const v = id<"value">(values.length);
    values.push({
      ...x,
      id: v,
      name: `${at(values, at(n.outputs, 0)).name}/parts`,
      shape: [...x.shape.slice(0, 2), ...best.map((p) => p.places)],
    });
    const name = `${n.name}/parts`;
    const ones = best.map(() => 1);
    const zeros = best.map(() => 0);
    const sizes = best.map((p) => p.size);
    const attrs = { dilations: ones, ceilMode: 0 };
    const first: Node = {
      name,
      op: "max-pool",
      inputs: [x.id],
      outputs: [v],
      attrs: { ...attrs, kernelShape: sizes, strides: sizes, pads: [...zeros, ...best.map((p) => p.pad)] },
      origin: origin(name, n.origin),
    };
    const kernelShape = best.map((p) => p.count);
    const second: Node = {
      ...n,
      op: "max-pool",
      inputs: [v],
      attrs: { ...attrs, kernelShape, strides: best.map((p) => p.stride), pads: [...zeros, ...zeros] },
    };
    return [first, ...split(second)];
  }
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
