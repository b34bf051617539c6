import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import type { Tensor } from "../../base/tensor.ts";
import { showShape } from "../../base/tensor.ts";
import { opNamed } from "./ops/index.ts";
import { emptyTensor, type Kernel } from "./ops/op.ts";
import { located, placeOf } from "./place.ts";
import type { Graph, Node, ValueId } from "./types.ts";

/** A graph made ready to be run many times. */
export type Prepared = {
  /** One tensor per input of the graph; gives fresh tensors that later runs do not touch. */
  readonly run: (inputs: readonly Tensor[]) => { readonly outputs: Tensor[]; readonly kept: Tensor[] };
};

type Step = { readonly kernel: Kernel; readonly inputs: readonly (Tensor | null)[]; readonly outputs: readonly Tensor[] };

/**
 * Plans every node that an output, or a value to keep, depends on: shapes, index
 * tables, packed weights and one buffer per value are made once. Nodes that
 * depend on constants only are computed now.
 */
export function prepareGraph(g: Graph, keep: readonly ValueId[] = []): Prepared {
  const wanted = [...g.outputs, ...keep];
  const needed = neededNodes(g, wanted);
  const slots = new Map<ValueId, Tensor>();
  const fixed = new Set<ValueId>();
  for (const v of g.values) {
    if (v.constant === null) continue;
    slots.set(v.id, v.constant);
    fixed.add(v.id);
  }
  for (const v of g.inputs) slots.set(v, emptyTensor(at(g.values, v)));
  const steps: Step[] = [];
  for (const n of g.nodes) {
    if (!needed.has(n)) continue;
    const step = plan(g, n, slots, fixed);
    n.outputs.forEach((v, i) => slots.set(v, at(step.outputs, i)));
    if (n.inputs.every((v) => v === null || fixed.has(v))) {
      located(n, () => step.kernel(step.inputs, step.outputs));
      for (const v of n.outputs) fixed.add(v);
    } else steps.push(step);
  }
  const slot = (v: ValueId): Tensor => slots.get(v) ?? fail("graph-undefined", [at(g.values, v).name]);
  return {
    run: (inputs) => {
      checkInputs(g, inputs);
      g.inputs.forEach((v, i) => fill(slot(v), at(inputs, i)));
      for (const s of steps) s.kernel(s.inputs, s.outputs);
      return { outputs: g.outputs.map((v) => copyOf(slot(v))), kept: keep.map((v) => copyOf(slot(v))) };
    },
  };
}

/** Runs a graph once. */
export function runGraph(g: Graph, inputs: readonly Tensor[]): Tensor[] {
  return prepareGraph(g).run(inputs).outputs;
}

function neededNodes(g: Graph, wanted: readonly ValueId[]): Set<Node> {
  const values = new Set(wanted);
  const nodes = new Set<Node>();
  for (const n of [...g.nodes].reverse()) {
    if (!n.outputs.some((v) => values.has(v))) continue;
    nodes.add(n);
    for (const v of n.inputs) if (v !== null) values.add(v);
  }
  return nodes;
}

function plan(g: Graph, n: Node, slots: ReadonlyMap<ValueId, Tensor>, fixed: ReadonlySet<ValueId>): Step {
  const op = opNamed(n.op);
  if (op === null) fail("graph-op-unknown", [n.op], placeOf(n));
  const inputs = n.inputs.map((v) => (v === null ? null : (slots.get(v) ?? fail("graph-undefined", [at(g.values, v).name]))));
  const known = n.inputs.map((v, i) => {
    const t = inputs[i] ?? null;
    return v === null || t === null ? null : { dtype: t.dtype, shape: t.shape, constant: fixed.has(v) ? t : null };
  });
  return located(n, () => {
    const outputs = op.infer(known, n.attrs).map(emptyTensor);
    const kernel = op.plan(known, n.attrs);
    return { kernel: (ins, outs) => located(n, () => kernel(ins, outs)), inputs, outputs };
  });
}

function checkInputs(g: Graph, inputs: readonly Tensor[]): void {
  if (inputs.length !== g.inputs.length) fail("graph-run-inputs", [`it has ${g.inputs.length} inputs, ${inputs.length} were given`]);
  g.inputs.forEach((v, i) => {
    const { name, dtype, shape } = at(g.values, v);
    const t = at(inputs, i);
    if (t.dtype !== dtype || t.shape.join() !== shape.join()) {
      fail("graph-run-inputs", [`input "${name}" is ${dtype} ${showShape(shape)}, not ${t.dtype} ${showShape(t.shape)}`]);
    }
  });
}

function fill(slot: Tensor, from: Tensor): void {
  // Both have the same dtype, which the checker cannot see.
  (slot.data as Float64Array).set(from.data as Float64Array);
}

function copyOf(t: Tensor): Tensor {
  return { dtype: t.dtype, shape: t.shape, data: t.data.slice() } as Tensor;
}
