import { at } from "../../base/bug.ts";
import { f64, numbersOf, type Tensor } from "../../base/tensor.ts";
import { spreadMap } from "../../ir/graph/ops/broadcast.ts";
import type { Graph, Node, ValueId } from "../../ir/graph/types.ts";
import type { Neuron } from "../layers.ts";
import { bare } from "./affine.ts";

/** Inputs of the graph that are states of neurons, with the output that gives each its next value. */
export function statesOf(g: Graph): ReadonlyMap<ValueId, ValueId> {
  const states = new Map<ValueId, ValueId>();
  for (const n of g.nodes) {
    const state = n.op === "neuron-step" ? (n.inputs[2] ?? null) : null;
    if (state !== null) states.set(state, at(n.outputs, 1));
  }
  return states;
}

/** Whether the file describes neurons. */
export function isSpiking(g: Graph): boolean {
  return g.nodes.some((n) => n.op === "neuron-step");
}

/** The neuron of a node, its numbers in the shape of its layer; a sentence when it is none that a network has. */
export function neuronOf(n: Node, constants: readonly (Tensor | null)[], shape: readonly number[]): Neuron | string {
  const word = (key: string): string => String(n.attrs[key]);
  const number = (index: number, preset: number): number | Tensor => {
    const t = constants[index] ?? null;
    return t === null ? preset : spreadOver(t, shape);
  };
  if ((n.inputs[1] ?? null) !== null && constants[1] === null) return "its threshold depends on the input";
  const compare = word("compare") === "gt" ? "gt" : "ge";
  const [threshold, decay, amount] = [number(1, 1), (n.inputs[2] ?? null) === null ? 0 : number(3, 1), number(4, 0)];
  const reset = word("reset");
  if (reset === "subtract" || reset === "set" || reset === "none") return { compare, reset, amount, threshold, decay };
  // v = u - (amount/decay)*z makes u[t+1] = decay*v + current what a subtraction a step late makes.
  const early = ratio(amount, decay);
  return early === null
    ? "its reset comes a step late and its potential is forgotten until then"
    : { compare, reset: "subtract", amount: early, threshold, decay };
}

function spreadOver(t: Tensor, shape: readonly number[]): number | Tensor {
  const numbers = numbersOf(t);
  if (numbers.every((x) => x === numbers[0])) return numbers[0] ?? 0;
  const order = spreadMap(t.shape, shape);
  return f64(bare(shape), order === null ? numbers : Float64Array.from(order, (i) => at(numbers, i)));
}

function ratio(a: number | Tensor, b: number | Tensor): number | Tensor | null {
  if (typeof a === "number" && typeof b === "number") return b === 0 ? null : a / b;
  const shape = typeof a === "number" ? (b as Tensor).shape : a.shape;
  const list = (x: number | Tensor, i: number): number => (typeof x === "number" ? x : Number(x.data[i]));
  const size = shape.reduce((n, d) => n * d, 1);
  const out = Float64Array.from({ length: size }, (_, i) => list(a, i) / list(b, i));
  return out.every(Number.isFinite) ? f64(shape, out) : null;
}
