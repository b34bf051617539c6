import { id } from "../../compiler/base/id.ts";
import { origin } from "../../compiler/base/origin.ts";
import { Random } from "../../compiler/base/random.ts";
import { f64, i32, sizeOf, type Tensor, tensor } from "../../compiler/base/tensor.ts";
import { sampleLength } from "../../compiler/ir/codes/index.ts";
import { kernelProblem, outShape, pooledShape } from "../../compiler/ir/network/kernels/index.ts";
import { linkName } from "../../compiler/ir/network/print.ts";
import { spikeRange } from "../../compiler/ir/network/spike.ts";
import type { InputCode, Kernel, Link, Network, OutputCode, Param, Pool, Population, SpikeType } from "../../compiler/ir/network/types.ts";

/*
 * Small random networks that verify accepts, for fuzzers and for the pass harness.
 * Weights, thresholds and amplitudes are dyadic and small, so that every sum is exact in
 * doubles and "the same spikes" is a fair demand of a pass that reorders sums.
 */

export type RandomOptions = {
  /** Integer weights and parameters. */
  readonly integer?: boolean;
  /** Legal for the mesh chip as it stands: units only, integers, amplitude 1, delays of at least 1, finite windows. Implies integer. */
  readonly forMesh?: boolean;
  /** Hidden populations, at most; 4 by default. */
  readonly depth?: number;
  /** Whether links may lead backwards; true by default. */
  readonly recurrent?: boolean;
};

type Made = {
  readonly r: Random;
  readonly integer: boolean;
  readonly mesh: boolean;
  readonly steps: number;
  readonly pops: Population[];
  readonly links: Link[];
};

/** The same seed and options give the same network. */
export function randomNetwork(seed: number, options: RandomOptions = {}): Network {
  const r = new Random(seed);
  const mesh = options.forMesh ?? false;
  const made: Made = { r, integer: mesh || (options.integer ?? false), mesh, steps: r.int(3, 8), pops: [], links: [] };
  const inputs: InputCode[] = [];
  for (let i = r.int(1, 2); i > 0; i--) inputs.push(addInput(made));
  for (let i = r.int(1, options.depth ?? 4); i > 0; i--) addHidden(made);
  if (options.recurrent ?? true) addRecurrence(made);
  const outputs = addOutputs(made);
  return { kind: "network", name: `random${seed}`, steps: made.steps, pops: made.pops, links: made.links, inputs, outputs };
}

/** A sample for every input of the network. */
export function randomSample(n: Network, seed: number): Float64Array[] {
  const r = new Random(seed);
  return n.inputs.map((c) => {
    const pop = n.pops[c.pop]!;
    const { low, high } = spikeRange(pop.spike);
    const value = (): number => (pop.spike.kind === "analog" ? r.int(-8, 8) / 4 : r.int(Math.max(low, -4), Math.min(high, 4)));
    return Float64Array.from({ length: sampleLength(c.code, sizeOf(pop.shape), n.steps, c.params) }, () => (r.chance(0.6) ? value() : 0));
  });
}

/** A dyadic number in ±size, an integer where the network asks for it. */
function dyadic(m: Made, size: number): number {
  return m.integer ? m.r.int(-2 * size, 2 * size) : m.r.int(-4 * size, 4 * size) / 4;
}

function numbers(m: Made, shape: readonly number[], value: () => number): Tensor {
  const list = Array.from({ length: sizeOf(shape) }, value);
  return m.integer ? i32(shape, list) : f64(shape, list);
}

/** A number, a number per channel, or one per neuron. */
function anyParam(m: Made, shape: readonly number[], value: () => number): number | Tensor {
  const kind = m.r.int(0, 4);
  if (kind === 0) return numbers(m, [shape[0]!], value);
  return kind === 1 ? numbers(m, shape, value) : value();
}

// Populations

