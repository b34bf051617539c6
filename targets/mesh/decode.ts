import { at } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { origin, readOrigin } from "../../compiler/base/origin.ts";
import { i32, type Tensor } from "../../compiler/base/tensor.ts";
import { profileParams } from "../../compiler/ir/cores/storage.ts";
import type { Axon, Core, Cores, NeuronGroup, Row, Sends, Shape } from "../../compiler/ir/cores/types.ts";
import type { Image, Input } from "../../compiler/ir/image/types.ts";
import type { WordProblem } from "../../compiler/ir/image/word.ts";
import type { Param, SpikeType } from "../../compiler/ir/network/types.ts";
import { type ProfileNumbers, profileWords, resetAmount, unpackWeights } from "./profiles.ts";
import * as words from "./words.ts";

/**
 * Reads the words of an image back as cores. Everything comes from the words, except the
 * names, neuron indices and origins of groups, which come from the image's map. Without a
 * map, neighbouring slots with one profile are a group.
 */
export function decode(image: Image): Cores {
  const memories = memoriesOf(image);
  const registers = memories.get("chip")?.get("registers") ?? new Uint32Array();
  const size = read(words.registerSize, registers, 0, "chip/registers");
  const time = read(words.registerSteps, registers, 1, "chip/registers");
  const { seed } = read(words.registerSeed, registers, 2, "chip/registers");
  const places = [...memories.keys()].filter((k) => k !== "chip");
  const coreAt = new Map(places.map((place, i) => [place, i]));
  return {
    kind: "cores",
    name: image.name,
    chip: image.target,
    columns: size.columns,
    rows: size.rows,
    steps: time.steps,
    interval: time.interval,
    seed,
    cores: places.map((place, i) => decodeCore(place, i, memories.get(place) ?? new Map(), image, coreAt)),
    inputs: image.inputs.map((input) => {
      const { start, targets, ...rest } = input;
      return { ...rest, sends: sendsOf(start, targets, coreAt, `input ${input.name}`) };
    }),
    outputs: image.outputs,
  };
}

type Memories = ReadonlyMap<string, Uint32Array>;

/** Memories by place (`chip` or `core(x,y)`) and name, in load order. */
function memoriesOf(image: Image): ReadonlyMap<string, Memories> {
  const out = new Map<string, Map<string, Uint32Array>>();
  for (const s of image.sections) {
    const slash = s.name.indexOf("/");
    const place = s.name.slice(0, slash);
    let memories = out.get(place);
    if (memories === undefined) {
      memories = new Map();
      out.set(place, memories);
    }
    const whole = new Uint32Array(s.base + s.words.length);
    whole.set(s.words, s.base);
    memories.set(s.name.slice(slash + 1), whole);
  }
  return out;
}

type Decoded<W> = W extends { readonly decode: (word: number) => infer R } ? Extract<R, { readonly value: unknown }>["value"] : never;

function read<W extends { readonly name: string; readonly decode: (word: number) => { readonly value: unknown } | WordProblem }>(
  word: W,
  memory: Uint32Array,
  address: number,
  place: string,
): Decoded<W> {
  const w = memory[address];
  if (w === undefined) fail("image-word", [`${word.name} is expected at address ${address}, where nothing is`], { at: place });
  const r = word.decode(w);
  if (!("value" in r)) fail("image-word", [`${r.field}: ${r.problem}`], { at: `${place}[${address}]` });
  return r.value as Decoded<W>;
}

function decodeCore(place: string, index: number, memories: Memories, image: Image, coreAt: ReadonlyMap<string, number>): Core {
  const empty = new Uint32Array();
  const memory = (name: string): Uint32Array => memories.get(name) ?? empty;
  const [, x, y] = /^core\((\d+),(\d+)\)$/.exec(place) ?? fail("image-word", [`"${place}" is no core`]);
  const coord = { x: Number(x), y: Number(y) };
  const { slots } = read(words.control, memory("control"), 0, `${place}/control`);
  const shapes = decodeShapes(memory("shapes"), `${place}/shapes`);
  const { rows, rowAt } = decodeRows(memory("synapses"), shapes, `${place}/synapses`);
  const neurons = Array.from({ length: slots }, (_, i) => decodeNeuron(memory("neurons"), i, `${place}/neurons`));
  const names = image.map?.cores.find((c) => c.x === coord.x && c.y === coord.y) ?? null;
  const bounds = names?.groups ?? boundsByProfile(neurons);
  const groups = bounds.map((b) => decodeGroup(b, neurons, memory("profiles"), place, names !== null));
  const groupOfProfile = new Map(groups.map((g, i) => [at(neurons, g.first).profile, i]));
  return {
    id: id<"core">(index),
    at: coord,
    groups,
    sends: neuronSends(neurons, memory("routes"), coreAt, `${place}/routes`),
    axons: decodeAxons(memory("axons"), rowAt, groupOfProfile, `${place}/axons`),
    shapes,
    rows,
    origin: names === null ? origin(place) : (readOrigin(names.origin) ?? origin(place)),
  };
}

