import { at } from "../../base/bug.ts";
import { Collector, diagnostic, Failure } from "../../base/diagnostic.ts";
import { origin as linked, type Origin } from "../../base/origin.ts";
import { numbersOf, showShape, type Tensor } from "../../base/tensor.ts";
import { opNamed } from "../../ir/graph/ops/index.ts";
import type { Graph, Node, ValueId } from "../../ir/graph/types.ts";
import type { Pool } from "../../ir/network/types.ts";
import type { Context } from "../../base/context.ts";
import type { Activation, Gate, Neuron } from "../layers.ts";
import { activations, endings } from "./activations.ts";
import { type Affine, bare, behind, filled, type Term, unlessZero } from "./affine.ts";
import { type LinearNode, linearOps, weightedOps } from "./linear-ops.ts";
import { behindGains, everyGain, gainOf, mergeTerms, pooledGains, productOf } from "./gains.ts";
import { gated, isMaxPool } from "./max-pool.ts";
import { neuronOf, statesOf } from "./neurons.ts";

/** How a walk treats what a method can treat in several ways. */
export type WalkOptions = {
  readonly maxPool: "refuse" | "gate" | "or";
  /** Give average pooling of values that are not negative neurons of its own. */
  readonly averagePool: "fold" | "neurons";
  /** keep: neurons that the file describes become layers, and gains of their spikes stay with them. Otherwise such files are refused. */
  readonly neurons?: "keep";
};

/** A layer whose ways are still chains of maps. */
export type Draft = {
  readonly index: number;
  readonly kind: "input" | "spiking" | "output";
  readonly shape: readonly number[];
  readonly value: ValueId;
  readonly node: string;
  readonly activation: Activation | null;
  readonly neuron?: Neuron;
  readonly terms: readonly Term[];
  readonly bias: Float64Array | null;
  readonly origin: Origin;
};

export type Walked = { readonly drafts: readonly Draft[]; readonly gates: readonly Gate[] };

/** What is known of a value: numbers, an affine function of layers, a neuron's state, or nothing because of a reported problem. */
type Known =
  | { readonly kind: "state" }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | ({ readonly kind: "affine" } & Affine)
  | { readonly kind: "broken" };

