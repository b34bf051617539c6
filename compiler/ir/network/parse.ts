import { fail } from "../../base/diagnostic.ts";
import { id } from "../../base/id.ts";
import { origin } from "../../base/origin.ts";
import type { TensorStore } from "../../base/store.ts";
import type { Tensor } from "../../base/tensor.ts";
import { Reader } from "../../base/text.ts";
import { linkName } from "./print.ts";
import type { InputCode, Kernel, Link, Network, OutputCode, Param, Pool, PopId, Population, SpikeType } from "./types.ts";

/** Reads the text form that print.ts describes. Fails with text-syntax, population-unknown or tensor-missing, and the place. */
export function parseNetwork(text: string, store: TensorStore | null, name = "network"): Network {
  const r = new Reader(text, name);
  r.need("network");
  const title = r.name();
  r.need("steps");
  const steps = r.integer();
  const body: Body = { pops: [], links: [], inputs: [], outputs: [] };
  // Links, codes and outputs may name populations declared further down.
  const later: (() => void)[] = [];
  for (r.nextLine(); r.more; r.nextLine()) {
    const declare = lines[r.peek().text];
    if (declare === undefined) return r.expected("input, pop, link, code or output");
    r.word();
    declare(r, store, body, later);
  }
  for (const resolve of later) resolve();
  return { kind: "network", name: title, steps, ...body };
}

type Body = { pops: Population[]; links: Link[]; inputs: InputCode[]; outputs: OutputCode[] };
type Line = (r: Reader, store: TensorStore | null, body: Body, later: (() => void)[]) => void;

const lines: Readonly<Record<string, Line>> = {
  input: (r, store, body) => parsePopulation(r, store, body, true),
  pop: (r, store, body) => parsePopulation(r, store, body, false),
  link: parseLink,
  code(r, store, body, later) {
    const pop = reference(r, body);
    const call = parseCall(r, store);
    later.push(() => body.inputs.push({ pop: pop(), code: call.name, params: call.fields }));
  },
  output: parseOutput,
};

/** A population's name; the id can be asked for when all are declared. */
function reference(r: Reader, body: Body): () => PopId {
  const place = r.place();
  const name = r.name("the name of a population");
  return () => body.pops.find((p) => p.name === name)?.id ?? fail("population-unknown", [name], { at: place });
}

function parseCall(r: Reader, store: TensorStore | null): { name: string; fields: Record<string, Param> } {
  const name = r.name();
  if (!r.skip("(")) return { name, fields: {} };
  const fields = r.fields(store);
  r.need(")");
  return { name, fields };
}

function parsePopulation(r: Reader, store: TensorStore | null, body: Body, input: boolean): void {
  const pop = id<"population">(body.pops.length);
  const name = r.name();
  const shape = r.shape();
  const spike = parseSpike(r);
  const neuron = input ? { name: "input", fields: {} } : parseCall(r, store);
  if (r.skip("code")) {
    const call = parseCall(r, store);
    body.inputs.push({ pop, code: call.name, params: call.fields });
  }
  const initial = r.is("initial") ? numbers(r, parseCall(r, store).fields) : {};
  const rest = parseFields(r, store, ["amplitude", "start", "silent", "stop"]);
  body.pops.push({
    id: pop,
    name,
    shape,
    neuron: { model: neuron.name, params: neuron.fields },
    spike,
    initial,
    amplitude: rest["amplitude"] ?? 1,
    start: whole(r, rest, "start") ?? 0,
    silent: whole(r, rest, "silent") ?? 0,
    stop: whole(r, rest, "stop"),
    origin: r.origin() ?? origin(name),
  });
}

function parseSpike(r: Reader): SpikeType {
  const token = r.peek();
  if (token.text === "binary" || token.text === "ternary" || token.text === "analog")
    return { kind: r.word() as "binary" | "ternary" | "analog" };
  const graded = /^(un)?signed(\d+)$/.exec(token.text);
  if (graded === null) r.expected("a spike type: binary, ternary, analog, unsignedN or signedN");
  r.word();
  return { kind: "graded", bits: Number(graded[2]), signed: graded[1] === undefined };
}

type Numbers = Record<string, number | Tensor>;

/** Fields of which none is a word. */
function numbers(r: Reader, fields: Record<string, Param>): Numbers {
  for (const v of Object.values(fields)) if (typeof v === "string") r.expected("numbers, not words");
  return fields as Numbers;
}

/** `key=value` with the given keys only. */
function parseFields(r: Reader, store: TensorStore | null, keys: readonly string[]): Numbers {
  const out: Numbers = {};
  while (r.peek(1).text === "=") {
    if (!keys.includes(r.peek().text)) r.expected(`one of ${keys.join(", ")}`);
    const key = r.word();
    r.need("=");
    const value = r.value(store);
    if (typeof value === "string") r.expected(`a number after ${key}=`);
    out[key] = value;
  }
  return out;
}

