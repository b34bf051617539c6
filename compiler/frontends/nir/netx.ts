import { at, bug } from "../../base/bug.ts";
import { type Context, quiet } from "../../base/context.ts";
import { fail } from "../../base/diagnostic.ts";
import { id } from "../../base/id.ts";
import { origin } from "../../base/origin.ts";
import { f64, numbersOf, showShape, sizeOf, spread, tensor } from "../../base/tensor.ts";
import { kernelProblem, outShape } from "../../ir/network/kernels/index.ts";
import type { InputCode, Kernel, Link, Network, Param, Population } from "../../ir/network/types.ts";
import { condensed } from "./condense.ts";
import type { Alternative } from "./effects.ts";
import type { Branch } from "./hdf5.ts";
import { values } from "./reader.ts";
import type { NirOptions } from "./index.ts";
import { Params } from "./params.ts";

/*
 * Networks of lava-dl (netx, .net): a chain of layers, each a kernel and Loihi's current-based
 * neurons, everything in integers. What arrives is shifted left by 6 bits, as are threshold and
 * bias, and both decays are d/4096, rounded toward zero:
 *
 *   i = trunc(i*(4096-iDecay)/4096) + 2^6*z;  v = trunc(v*(4096-vDecay)/4096) + i + 2^6*bias
 *   a spike where v >= 2^6*vThMant, which sets v to 0
 *
 * Source: lava-dl netx/hdf5.py and lava's LIF in fixed point; the comparison is that of the
 * recorded spikes which come with lava-dl's Oxford example (Lava's own LIF has >).
 */

/** Left shift of weights, biases and thresholds. */
const unit = 2 ** 6;
const decayUnit = 4096;
/** The largest threshold, which lava-dl writes where a neuron must not spike. */
const never = 2 ** 17 - 1;
const countBits = 8;

/** Whether an HDF5 file has the structure of netx. */
export function isNetx(root: Branch): boolean {
  return root.children.get("layer")?.kind === "branch";
}

/** The network of a .net file. Throws a Failure; codes nir-*, netx-*. */
export function netxNetwork(root: Branch, file: string, options: NirOptions, cx: Context): Network {
  const compare = comparisonOf(options, file);
  const layers = layersOf(root, file);
  const chain = new Chain(file, options, compare);
  for (const layer of layers) chain.add(layer);
  const network = chain.finish();
  cx.table("NIR import", [
    { assumption: "format", value: "lava-dl netx", from: "the group layer/" },
    { assumption: "fires", value: compare === "ge" ? "at the threshold" : "above the threshold", from: compareFrom(options) },
    { assumption: "decays", value: "d/4096, rounded toward zero", from: "Lava's LIF in fixed point" },
    { assumption: "reset", value: "to 0, at once", from: "Lava's LIF in fixed point" },
    { assumption: "from layer to layer", value: "in the same step", from: "SLAYER; a chip adds its own steps" },
    {
      assumption: "answer",
      value: at(network.outputs, 0).code === "spikes" ? "spikes of all steps" : "potential after the last step",
      from: "threshold of the last layer",
    },
  ]);
  return network;
}

/** The one rule that a .net file leaves open, with its other value. */
export function netxAlternatives(root: Branch, file: string, options: NirOptions): readonly Alternative[] {
  const instead = comparisonOf(options, file) === "ge" ? "gt" : "ge";
  const profile = { name: "lava", given: { compare: instead } };
  return [{ rule: "compare", instead, build: () => netxNetwork(root, file, { ...options, profile }, quiet()) }];
}

function compareFrom(options: NirOptions): string {
  return options.profile?.given["compare"] === undefined ? "trace (lava-dl's Oxford example)" : "--profile";
}

/** The file says every rule but one: Lava's process fires only above the threshold, which `--profile lava:compare=gt` asks for. */
function comparisonOf(options: NirOptions, file: string): "ge" | "gt" {
  const { name, given } = options.profile ?? { name: "lava", given: {} };
  const { compare = "ge", ...others } = given;
  if (name !== "lava" || Object.keys(others).length > 0 || (compare !== "ge" && compare !== "gt"))
    fail("netx-unsupported", ["the profile", "a .net file takes --profile lava, with the rule compare (ge or gt)"], { at: file });
  return compare;
}

type Layer = { readonly params: Params; readonly type: string; readonly neuron: Params };

/** In the order of their numbers. */
function layersOf(root: Branch, file: string): readonly Layer[] {
  const group = root.children.get("layer");
  const children = group?.kind === "branch" ? group.children : bug("no layers");
  return Array.from({ length: children.size }, (_, i) => {
    const from = children.get(String(i));
    if (from?.kind !== "branch") fail("nir-missing", [`layer/${i}`], { at: file });
    const neuron = from.children.get("neuron");
    const params = paramsOf(`layer/${i}`, from, file);
    const type = params.text("type") ?? fail("nir-missing", [`layer/${i}/type`], { at: file });
    if (neuron?.kind !== "branch" && type !== "flatten") fail("nir-missing", [`layer/${i}/neuron`], { at: file });
    return { params, type, neuron: neuron?.kind === "branch" ? paramsOf(`layer/${i}/neuron`, neuron, file) : params };
  });
}

