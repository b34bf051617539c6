import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { id } from "../../base/id.ts";
import { origin } from "../../base/origin.ts";
import type { TensorStore } from "../../base/store.ts";
import { numbersOf, type Tensor } from "../../base/tensor.ts";
import { Reader } from "../../base/text.ts";
import type { Param, SpikeType } from "../network/types.ts";
import { axonColumns, axonModes } from "./print.ts";
import type { Axon, Coord, Core, Cores, InputPort, NeuronGroup, OutputPort, Row, Sends, Shape } from "./types.ts";

/** Reads the text form that print.ts describes. Fails with text-syntax, cores-invalid or tensor-missing, and the place. */
export function parseCores(text: string, store: TensorStore | null, name = "cores"): Cores {
  const p: Parser = { r: new Reader(text, name), store };
  const { r } = p;
  r.need("cores");
  const title = r.name();
  r.need("chip");
  const chip = r.name();
  r.need("grid");
  const [columns, rows] = pair(r);
  const [steps, interval, seed] = ["steps", "interval", "seed"].map((key) => labelled(r, key)) as [number, number, number];
  r.nextLine();
  const inputs: InputPort[] = [];
  const outputs: OutputPort[] = [];
  const cores: Core[] = [];
  while (r.more) {
    if (r.skip("input")) inputs.push(parseInput(p));
    else if (r.skip("output")) outputs.push(parseOutput(p));
    else if (r.skip("core")) cores.push(parseCore(p, cores.length));
    else r.expected("input, output or core");
  }
  return { kind: "cores", name: title, chip, columns, rows, steps, interval, seed, cores, inputs, outputs };
}

type Parser = { readonly r: Reader; readonly store: TensorStore | null };

function labelled(r: Reader, key: string): number {
  r.need(key);
  return r.integer();
}

/** `key=integer`. */
function field(r: Reader, key: string): number {
  r.need(key);
  r.need("=");
  return r.integer();
}

/** `3x4`. */
function pair(r: Reader): [number, number] {
  const place = r.place();
  const shape = r.shape();
  if (shape.length !== 2) fail("cores-invalid", [`${shape.join("x")} is not a pair such as 3x3`], { at: place });
  return [at(shape, 0), at(shape, 1)];
}

function call({ r, store }: Parser): { name: string; fields: Record<string, Param> } {
  const name = r.name();
  if (!r.skip("(")) return { name, fields: {} };
  const fields = r.fields(store);
  r.need(")");
  return { name, fields };
}

function parseSpike(r: Reader): SpikeType {
  const text = r.peek().text;
  if (text === "binary" || text === "ternary" || text === "analog") return { kind: r.word() as "binary" };
  const graded = /^(un)?signed(\d+)$/.exec(text);
  if (graded === null) r.expected("a spike type: binary, ternary, unsignedN or signedN");
  r.word();
  return { kind: "graded", bits: Number(graded[2]), signed: graded[1] === undefined };
}

function integers(p: Parser): Int32Array {
  return Int32Array.from(numbersOf(p.r.tensor(p.store)));
}

function parseInput(p: Parser): InputPort {
  const { r } = p;
  const name = r.name();
  const shape = r.shape();
  const spike = parseSpike(r);
  r.need("code");
  const code = call(p);
  const window = { start: field(r, "start"), stop: field(r, "stop") };
  r.nextLine();
  return { name, code: code.name, params: code.fields, spike, shape, window, sends: parseSends(p) };
}

function parseOutput(p: Parser): OutputPort {
  const { r, store } = p;
  const name = r.name();
  const shape = r.shape();
  r.need("code");
  const code = r.name();
  const first = field(r, "first");
  const count = field(r, "count");
  const answer = r.fields(store);
  const number = (key: string): number | Tensor => {
    const value = answer[key];
    return value === undefined || typeof value === "string" ? r.expected(`${key}=NUMBER`) : value;
  };
  const port = { name, code, first, count, shape, scale: number("scale"), offset: number("offset") };
  r.nextLine();
  return port;
}

function parseCore(p: Parser, index: number): Core {
  const { r } = p;
  ordinal(r, index, "core");
  let place: Coord | null = null;
  if (r.skip("at")) place = { x: r.integer(), y: r.integer() };
  const from = r.origin() ?? origin(`core ${index}`);
  r.nextLine();
  const groups: NeuronGroup[] = [];
  const shapes: Shape[] = [];
  const rows: Row[] = [];
  const axons: Axon[] = [];
  for (; r.more && ["group", "shape", "row", "axon", "axons"].includes(r.peek().text); r.nextLine()) {
    const kind = r.word();
    if (kind === "group") groups.push(parseGroup(p));
    else if (kind === "shape") shapes.push(parseShape(r, shapes.length));
    else if (kind === "row") rows.push(parseRow(p, rows.length));
    else if (kind === "axon") axons.push(parseAxon(r, axons.length));
    else axons.push(...parseAxonTable(p));
  }
  return { id: id<"core">(index), at: place, groups, sends: parseSends(p), axons, shapes, rows, origin: from };
}

