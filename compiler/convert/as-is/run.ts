import { at } from "../../base/bug.ts";
import { numbersOf, sizeOf, type Tensor, tensorFrom } from "../../base/tensor.ts";
import { prepareGraph } from "../../ir/graph/run.ts";
import type { Graph, ValueId } from "../../ir/graph/types.ts";
import { statesOf } from "../walk/neurons.ts";

/** What a graph that says one time step gave over all of them. */
export type StepsRun = {
  /** The mean over the steps of every output that is not a state, in order. */
  readonly outputs: readonly Float64Array[];
  /** The kept values, step after step. */
  readonly kept: readonly (readonly Float64Array[])[];
};

/**
 * Runs a graph of one time step over many: every state starts at `initial` (0) and is fed back,
 * the other inputs get the sample in every step. The trained network itself, as the one that made the file means it.
 */
export function prepareSteps(
  g: Graph,
  keep: readonly ValueId[] = [],
  initial = 0,
): { run(sample: ArrayLike<number>, steps: number): StepsRun } {
  const states = statesOf(g);
  const nexts = new Set(states.values());
  const answers = g.outputs.flatMap((v, i) => (nexts.has(v) ? [] : [i]));
  const prepared = prepareGraph(g, [...states.values(), ...keep]);
  const filled = (v: ValueId, from: (i: number) => number): Tensor => {
    const { dtype, shape } = at(g.values, v);
    return tensorFrom(
      dtype,
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => from(i)),
    );
  };
  return {
    run(sample, steps) {
      const state = new Map<ValueId, Tensor>([...states.keys()].map((v) => [v, filled(v, () => initial)]));
      const data = new Map<ValueId, Tensor>(g.inputs.filter((v) => !states.has(v)).map((v) => [v, filled(v, (i) => at(sample, i))]));
      const sums = answers.map((i) => new Float64Array(sizeOf(at(g.values, at(g.outputs, i)).shape)));
      const kept: Float64Array[][] = [];
      for (let t = 0; t < steps; t++) {
        const r = prepared.run(g.inputs.map((v) => state.get(v) ?? (data.get(v) as Tensor)));
        [...states.keys()].forEach((v, i) => state.set(v, at(r.kept, i)));
        kept.push(r.kept.slice(states.size).map(numbersOf));
        answers.forEach((o, i) => {
          const sum = at(sums, i);
          numbersOf(at(r.outputs, o)).forEach((x, k) => {
            sum[k] = at(sum, k) + x / steps;
          });
        });
      }
      return { outputs: sums, kept };
    },
  };
}