function paramsOf(name: string, from: Branch, file: string): Params {
  return new Params({ name, type: "netx", params: values(from, []), metadata: {}, graph: null }, file);
}

/** Builds populations and links layer by layer. */
class Chain {
  readonly #file: string;
  readonly #options: NirOptions;
  readonly #compare: "ge" | "gt";
  readonly #pops: Population[] = [];
  readonly #links: Link[] = [];
  readonly #inputs: InputCode[] = [];
  #delay = 0;

  constructor(file: string, options: NirOptions, compare: "ge" | "gt") {
    this.#file = file;
    this.#options = options;
    this.#compare = compare;
  }

  add(layer: Layer): void {
    if (this.#pops.length === 0) this.#start(layer);
    if (layer.type === "flatten") return;
    const build = layerTypes[layer.type] ?? unsupported(this.#file, layer.params, `layers of type ${layer.type} are not read`);
    const from = at(this.#pops, this.#pops.length - 1);
    const { kernel, shape, bias } = build(layer.params, from.shape);
    const fault = kernelProblem(kernel, from.shape);
    if (fault !== null) layer.params.misfit(fault);
    if (!shape.every((n, i) => n === outShape(kernel, from.shape)[i]))
      layer.params.misfit(`its shape is not ${showShape(outShape(kernel, from.shape))}`);
    const place = this.#push(layer.params.node.name, shape, { ...this.#neuron(layer.neuron, shape, bias), spike: { kind: "binary" } });
    const link = { from: from.id, to: place, kernel: scaled(kernel), pool: null, delay: this.#delay, gain: null };
    this.#links.push({ ...link, origin: origin(layer.params.node.name, origin(this.#file)) });
    this.#delay = delayOf(layer.params, this.#file);
  }

  finish(): Network {
    const last = at(this.#pops, this.#pops.length - 1);
    if (this.#links.length === 0) fail("nir-missing", ["layer/0"], { at: this.#file });
    if (this.#delay > 0) fail("netx-unsupported", [last.name, "a delay behind the last layer has nowhere to act"], { at: this.#file });
    const code = last.neuron.model === "integrator" ? "potential" : "spikes";
    const outputs = [{ name: "output", pop: last.id, code, scale: code === "potential" ? 1 / unit : 1, offset: 0 }];
    const { steps } = this.#options;
    return { kind: "network", name: this.#file, steps, pops: this.#pops, links: this.#links, inputs: this.#inputs, outputs };
  }

  /** Spikes come in, or, before a layer `input`, numbers. */
  #start({ type, params }: Layer): void {
    const numbers = type === "input";
    const shape = numbers ? dims(params) : inputShape(type, params);
    const bits =
      this.#options.input === "one" ? ({ kind: "binary" } as const) : ({ kind: "graded", bits: countBits, signed: false } as const);
    const place = this.#push("input", shape, { neuron: { model: "input", params: {} }, spike: numbers ? { kind: "analog" } : bits });
    const dt = this.#options.dt === null ? {} : { dt: this.#options.dt };
    this.#inputs.push(numbers ? { pop: place, code: "direct", params: { low: 0, high: 1 } } : { pop: place, code: "events", params: dt });
  }

  #push(name: string, shape: readonly number[], of: Pick<Population, "neuron" | "spike">): Population["id"] {
    const place = id<"population">(this.#pops.length);
    const rest = { initial: {}, amplitude: 1, start: 0, silent: 0, stop: null, origin: origin(name, origin(this.#file)) };
    this.#pops.push({ id: place, name: name.replace("layer/", "layer"), shape, ...of, ...rest });
    return place;
  }

  #neuron(n: Params, shape: readonly number[], bias: Float64Array | null): Pick<Population, "neuron"> {
    const type = n.text("type") ?? "";
    if (type !== "CUBA" && type !== "LOIHI") unsupported(this.#file, n, `neurons of type ${type} are not read`);
    if (n.has("refDelay") && whole(n, "refDelay") > 1) unsupported(this.#file, n, "a refractory time is not read");
    if (n.has("gradedSpike") && whole(n, "gradedSpike") !== 0) unsupported(this.#file, n, "graded spikes are not read");
    const [current, leak] = [factor(n, "iDecay"), factor(n, "vDecay")];
    const threshold = whole(n, "vThMant");
    const shared: Record<string, Param> = {
      ...(leak === 1 ? {} : { decay: leak, leak: "multiply" }),
      ...(current === 0 ? {} : { decayCurrent: current, rounding: "multiply" }),
      ...(bias === null
        ? {}
        : {
            bias: condensed(
              bias.map((b) => b * unit),
              shape,
            ),
          }),
    };
    if (threshold >= never) return { neuron: { model: "integrator", params: { ...shared, ...(current === 0 ? {} : { current: "on" }) } } };
    const firing = { threshold: threshold * unit, compare: this.#compare, reset: "set" };
    return { neuron: { model: current === 0 ? "lif" : "cuba", params: { ...firing, ...shared } } };
  }
}

type Built = { readonly kernel: Kernel; readonly shape: readonly number[]; readonly bias: Float64Array | null };

const layerTypes: Readonly<Record<string, (p: Params, from: readonly number[]) => Built>> = {
  /** Numbers x in 0 … 1 come as a current of 2wx - w + b. */
  input: (p, from) => {
    const [w, b] = [
      p.has("weight") ? (numbersOf(p.tensor("weight"))[0] ?? 0) : 64,
      p.has("bias") ? (numbersOf(p.tensor("bias"))[0] ?? 0) : 0,
    ];
    return { kernel: { kind: "one", weight: 2 * w }, shape: from, bias: new Float64Array(sizeOf(from)).fill(b - w) };
  },
  dense: (p) => {
    const weight = p.tensor("weight");
    const shape = dims(p);
    const count = sizeOf(shape);
    const flat = f64([count, weight.data.length / count], numbersOf(weight));
    return { kernel: { kind: "dense", weight: flat }, shape: [count], bias: biasOf(p, [count]) };
  },
  /** The loader turns the kernels round for a convolution that turns them back, so they are correlated as they stand. */
  conv: (p) => {
    const weight = p.tensor("weight");
    const sizes = weight.shape.length === 5 && weight.shape[4] === 1 ? weight.shape.slice(0, 4) : weight.shape;
    const pads = p.axes("padding", 2, 0, 0);
    const [groups = 1] = p.axes("groups", 1, 1, 1);
    const kernel: Kernel = {
      kind: "conv",
      weight: f64(sizes, numbersOf(weight)),
      stride: p.axes("stride", 2, 1, 1),
      pads: [...pads, ...pads],
      dilation: p.axes("dilation", 2, 1, 1),
      groups,
      shared: true,
    };
    return { kernel, shape: dims(p), bias: biasOf(p, dims(p)) };
  },
};

function dims(p: Params): readonly number[] {
  const shape = [...numbersOf(p.tensor("shape"))];
  if (shape.length === 0 || shape.length > 3 || shape.some((d) => !Number.isInteger(d) || d < 1))
    p.misfit(`its shape is ${showShape(shape)}`);
  return shape;
}

/** What a network without a layer `input` takes; of a convolution the file does not say its height and width. */
function inputShape(type: string, p: Params): readonly number[] {
  if (type !== "dense") unsupported(p.file, p, `a network cannot begin with a layer of type ${type}, whose input has no stated shape`);
  return p.axes("inFeatures", 1, 1);
}

function biasOf(p: Params, shape: readonly number[]): Float64Array | null {
  if (!p.has("bias")) return null;
  const given = numbersOf(p.tensor("bias"));
  if (given.length !== 1 && given.length !== shape[0]) p.misfit(`its bias has ${given.length} numbers for ${shape[0]} channels`);
  return spread(tensor("f64", [given.length], given.slice()), shape);
}

/** Weights shifted left as Loihi shifts them. */
function scaled(kernel: Kernel): Kernel {
  if (kernel.kind === "one" && typeof kernel.weight === "number") return { ...kernel, weight: kernel.weight * unit };
  if (kernel.kind !== "dense" && kernel.kind !== "conv") return bug(`a kernel ${kernel.kind} of netx`);
  return {
    ...kernel,
    weight: f64(
      kernel.weight.shape,
      numbersOf(kernel.weight).map((w) => w * unit),
    ),
  };
}

/** Steps that spikes of a layer wait; one for all of its neurons, since a link has one delay. */
function delayOf(p: Params, file: string): number {
  if (!p.has("delay")) return 0;
  const delays = numbersOf(p.tensor("delay"));
  const [first = 0] = delays;
  if (delays.some((d) => d !== first)) unsupported(file, p, "delays that differ from neuron to neuron are not read");
  if (!Number.isInteger(first) || first < 0) p.outOf("delay", first, "it must be a whole number of steps");
  return first;
}

/** What a decay d leaves: (4096 - d) / 4096. */
function factor(p: Params, name: string): number {
  const d = whole(p, name);
  if (d > decayUnit) p.outOf(name, d, "a decay is at most 4096");
  return (decayUnit - d) / decayUnit;
}

function whole(p: Params, name: string): number {
  return at(p.axes(name, 1, 0), 0);
}

function unsupported(file: string, p: Params, why: string): never {
  fail("netx-unsupported", [p.node.name, why], { at: file });
}
