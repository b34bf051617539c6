import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic } from "../../../base/diagnostic.ts";
import { outputCodes } from "../../../ir/codes/index.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Network, Population } from "../../../ir/network/types.ts";
import { spread } from "../../../base/tensor.ts";
import { payloads } from "../bounds.ts";
import { isInput, placeOf } from "../edit.ts";
import { unitOf } from "../lower-neurons/unit.ts";

/* Populations that send -1, seen as units: what both forms start from. */

/** A population with its neuron as a unit: words, and numbers for each neuron. */
export type Signed = {
  readonly pop: Population;
  readonly words: Readonly<Record<string, string>>;
  readonly threshold: Float64Array;
  /** Potential below minus this fires negatively. */
  readonly negative: Float64Array;
  readonly reset: Float64Array;
  readonly bias: Float64Array;
  readonly initial: Float64Array;
};

/** Whether the population can send negative spikes of one unit. */
export function sendsSigns(p: Population): boolean {
  return !isInput(p) && p.spike.kind === "ternary" && payloads(p).low < 0;
}

/** Null after reporting why the neuron cannot be written as a unit. */
export function signedOf(pop: Population, report: (d: Diagnostic) => void): Signed | null {
  const unit = unitOf(pop, report);
  if (unit === null) return null;
  const words = neuronWords(unit);
  const params = neuronParams(unit);
  const list = (name: string): Float64Array => params[name] ?? new Float64Array(0);
  const threshold = list("threshold");
  return {
    pop: unit,
    words,
    threshold,
    negative: words["negativeAt"] === "zero" ? new Float64Array(threshold.length) : threshold,
    reset: list("resetValue"),
    bias: list("bias"),
    initial: words["boundary"] === "clear" ? new Float64Array(threshold.length) : spread(unit.initial["v"] ?? 0, unit.shape),
  };
}

/** What neither form can take over from the population. */
export function commonProblems(n: Network, s: Signed): Diagnostic[] {
  const { pop, words } = s;
  const out: string[] = [];
  if (words["current"] === "on") out.push("its input passes through a synaptic current, and a reset from outside would too");
  if (words["noise"] !== "none") out.push("its comparison has noise, which two neurons do not share");
  if (words["boundary"] === "keep") out.push("it keeps its potential from sample to sample");
  if (words["update"] === "touched") out.push("it rests in steps without input, in which a reset from outside would wake it");
  if (words["emit"] !== "unit") out.push("it sends more than its sign");
  if (n.outputs.some((o) => o.pop === pop.id && outputCodes[o.code as keyof typeof outputCodes]?.reads === "potential"))
    out.push("its potential is read, which after its last spike differs by a reset");
  return out.map((why) => spikesProblem(pop, why));
}

export function spikesProblem(pop: Population, why: string, help?: string): Diagnostic {
  return diagnostic("spikes-not-binary", [pop.name, why], {
    at: placeOf(pop),
    origin: pop.origin,
    help: help === undefined ? undefined : [help],
  });
}

/** Steps in which the population is active. */
export function activeSteps(n: Network, p: Population): number {
  return (p.stop ?? n.steps) - p.start;
}

/** What a step without input makes of a potential: factor 1, 2 or 0; null where it rounds. */
export function leakFactor(s: Signed): number | null {
  switch (s.words["leak"]) {
    case "none":
      return 1;
    case "double":
      return 2;
    case "multiply":
      return (neuronParams(s.pop)["leakArgument"] ?? new Float64Array(0)).every((m) => m === 0) ? 0 : null;
    default:
      return null;
  }
}

/** Lowest potential of each neuron in any active step, if it never fires and its input in each step is at least `low`. */
export function lowestPotential(s: Signed, factor: number, low: Float64Array, steps: number): Float64Array {
  const every = s.words["biasAt"] === "every";
  return low.map((z, i) => {
    let v = at(s.initial, i);
    let least = Infinity;
    for (let c = 0; c < steps; c++) {
      v = factor * v + z + (every || c === 0 ? at(s.bias, i) : 0);
      least = Math.min(least, v);
    }
    return least;
  });
}