function decodeShapes(memory: Uint32Array, place: string): Shape[] {
  return Array.from({ length: memory.length / 2 }, (_, i) => ({
    ...read(words.shape0, memory, 2 * i, place),
    ...read(words.shape1, memory, 2 * i + 1, place),
  }));
}

/** The rows in order of address, and the index of the row that begins at an address. */
function decodeRows(
  memory: Uint32Array,
  shapes: readonly Shape[],
  place: string,
): { readonly rows: Row[]; readonly rowAt: ReadonlyMap<number, number> } {
  const rows: Row[] = [];
  const rowAt = new Map<number, number>();
  for (let address = 0; address < memory.length; ) {
    rowAt.set(address, rows.length);
    const { row, next } = decodeRow(memory, address, shapes, place);
    if (next > memory.length)
      fail("image-word", [`the row at ${address} ends at ${next}, past the memory's last word ${memory.length - 1}`], { at: place });
    rows.push(row);
    address = next;
  }
  return { rows, rowAt };
}

function decodeRow(
  memory: Uint32Array,
  address: number,
  shapes: readonly Shape[],
  place: string,
): { readonly row: Row; readonly next: number } {
  const head = read(words.row, memory, address, place);
  const bits = head.bits + 1;
  const per = Math.floor(32 / bits);
  if (head.kind === "dense") {
    const next = address + 1 + Math.ceil(head.count / per);
    const weights = new Int32Array(head.count);
    if (next <= memory.length) unpackWeights(memory, address + 1, head.count, bits, weights, 0);
    return { row: { kind: "dense", bits, base: head.base, weights }, next };
  }
  if (head.kind === "sparse") {
    const entries = Array.from({ length: head.count }, (_, i) => read(words.entry, memory, address + 1 + i, place));
    const row: Row = {
      kind: "sparse",
      bits,
      slots: Int32Array.from(entries, (e) => e.slot),
      weights: Int32Array.from(entries, (e) => e.weight),
    };
    return { row, next: address + 1 + head.count };
  }
  const { shape: index } = read(words.rowShape, memory, address + 1, place);
  const shape = shapes[index] ?? fail("image-word", [`a row names shape ${index} of ${shapes.length}`], { at: `${place}[${address + 1}]` });
  const taps = shape.kernelY * shape.kernelX;
  const perTap = Math.ceil(head.count / per);
  const next = address + 2 + taps * perTap;
  const weights = new Int32Array(taps * head.count);
  if (next <= memory.length)
    for (let t = 0; t < taps; t++) unpackWeights(memory, address + 2 + t * perTap, head.count, bits, weights, t * head.count);
  return { row: { kind: "conv", bits, base: head.base, shape: index, channels: head.count, weights }, next };
}

type Neuron = ReturnType<typeof decodeNeuron>;

function decodeNeuron(memory: Uint32Array, slot: number, place: string) {
  const head = read(words.neuron0, memory, 6 * slot, place);
  return {
    ...head,
    threshold: read(words.neuron1, memory, 6 * slot + 1, place).threshold,
    reset: read(words.neuron2, memory, 6 * slot + 2, place).reset,
    bias: read(words.neuron3, memory, 6 * slot + 3, place).bias,
    initial: read(words.neuron4, memory, 6 * slot + 4, place).initial,
    noiseKey: read(words.neuron5, memory, 6 * slot + 5, place).noiseKey,
  };
}

type Bound = {
  readonly first: number;
  readonly count: number;
  readonly pop: string;
  readonly indices: readonly number[];
  readonly origin: string;
};

function boundsByProfile(neurons: readonly Neuron[]): Bound[] {
  const out: Bound[] = [];
  for (let first = 0; first < neurons.length; ) {
    const profile = at(neurons, first).profile;
    let end = first + 1;
    while (end < neurons.length && at(neurons, end).profile === profile) end++;
    out.push({
      first,
      count: end - first,
      pop: `profile-${profile}`,
      indices: Array.from({ length: end - first }, (_, i) => i),
      origin: "",
    });
    first = end;
  }
  return out;
}