function ordinal(r: Reader, expected: number, what: string): void {
  const place = r.place();
  const n = r.integer();
  if (n !== expected) fail("cores-invalid", [`${what} ${n} where ${what} ${expected} is next`], { at: place });
}

function parseGroup(p: Parser): NeuronGroup {
  const { r } = p;
  const pop = r.name();
  const first = field(r, "first");
  const count = field(r, "count");
  const model = call(p);
  const place = r.place();
  const initial = call(p);
  if (initial.name !== "initial") fail("cores-invalid", ["a group needs its initial(…)"], { at: place });
  const spike = parseSpike(r);
  const start = field(r, "start");
  const silent = field(r, "silent");
  const stop = r.is("stop") ? field(r, "stop") : null;
  r.need("neurons");
  const indices = integers(p);
  const from = r.origin() ?? origin(pop);
  return {
    first,
    count,
    model: model.name,
    params: model.fields,
    initial: initial.fields as NeuronGroup["initial"],
    spike,
    start,
    silent,
    stop,
    pop,
    indices,
    origin: from,
  };
}

function parseShape(r: Reader, index: number): Shape {
  ordinal(r, index, "shape");
  const labelledPair = (key: string): [number, number] => {
    r.need(key);
    return pair(r);
  };
  const [kernelY, kernelX] = labelledPair("kernel");
  const [strideY, strideX] = labelledPair("stride");
  const [dilationY, dilationX] = labelledPair("dilation");
  const [height, width] = labelledPair("size");
  return { kernelY, kernelX, strideY, strideX, dilationY, dilationX, height, width, pitch: field(r, "pitch") };
}

function parseRow(p: Parser, index: number): Row {
  const { r } = p;
  ordinal(r, index, "row");
  const kind = r.word("dense, sparse or conv");
  const bits = field(r, "bits");
  if (kind === "dense") return { kind, bits, base: field(r, "base"), weights: integers(p) };
  if (kind === "sparse") {
    r.need("slots");
    const slots = integers(p);
    r.need("weights");
    return { kind, bits, slots, weights: integers(p) };
  }
  if (kind !== "conv") fail("cores-invalid", [`a row is dense, sparse or conv, not ${kind}`], { at: r.place() });
  return { kind, bits, base: field(r, "base"), shape: field(r, "shape"), channels: field(r, "channels"), weights: integers(p) };
}

function parseAxon(r: Reader, index: number): Axon {
  ordinal(r, index, "axon");
  const mode = r.word("each, at-least or gate") as Axon["mode"];
  if (!axonModes.includes(mode)) r.expected("row= after one of each, at-least and gate");
  const row = field(r, "row");
  const rest: Record<string, number> = { need: 0, delay: 0, gain: 1, shift: 0, y: 0, x: 0 };
  while (r.peek(1).text === "=") {
    const key = r.peek().text;
    if (!(key in rest)) r.expected(`one of ${Object.keys(rest).join(", ")}`);
    rest[key] = field(r, key);
  }
  return { row, mode, ...rest } as unknown as Axon;
}

function parseAxonTable(p: Parser): Axon[] {
  const place = p.r.place();
  const data = integers(p);
  const count = data.length / axonColumns.length;
  if (!Number.isInteger(count)) fail("cores-invalid", [`a table of axons has ${axonColumns.length} columns`], { at: place });
  return Array.from({ length: count }, (_, i) => {
    const axon = Object.fromEntries(axonColumns.map((key, c) => [key, at(data, c * count + i)]));
    return { ...axon, mode: at(axonModes, axon["mode"] ?? 0) } as unknown as Axon;
  });
}

/** Send lines, or the table of them, up to the next line that is neither. */
function parseSends(p: Parser): Sends {
  const { r } = p;
  if (r.more && r.skip("sends")) return parseSendTable(p);
  if (!r.more) r.expected("sources or sends");
  const sources = labelled(r, "sources");
  r.nextLine();
  const [core, axon, member]: [number[], number[], number[]] = [[], [], []];
  const start = new Int32Array(sources + 1);
  let done = 0;
  for (; r.more && r.skip("send"); r.nextLine()) {
    const place = r.place();
    const slot = r.integer();
    if (slot < done || slot >= sources)
      fail("cores-invalid", [`send ${slot} is out of order, or past the last of ${sources}`], { at: place });
    start.fill(core.length, done, slot + 1);
    r.need("->");
    while (r.peek().kind !== "end") {
      core.push(r.skip("host") ? -1 : r.integer("a core's number, or host"));
      r.need("@");
      axon.push(r.integer());
      member.push(r.skip("*") ? r.integer() : 0);
    }
    done = slot + 1;
  }
  start.fill(core.length, done);
  return { start, core: Int32Array.from(core), axon: Int32Array.from(axon), member: Int32Array.from(member) };
}

function parseSendTable(p: Parser): Sends {
  const column = (key: string): Int32Array => {
    p.r.need(key);
    p.r.need("=");
    return integers(p);
  };
  const out = { start: column("start"), core: column("core"), axon: column("axon"), member: column("member") };
  p.r.nextLine();
  return out;
}