function addInput(m: Made): InputCode {
  const { r } = m;
  const pop = id<"population">(m.pops.length);
  const shape = r.pick([[r.int(2, 12)], [r.int(1, 3), r.int(4, 8)], [r.int(1, 3), r.int(3, 6), r.int(3, 6)]]);
  const spike = r.pick<SpikeType>([
    { kind: "binary" },
    { kind: "ternary" },
    { kind: "graded", bits: r.int(2, 6), signed: r.chance(0.5) },
    m.integer ? { kind: "binary" } : { kind: "analog" },
  ]);
  m.pops.push(population(m, `x${pop}`, shape, "input", {}, spike, { amplitude: amplitude(m, shape) }));
  const code = r.pick(["direct", "direct", "rate", "events"]);
  if (code === "direct") return { pop, code, params: r.chance(0.3) ? { every: 0 } : {} };
  return { pop, code, params: code === "rate" ? { scale: 4, seed: r.int(0, 1000) } : {} };
}

function population(
  m: Made,
  name: string,
  shape: readonly number[],
  model: string,
  params: Record<string, Param>,
  spike: SpikeType,
  over: Partial<Population>,
): Population {
  const stop = m.mesh ? m.steps : null;
  const base = {
    id: id<"population">(m.pops.length),
    name,
    shape,
    neuron: { model, params },
    spike,
    initial: {},
    amplitude: 1,
    start: 0,
    silent: 0,
    stop,
    origin: origin(name),
  };
  return { ...base, ...over };
}

function amplitude(m: Made, shape: readonly number[]): number | Tensor {
  if (m.mesh || m.r.chance(0.5)) return 1;
  const value = (): number => (m.integer ? m.r.pick([1, 2, 3, -1]) : m.r.pick([0.5, 2, 1.5, -1, 0.25]));
  return anyParam(m, shape, value);
}

function window(m: Made): Partial<Population> {
  const { r, steps } = m;
  const start = r.chance(0.3) ? r.int(0, Math.min(2, steps - 1)) : 0;
  const silent = r.chance(0.2) ? r.int(0, 2) : 0;
  const stop = r.chance(0.2) ? r.int(start + 1, steps) : m.mesh ? steps : null;
  return { start, silent, stop };
}

type Neuron = { readonly model: string; readonly params: Record<string, Param>; readonly spike: SpikeType };

/** Parameters that are not given keep their defaults, so half of them are left out. */
function firing(m: Made, shape: readonly number[]): Neuron {
  const { r } = m;
  const negative = r.pick(["none", "none", "free", "latched", "counted"]);
  const compare = r.pick(["ge", "gt"]);
  const reset = r.pick(["subtract", "subtract", "set", "none"]);
  const emit = negative === "none" ? r.pick(["unit", "unit", "unit", m.integer ? "value" : "unit", "count"]) : "unit";
  const noise = emit !== "value" && r.chance(0.2) ? r.pick(["uniform", "gauss"]) : "none";
  const threshold = (): number => (m.integer ? r.int(1, 12) : r.int(1, 12) / 4);
  const graded = { kind: "graded", bits: r.int(3, 8), signed: true } as const;
  const spike: SpikeType =
    emit !== "unit"
      ? graded
      : negative !== "none"
        ? { kind: "ternary" }
        : r.pick<SpikeType>([{ kind: "binary" }, { kind: "binary" }, { kind: "ternary" }]);
  const params: Record<string, Param> = { compare, reset, negative, emit, noise, threshold: anyParam(m, shape, threshold) };
  if (r.chance(0.4)) params["resetValue"] = anyParam(m, shape, () => dyadic(m, 2));
  if (r.chance(0.5)) params["bias"] = anyParam(m, shape, () => dyadic(m, 1));
  if (r.chance(0.3)) params["biasAt"] = "first";
  if (noise !== "none") params["noiseKey"] = numbers(m, shape, () => r.int(0, 2 ** 24 - 1));
  return { model: "if", params, spike };
}