function decodeGroup(bound: Bound, neurons: readonly Neuron[], memory: Uint32Array, place: string, named: boolean): NeuronGroup {
  const slots = neurons.slice(bound.first, bound.first + bound.count);
  const where = `${place}/profiles`;
  const profile = at(slots, 0).profile;
  const head = read(words.profile0, memory, 4 * profile, where);
  const payload = read(words.profile1, memory, 4 * profile + 1, where);
  const time = read(words.profile2, memory, 4 * profile + 2, where);
  const { length } = read(words.profile3, memory, 4 * profile + 3, where);
  const params: Record<string, Param> = {};
  for (const w of profileWords) params[w.param] = w.get(head);
  const numbers = new Map<number, ProfileNumbers>();
  for (const s of slots) {
    if (!numbers.has(s.profile))
      numbers.set(s.profile, {
        ...read(words.profile0, memory, 4 * s.profile, where),
        ...read(words.profile1, memory, 4 * s.profile + 1, where),
      });
  }
  for (const key of profileParams) params[key] = compact(slots.map((s) => numbers.get(s.profile)?.[key] ?? 0));
  params["threshold"] = compact(slots.map((s) => s.threshold));
  params[resetAmount] = compact(slots.map((s) => s.reset));
  params["bias"] = compact(slots.map((s) => s.bias));
  params["noiseKey"] = compact(slots.map((s) => s.noiseKey));
  return {
    first: bound.first,
    count: bound.count,
    model: "unit",
    params,
    initial: { v: compact(slots.map((s) => s.initial)) },
    spike: spikeOf(head, payload),
    start: time.start,
    silent: time.silent,
    stop: length === 0 ? null : time.start + length,
    pop: bound.pop,
    indices: Int32Array.from(bound.indices),
    origin: named ? (readOrigin(bound.origin) ?? origin(place)) : origin(place),
  };
}

/** One number when all are equal, else a tensor. */
function compact(values: readonly number[]): number | Tensor {
  const first = at(values, 0);
  return values.every((v) => v === first) ? first : i32([values.length], values);
}

function spikeOf(
  head: { readonly emit: string; readonly negative: string },
  payload: { readonly payloadBits: number; readonly payloadSigned: boolean },
): SpikeType {
  if (head.emit !== "unit") return { kind: "graded", bits: payload.payloadBits + 1, signed: payload.payloadSigned };
  return head.negative === "none" ? { kind: "binary" } : { kind: "ternary" };
}

function decodeAxons(
  memory: Uint32Array,
  rowAt: ReadonlyMap<number, number>,
  groupOfProfile: ReadonlyMap<number, number>,
  place: string,
): Axon[] {
  return Array.from({ length: memory.length / 2 }, (_, i) => {
    const a = read(words.axon0, memory, 2 * i, place);
    const b = read(words.axon1, memory, 2 * i + 1, place);
    const row =
      rowAt.get(a.row) ?? fail("image-word", [`an axon names address ${a.row}, where no row begins`], { at: `${place}[${2 * i}]` });
    const need =
      a.mode === "gate"
        ? (groupOfProfile.get(a.need) ??
          fail("image-word", [`a gated axon names profile ${a.need}, which begins no group`], { at: `${place}[${2 * i}]` }))
        : a.need;
    return { row, mode: a.mode, need, delay: a.delay, gain: b.gain, shift: b.shift, y: b.y, x: b.x };
  });
}

function neuronSends(neurons: readonly Neuron[], routes: Uint32Array, coreAt: ReadonlyMap<string, number>, place: string): Sends {
  const start = new Uint32Array(neurons.length + 1);
  const list: number[] = [];
  neurons.forEach((n, i) => {
    for (let k = 0; k < n.routeCount; k++) {
      const w = routes[n.routeStart + k];
      if (w === undefined) fail("image-word", [`slot ${i} names route ${n.routeStart + k} of ${routes.length}`], { at: place });
      list.push(w);
    }
    start[i + 1] = list.length;
  });
  return sendsOf(start, Uint32Array.from(list), coreAt, place);
}

function sendsOf(start: Input["start"], targets: Uint32Array, coreAt: ReadonlyMap<string, number>, place: string): Sends {
  const core = new Int32Array(targets.length);
  const axon = new Int32Array(targets.length);
  const member = new Int32Array(targets.length);
  for (let k = 0; k < targets.length; k++) {
    const r = read(words.route, targets, k, place);
    if (r.host) {
      core[k] = -1;
      axon[k] = r.axon + r.member * 4096;
      continue;
    }
    core[k] =
      coreAt.get(`core(${r.x},${r.y})`) ??
      fail("image-word", [`a route leads to core(${r.x},${r.y}), which has nothing`], { at: `${place}[${k}]` });
    axon[k] = r.axon;
    member[k] = r.member;
  }
  return { start: Int32Array.from(start), core, axon, member };
}
