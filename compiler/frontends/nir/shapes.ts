import { fail } from "../../base/diagnostic.ts";
import { numbersOf, showShape, sizeOf } from "../../base/tensor.ts";
import type { FlatGraph } from "./flatten.ts";
import type { Importer, Linear, Setting } from "./importer.ts";
import { gather, Params } from "./params.ts";

/** A graph with what every node is and the shape of what it sends. */
export type Shaped = {
  readonly shape: ReadonlyMap<string, readonly number[]>;
  readonly linear: ReadonlyMap<string, Linear & { readonly inShape: readonly number[] }>;
};

/**
 * Shapes from the Inputs on, each computed by the node before it. A neuron's own parameters
 * say its shape too, so that cycles have a beginning. Throws a Failure with every node that
 * does not fit its predecessors.
 */
export function shapesOf(graph: FlatGraph, of: (type: string) => Importer, file: string, setting: Setting): Shaped {
  const shape = new Map<string, readonly number[]>();
  const linear = new Map<string, Linear & { inShape: readonly number[] }>();
  const before = predecessors(graph);
  const params = (name: string): Params => new Params(graph.nodes.get(name) ?? fail("nir-missing", [name], { at: file }), file);

  for (const [name, node] of graph.nodes) {
    const importer = of(node.type);
    if (importer.kind === "input") shape.set(name, inputShape(params(name)));
    if (importer.kind !== "neuron" || node.params[importer.shapedBy] === undefined) continue;
    const own = params(name).tensor(importer.shapedBy).shape;
    if (sizeOf(own) > 1) shape.set(name, own);
  }
  let pending = [...graph.nodes.values()];
  while (pending.length > 0) {
    const left = pending.filter((n) => !settle(n.name));
    if (left.length === pending.length) break;
    pending = left;
  }
  gather(
    graph.edges.map(
      ([a, b]) =>
        () =>
          checkEdge(a, b),
    ),
  );
  return { shape, linear };

  /** Whether the node's shape is known now. */
  function settle(name: string): boolean {
    const node = graph.nodes.get(name);
    const importer = of(node?.type ?? "");
    if (importer.kind === "input") return true;
    const inShape = firstShape(name);
    if (importer.kind === "linear") {
      if (inShape === null) return false;
      const read = importer.read(params(name), inShape, setting);
      linear.set(name, { ...read, inShape });
      shape.set(name, read.outShape);
      return true;
    }
    if (shape.has(name)) return true;
    if (inShape === null) return false;
    shape.set(name, inShape);
    return true;
  }

  function firstShape(name: string): readonly number[] | null {
    for (const b of before.get(name) ?? []) {
      const s = shape.get(b);
      if (s !== undefined) return s;
    }
    return null;
  }

  function checkEdge(from: string, to: string): void {
    const [sent, taken] = [shape.get(from), linear.get(to)?.inShape ?? shape.get(to)];
    if (sent === undefined || taken === undefined || sizeOf(sent) === sizeOf(taken)) return;
    fail("nir-shape", [to, `"${from}" sends ${showShape(sent)}, and it takes ${showShape(taken)}`], { at: file });
  }
}

/** The shape that an Input states; frameworks that count the batch or the steps write ones in front. */
function inputShape(p: Params): readonly number[] {
  const dims = [...numbersOf(p.tensor(p.has("shape") ? "shape" : "input_type"))];
  while (dims.length > 3 && dims[0] === 1) dims.shift();
  if (dims.length === 0 || dims.length > 3 || dims.some((d) => !Number.isInteger(d) || d < 1)) p.misfit(`its shape is ${showShape(dims)}`);
  return dims;
}

export function predecessors(graph: FlatGraph): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, string[]>();
  for (const [a, b] of graph.edges) out.set(b, [...(out.get(b) ?? []), a]);
  return out;
}

export function successors(graph: FlatGraph): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, string[]>();
  for (const [a, b] of graph.edges) out.set(a, [...(out.get(a) ?? []), b]);
  return out;
}
