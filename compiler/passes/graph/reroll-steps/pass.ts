import { at } from "../../../base/bug.ts";
import { diagnostic } from "../../../base/diagnostic.ts";
import { id } from "../../../base/id.ts";
import { Random } from "../../../base/random.ts";
import { make, numbersOf, sizeOf, type Tensor } from "../../../base/tensor.ts";
import { prepareGraph } from "../../../ir/graph/run.ts";
import type { Graph, Node, Value, ValueId } from "../../../ir/graph/types.ts";
import { pass } from "../../pass.ts";
import { dropIdentities } from "../drop-identities/pass.ts";
import { type Facts, factsOf, listAttr, outputOf } from "../facts.ts";
import { comparisons, Formulas } from "../recognize-neurons/form.ts";
import { Rebuild } from "../recognize-neurons/rebuild.ts";
import { cellOf, chainsOf } from "./chains.ts";
import { NotSteps, Slices } from "./slices.ts";

/*
 * A spiking network that was exported with all its steps becomes one step, with the neurons'
 * states as inputs and outputs; the number of steps goes into the metadata.
 *
 *     u0 = x0;         z0 = [u0 >= 1];  v0 = u0*(1-z0)
 *     u1 = v0 + x1;    z1 = [u1 >= 1];  v1 = u1*(1-z1)           n = neuron-step(x, 1, v) reset=set -> z, v_next
 *     u2 = v1 + x2;    z2 = [u2 >= 1]                    ==>     y = gemm(z, w)
 *     y = (gemm(z0, w) + gemm(z1, w) + gemm(z2, w)) / 3          metadata ganglion.steps "3"
 *
 * Layers without memory may take all steps at once, along a first axis of T. The neuron is read from the first two
 * steps and the rest from the last one; then both forms are run on random numbers, and what does not agree
 * is left as it is.
 */
export const rerollSteps = pass({
  name: "reroll-steps",
  on: "graph",
  summary: "Makes one time step of a spiking network that was exported with all of them.",
  keeps: "answers",
  options: {},
  run(g, _options, cx) {
    if (!g.nodes.some((n) => comparisons.has(n.op))) return g;
    const facts = factsOf(g);
    const steps = stepsOf(facts);
    if (steps === null) return g;
    try {
      const rolled = roll(g, facts, steps);
      if (!agrees(g, rolled, steps)) throw new NotSteps("run step by step it gives other answers");
      return rolled;
    } catch (e) {
      if (!(e instanceof NotSteps)) throw e;
      cx.report(diagnostic("graph-unrolled-left", [steps, e.message]));
      return g;
    }
  },
});

/** Steps of an unrolled network: the comparisons of its longest chain. Null when no neuron follows itself, or states are inputs. */
function stepsOf(facts: Facts): number | null {
  const means = facts.graph.outputs.map((v) => meanInput(v, facts));
  const stacked = means.map((v) => (v === null ? 0 : (facts.shape(v)[0] ?? 0)));
  if (stacked.length > 0 && stacked.every((t) => t > 1 && t === stacked[0])) return at(stacked, 0);
  if (!facts.graph.outputs.every((v) => dividedBy(v, facts) !== null)) return null;
  const formulas = new Formulas(facts);
  let longest = 0;
  for (const n of facts.graph.nodes) {
    if (!comparisons.has(n.op)) continue;
    const cones = n.inputs.flatMap((v) => (v === null ? [] : [formulas.cone(v)]));
    if (cones.some((c) => [...c.inputs].some((i) => facts.graph.inputs.indexOf(i) > 0))) return null;
    longest = Math.max(longest, new Set([...cones.flatMap((c) => [...c.compares]), outputOf(n)]).size);
  }
  return longest > 1 ? longest : null;
}

/** What a mean over the first axis is taken of; null when the value is no such mean. */
function meanInput(v: ValueId, facts: Facts): ValueId | null {
  const n = facts.producer(v);
  if (n === null) return null;
  if (n.op === "reshape" || n.op === "identity") return meanInput(n.inputs[0] as ValueId, facts);
  return n.op === "reduce-mean" && listAttr(n, "axes").join() === "0" ? (n.inputs[0] as ValueId) : null;
}

function roll(g: Graph, facts: Facts, steps: number): Graph {
  const slices = new Slices(facts, steps);
  const answers = g.outputs.map((v) => answerOf(v, facts, steps));
  const lasts = answers.map((a) => a.parts(slices));
  const expanded = dropIdentities.run(
    slices.finish(lasts.flat()),
    {},
    { report: () => {}, seed: 1, progress: () => {}, table: () => {}, chip: null },
  );
  const last = expanded.outputs.filter((_, i) => i % steps === steps - 1);
  const formulas = new Formulas(factsOf(expanded), true);
  const chains = chainsOf(formulas);
  if (chains.some((c) => c.length !== steps))
    throw new NotSteps(`neurons fire in ${[...new Set(chains.map((c) => c.length))].join(" and ")} of ${steps} steps`);
  const cells = chains.map((c) => cellOf(c, formulas));
  const values: Value[] = [...expanded.values];
  const add = (name: string, like: ValueId): ValueId => {
    const { dtype, shape } = at(expanded.values, like);
    const v = id<"value">(values.length);
    values.push({ id: v, name, dtype, shape, constant: null });
    return v;
  };
  const neurons = cells.map((cell, k) => {
    const like = at(
      cell.node.inputs.filter((v) => v !== null && at(expanded.values, v).constant === null),
      0,
    ) as ValueId;
    return { ...cell, state: add(`state${k}`, like), next: add(`state${k}_next`, like) };
  });
  const whole: Graph = {
    ...expanded,
    values,
    inputs: [...expanded.inputs, ...neurons.map((n) => n.state)],
    outputs: [...last, ...neurons.map((n) => n.next)],
  };
  const rolled = new Rebuild(factsOf(whole), neurons).finish();
  if (rolled.nodes.some((n) => comparisons.has(n.op))) throw new NotSteps("its last step needs spikes of the steps before");
  return {
    ...named(
      rolled,
      g.outputs.map((v) => facts.value(v).name),
    ),
    metadata: { ...rolled.metadata, "ganglion.steps": String(steps) },
  };
}