const makeNeuron: Readonly<Record<string, (m: Made, shape: readonly number[]) => Neuron>> = {
  if(m, shape) {
    const n = firing(m, shape);
    if (n.params["noise"] !== "none") n.params["noiseWidth"] = m.r.pick([1, 2, 4]);
    if (n.params["negative"] !== "none" && m.r.chance(0.5)) n.params["negativeThreshold"] = m.r.pick([0, 1, 2]);
    return n;
  },
  lif(m, shape) {
    const n = makeNeuron["if"]!(m, shape);
    const leak = m.integer ? m.r.pick(["multiply", "shift"]) : "real";
    return { ...n, model: "lif", params: { ...n.params, leak, decay: m.r.pick([0.5, 0.75, 0.875]) } };
  },
  cuba(m, shape) {
    const n = makeNeuron["lif"]!(m, shape);
    return { ...n, model: "cuba", params: { ...n.params, rounding: m.integer ? "multiply" : "real", decayCurrent: m.r.pick([0, 0.5, 1]) } };
  },
  tsa(m) {
    const params: Record<string, Param> = { threshold: m.r.pick([1, 2]), resetValue: m.r.pick([1, 2, 4]), bias: dyadic(m, 1) };
    return { model: "tsa", params, spike: { kind: "ternary" } };
  },
  relay(m) {
    return { model: "relay", params: {}, spike: m.integer ? { kind: "graded", bits: 8, signed: true } : { kind: "analog" } };
  },
  unit(m, shape) {
    const { r } = m;
    const n = firing(m, shape);
    const leak = r.pick(["none", "none", "shift", "multiply", "double"]);
    const params: Record<string, Param> = { ...n.params, leak };
    if (leak === "shift") params["leakArgument"] = r.int(1, 4);
    if (leak === "multiply") params["leakArgument"] = r.int(0, 4096);
    if (r.chance(0.2)) Object.assign(params, { current: "on", currentDecay: r.pick([0, 2048, 4096]) });
    if (params["negative"] !== "none" && r.chance(0.4)) params["negativeAt"] = "zero";
    if (params["noise"] !== "none") params["noiseBits"] = r.int(0, 4);
    if (r.chance(0.1)) params["update"] = "touched";
    if (r.chance(0.1)) params["boundary"] = "clear";
    return { model: "unit", params, spike: n.spike };
  },
};

/** Sometimes, where the window has an end: the sign as a place value. */
function withDigits({ r, mesh }: Made, n: Neuron, { start = 0, silent = 0, stop }: Partial<Population>): Neuron {
  const left = (stop ?? 0) - 1 - start - silent;
  if (!mesh || n.model !== "unit" || n.params["emit"] !== "unit" || n.params["leak"] === "double" || left < 0 || left > 6 || r.chance(0.7))
    return n;
  return { ...n, params: { ...n.params, emit: "digit" }, spike: { kind: "graded", bits: 8, signed: true } };
}

function addHidden(m: Made): void {
  const { r } = m;
  const source = r.pick(m.pops);
  const { kernel, pool } = randomKernel(m, source);
  const shape = outShape(kernel, pooledShape(pool, source.shape));
  const neuron = makeNeuron[m.mesh ? "unit" : r.pick(["if", "if", "lif", "cuba", "tsa", "relay"])]!(m, shape);
  const initial =
    neuron.model !== "relay" && neuron.params["boundary"] !== "clear" && r.chance(0.4) ? { v: anyParam(m, shape, () => dyadic(m, 2)) } : {};
  const active = window(m);
  const { params, spike } = withDigits(m, neuron, active);
  const pop = population(m, `h${m.pops.length}`, shape, neuron.model, params, spike, {
    ...active,
    initial,
    amplitude: amplitude(m, shape),
  });
  const earlier = m.pops.slice();
  m.pops.push(pop);
  addLink(m, source, pop, kernel, pool, delay(m, 0));
  if (r.chance(0.4)) {
    const other = r.pick(earlier);
    addLink(m, other, pop, matrix(m, other.shape, shape), null, delay(m, 0));
  }
}