function whole(r: Reader, fields: Numbers, key: string): number | null {
  const value = fields[key];
  if (value === undefined) return null;
  if (typeof value !== "number" || !Number.isInteger(value)) r.expected(`an integer for ${key}`);
  return value;
}

function parseLink(r: Reader, store: TensorStore | null, body: Body, later: (() => void)[]): void {
  const from = reference(r, body);
  r.need("->");
  const to = reference(r, body);
  const kernel = parseKernel(r, store);
  const pool = r.skip("pool") ? parsePool(r) : null;
  const rest = parseFields(r, store, ["gain", "delay"]);
  const delay = whole(r, rest, "delay") ?? 0;
  const known = r.origin();
  later.push(() => {
    const [f, t] = [from(), to()];
    const made = origin(linkName(body.pops[f]!.name, body.pops[t]!.name));
    body.links.push({ from: f, to: t, kernel, pool, delay, gain: rest["gain"] ?? null, origin: known ?? made });
  });
}

function parseKernel(r: Reader, store: TensorStore | null): Kernel {
  const parse = kernelParsers[r.peek().text];
  if (parse === undefined) r.expected(`a kernel: ${Object.keys(kernelParsers).join(", ")}`);
  r.word();
  return parse(r, store);
}

const kernelParsers: Readonly<Record<string, (r: Reader, store: TensorStore | null) => Kernel>> = {
  dense: (r, store) => ({ kind: "dense", weight: r.tensor(store) }),
  conv(r, store) {
    const shared = !r.skip("unshared");
    const lists = parseLists(r, ["stride", "pads", "dilation", "groups"]);
    const weight = r.tensor(store);
    const rank = shared ? weight.shape.length - 2 : (weight.shape.length - 2) / 2;
    return {
      kind: "conv",
      weight,
      stride: stretch(lists["stride"], rank, 1),
      pads: stretch(lists["pads"], 2 * rank, 0),
      dilation: stretch(lists["dilation"], rank, 1),
      groups: lists["groups"]?.[0] ?? 1,
      shared,
    };
  },
  pool(r) {
    const window = parseWindow(r);
    r.need("weight");
    r.need("=");
    return { kind: "pool", weight: r.number(), ...window };
  },
  one(r, store) {
    r.need("weight");
    r.need("=");
    const weight = r.value(store);
    return { kind: "one", weight: typeof weight === "string" ? r.expected("a number or a tensor") : weight };
  },
  sparse(r, store) {
    const [rows, columns, weight] = ["rows", "columns", "weight"].map((key) => {
      r.need(key);
      r.need("=");
      return r.tensor(store);
    });
    return { kind: "sparse", rows: rows!, columns: columns!, weight: weight! };
  },
};

/** Lists of integers, `key=2x1`. */
function parseLists(r: Reader, keys: readonly string[]): Record<string, number[]> {
  const out: Record<string, number[]> = {};
  while (keys.includes(r.peek().text) && r.peek(1).text === "=") {
    const key = r.word();
    r.need("=");
    out[key] = r.shape();
  }
  return out;
}

/** One number stands for all. */
function stretch(list: number[] | undefined, count: number, preset: number): number[] {
  if (list === undefined) return Array.from({ length: count }, () => preset);
  return list.length === 1 ? Array.from({ length: count }, () => list[0]!) : list;
}

function parseWindow(r: Reader): { size: number[]; stride: number[]; pads: number[] } {
  const lists = parseLists(r, ["size", "stride", "pads"]);
  const size = lists["size"] ?? r.expected("size=…");
  return {
    size,
    stride: lists["stride"] === undefined ? size : stretch(lists["stride"], size.length, 1),
    pads: stretch(lists["pads"], 2 * size.length, 0),
  };
}

function parsePool(r: Reader): Pool {
  const mode = r.peek().text;
  if (mode !== "or" && mode !== "and" && mode !== "gate") r.expected("or, and or gate");
  r.word();
  r.need("(");
  const window = parseWindow(r);
  r.need(")");
  return { mode, ...window };
}

function parseOutput(r: Reader, store: TensorStore | null, body: Body, later: (() => void)[]): void {
  const place = r.place();
  const name = r.name();
  const pop = r.skip("of")
    ? reference(r, body)
    : (): PopId => body.pops.find((p) => p.name === name)?.id ?? fail("population-unknown", [name], { at: place });
  r.need("code");
  const code = r.name();
  const rest = parseFields(r, store, ["scale", "offset"]);
  later.push(() => body.outputs.push({ name, pop: pop(), code, scale: rest["scale"] ?? 1, offset: rest["offset"] ?? 0 }));
}