/** The outputs under the names that they had. */
function named(g: Graph, names: readonly string[]): Graph {
  const taken = new Set(g.values.map((v) => v.name));
  const values = [...g.values];
  names.forEach((name, i) => {
    const v = at(values, at(g.outputs, i));
    if (!taken.has(name) && g.outputs.indexOf(v.id) === i && v.constant === null && !g.inputs.includes(v.id)) values[v.id] = { ...v, name };
  });
  return { ...g, values };
}

/** The values that an output is the mean of, one a step. */
type Answer = { readonly parts: (slices: Slices) => readonly ValueId[] };

function answerOf(v: ValueId, facts: Facts, steps: number): Answer {
  const all = Array.from({ length: steps }, (_, t) => t);
  const stacked = meanInput(v, facts);
  if (stacked !== null) {
    return {
      parts: (slices) => {
        if (!slices.isStacked(stacked)) throw new NotSteps("an output is no mean over the steps");
        return all.map((t) => slices.shaped(slices.at(stacked, t), facts.shape(v), facts.producer(v) as Node));
      },
    };
  }
  const divisor = dividedBy(v, facts);
  if (divisor === null || Math.abs(divisor.by - steps) > 1e-3) throw new NotSteps("an output is no mean over the steps");
  const parts: ValueId[] = [];
  let rest = divisor.of;
  for (let t = steps - 1; t > 0; t--) {
    const sum = facts.producer(rest);
    if (sum?.op === "sum" && sum.inputs.length === steps && t === steps - 1)
      return { parts: (slices) => sum.inputs.map((i) => slices.plain(i as ValueId)) };
    if (sum?.op !== "add") throw new NotSteps("an output is no sum of one value a step");
    parts.unshift(sum.inputs[1] as ValueId);
    rest = sum.inputs[0] as ValueId;
  }
  return { parts: (slices) => [rest, ...parts].map((i) => slices.plain(i)) };
}

/** A division by one number, written either way. */
function dividedBy(v: ValueId, facts: Facts): { readonly of: ValueId; readonly by: number } | null {
  const n = facts.producer(v);
  if (n === null) return null;
  for (const i of [1, 0]) {
    const c = facts.constant(n.inputs[i]);
    if (c === null || c.data.length !== 1) continue;
    if (n.op === "div" && i === 1) return { of: n.inputs[0] as ValueId, by: Number(c.data[0]) };
    if (n.op === "mul") return { of: n.inputs[1 - i] as ValueId, by: 1 / Number(c.data[0]) };
  }
  return null;
}

/** Random inputs on which both forms are compared. */
const trials = 4;

function agrees(whole: Graph, step: Graph, steps: number): boolean {
  const states = step.inputs.length - whole.inputs.length;
  const [a, b] = [prepareGraph(whole), prepareGraph(step)];
  const random = new Random(1);
  for (let trial = 0; trial < trials; trial++) {
    const data = whole.inputs.map((v) => filled(at(whole.values, v), () => random.normal() * (1 + trial)));
    let state = step.inputs.slice(whole.inputs.length).map((v) => filled(at(step.values, v), () => 0));
    const sums = whole.outputs.map((v) => new Float64Array(sizeOf(at(whole.values, v).shape)));
    for (let t = 0; t < steps; t++) {
      const { outputs } = b.run([...data, ...state]);
      sums.forEach((sum, o) => numbersOf(at(outputs, o)).forEach((x, i) => void (sum[i] = at(sum, i) + x / steps)));
      state = outputs.slice(outputs.length - states);
    }
    const wanted = a.run(data).outputs.map(numbersOf);
    const most = wanted.reduce((m, w) => w.reduce((x, y) => Math.max(x, Math.abs(y)), m), 1);
    if (!wanted.every((w, o) => w.every((x, i) => Math.abs(x - at(at(sums, o), i)) < 1e-4 * most))) return false;
  }
  return true;
}

function filled(v: Value, next: () => number): Tensor {
  const dtype = v.dtype === "f64" ? "f64" : "f32";
  const data = make[dtype](sizeOf(v.shape));
  for (let i = 0; i < data.length; i++) data[i] = next();
  return { dtype, shape: v.shape, data } as Tensor;
}