function addRecurrence(m: Made): void {
  const hidden = m.pops.filter((p) => p.neuron.model !== "input" && p.neuron.model !== "relay" && p.spike.kind !== "analog");
  // Values that come back would have no bound that a compiler could find.
  const bounded = hidden.filter((p) => p.neuron.params["emit"] !== "value");
  if (bounded.length === 0 || m.r.chance(0.5)) return;
  const [from, to] = [m.r.pick(bounded), m.r.pick(hidden)];
  addLink(m, from, to, matrix(m, from.shape, to.shape), null, delay(m, 1));
}

function delay(m: Made, least: number): number {
  return Math.max(m.mesh ? 1 : least, m.r.chance(0.5) ? 0 : m.r.int(0, 3));
}

function addLink(m: Made, from: Population, to: Population, kernel: Kernel, pool: Pool | null, steps: number): void {
  const shape = pooledShape(pool, from.shape);
  const gains = m.mesh || m.integer ? [1, 2, -3, 4, 8] : [0.5, 2, -1];
  const gain = m.r.chance(0.2) ? anyParam(m, shape, () => m.r.pick(gains)) : null;
  m.links.push({ from: from.id, to: to.id, kernel, pool, delay: steps, gain, origin: origin(linkName(from.name, to.name)) });
}

function addOutputs(m: Made): OutputCode[] {
  const { r } = m;
  const source = m.pops.at(-1)!;
  const count = r.int(2, 4);
  const model = m.mesh ? "unit" : "readout";
  const params: Record<string, Param> = m.mesh
    ? { output: "yes", reset: "none", threshold: 2 ** 23 - 1 }
    : { weighting: r.pick(["flat", "doubling"]) };
  if (r.chance(0.5)) params["bias"] = numbers(m, [count], () => dyadic(m, 1));
  const pop = population(m, "out", [count], model, params, { kind: "binary" }, { stop: m.mesh || r.chance(0.3) ? m.steps : null });
  m.pops.push(pop);
  addLink(m, source, pop, matrix(m, source.shape, pop.shape), null, delay(m, 0));
  const outputs: OutputCode[] = [{ name: "out", pop: pop.id, code: "potential", scale: r.pick([1, 0.5]), offset: 0 }];
  const hidden = m.pops.filter((p) => p.neuron.model !== "input" && p !== pop);
  if (r.chance(0.5)) outputs.push({ name: "counts", pop: r.pick(hidden).id, code: "spikes", scale: 1, offset: r.pick([0, 1]) });
  return outputs;
}

// Kernels

function weight(m: Made, shape: readonly number[]): Tensor {
  const value = (): number => (m.r.chance(0.15) ? 0 : m.integer ? m.r.int(-8, 7) : m.r.int(-6, 6) / 4);
  const list = Array.from({ length: sizeOf(shape) }, value);
  return m.integer ? tensor("i8", shape, Int8Array.from(list)) : f64(shape, list);
}

/** A kernel that leads from any shape to any other. */
function matrix(m: Made, from: readonly number[], to: readonly number[]): Kernel {
  if (sizeOf(from) === sizeOf(to) && m.r.chance(0.3))
    return { kind: "one", weight: m.r.chance(0.5) ? m.r.pick([1, -2, 3]) : weight(m, [sizeOf(to)]) };
  if (m.r.chance(0.4)) return sparse(m, sizeOf(from), sizeOf(to));
  return { kind: "dense", weight: weight(m, [sizeOf(to), sizeOf(from)]) };
}

/** Each pair at most once, in no particular order. */
function sparse(m: Made, inputs: number, outputs: number): Kernel {
  const pairs = new Set(Array.from({ length: m.r.int(1, inputs * 2) }, () => m.r.int(0, inputs * outputs - 1)));
  const list = [...pairs];
  return {
    kind: "sparse",
    rows: i32(
      [list.length],
      list.map((p) => Math.floor(p / inputs)),
    ),
    columns: i32(
      [list.length],
      list.map((p) => p % inputs),
    ),
    weight: weight(m, [list.length]),
  };
}

