import { at } from "../../base/bug.ts";
import type { Context } from "../../base/context.ts";
import { fail } from "../../base/diagnostic.ts";
import { numbersOf, sizeOf, tensorFrom } from "../../base/tensor.ts";
import { prepareGraph } from "../../ir/graph/run.ts";
import type { Graph, ValueId } from "../../ir/graph/types.ts";
import type { Layered } from "../layers.ts";
import { endings } from "../walk/activations.ts";

/** Calibration samples with what the trained network makes of them. */
export type Recorded = {
  readonly samples: readonly Float32Array[];
  /** By layer, by sample. */
  readonly targets: readonly (readonly Float32Array[])[];
  /** Indices of samples to learn from, and to judge by; apart from each other. */
  readonly training: readonly number[];
  readonly validation: readonly number[];
};

/** Runs the trained network and keeps the value that each layer stands for; outputs without softmax and the like. */
export function record(g: Graph, layered: Layered, samples: readonly Float32Array[], validation: number, cx: Context): Recorded {
  const byName = new Map(g.values.map((v) => [v.name, v.id]));
  const values = layered.layers.map((l) => {
    const value = byName.get(l.valueName) ?? l.value;
    return l.kind === "output" ? answerOf(g, value) : value;
  });
  const prepared = prepareGraph(g, values);
  const { dtype, shape } = at(g.values, at(g.inputs, 0));
  const targets = layered.layers.map((): Float32Array[] => []);
  samples.forEach((x, i) => {
    if (x.length !== sizeOf(shape)) fail("data-shape", ["the calibration data", `${x.length} numbers`, `${sizeOf(shape)} numbers`]);
    const { kept } = prepared.run([tensorFrom(dtype, shape, x)]);
    kept.forEach((t, l) => at(targets, l).push(Float32Array.from(numbersOf(t))));
    cx.progress("running the trained network", i + 1, samples.length);
  });
  return { samples, targets, ...parted(samples.length, validation) };
}

/** What the network answers before the operations that leave the largest answer the largest. */
function answerOf(g: Graph, output: ValueId): ValueId {
  let answer = output;
  for (let v = output; ; ) {
    const node = g.nodes.find((n) => n.outputs.includes(v));
    const [input] = node?.inputs ?? [];
    if (node === undefined || input == null || !(endings.has(node.op) || passing.has(node.op))) return answer;
    v = input;
    if (endings.has(node.op)) answer = v;
  }
}

const passing: ReadonlySet<string> = new Set(["reshape", "identity", "cast"]);

/** Validation samples stand evenly between the others, so that sorted data serves too. With one sample it is both. */
function parted(count: number, part: number): Pick<Recorded, "training" | "validation"> {
  const all = Array.from({ length: count }, (_, i) => i);
  const judged = (i: number): boolean => Math.floor((i + 1) * part) > Math.floor(i * part);
  const [training, validation] = [all.filter((i) => !judged(i)), all.filter(judged)];
  return training.length === 0 || validation.length === 0 ? { training: all, validation: all } : { training, validation };
}
