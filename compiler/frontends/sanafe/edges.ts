import type { Node } from "yaml";
import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { numberOf, type Source } from "./source.ts";
import type { Edges, Group } from "./types.ts";

/* The section `edges`: single connections, and hyperedges that stand for all connections of a layer. */

type Fields = ReadonlyMap<string, Node | null>;

export type EdgeContext = {
  readonly source: Source;
  readonly groups: ReadonlyMap<string, Group>;
  /** An array of a .npz file; null where there is no such file or array. */
  readonly array: (file: string, name: string) => Float64Array | null;
  /** Attributes that have no meaning here. */
  readonly ignored: Set<string>;
};

/** Every connection, in the order of the file. */
export function readEdges(cx: EdgeContext, node: Node | null): Edges[] {
  const out: Edges[] = [];
  let single: number[] = [];
  const flush = (): void => {
    if (single.length > 0) out.push(listed(Float64Array.from(single)));
    single = [];
  };
  for (const { key, value, at: place } of cx.source.entries(node, "edges")) {
    const [from, to] = endsOf(cx, key, place);
    const name = key.trim();
    const fields = cx.source.fields(value, `edge ${name}`);
    if (from.neuron !== null && to.neuron !== null) {
      single.push(from.group.first + from.neuron, to.group.first + to.neuron, weightOf(cx, fields, name, place));
      continue;
    }
    flush();
    out.push(hyperedge(cx, name, from.group, to.group, fields, value ?? place));
  }
  flush();
  return out;
}

type End = { readonly group: Group; readonly neuron: number | null };

function endsOf(cx: EdgeContext, text: string, node: Node | null): readonly [End, End] {
  const parts = text.split("->");
  if (parts.length !== 2) return fail("sanafe-value", ["edge", text, "`from -> to`"], { at: cx.source.at(node) });
  const end = (part: string): End => {
    const [name = "", neuron] = part.trim().split(".");
    const group = cx.groups.get(name) ?? fail("sanafe-name", ["group", name, [...cx.groups.keys()]], { at: cx.source.at(node) });
    const index = neuron === undefined ? null : Number(neuron);
    if (index !== null && !(Number.isInteger(index) && index >= 0 && index < group.count))
      fail("sanafe-name", ["neuron", part.trim(), [`${name}.0 … ${name}.${group.count - 1}`]], { at: cx.source.at(node) });
    return { group, neuron: index };
  };
  const [from, to] = [end(at(parts, 0)), end(at(parts, 1))];
  if ((from.neuron === null) !== (to.neuron === null))
    fail("sanafe-value", ["edge", text, "two groups, or a neuron at both ends,"], { at: cx.source.at(node) });
  return [from, to];
}

function listed(numbers: Float64Array): Edges {
  return (each) => {
    for (let i = 0; i < numbers.length; i += 3) each(numbers[i]!, numbers[i + 1]!, numbers[i + 2]!);
  };
}

/** Weight of a single connection: its own attribute, or one of its section `synapse`. */
function weightOf(cx: EdgeContext, fields: Fields, name: string, node: Node | null): number {
  const own = fields.has("synapse") ? new Map([...fields, ...cx.source.fields(fields.get("synapse") ?? null, "synapse")]) : fields;
  for (const key of own.keys()) if (!["weight", "w", "synapse", "dendrite", "soma"].includes(key)) cx.ignored.add(key);
  const weight = own.get("weight") ?? own.get("w");
  if (weight === undefined || weight === null) return fail("sanafe-key", ["weight", `edge ${name}`], { at: cx.source.at(node) });
  return cx.source.number(weight, `weight of ${name}`) + 0;
}

const convolutionKeys = [
  "input_width",
  "input_height",
  "input_channels",
  "kernel_width",
  "kernel_height",
  "kernel_count",
  "stride_width",
  "stride_height",
] as const;

function hyperedge(cx: EdgeContext, name: string, from: Group, to: Group, fields: Fields, node: Node | null): Edges {
  const type = cx.source.text(cx.source.need(fields, "type", `edge ${name}`, node), "type");
  const known = ["type", "weight", "w", "source_target_pairs", ...convolutionKeys];
  for (const key of fields.keys()) if (!known.includes(key)) cx.ignored.add(key);
  const weights = weightsOf(cx, fields, name, node);
  const enough = (count: number): void => {
    if (weights.length < count)
      fail("sanafe-weights", [name, `${count} are needed, there are ${weights.length}`], { at: cx.source.at(node) });
  };
  switch (type) {
    case "dense": {
      enough(from.count * to.count);
      return dense(from, to, weights);
    }
    case "sparse": {
      const pairs = pairsOf(cx, fields, name, from, to, node);
      enough(pairs.length / 2);
      return (each) => {
        for (let i = 0; i < pairs.length / 2; i++) each(pairs[2 * i]!, pairs[2 * i + 1]!, weights[i]!);
      };
    }
    case "conv2d":
      return convolution(cx, name, from, to, fields, weights, node);
  }
  return fail("sanafe-value", [`type of ${name}`, type, "conv2d, dense or sparse"], { at: cx.source.at(node) });
}

