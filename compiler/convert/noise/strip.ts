import { at } from "../../base/bug.ts";
import { Collector, diagnostic } from "../../base/diagnostic.ts";
import { numbersOf } from "../../base/tensor.ts";
import type { Graph, Node, ValueId } from "../../ir/graph/types.ts";
import { filled } from "../walk/affine.ts";

/** The noise that is added to a neuron's current: normal with mean 0 after `mean` was taken off, or uniform around it. */
export type Noise = { readonly kind: "gauss" | "uniform"; readonly mean: number; readonly sigma: number };

export type Stripped = {
  /** The graph with zeros in the place of noise. */
  readonly graph: Graph;
  /** By the neuron's node; only noise that was there. */
  readonly noises: ReadonlyMap<string, Noise>;
};

/** Takes the noise of training out of a graph and records it. Errors: convert-noise-place, where noise goes elsewhere than into a comparison. */
export function stripNoise(g: Graph): Stripped {
  const problems = new Collector();
  const producers = new Map<ValueId, Node>(g.nodes.flatMap((n) => n.outputs.map((v): [ValueId, Node] => [v, n])));
  const sources = g.nodes.filter((n) => random[n.op] !== undefined);
  const noises = new Map<string, Noise>();
  const used = new Set<Node>();
  for (const n of g.nodes) {
    if (n.op !== "neuron-step") continue;
    const found = noiseIn(at(n.inputs, 0) as ValueId, 1, g, producers);
    for (const [source] of found) used.add(source);
    const [first, second] = found;
    if (second !== undefined) problems.report(diagnostic("convert-noise-place", ["two noises are added to it"], placeOf(n)));
    else if (first !== undefined) noises.set(n.name, first[1]);
  }
  for (const n of sources)
    if (!used.has(n))
      problems.report(diagnostic("convert-noise-place", ["it is not added to the current of a neuron without memory"], placeOf(n)));
  problems.check();
  const silent = new Set(sources.flatMap((n) => n.outputs));
  const values = g.values.map((v) => (silent.has(v.id) ? { ...v, constant: filled(v.dtype === "f64" ? "f64" : "f32", v.shape, 0) } : v));
  return { graph: { ...g, values, nodes: g.nodes.filter((n) => random[n.op] === undefined) }, noises };
}

function placeOf(n: Node): { at: string; origin: Node["origin"] } {
  return { at: `node ${JSON.stringify(n.name)}`, origin: n.origin };
}

const random: Readonly<Record<string, (n: Node, factor: number) => Noise>> = {
  "random-normal-like": (n, factor) => ({
    kind: "gauss",
    mean: factor * Number(n.attrs["mean"]),
    sigma: Math.abs(factor * Number(n.attrs["scale"])),
  }),
  "random-uniform-like": (n, factor) => {
    const [low, high] = [Number(n.attrs["low"]), Number(n.attrs["high"])];
    return { kind: "uniform", mean: (factor * (low + high)) / 2, sigma: Math.abs(factor * (high - low)) / Math.sqrt(12) };
  },
};

/** Random sources that the value is a sum with, each with what it adds. */
function noiseIn(v: ValueId, factor: number, g: Graph, producers: ReadonlyMap<ValueId, Node>): readonly (readonly [Node, Noise])[] {
  const n = producers.get(v);
  if (n === undefined) return [];
  const made = random[n.op];
  if (made !== undefined) return [[n, made(n, factor)]];
  const below = (i: number, by: number): ReturnType<typeof noiseIn> => noiseIn(at(n.inputs, i) as ValueId, factor * by, g, producers);
  switch (n.op) {
    case "add":
    case "sum":
      return n.inputs.flatMap((_, i) => below(i, 1));
    case "sub":
      return [...below(0, 1), ...below(1, -1)];
    case "neg":
      return below(0, -1);
    case "mul": {
      const factors = n.inputs.map((i) => (i === null ? null : numberOf(g, i)));
      const which = factors.findIndex((f) => f !== null);
      return which < 0 ? [] : below(1 - which, factors[which] ?? 1);
    }
  }
  return [];
}

/** The number that a constant is everywhere; null when it is none. */
function numberOf(g: Graph, v: ValueId): number | null {
  const { constant } = at(g.values, v);
  if (constant === null) return null;
  const numbers = numbersOf(constant);
  return numbers.every((x) => x === numbers[0]) ? (numbers[0] ?? null) : null;
}
