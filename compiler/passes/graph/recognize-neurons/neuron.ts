import type { Node, ValueId } from "../../../ir/graph/types.ts";
import { outputOf } from "../facts.ts";
import { alike, type Bits, type Coefficient, combine, comparisons, every, type Form, type Formulas, isZero, map2, scaled } from "./form.ts";

/*
 * Which comparisons of a graph are firing neurons, and what neurons they are.
 *
 * A comparison asks for the sign of a form D. Of an output o of the graph that depends on it,
 * F0 is the form when it does not fire, F1 when it does. If D = k*(F0 - theta) with k > 0, and F0
 * contains an input s of the graph, then o is the next state of s, decay is the coefficient of s in F0, and
 *
 *   F1 = const            hard reset to that number
 *   F1 = F0 - amount      soft reset
 *
 * A comparison of s itself within D is a reset that comes a step late. A comparison
 * without an input of the graph is a neuron without memory.
 */

/** A neuron found: u = decay*state + current, and the rest as in the operation neuron-step. */
export type Neuron = {
  /** The comparison. */
  readonly node: Node;
  /** The neuron fires where the comparison is this. */
  readonly fires: boolean;
  readonly current: Form;
  readonly state: ValueId | null;
  readonly next: ValueId | null;
  readonly decay: Coefficient;
  readonly threshold: Coefficient;
  readonly compare: "ge" | "gt";
  readonly reset: "subtract" | "set" | "none" | "late";
  readonly amount: Coefficient;
};

export type Recognized = { readonly neurons: readonly Neuron[]; readonly left: readonly { readonly node: Node; readonly why: string }[] };

/** Finds the neurons of a graph, in order; and the comparisons that are none, with the reason. */
export function findNeurons(formulas: Formulas): Recognized {
  const { graph } = formulas.facts;
  const neurons: Neuron[] = [];
  const left: { node: Node; why: string }[] = [];
  const taken = new Set<ValueId>();
  const lates = new Set<ValueId>();
  for (const node of graph.nodes) {
    if (!comparisons.has(node.op) || !isReal(node, formulas) || lates.has(outputOf(node))) continue;
    if (node.inputs.every((v) => formulas.facts.constant(v) !== null)) continue;
    if (isLateBit(node, formulas)) continue;
    const found = neuronOf(node, formulas, taken);
    if (typeof found === "string") left.push({ node, why: found });
    else if (found !== null) {
      neurons.push(found);
      if (found.state !== null) taken.add(found.state);
      if (found.next !== null) taken.add(found.next);
    }
  }
  return { neurons, left };
}

function isReal(n: Node, { facts }: Formulas): boolean {
  const { dtype } = facts.value(n.inputs[0] as ValueId);
  return dtype === "f32" || dtype === "f64";
}

/** What the comparison asks: whether `form` is >= 0 (ge) or > 0 (gt). */
export type Question = { readonly form: Form; readonly compare: "ge" | "gt" };

export function questionOf(n: Node, formulas: Formulas, bits: Bits): Question | null {
  const swapped = n.op === "less" || n.op === "less-or-equal";
  const shape = formulas.facts.shape(outputOf(n));
  const [a, b] = [0, 1].map((i) => formulas.form(n.inputs[i] as ValueId, shape, bits));
  if (!a || !b) return null;
  return { form: swapped ? combine(b, a, -1) : combine(a, b, -1), compare: n.op.endsWith("or-equal") ? "ge" : "gt" };
}

/** Whether the comparison is of an input of the graph alone and appears in another one's formula: the reset of a late neuron. */
function isLateBit(n: Node, formulas: Formulas): boolean {
  const bit = outputOf(n);
  if (stateOf(n, formulas) === null) return false;
  return formulas.facts.graph.nodes.some((other) => other !== n && comparisons.has(other.op) && lateBits(other, formulas).includes(bit));
}

