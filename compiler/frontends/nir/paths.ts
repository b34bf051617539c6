import { at } from "../../base/bug.ts";
import { diagnostic, fail, type Diagnostic } from "../../base/diagnostic.ts";
import { f64, sizeOf } from "../../base/tensor.ts";
import { apply, type LinearMap } from "./compose.ts";
import { predecessors, type Shaped } from "./shapes.ts";
import type { FlatGraph } from "./flatten.ts";

/** A way from one node with state to another over nodes without. */
export type Path = {
  readonly from: string;
  readonly to: string;
  readonly maps: readonly LinearMap[];
  /** Steps that Delay nodes on the way add. */
  readonly delay: number;
  readonly through: readonly string[];
};

/** Everything that arrives at one node with state. */
export type Arrivals = {
  readonly paths: readonly Path[];
  /** Sum of the constants of the nodes on the ways; null where there are none. */
  readonly bias: Float64Array | null;
};

/**
 * Follows every way back from `to` to nodes with state. Several edges into a node are a
 * sum, so each is a way of its own. A Delay that differs by element becomes one way for each
 * of its delays. Throws a Failure for a cycle without state and for a node that nothing leads into.
 */
export function arrivalsAt(to: string, graph: FlatGraph, shapes: Shaped, file: string, report: (d: Diagnostic) => void): Arrivals {
  const before = predecessors(graph);
  const paths: Path[] = [];
  const size = sizeOf(shapes.shape.get(to) ?? []);
  let bias: Float64Array | null = null;
  for (const b of sources(to)) follow(b, [], 0, []);
  return { paths, bias };

  function sources(name: string): readonly string[] {
    const list = before.get(name) ?? [];
    return list.length > 0 ? list : fail("nir-unconnected", [name], { at: file });
  }

  function follow(name: string, after: readonly LinearMap[], delay: number, seen: readonly string[]): void {
    if (seen.includes(name)) fail("nir-loop", [[...seen.slice(seen.indexOf(name)), name].reverse()], { at: file });
    const node = shapes.linear.get(name);
    if (node === undefined) {
      paths.push({ from: name, to, maps: after, delay, through: [...seen].reverse() });
      return;
    }
    const through = [...seen, name];
    if (node.bias !== null && node.bias.some((b) => b !== 0)) addBias(apply(after, node.bias));
    const own = node.kernel === null ? [] : [{ kernel: node.kernel, inShape: node.inShape, outShape: node.outShape }];
    for (const part of delayed(name, node.delay, node.outShape))
      for (const b of sources(name)) follow(b, [...own, ...part.mask, ...after], delay + part.steps, through);
  }

  function addBias(values: Float64Array): void {
    bias ??= new Float64Array(size);
    for (let i = 0; i < size; i++) bias[i] = at(bias, i) + at(values, i);
  }

  /** The delays of a node in whole steps, each with the elements that have it. */
  function delayed(name: string, delay: Float64Array | null, shape: readonly number[]): { steps: number; mask: LinearMap[] }[] {
    if (delay === null) return [{ steps: 0, mask: [] }];
    const whole = delay.map((d) => Math.round(d));
    const worst = delay.reduce((w, d, i) => Math.max(w, Math.abs(d - at(whole, i))), 0);
    if (worst > 1e-3) report(diagnostic("nir-delay-rounded", [name, Number(worst.toFixed(3))], { at: file }));
    const steps = [...new Set(whole)].sort((a, b) => a - b);
    if (steps.length === 1) return steps.map((s) => ({ steps: s, mask: [] }));
    return steps.map((s) => {
      const weight = f64(
        shape,
        whole.map((w) => (w === s ? 1 : 0)),
      );
      return { steps: s, mask: [{ kernel: { kind: "one", weight }, inShape: shape, outShape: shape }] };
    });
  }
}