function weightsOf(cx: EdgeContext, fields: Fields, name: string, node: Node | null): Float64Array {
  const given = fields.get("weight") ?? fields.get("w");
  if (given === undefined || given === null) return fail("sanafe-key", ["weight", `edge ${name}`], { at: cx.source.at(node) });
  const named = "value" in given ? /^\s*(.+\.npz):(\w+)\s*$/.exec(cx.source.text(given, "weight")) : null;
  if (named !== null) {
    const [, file = "", array = ""] = named;
    const found = cx.array(file, array);
    return found ?? fail("sanafe-weights", [name, `there is no ${file} with an array ${array}`], { at: cx.source.at(given) });
  }
  const items = cx.source.list(given, `weight of ${name}`);
  const out = new Float64Array(items.length);
  items.forEach((item, i) => {
    const n = "value" in item ? numberOf(String(item.value).trim()) : null;
    // Adding 0 makes -0 a 0, which the machine tells apart.
    out[i] = (n ?? cx.source.number(item, `weight ${i} of ${name}`)) + 0;
  });
  return out;
}

function dense(from: Group, to: Group, weights: Float64Array): Edges {
  return (each) => {
    for (let s = 0; s < from.count; s++) for (let t = 0; t < to.count; t++) each(from.first + s, to.first + t, weights[s * to.count + t]!);
  };
}

/** Numbers of source and target, one after the other. */
function pairsOf(cx: EdgeContext, fields: Fields, name: string, from: Group, to: Group, node: Node | null): Uint32Array {
  const list = cx.source.list(cx.source.need(fields, "source_target_pairs", `edge ${name}`, node), "source_target_pairs");
  const out = new Uint32Array(2 * list.length);
  list.forEach((pair, i) => {
    const [s = null, t = null, more] = cx.source.list(pair, "a pair");
    const [source, target] = [cx.source.whole(s, "source", 0), cx.source.whole(t, "target", 0)];
    if (more !== undefined || source >= from.count || target >= to.count)
      fail("sanafe-name", ["pair", `${source}, ${target}`, [`0 … ${from.count - 1}, 0 … ${to.count - 1}`]], { at: cx.source.at(pair) });
    out[2 * i] = from.first + source;
    out[2 * i + 1] = to.first + target;
  });
  return out;
}

/** Neurons are numbered by channel, line, column; kernels [line][column][channel in][channel out]; no padding. */
function convolution(
  cx: EdgeContext,
  name: string,
  from: Group,
  to: Group,
  fields: Fields,
  weights: Float64Array,
  node: Node | null,
): Edges {
  const value = (key: (typeof convolutionKeys)[number]): number => {
    const preset = key.startsWith("stride") && !fields.has(key);
    return preset ? 1 : cx.source.whole(cx.source.need(fields, key, `edge ${name}`, node), key, 1);
  };
  const [width, height, channels] = [value("input_width"), value("input_height"), value("input_channels")];
  const [kw, kh, count] = [value("kernel_width"), value("kernel_height"), value("kernel_count")];
  const [sw, sh] = [value("stride_width"), value("stride_height")];
  const ow = Math.floor((width - kw) / sw) + 1;
  const oh = Math.floor((height - kh) / sh) + 1;
  if (kw > width || kh > height || channels * width * height !== from.count || count * ow * oh !== to.count) {
    const shapes = `${channels} × ${height} × ${width} to ${count} × ${oh} × ${ow} for groups of ${from.count} and ${to.count} neurons`;
    fail("sanafe-value", [`convolution ${name}`, shapes, "a shape for each that has as many"], { at: cx.source.at(node) });
  }
  if (weights.length < kw * kh * channels * count)
    fail("sanafe-weights", [name, `${kw * kh * channels * count} are needed, there are ${weights.length}`], { at: cx.source.at(node) });
  return (each) => {
    let target = to.first;
    for (let out = 0; out < count; out++)
      for (let y = 0; y < oh; y++)
        for (let x = 0; x < ow; x++, target++)
          for (let c = 0; c < channels; c++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++)
                each(
                  from.first + (c * height + y * sh + ky) * width + x * sw + kx,
                  target,
                  weights[((ky * kw + kx) * channels + c) * count + out]!,
                );
  };
}