/** The one input of the graph that the comparison is about; null when it is about more. */
function stateOf(n: Node, formulas: Formulas): ValueId | null {
  const q = questionOf(n, formulas, new Map());
  const [only, second] = q === null ? [] : [...q.form.of.keys()];
  return only !== undefined && second === undefined && formulas.facts.graph.inputs.includes(only) ? only : null;
}

function lateBits(n: Node, formulas: Formulas): readonly ValueId[] {
  const own = outputOf(n);
  const within = n.inputs.flatMap((v) => (v === null ? [] : [...formulas.cone(v).compares]));
  return [...new Set(within)].filter((v) => {
    const node = formulas.facts.producer(v);
    return v !== own && node !== null && stateOf(node, formulas) !== null;
  });
}

/** The neuron that the comparison is; a sentence where it is none; null where it is not about spikes at all. */
function neuronOf(node: Node, formulas: Formulas, taken: ReadonlySet<ValueId>): Neuron | string | null {
  const bits = lateBits(node, formulas);
  if (bits.length > 1) return "its formula holds several comparisons of states";
  const late = bits[0] ?? null;
  const silent: Bits = new Map(late === null ? [] : [[late, false]]);
  const q = questionOf(node, formulas, silent);
  if (q === null) return "what it compares is not a sum of states, currents and constants";
  if (q.form.of.size === 0) return null;
  const { inputs, outputs } = formulas.facts.graph;
  const states = [...inputs].reverse().filter((v) => q.form.of.has(v) && !taken.has(v));
  let why = "";
  for (const state of states) {
    for (const next of outputs) {
      if (taken.has(next) || !formulas.cone(next).inputs.has(state)) continue;
      if (formulas.facts.shape(next).join() !== formulas.facts.shape(state).join()) continue;
      const found = late === null ? updated(node, q, state, next, formulas) : updatedLate(node, q, state, next, late, formulas);
      if (typeof found !== "string") return found;
      if (found !== "") why = found;
    }
  }
  const loose = states.find((v) => v !== inputs[0]);
  if (loose !== undefined) {
    const { name } = formulas.facts.value(loose);
    return why === "" ? `no output of the model is the next value of its state "${name}"` : why;
  }
  // Beside noise, a number that is added is its mean, and belongs to the comparison rather than to the current.
  const noisy = [...q.form.of.keys()].some((v) => formulas.isRandom(v));
  return memoryless(node, noisy ? { ...q, form: formulas.peeled(q.form) } : q);
}

function memoryless(node: Node, q: Question): Neuron {
  const [only, second] = [...q.form.of.values()];
  const unit = second === undefined && only !== undefined && every(only, (k) => k > 0) ? only : 1;
  const form = scaled(
    q.form,
    map2(1, unit, (a, b) => a / b),
  );
  const threshold = map2(0, form.one, (_, c) => 0 - c);
  return {
    node,
    fires: true,
    current: { of: form.of, one: 0 },
    state: null,
    next: null,
    decay: 0,
    threshold,
    compare: q.compare,
    reset: "none",
    amount: 0,
  };
}

type Scale = { readonly k: Coefficient; readonly threshold: Coefficient };

/** k and theta of D = k*(u - theta) with k > 0; null when D is no such thing. */
function against(d: Form, u: Form, state: ValueId): Scale | null {
  const own = u.of.get(state);
  const compared = d.of.get(state);
  if (own === undefined || compared === undefined || !every(own, (x) => x !== 0)) return null;
  const k = map2(compared, own, (a, b) => a / b);
  if (!every(k, (x) => x > 0) || d.of.size !== u.of.size) return null;
  for (const [v, c] of u.of)
    if (
      !alike(
        map2(c, k, (a, b) => a * b),
        d.of.get(v) ?? 0,
      )
    )
      return null;
  return {
    k,
    threshold: map2(
      u.one,
      map2(d.one, k, (a, b) => a / b),
      (a, b) => a - b,
    ),
  };
}