/** Walks a cleaned graph in order and reports every node that cannot be part of a spiking network, all together. */
export function walk(g: Graph, options: WalkOptions, cx: Context): Walked {
  const problems = new Collector();
  const drafts: Draft[] = [];
  const gates: Gate[] = [];
  const known = new Map<ValueId, Known>();
  const blamed = new Set<Node>();

  const shapeOf = (v: ValueId): readonly number[] => at(g.values, v).shape;
  const define = (v: ValueId, k: Known): void => void known.set(v, k);

  function addLayer(d: Omit<Draft, "index">): Affine {
    const index = drafts.length;
    drafts.push({ ...d, index });
    return { terms: [{ from: index, pool: null, chain: [], label: null }], bias: null, ended: null };
  }

  const states = statesOf(g);
  const spiking = (index: number): boolean => at(drafts, index).kind === "spiking";

  function addNeurons(node: Node, activation: Activation, x: Affine, value = at(node.outputs, 0)): Affine {
    const bias = x.bias === null ? null : numbersOf(x.bias);
    return addLayer({
      kind: "spiking",
      shape: bare(shapeOf(value)),
      value,
      node: node.name,
      activation,
      terms: x.terms,
      bias,
      origin: node.origin,
    });
  }

  for (const v of g.values) if (v.constant !== null) define(v.id, { kind: "constant", tensor: v.constant });
  for (const v of g.inputs) {
    if (states.has(v)) {
      define(v, { kind: "state" });
      continue;
    }
    const shape = shapeOf(v);
    if (shape.length > 1 && shape[0] !== 1)
      problems.report(diagnostic("convert-batch", [showShape(shape)], { at: `input ${at(g.values, v).name}` }));
    define(v, {
      kind: "affine",
      ...addLayer({
        kind: "input",
        shape: bare(shape),
        value: v,
        node: at(g.values, v).name,
        activation: null,
        terms: [],
        bias: null,
        origin: linked(at(g.values, v).name),
      }),
    });
  }

  for (const node of g.nodes) {
    const inputs = node.inputs.map((v) => (v === null ? null : (known.get(v) ?? null)));
    const results = visit(node, inputs);
    node.outputs.forEach((v, i) => define(v, results[i] ?? { kind: "broken" }));
  }

  g.outputs.forEach((v) => {
    const x = known.get(v);
    const { name } = at(g.values, v);
    if (x?.kind !== "affine") return;
    if (x.ended !== null) cx.report(diagnostic("convert-dropped", [x.ended.node.op], { at: `output ${name}` }));
    const bias = x.bias === null ? null : numbersOf(x.bias);
    const shape = bare(x.ended?.shape ?? shapeOf(v));
    addLayer({ kind: "output", shape, value: v, node: name, activation: null, terms: x.terms, bias, origin: linked(name) });
  });
  problems.check();
  return { drafts, gates };

  function refuse(node: Node, why: string): Known[] {
    problems.report(diagnostic("convert-unsupported", [node.op, why], place(node)));
    return node.outputs.map(() => ({ kind: "broken" }));
  }

  /** `ending` may only stand at the output, and `reader` computes with what it gives. The cause is named, once. */
  function notLast(ending: Node, reader: Node): Known[] {
    if (!blamed.has(ending)) {
      blamed.add(ending);
      refuse(ending, `it is only allowed at the output, and ${reader.op} ${JSON.stringify(reader.name)} computes with its result`);
    }
    return reader.outputs.map(() => ({ kind: "broken" }));
  }

  function visit(node: Node, inputs: readonly (Known | null)[]): Known[] {
    if (inputs.some((x) => x?.kind === "broken")) return node.outputs.map(() => ({ kind: "broken" }));
    if (inputs.every((x) => x === null || x.kind === "constant")) return folded(node, inputs);
    if (node.op === "neuron-step") return neurons(node, inputs);
    if (inputs.some((x) => x?.kind === "state")) {
      problems.report(diagnostic("convert-state-used", [node.op], place(node)));
      return node.outputs.map(() => ({ kind: "broken" }));
    }
    const ended = inputs.find((x) => x?.kind === "affine" && x.ended !== null);
    if (ended?.kind === "affine" && ended.ended !== null && !afterEnding.has(node.op)) return notLast(ended.ended.node, node);
    const first = inputs[0];
    try {
      if (isMaxPool(node) && first?.kind === "affine") return maxPool(node, first);
      const activation = activations[node.op]?.(
        node,
        inputs.map((x) => (x?.kind === "constant" ? x.tensor : null)),
        bare(shapeOf(at(node.outputs, 0))),
      );
      if (activation) {
        const x = inputs.find((k) => k?.kind === "affine");
        return x?.kind === "affine"
          ? [{ kind: "affine", ...(isIdle(x, activation) ? x : addNeurons(node, activation, x)) }]
          : refuse(node, "it has no input");
      }
      if (endings.has(node.op) && first?.kind === "affine")
        return [{ ...first, ended: first.ended ?? { node, shape: shapeOf(node.inputs[0] ?? at(g.inputs, 0)) } }];
      if (ended?.kind === "affine") return [ended];
      return linear(node, inputs);
    } catch (e) {
      if (!(e instanceof Failure)) throw e;
      for (const d of e.diagnostics)
        problems.report({ ...d, at: d.at ?? `node ${JSON.stringify(node.name)}`, origin: d.origin ?? node.origin });
      return node.outputs.map(() => ({ kind: "broken" }));
    }
  }

  function folded(node: Node, inputs: readonly (Known | null)[]): Known[] {
    const op = opNamed(node.op);
    if (op === null) return refuse(node, "the operation is unknown");
    return op
      .run(
        inputs.map((x) => (x?.kind === "constant" ? x.tensor : null)),
        node.attrs,
      )
      .map((tensor) => ({ kind: "constant", tensor }));
  }

  /** A neuron of the file. Its state is its own, so nothing else may read it. */
  function neurons(node: Node, inputs: readonly (Known | null)[]): Known[] {
    if (options.neurons !== "keep") {
      problems.report(diagnostic("convert-neurons", [], place(node)));
      return node.outputs.map(() => ({ kind: "broken" }));
    }
    const [current] = inputs;
    if (current?.kind !== "affine") return refuse(node, "its current does not depend on the input");
    const value = at(node.outputs, 0);
    const neuron = neuronOf(
      node,
      inputs.map((x) => (x?.kind === "constant" ? x.tensor : null)),
      shapeOf(value),
    );
    if (typeof neuron === "string") return refuse(node, neuron);
    const bias = current.bias === null ? null : numbersOf(current.bias);
    const layer = {
      kind: "spiking",
      shape: bare(shapeOf(value)),
      value,
      node: node.name,
      activation: null,
      neuron,
      terms: current.terms,
      bias,
      origin: node.origin,
    } as const;
    return [{ kind: "affine", ...addLayer(layer) }, { kind: "state" }];
  }

  /** A layer without memory that spikes where at least `threshold` of its unit inputs do. */
  function addCoincidence(node: Node, shape: readonly number[], terms: readonly Term[], threshold: number | Tensor): Term {
    const value = at(node.outputs, 0);
    const neuron: Neuron = { compare: "ge", reset: "none", amount: 0, threshold, decay: 0 };
    const { terms: made } = addLayer({
      kind: "spiking",
      shape,
      value,
      node: node.name,
      activation: null,
      neuron,
      terms,
      bias: null,
      origin: node.origin,
    });
    return at(made, 0);
  }

  function product(node: Node, a: Affine, b: Affine, constant: Tensor | null): Known[] {
    const shape = bare(shapeOf(at(node.outputs, 0)));
    if (node.inputs.some((v) => v !== null && bare(shapeOf(v)).join() !== shape.join()))
      return refuse(node, "it multiplies spike maps of different shapes");
    const terms = productOf(a, b, shape, (s, r) =>
      addCoincidence(
        node,
        shape,
        [s, r].map((t) => ({ ...t, gain: 1 })),
        2,
      ),
    );
    return typeof terms === "string" ? refuse(node, terms) : [{ kind: "affine", terms, bias: constant, ended: null }];
  }

  /** Activations and pooled spikes are not negative and ReLU leaves them as they are. */
  function isIdle(x: Affine, a: Activation): boolean {
    const [term] = x.terms;
    return (
      a.kind === "relu" &&
      x.bias === null &&
      x.terms.length === 1 &&
      term !== undefined &&
      term.chain.length === 0 &&
      everyGain(gainOf(term), (x) => x >= 0) &&
      at(drafts, term.from).kind === "spiking"
    );
  }

  /** The result of one max pooling and nothing else. Neurons of its own send it on, so that another one can pool it. */
  function isPooled(x: Affine): boolean {
    return x.terms[0]?.pool != null && isIdle(x, { kind: "relu" });
  }

  function maxPool(node: Node, x: Affine): Known[] {
    if (options.maxPool === "refuse") {
      problems.report(diagnostic("convert-max-pool", [], place(node)));
      return [{ kind: "broken" }];
    }
    const read = node.inputs[0] ?? at(g.inputs, 0);
    const spikes = options.neurons !== "keep" && isPooled(x) ? addNeurons(node, { kind: "relu" }, x, read) : x;
    const result = gated(node, shapeOf(read), shapeOf(at(node.outputs, 0)), spikes, spiking, options.maxPool);
    if (typeof result === "string") {
      problems.report(diagnostic("convert-max-pool-source", [result], place(node)));
      return [{ kind: "broken" }];
    }
    const terms = result.terms.flatMap((t) =>
      pooledGains(t, at(drafts, t.from).shape, (sum, shape, need) => addCoincidence(node, shape, [sum], need)),
    );
    for (const t of terms) gates.push({ name: node.name, layer: t.from, pool: t.pool as Pool });
    return [{ kind: "affine", ...result, terms }];
  }

  function linear(node: Node, inputs: readonly (Known | null)[]): Known[] {
    const handler = linearOps[node.op];
    if (handler === undefined) return refuse(node, reasons[node.op] ?? "it is neither linear nor an activation that spikes can carry");
    const out = at(node.outputs, 0);
    const n: LinearNode = {
      node,
      shapes: node.inputs.map((v) => (v === null ? null : shapeOf(v))),
      constants: inputs.map((x) => (x?.kind === "constant" ? x.tensor : null)),
      outShape: shapeOf(out),
    };
    const batch = [...n.shapes.filter((_, i) => inputs[i]?.kind === "affine"), n.outShape].find(
      (s) => s !== null && s.length > 3 && s[0] !== 1 && node.op !== "transpose" && node.op !== "reshape",
    );
    if (batch) {
      problems.report(diagnostic("convert-batch", [showShape(batch)], place(node)));
      return [{ kind: "broken" }];
    }
    const [a, b] = inputs;
    if (options.neurons === "keep" && node.op === "mul" && a?.kind === "affine" && b?.kind === "affine")
      return product(node, a, b, constantPart(n, inputs));
    const label = weightedOps.has(node.op) ? node : null;
    const terms: Term[] = [];
    for (const [i, x] of inputs.entries()) {
      if (x?.kind !== "affine") continue;
      const maps = handler(n, i);
      if (typeof maps === "string") return refuse(node, maps);
      terms.push(...(options.neurons === "keep" ? behindGains(x.terms, maps, label, spiking) : behind(x.terms, maps, label)));
    }
    const result: Affine = { terms: options.neurons === "keep" ? mergeTerms(terms) : terms, bias: constantPart(n, inputs), ended: null };
    if (options.averagePool === "neurons" && isMean(node, result))
      return [{ kind: "affine", ...addNeurons(node, { kind: "mean" }, result) }];
    return [{ kind: "affine", ...result }];
  }

  /** What comes out when nothing spikes: the operation itself, run on what goes in then. */
  function constantPart(n: LinearNode, inputs: readonly (Known | null)[]): Tensor | null {
    const values = inputs.map((x, i) => {
      if (x === null) return null;
      if (x.kind === "constant") return x.tensor;
      const v = n.node.inputs[i];
      if (x.kind === "affine" && x.bias !== null) return x.bias;
      return v == null ? null : filled(at(g.values, v).dtype === "f64" ? "f64" : "f32", shapeOf(v), 0);
    });
    const op = opNamed(n.node.op);
    const [result] = op === null ? [] : op.run(values, n.node.attrs);
    return result === undefined ? null : unlessZero(result);
  }

  function isMean(node: Node, x: Affine): boolean {
    const source = known.get(node.inputs[0] ?? at(g.inputs, 0));
    if (!["average-pool", "global-average-pool", "reduce-mean"].includes(node.op) || source?.kind !== "affine") return false;
    return x.bias === null && source.terms.every((t) => t.chain.length === 0 && at(drafts, t.from).kind === "spiking");
  }
}

const inTheMiddle = "it is a smooth activation; spike counts carry ReLU and clips from 0";
const quantizer =
  "it quantizes values between layers in a way that is no clip from 0; export the model before quantization, or train with quantized clips";

/** Why operations that people do train with are refused. */
const reasons: Readonly<Record<string, string>> = {
  sigmoid: inTheMiddle,
  tanh: inTheMiddle,
  softmax: inTheMiddle,
  "log-softmax": inTheMiddle,
  sign: "its values are -1 and 1, which spike counts from 0 cannot be",
  "bipolar-quant": "its values are -1 and 1, which spike counts from 0 cannot be",
  quant: quantizer,
  "quantize-linear": quantizer,
  "dequantize-linear": quantizer,
  floor: quantizer,
  round: quantizer,
};

/** What may follow a softmax: nothing that computes. */
const afterEnding: ReadonlySet<string> = new Set([
  "softmax",
  "log-softmax",
  "log",
  "argmax",
  "gather",
  "reshape",
  "identity",
  "cast",
  "dropout",
]);

function place(node: Node): { at: string; origin: Origin } {
  return { at: `node ${JSON.stringify(node.name)}`, origin: node.origin };
}