function randomKernel(m: Made, source: Population): { kernel: Kernel; pool: Pool | null } {
  const pool = source.spike.kind === "binary" && source.shape.length > 1 && m.r.chance(0.4) ? randomPool(m, source) : null;
  const shape = pooledShape(pool, source.shape);
  return { kernel: kernelFor(m, shape), pool };
}

/** A random kernel for a source of this shape; windows that do not fit are drawn again, and in the end replaced by a dense kernel. */
export function kernelFor(m: Pick<Made, "r" | "integer">, shape: readonly number[]): Kernel {
  const full = m as Made;
  for (let attempt = 0; attempt < 8; attempt++) {
    const kernel = shape.length > 1 ? spatialKernel(full, shape) : flatKernel(full, shape);
    if (kernelProblem(kernel, shape) === null && (kernel.kind !== "sparse" || outShape(kernel, shape)[0]! > 0)) return kernel;
  }
  return { kind: "dense", weight: weight(full, [3, sizeOf(shape)]) };
}

function flatKernel(m: Made, shape: readonly number[]): Kernel {
  const kind = m.r.int(0, 3);
  if (kind === 0) return { kind: "one", weight: m.r.chance(0.5) ? m.r.pick([1, -1, 2]) : weight(m, shape) };
  if (kind === 1) return sparse(m, sizeOf(shape), m.r.int(2, 8));
  return { kind: "dense", weight: weight(m, [m.r.int(2, 8), sizeOf(shape)]) };
}

function windowOf(m: Made, rank: number): { size: number[]; stride: number[]; pads: number[] } {
  const draw = (count: number, low: number, high: number): number[] => Array.from({ length: count }, () => m.r.int(low, high));
  return { size: draw(rank, 1, 3), stride: draw(rank, 1, 2), pads: m.r.chance(0.5) ? draw(2 * rank, 0, 1) : draw(2 * rank, 0, 0) };
}

function spatialKernel(m: Made, shape: readonly number[]): Kernel {
  const { r } = m;
  const rank = shape.length - 1;
  const kind = r.int(0, 9);
  if (kind === 0) return { kind: "one", weight: r.chance(0.5) ? r.pick([1, -1, 2]) : weight(m, r.chance(0.5) ? [shape[0]!] : shape) };
  if (kind === 1)
    return flatKernel(m, [sizeOf(shape)]).kind === "dense"
      ? { kind: "dense", weight: weight(m, [r.int(2, 6), sizeOf(shape)]) }
      : sparse(m, sizeOf(shape), r.int(2, 8));
  const { size, stride, pads } = windowOf(m, rank);
  if (kind <= 3) return { kind: "pool", weight: r.pick([1, 2, -1]), size, stride, pads };
  const groups = r.chance(0.3) ? shape[0]! : 1;
  const outputs = groups * r.int(1, 3);
  const dilation = size.map(() => (r.chance(0.2) ? 2 : 1));
  const shared = r.chance(0.75);
  const conv = { kind: "conv", stride, pads, dilation, groups } as const;
  const kernelShape = [shape[0]! / groups, ...size];
  const plain: Kernel = { ...conv, shared: true, weight: weight(m, [outputs, ...kernelShape]) };
  if (shared || kernelProblem(plain, shape) !== null) return plain;
  return { ...conv, shared: false, weight: weight(m, [...outShape(plain, shape), ...kernelShape]) };
}

function randomPool(m: Made, source: Population): Pool | null {
  const { r } = m;
  const perNeuron = typeof source.amplitude !== "number" && source.amplitude.data.length > source.shape[0]!;
  const mode = perNeuron ? "gate" : r.pick(["or", "and", "gate"] as const);
  const spatial = source.shape.slice(1);
  const size = spatial.map((d) => r.int(1, Math.min(2, d)));
  const stride = r.chance(0.6) ? size : size.map(() => r.int(1, 2));
  return { mode, size, stride, pads: [...size, ...size].map(() => (r.chance(0.1) ? 1 : 0)) };
}