/** The neuron whose next state that output is; a sentence where it is none, empty where the output does not look like one. */
function updated(node: Node, q: Question, state: ValueId, next: ValueId, formulas: Formulas): Neuron | string {
  const shape = formulas.facts.shape(state);
  const bit = outputOf(node);
  if (!formulas.cone(next).compares.has(bit) && formulas.cone(next).compares.size > 0)
    return "its potential is reset by another neuron's spikes";
  const kept = [true, false].map((b) => formulas.form(next, shape, new Map([[bit, b]])));
  if (kept.every((f) => f !== null && !f.of.has(state))) return "";
  for (const fires of [true, false]) {
    const u = formulas.form(next, shape, new Map([[bit, !fires]]));
    const spiked = formulas.form(next, shape, new Map([[bit, fires]]));
    if (u === null || spiked === null) return "its next state is not a sum of states, currents and constants";
    const d = fires ? q.form : scaled(q.form, -1);
    const scale = against(d, u, state);
    if (scale === null) continue;
    const reset = resetOf(u, spiked);
    if (reset === null) return "what a spike does to its potential is neither a subtraction nor a new value";
    const compare = fires ? q.compare : q.compare === "ge" ? "gt" : "ge";
    return { node, fires, ...split(u, state), state, next, threshold: scale.threshold, compare, ...reset };
  }
  return "its next state without a spike is not the potential that it compares";
}

function resetOf(u: Form, spiked: Form): Pick<Neuron, "reset" | "amount"> | null {
  if (spiked.of.size === 0) return { reset: "set", amount: spiked.one };
  const change = difference(u, spiked);
  if (change === null) return null;
  return isZero(change) ? { reset: "none", amount: 0 } : { reset: "subtract", amount: change };
}

/** The constant by which two forms differ; null when they differ by more. Rounding of single precision does not count. */
function difference(a: Form, b: Form): Coefficient | null {
  const all = new Set([...a.of.keys(), ...b.of.keys()]);
  for (const v of all) if (!alike(a.of.get(v) ?? 0, b.of.get(v) ?? 0)) return null;
  return map2(a.one, b.one, (x, y) => x - y);
}

function split(u: Form, state: ValueId): { decay: Coefficient; current: Form } {
  const of = new Map(u.of);
  of.delete(state);
  return { decay: u.of.get(state) ?? 0, current: { of, one: u.one } };
}

/** u = decay*s + current - amount*[s ~ theta], and u itself is kept. */
function updatedLate(node: Node, q: Question, state: ValueId, next: ValueId, late: ValueId, formulas: Formulas): Neuron | string {
  const shape = formulas.facts.shape(state);
  const [u, lowered] = [false, true].map((b) => formulas.form(next, shape, new Map([[late, b]])));
  if (!u || !lowered) return "its next state is not a sum of states, currents and constants";
  const scale = against(q.form, u, state);
  if (scale === null) return "its next state is not the potential that it compares";
  const amount = difference(u, lowered);
  if (amount === null) return "its late reset does more than subtract; a reset to zero that also drops the input has no counterpart";
  const asked = questionOf(formulas.facts.producer(late) ?? node, formulas, new Map());
  const then = questionOf(node, formulas, new Map([[late, true]]));
  if (asked === null || then === null) return "its late reset is not a comparison of its state";
  const own = asked.form.of.get(state) ?? 0;
  const same =
    every(own, (x) => x > 0) &&
    alike(
      map2(asked.form.one, own, (a, b) => -a / b),
      scale.threshold,
    ) &&
    asked.compare === q.compare;
  const agrees = difference(q.form, then.form);
  if (
    !same ||
    agrees === null ||
    !alike(
      agrees,
      map2(amount, scale.k, (a, b) => a * b),
    )
  )
    return "its late reset compares its state with another threshold";
  return { node, fires: true, ...split(u, state), state, next, threshold: scale.threshold, compare: q.compare, reset: "late", amount };
}
