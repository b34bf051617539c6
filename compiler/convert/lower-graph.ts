import { at } from "../base/bug.ts";
import { Collector, diagnostic } from "../base/diagnostic.ts";
import { sizeOf } from "../base/tensor.ts";
import { pooledShape } from "../ir/network/kernels/index.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Kernel } from "../ir/network/types.ts";
import { type Context, quiet } from "../base/context.ts";
import type { Layer, Layered, Way } from "./layers.ts";
import { kernelOf, synapseList, weightsMax } from "./linear/chain.ts";
import type { KernelMap } from "./linear/map.ts";
import type { Term } from "./walk/affine.ts";
import { settleGains } from "./walk/gains.ts";
import { type Draft, walk, type WalkOptions } from "./walk/walk.ts";

/**
 * Turns a cleaned graph into layers of neurons and the links between them. The
 * walk collects, for every activation, the affine function of earlier layers that
 * leads to it; here each term becomes one kernel, and layers get their shapes and
 * names. Reports every problem at once.
 */
export function lowerGraph(g: Graph, options: WalkOptions, cx: Context): Layered {
  const walked = walk(g, options, cx);
  const { gates } = walked;
  const drafts = options.neurons === "keep" ? settleGains(walked.drafts) : walked.drafts;
  const problems = new Collector();
  const kernels = new Map<Term, KernelMap>();
  const names = namesOf(drafts);
  for (const d of drafts) {
    for (const t of d.terms) {
      const kernel = kernelOf(t.chain, sourceShape(drafts, t), d.shape);
      if (kernel !== null) kernels.set(t, kernel);
      else problems.report(diagnostic("convert-synapses", [at(names, t.from), at(names, d.index), weightsMax], { origin: d.origin }));
    }
  }
  problems.check();
  const shapes = shapesOf(drafts, kernels);
  const layers = drafts.map((d): Layer => {
    const ways = d.terms.flatMap((t) => {
      const kernel = fitted(t, kernels, drafts, shapes, at(shapes, d.index));
      if (kernel === null)
        problems.report(diagnostic("convert-synapses", [at(names, t.from), at(names, d.index), weightsMax], { origin: d.origin }));
      return kernel === null
        ? []
        : [{ from: t.from, pool: t.pool, kernel, origin: t.label?.origin ?? d.origin, ...(t.gain === undefined ? {} : { gain: t.gain }) }];
    });
    const { index, kind, value, activation, neuron, bias, origin } = d;
    return {
      index,
      name: at(names, index),
      kind,
      shape: at(shapes, index),
      graphShape: d.shape,
      value,
      valueName: at(g.values, value).name,
      activation,
      ...(neuron === undefined ? {} : { neuron }),
      ways: merged(ways),
      bias,
      origin,
    };
  });
  problems.check();
  return { name: g.name, layers, gates };
}

function sourceShape(drafts: readonly Draft[], t: Term): readonly number[] {
  const { shape } = at(drafts, t.from);
  return t.pool === null ? shape : pooledShape(t.pool, shape);
}

/** Whether the kernel reads its source, and makes its target, in a certain shape and not just in a certain order. */
const shaped = (k: Kernel): boolean => k.kind === "conv" || k.kind === "pool";
const channelwise = (k: Kernel): boolean => k.kind === "one" && typeof k.weight !== "number";

/**
 * A population has one shape. A reshape between a layer and its links asks for
 * another one; the first link that cares decides, its incoming ones before its
 * outgoing ones, and a pooled layer keeps the shape it is pooled in.
 */
function shapesOf(drafts: readonly Draft[], kernels: ReadonlyMap<Term, KernelMap>): readonly (readonly number[])[] {
  return drafts.map((d) => {
    const pooled = drafts.some((other) => other.terms.some((t) => t.from === d.index && t.pool !== null));
    const incoming = d.terms.map((t) => kernels.get(t)).filter((m) => m !== undefined && shaped(m.kernel));
    const outgoing = drafts
      .flatMap((other) => other.terms.filter((t) => t.from === d.index && t.pool === null).map((t) => kernels.get(t)))
      .filter((m) => m !== undefined && (shaped(m.kernel) || channelwise(m.kernel)));
    if (pooled) return d.shape;
    return incoming[0]?.outShape ?? outgoing[0]?.inShape ?? (d.shape.length <= 3 ? d.shape : [sizeOf(d.shape)]);
  });
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** The term's kernel, as a list of synapses where it does not fit the shapes; null when that is too long. */
function fitted(
  t: Term,
  kernels: ReadonlyMap<Term, KernelMap>,
  drafts: readonly Draft[],
  shapes: readonly (readonly number[])[],
  target: readonly number[],
): Kernel | null {
  const map = kernels.get(t);
  const from = at(shapes, t.from);
  const source = t.pool === null ? from : pooledShape(t.pool, from);
  const fits =
    map !== undefined &&
    (!(shaped(map.kernel) || channelwise(map.kernel)) || sameShape(map.inShape, source)) &&
    (!shaped(map.kernel) || sameShape(map.outShape, target));
  return fits ? map.kernel : (synapseList(t.chain, sourceShape(drafts, t), target)?.kernel ?? null);
}

/** Two plain connections between the same layers are one of twice the weight (x + x). */
function merged(ways: readonly Way[]): readonly Way[] {
  const out: Way[] = [];
  for (const w of ways) {
    const same = out.findIndex(
      (o) =>
        o.from === w.from &&
        o.gain === undefined &&
        w.gain === undefined &&
        o.pool === null &&
        w.pool === null &&
        typeof o.kernel.weight === "number" &&
        typeof w.kernel.weight === "number" &&
        o.kernel.kind === "one" &&
        w.kernel.kind === "one",
    );
    const other = out[same];
    if (other === undefined) out.push(w);
    else out[same] = { ...other, kernel: { kind: "one", weight: Number(other.kernel.weight) + Number(w.kernel.weight) } };
  }
  return out;
}

/** A layer as `lowerGraph` names it, with the value of the graph that its population stands for. */
export type NamedLayer = Pick<Draft, "kind" | "shape" | "value" | "activation"> & { readonly name: string };

/** Every layer that a graph can have, in order, without building their links; average poolings count as layers of their own. */
export function namedLayers(g: Graph): readonly NamedLayer[] {
  const { drafts } = walk(g, { maxPool: "or", averagePool: "neurons" }, quiet());
  const names = namesOf(drafts);
  return drafts.map(({ kind, shape, value, activation, index }) => ({ name: at(names, index), kind, shape, value, activation }));
}

/** Layers are called after their last node with weights, or their activation; outputs and inputs after their values. */
function namesOf(drafts: readonly Draft[]): readonly string[] {
  const taken = new Set<string>();
  return drafts.map((d) => {
    const base = readable(d.kind === "spiking" ? (d.terms[0]?.label?.name ?? d.node) : d.node);
    let name = base;
    for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
    taken.add(name);
    return name;
  });
}

/** Exporters write module paths with the operator behind: /layer1/layer1.0/conv1/Conv is layer1.0.conv1, and /0/Conv is conv0. */
export function readable(node: string): string {
  const path = node.split("/").filter((part) => part !== "");
  const operator = path.length > 1 ? path.pop() : undefined;
  const short = path.filter((part, i) => !path[i + 1]?.startsWith(`${part}.`));
  const name = short.join(".").replace(/[^A-Za-z0-9_.]+/g, "_");
  if (name === "") return "layer";
  return /^[A-Za-z_]/.test(name) ? name : `${(operator ?? "n").replace(/[^A-Za-z]+/g, "").toLowerCase()}${name}`;
}
