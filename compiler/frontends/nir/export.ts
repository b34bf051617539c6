import { at } from "../../base/bug.ts";
import type { Context } from "../../base/context.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import { f64, make, sizeOf, spread, tensor, type Tensor } from "../../base/tensor.ts";
import { denseOf, outShape } from "../../ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../../ir/network/neurons/index.ts";
import type { Kernel, Link, Network, Population } from "../../ir/network/types.ts";
import { gather } from "./params.ts";
import type { NirFile, NirNode, NirValue } from "./types.ts";
import { nirVersion } from "./write.ts";

export type ExportOptions = {
  /** Duration of a step in seconds, which time constants and delays are made from. */
  readonly dt: number;
  /** Whether rules that NIR cannot say may go into the metadata, where only this project reads them. */
  readonly metadata: boolean;
};

/**
 * A network as a NIR graph that computes the same when it is discretised by Euler's
 * rule with the step `dt`: links become Linear, Affine, Conv, SumPool2d, AvgPool2d and Scale,
 * delays Delay, populations the neuron of their model. Throws a Failure with everything that
 * NIR cannot say; code nir-cannot-say.
 */
export function nirOf(network: Network, options: ExportOptions, cx: Context): NirFile {
  const nodes = new Map<string, NirNode>();
  const edges: [string, string][] = [];
  const rules = new Set<string>();
  const thresholds = new Set<string>();
  gather([
    ...network.pops.map((p) => () => {
      node(p.name, ...neuronNode(p));
      if (p.amplitude !== 1) {
        node(`${p.name}.worth`, "Scale", { scale: full(p.amplitude, p.shape) });
        edges.push([p.name, `${p.name}.worth`]);
      }
    }),
    ...network.links.map((l, i) => () => writeLink(l, i)),
    ...network.outputs.map((o) => () => {
      const p = at(network.pops, o.pop);
      const spiking = p.neuron.model !== "readout" && p.neuron.model !== "integrator";
      if (o.code === "potential" && spiking) refuse(p, "the potential of neurons that fire cannot be read");
      if (spiking && (o.scale !== 1 || o.offset !== 0)) refuse(p, "an answer's scale and offset have no place");
      if (!spiking && spread(o.offset, p.shape).some((v) => v !== 0)) refuse(p, "an answer's offset has no place");
      node(o.name, "Output", { shape: dims(p.shape) });
      edges.push([p.name, o.name]);
    }),
  ]);
  if (rules.size > 1)
    fail("nir-cannot-say", [
      `network ${network.name}`,
      `its populations differ in compare, reset or spikes a step (${[...rules].join("; ")})`,
    ]);
  const [said = [...thresholds].map((c) => plainRules.replace("gt", c)).join("; ")] = rules;
  if ([...thresholds].some((c) => !said.startsWith(`compare=${c},`)))
    fail("nir-cannot-say", [`network ${network.name}`, "its populations differ in compare"]);
  if (said !== "" && said !== plainRules) {
    if (!options.metadata)
      fail("nir-cannot-say", [`network ${network.name}`, `its neurons have ${said}, and NIR has ${plainRules}`], {
        help: ["allow metadata, which only this project reads, or write a .snet"],
      });
    cx.report(diagnostic("nir-in-metadata", [said]));
  }
  const metadata: Record<string, NirValue> = options.metadata
    ? { profile: `nir:${[said === "" ? plainRules : said, "leak=euler", "gain=euler", `dt=${options.dt}`].join(",")}` }
    : {};
  return { version: nirVersion, graph: { nodes: [...nodes.values()], edges, metadata } };

  function node(name: string, type: string, params: Readonly<Record<string, NirValue>>): void {
    if (nodes.has(name)) fail("name-repeated", ["nodes", name]);
    nodes.set(name, { name, type, params, metadata: {}, graph: null });
  }

  function refuse(p: Population, why: string): never {
    fail("nir-cannot-say", [`population ${p.name}`, why], { origin: p.origin });
  }

  function neuronNode(p: Population): [string, Record<string, NirValue>] {
    if (p.neuron.model === "input") return ["Input", { shape: dims(p.shape) }];
    if (p.start !== 0 || p.silent !== 0 || (p.stop !== null && p.stop < network.steps)) refuse(p, "it has a window or a silent period");
    if (Object.values(p.initial).some((v) => spread(v, p.shape).some((x) => x !== 0))) refuse(p, "it starts at another state than 0");
    const perStep = (values: Float64Array): Tensor =>
      each(
        p,
        values.map((v) => v / options.dt),
      );
    const ones = new Float64Array(sizeOf(p.shape)).fill(1);
    switch (p.neuron.model) {
      case "if":
        return ["IF", { r: perStep(ones), ...firing(p) }];
      case "lif":
        if (isThreshold(p)) return ["Threshold", { threshold: each(p, neuronParams(p)["threshold"] ?? ones) }];
        return ["LIF", { ...leakyParams(p, "tau", ones), ...firing(p) }];
      case "cuba":
        return ["CubaLIF", { ...leakyParams(p, "tau_mem", ones), ...synapse(p), ...firing(p) }];
      case "readout":
        if (neuronWords(p)["weighting"] === "doubling" || neuronWords(p)["biasAt"] === "first") refuse(p, "it weights its steps");
        return ["I", { r: perStep(read(p)) }];
      case "integrator": {
        const words = neuronWords(p);
        if (words["leak"] !== "real" || words["rounding"] !== "real") refuse(p, "its decay is rounded");
        const scale = read(p);
        if (words["current"] === "on") return ["CubaLI", { ...leakyParams(p, "tau_mem", scale), ...synapse(p) }];
        return ["LI", leakyParams(p, "tau", scale)];
      }
      default:
        return refuse(p, `there is no NIR neuron for the model ${p.neuron.model}`);
    }
  }

  /** A stateless comparison. */
  function isThreshold(p: Population): boolean {
    const words = neuronWords(p);
    const { decay, bias } = neuronParams(p);
    if (words["reset"] !== "none" || decay?.every((d) => d === 0) !== true || bias?.every((b) => b === 0) !== true) return false;
    if (words["emit"] !== "unit" || words["negative"] !== "none" || words["noise"] !== "none") return false;
    thresholds.add(words["compare"] ?? "ge");
    return true;
  }

  /** `scale`: what a unit of the potential is worth in the file. */
  function leakyParams(p: Population, name: "tau" | "tau_mem", scale: Float64Array): Record<string, NirValue> {
    const { tau, r, v_leak } = leaky(p, "decay");
    const scaled = (values: Float64Array): Tensor =>
      each(
        p,
        values.map((v, i) => v * at(scale, i)),
      );
    return { [name]: each(p, tau), r: scaled(r), v_leak: scaled(v_leak) };
  }

  function synapse(p: Population): Record<string, NirValue> {
    const { tau, r } = leaky(p, "decayCurrent");
    return { tau_syn: each(p, tau), w_in: each(p, r) };
  }

  function each(p: Population, values: Float64Array): Tensor {
    return f64(p.shape, values);
  }

  function firing(p: Population): Record<string, NirValue> {
    const words = neuronWords(p);
    const params = neuronParams(p);
    const [threshold, amount] = [params["threshold"] ?? new Float64Array(0), params["resetValue"] ?? new Float64Array(0)];
    if (words["negative"] !== "none" || words["emit"] === "value" || words["emit"] === "digit")
      refuse(p, "it sends negative or valued spikes");
    if (words["noise"] !== "none" || words["biasAt"] === "first") refuse(p, "it has noise, or a bias in the first step only");
    if (words["leak"] === "multiply" || words["leak"] === "shift" || words["rounding"] === "multiply") refuse(p, "its decay is rounded");
    const subtracts = words["reset"] === "subtract";
    const decay = params["decay"];
    const atOnce = threshold.every((t, i) => t === amount[i]);
    const late = decay?.every((d, i) => d > 0 && at(threshold, i) / d === amount[i]) === true;
    if (subtracts && !atOnce && !late) refuse(p, "a spike takes another amount away than the threshold");
    if (words["reset"] === "none") refuse(p, "a spike does not reset it");
    const when = subtracts && !atOnce ? "next-step" : "spike";
    rules.add(
      `compare=${words["compare"]},reset=${subtracts ? "soft" : "hard"},resetAt=${when},spikes=${words["emit"] === "count" ? "many" : "one"}`,
    );
    return { v_threshold: each(p, threshold), v_reset: each(p, subtracts ? threshold.map(() => 0) : amount) };
  }

  /** Time constant whose Euler decay in a step is the factor, and the r that makes its gain 1. */
  function leaky(p: Population, factor: string): { tau: Float64Array; r: Float64Array; v_leak: Float64Array } {
    const params = neuronParams(p);
    const decay = params[factor] ?? new Float64Array(0);
    if (decay.some((d) => d >= 1 || d < 0)) refuse(p, `its ${factor} is not in 0 … 1, 1 left out, and has no time constant`);
    const tau = decay.map((d) => options.dt / (1 - d));
    const bias = params["bias"] ?? new Float64Array(0);
    return { tau, r: tau.map((t) => t / options.dt), v_leak: bias.map((b, i) => b / (1 - at(decay, i))) };
  }

  function read(p: Population): Float64Array {
    const out = network.outputs.find((o) => o.pop === p.id);
    return spread(out?.scale ?? 1, p.shape);
  }

  function writeLink(l: Link, index: number): void {
    const [from, to] = [at(network.pops, l.from), at(network.pops, l.to)];
    const name = `${from.name}.${to.name}${network.links.findIndex((o) => o.from === l.from && o.to === l.to) === index ? "" : `.${index}`}`;
    if (l.pool !== null) refuse(from, `its spikes are pooled by ${l.pool.mode}`);
    const ways: [string, Record<string, NirValue>][] = [];
    if (l.gain !== null) ways.push(["Scale", { scale: full(l.gain, from.shape) }]);
    ways.push(...kernelNodes(l.kernel, from, to, biasOf(l, to)));
    const own = l.from === l.to && l.delay === 1;
    if (l.delay > 0 && !own) ways.push(["Delay", { delay: full(l.delay * options.dt, to.shape) }]);
    const unnamed = ways.length === 0 && edges.some(([a, b]) => a === from.name && b === to.name);
    if (unnamed) ways.push(["Scale", { scale: full(1, to.shape) }]);
    let before = from.amplitude === 1 ? from.name : `${from.name}.worth`;
    ways.forEach(([type, params], i) => {
      const here = i === ways.length - 1 ? name : `${name}.${i}`;
      node(here, type, params);
      edges.push([before, here]);
      before = here;
    });
    edges.push([before, to.name]);
  }

  /** A constant input of neurons without leak goes to the first of their links that can hold it. */
  function biasOf(l: Link, to: Population): Float64Array | null {
    if (to.neuron.model !== "if" && to.neuron.model !== "readout") return null;
    const bias = neuronParams(to)["bias"] ?? new Float64Array(0);
    if (bias.every((b) => b === 0)) return null;
    const holder = network.links.find((o) => o.to === to.id && o.delay === 0 && (o.kernel.kind === "dense" || o.kernel.kind === "conv"));
    if (holder === undefined) refuse(to, "its bias has no Affine or convolution to be in");
    return holder === l ? bias : null;
  }

  function kernelNodes(kernel: Kernel, from: Population, to: Population, bias: Float64Array | null): [string, Record<string, NirValue>][] {
    const flat: [string, Record<string, NirValue>][] =
      from.shape.length > 1 ? [["Flatten", { input_type: dims(from.shape), start_dim: 0, end_dim: -1 }]] : [];
    switch (kernel.kind) {
      case "one":
        return kernel.weight === 1 ? [] : [["Scale", { scale: full(kernel.weight, from.shape) }]];
      case "dense":
        return [...flat, affine(kernel.weight, bias)];
      case "sparse": {
        const weight = f64([sizeOf(to.shape), sizeOf(from.shape)], denseOf(kernel, from.shape, to.shape));
        return [...flat, affine(weight, bias)];
      }
      case "conv":
        return [convNode(kernel, from, to, bias)];
      case "pool":
        return poolNodes(kernel, from);
    }
  }

  function affine(weight: Tensor, bias: Float64Array | null): [string, Record<string, NirValue>] {
    const real = { weight: asReal(weight) };
    return bias === null ? ["Linear", real] : ["Affine", { ...real, bias: f64([bias.length], bias) }];
  }

  function convNode(
    k: Extract<Kernel, { kind: "conv" }>,
    from: Population,
    to: Population,
    bias: Float64Array | null,
  ): [string, Record<string, NirValue>] {
    const rank = k.stride.length;
    if (!k.shared) refuse(to, "the kernels of its convolution are not shared");
    if (k.pads.slice(0, rank).some((p, i) => p !== k.pads[rank + i])) refuse(to, "its convolution is padded unevenly");
    const channels = k.weight.shape[0] ?? 1;
    const plane = sizeOf(to.shape) / channels;
    if (bias?.some((b, i) => b !== bias[Math.floor(i / plane) * plane])) refuse(to, "its bias differs within a channel");
    const list = Float64Array.from({ length: channels }, (_, c) => bias?.[c * plane] ?? 0);
    return [
      `Conv${rank}d`,
      {
        weight: asReal(k.weight),
        bias: f64([channels], list),
        stride: dims(k.stride),
        padding: dims(k.pads.slice(0, rank)),
        dilation: dims(k.dilation),
        groups: k.groups,
        input_shape: rank === 1 ? at(from.shape, 1) : dims(from.shape.slice(1)),
      },
    ];
  }

  function poolNodes(k: Extract<Kernel, { kind: "pool" }>, from: Population): [string, Record<string, NirValue>][] {
    const rank = k.size.length;
    if (rank !== 2) refuse(from, "pooling has two axes in NIR");
    if (k.pads.slice(0, rank).some((p, i) => p !== k.pads[rank + i])) refuse(from, "its pooling is padded unevenly");
    const window = { kernel_size: dims(k.size), stride: dims(k.stride), padding: dims(k.pads.slice(0, rank)) };
    if (k.weight === 1 / sizeOf(k.size)) return [["AvgPool2d", window]];
    const sum: [string, Record<string, NirValue>] = ["SumPool2d", window];
    return k.weight === 1 ? [sum] : [sum, ["Scale", { scale: full(k.weight, outShape(k, from.shape)) }]];
  }
}

const plainRules = "compare=gt,reset=hard,resetAt=spike,spikes=one";

function dims(shape: readonly number[]): Tensor {
  return tensor("i64", [shape.length], BigInt64Array.from(shape, BigInt));
}

function full(value: number | Tensor, shape: readonly number[]): Tensor {
  return f64(shape, spread(value, shape));
}

function asReal(t: Tensor): Tensor {
  if (t.dtype === "f32" || t.dtype === "f64") return t;
  const data = make.f64(t.data.length);
  for (let i = 0; i < data.length; i++) data[i] = Number(t.data[i]);
  return { dtype: "f64", shape: t.shape, data };
}
