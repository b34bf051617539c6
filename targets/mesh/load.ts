import { fail } from "../../compiler/base/diagnostic.ts";
import { type Axons, Kind, Mode, type PlanCore, type Row, type Run } from "../../runtime/fast/plan.ts";
import type { Neurons, Profile } from "../../runtime/kernels/neurons.ts";
import { listTaps, makeTaps, shapeFields, shapeSize, type Weights } from "../../runtime/kernels/rows.ts";
import { columns, gatheredColumns, type Memories, unpackWeights } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import * as words from "./words.ts";

/*
 * What the simulator works on: a core's memories, decoded once, when the image is
 * loaded. Words that point nowhere are refused here, so that the machine need not look again.
 */

const wordBits = 32;

/** Decodes the memories of core (x, y). Throws Failure for words that point outside what the image has. */
export function loadCore(x: number, y: number, memories: Memories, chip: ChipSpec, locate: (x: number, y: number) => number): PlanCore {
  const read = (memory: string): Named => {
    const name = `core(${x},${y})/${memory}`;
    return { name, words: memories.get(name) ?? new Uint32Array(0) };
  };
  const control = read("control");
  const slots = columns(words.control, control.words, 0, 1, 1, control.name).slots[0]!;
  if (slots > chip.core.neurons) refuse(control.name, 0, `${slots} slots of ${chip.core.neurons} are in use`);
  const profiles = readProfiles(read("profiles"));
  const neurons = readNeurons(read("neurons"), slots, profiles);
  const routes = readRoutes(read("routes"), neurons, chip, locate);
  const shapes = readShapes(read("shapes"));
  const axons = readAxons(read("axons"), chip, profiles.length);
  const rows = readRows(read("synapses"), axons, shapes, slots);
  return {
    slots,
    profiles,
    neurons: neurons.state,
    runs: neurons.runs,
    routeFirst: neurons.routeFirst,
    routeCount: neurons.routeCount,
    routeTo: routes.to,
    routeWhat: routes.what,
    isOutput: neurons.isOutput,
    axons: { ...axons, row: rows.rowOf },
    rows: rows.rows,
    shapes,
    weights: rows.weights,
    sparseSlots: rows.slots,
  };
}

type Named = { readonly name: string; readonly words: Uint32Array };

/** A word that points outside what the image has; we cannot run it. */
function refuse(section: string, address: number, what: string): never {
  fail("image-word", [what], { at: `${section} word ${address}` });
}

function readProfiles({ name, words: memory }: Named): Profile[] {
  const count = Math.ceil(memory.length / 4);
  const p0 = columns(words.profile0, memory, 0, 4, count, name);
  const p1 = columns(words.profile1, memory, 1, 4, count, name);
  const p2 = columns(words.profile2, memory, 2, 4, count, name);
  const p3 = columns(words.profile3, memory, 3, 4, count, name);
  return Array.from({ length: count }, (_, k) => {
    const bits = p1.payloadBits[k]! + 1;
    const signed = p1.payloadSigned[k] === 1;
    return {
      leak: p0.leak[k]!,
      leakArgument: p0.leakArgument[k]!,
      current: p0.current[k] === 1,
      greater: p0.compare[k] === 1,
      reset: p0.reset[k]!,
      negative: p0.negative[k]!,
      negativeAtZero: p0.negativeAtZero[k] === 1,
      biasFirst: p0.biasFirst[k] === 1,
      touched: p0.touched[k] === 1,
      emit: p0.emit[k]!,
      boundary: p0.boundary[k]!,
      output: p0.output[k] === 1,
      noise: p0.noise[k]!,
      currentDecay: p1.currentDecay[k]!,
      noiseBits: p1.noiseBits[k]!,
      payloadLow: signed ? -(2 ** (bits - 1)) : 0,
      payloadHigh: signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1,
      start: p2.start[k]!,
      silent: p2.silent[k]!,
      length: p3.length[k]!,
    };
  });
}

type ReadNeurons = {
  readonly state: Neurons;
  readonly runs: readonly Run[];
  readonly routeFirst: Int32Array;
  readonly routeCount: Int32Array;
  readonly isOutput: Uint8Array;
};

function readNeurons({ name, words: memory }: Named, slots: number, profiles: readonly Profile[]): ReadNeurons {
  const n0 = columns(words.neuron0, memory, 0, 6, slots, name);
  const runs: Run[] = [];
  const isOutput = new Uint8Array(slots);
  for (let k = 0; k < slots; k++) {
    const profile = n0.used[k] === 1 ? n0.profile[k]! : -1;
    if (profile >= profiles.length) refuse(name, 6 * k, `neuron ${k} names profile ${profile} of ${profiles.length}`);
    isOutput[k] = profile >= 0 && profiles[profile]!.output ? 1 : 0;
    const last = runs.at(-1);
    if (last !== undefined && last.profile === profile) runs[runs.length - 1] = { ...last, end: k + 1 };
    else runs.push({ first: k, end: k + 1, profile });
  }
  return {
    state: {
      threshold: columns(words.neuron1, memory, 1, 6, slots, name).threshold,
      reset: columns(words.neuron2, memory, 2, 6, slots, name).reset,
      bias: columns(words.neuron3, memory, 3, 6, slots, name).bias,
      initial: columns(words.neuron4, memory, 4, 6, slots, name).initial,
      noiseKey: columns(words.neuron5, memory, 5, 6, slots, name).noiseKey,
      byTouch: profiles.some((p) => p.touched),
    },
    runs,
    routeFirst: n0.routeStart,
    routeCount: n0.routeCount,
    isOutput,
  };
}

function readRoutes(
  { name, words: memory }: Named,
  neurons: ReadNeurons,
  chip: ChipSpec,
  locate: (x: number, y: number) => number,
): { to: Int32Array; what: Int32Array } {
  for (let k = 0; k < neurons.routeCount.length; k++) {
    const end = neurons.routeFirst[k]! + neurons.routeCount[k]!;
    if (neurons.routeCount[k]! > 0 && end > memory.length)
      refuse(name, end - 1, `neuron ${k} uses it, and the image has ${memory.length} routes`);
  }
  return decodeRoutes(memory, name, chip, locate);
}

/** Route words as destination (router, or -1 for the host) and what the packet says there. */
export function decodeRoutes(
  memory: Uint32Array,
  name: string,
  chip: ChipSpec,
  locate: (x: number, y: number) => number,
): { to: Int32Array; what: Int32Array } {
  const r = columns(words.route, memory, 0, 1, memory.length, name);
  const to = new Int32Array(memory.length);
  const what = new Int32Array(memory.length);
  for (let k = 0; k < memory.length; k++) {
    const x = r.x[k]!;
    const y = r.y[k]!;
    if (r.host[k] === 0 && (x >= chip.columns || y >= chip.rows)) refuse(name, k, `a route to core(${x},${y}) leads out of the mesh`);
    to[k] = r.host[k] === 1 ? -1 : locate(x, y);
    what[k] = r.axon[k]! + 4096 * r.member[k]!;
  }
  return { to, what };
}

/** Shapes as blocks of `shapeSize` numbers for the kernel. */
function readShapes({ name, words: memory }: Named): Int32Array {
  const count = Math.ceil(memory.length / 2);
  const s = { ...columns(words.shape0, memory, 0, 2, count, name), ...columns(words.shape1, memory, 1, 2, count, name) };
  const out = new Int32Array(count * shapeSize);
  for (let k = 0; k < count; k++) shapeFields.forEach((f, j) => (out[k * shapeSize + j] = s[f][k]!));
  return out;
}

type ReadAxons = Omit<Axons, "row"> & { readonly name: string; readonly address: Int32Array };

function readAxons({ name, words: memory }: Named, chip: ChipSpec, profiles: number): ReadAxons {
  const count = Math.ceil(memory.length / 2);
  const a0 = columns(words.axon0, memory, 0, 2, count, name);
  const a1 = columns(words.axon1, memory, 1, 2, count, name);
  for (let a = 0; a < count; a++) {
    if (a0.used[a] === 1 && a0.mode[a] === Mode.gate && a0.need[a]! >= profiles)
      refuse(name, 2 * a, `the gated axon ${a} names profile ${a0.need[a]} of ${profiles}`);
    if (a0.delay[a]! > chip.core.delayMax)
      refuse(name, 2 * a, `axon ${a} has delay ${a0.delay[a]}, and the chip at most ${chip.core.delayMax}`);
  }
  const factor = a1.gain.map((gain, a) => gain << a1.shift[a]!);
  return { name, used: a0.used, mode: a0.mode, need: a0.need, delay: a0.delay, factor, y: a1.y, x: a1.x, address: a0.row };
}

type ReadRows = { readonly rows: readonly Row[]; readonly rowOf: Int32Array; readonly weights: Weights; readonly slots: Uint16Array };

/** The rows that axons name, each once, with all weights of the core side by side. */
function readRows(memory: Named, axons: ReadAxons, shapes: Int32Array, slots: number): ReadRows {
  const known = new Map<number, number>();
  const rowOf = new Int32Array(axons.used.length).fill(-1);
  for (let a = 0; a < rowOf.length; a++) {
    if (axons.used[a] !== 1) continue;
    const address = axons.address[a]!;
    const index = known.get(address) ?? known.size;
    known.set(address, index);
    rowOf[a] = index;
  }
  const headers = readHeaders(memory, Int32Array.from(known.keys()), shapes, slots);
  const total = headers.reduce((n, h) => n + h.taps * h.count, 0);
  const weights: Weights = new Int16Array(total);
  const targets = new Uint16Array(headers.some((h) => h.kind === Kind.sparse) ? total : 0);
  const rows: Row[] = [];
  let from = 0;
  for (const h of headers) {
    if (h.kind !== Kind.sparse) {
      for (let t = 0; t < h.taps; t++)
        unpackWeights(memory.words, h.body + t * h.wordsPerTap, h.count, h.bits, weights, from + t * h.count);
    }
    rows.push({ kind: h.kind, base: h.base, count: h.count, from, shape: h.shape, words: h.wordsPerTap });
    from += h.taps * h.count;
  }
  if (targets.length > 0) readEntries(memory, headers, rows, weights, targets, slots);
  checkTaps(axons, rows, rowOf, shapes, slots);
  return { rows, rowOf, weights, slots: targets };
}

/** Entries of all sparse rows, read in one go. */
function readEntries(
  { name, words: list }: Named,
  headers: readonly Header[],
  rows: readonly Row[],
  weights: Weights,
  targets: Uint16Array,
  slots: number,
): void {
  const sparse = headers.flatMap((h, k) => (h.kind === Kind.sparse ? [k] : []));
  const gathered = new Uint32Array(sparse.reduce((n, k) => n + headers[k]!.count, 0));
  const addresses = new Int32Array(gathered.length);
  let n = 0;
  for (const k of sparse) {
    const { body, count } = headers[k]!;
    for (let i = 0; i < count; i++, n++) {
      gathered[n] = list[body + i]!;
      addresses[n] = body + i;
    }
  }
  const e = gatheredColumns(words.entry, gathered, addresses, name);
  n = 0;
  for (const k of sparse) {
    const { from, count } = rows[k]!;
    for (let i = from; i < from + count; i++, n++) {
      const slot = e.slot[n]!;
      if (slot >= slots) refuse(name, addresses[n]!, `it names slot ${slot}, and the core uses ${slots}`);
      targets[i] = slot;
      weights[i] = e.weight[n]!;
    }
  }
}

/** A tile may be larger than the core's use of it, as long as no axon's position leads beyond the slots. */
function checkTaps(axons: ReadAxons, rows: readonly Row[], rowOf: Int32Array, shapes: Int32Array, slots: number): void {
  const taps = makeTaps();
  for (let a = 0; a < rowOf.length; a++) {
    const row = rows[rowOf[a]!];
    if (row === undefined || row.kind !== Kind.conv) continue;
    const n = listTaps(taps, row.base, row.from, row.count, shapes, row.shape, axons.y[a]!, axons.x[a]!);
    for (let k = 0; k < n; k++) {
      if (taps[2 * k]! + row.count > slots)
        refuse(axons.name, 2 * a, `axon ${a} reaches slot ${taps[2 * k]! + row.count - 1}, and the core uses ${slots}`);
    }
  }
}

type Header = {
  readonly kind: number;
  readonly bits: number;
  readonly count: number;
  readonly base: number;
  /** First number of the row's shape; -1 when it has none. */
  readonly shape: number;
  /** Address of the first word after the header. */
  readonly body: number;
  /** Taps of a convolution; 1 elsewhere. */
  readonly taps: number;
  readonly wordsPerTap: number;
};

/** Headers of the rows that begin at these addresses. */
function readHeaders(memory: Named, addresses: Int32Array, shapes: Int32Array, slots: number): Header[] {
  const { name, words: list } = memory;
  for (const address of addresses)
    if (address >= list.length) refuse(name, address, `an axon's row begins there, and the image has ${list.length} words`);
  const r = gatheredColumns(
    words.row,
    Uint32Array.from(addresses, (address) => list[address]!),
    addresses,
    name,
  );
  return Array.from(addresses, (address, k) =>
    checkHeader(memory, { address, kind: r.kind[k]!, bits: r.bits[k]! + 1, count: r.count[k]!, base: r.base[k]! }, shapes, slots),
  );
}

type RowWord = { readonly address: number; readonly kind: number; readonly bits: number; readonly count: number; readonly base: number };

function checkHeader(memory: Named, { address, kind, bits, count, base }: RowWord, shapes: Int32Array, slots: number): Header {
  const { name, words: list } = memory;
  const wordsPerTap = kind === Kind.sparse ? count : Math.ceil(count / Math.floor(wordBits / bits));
  let taps = 1;
  let shape = -1;
  let body = address + 1;
  if (kind === Kind.conv) {
    const index = columns(words.rowShape, list, address + 1, 1, 1, name).shape[0]!;
    shape = index * shapeSize;
    if (shape >= shapes.length) refuse(name, address + 1, `it names shape ${index} of ${shapes.length / shapeSize}`);
    const of = (f: (typeof shapeFields)[number]): number => shapes[shape + shapeFields.indexOf(f)]!;
    if (of("strideY") < 1 || of("strideX") < 1) refuse(name, address + 1, `shape ${index} has a stride of 0`);
    taps = of("kernelY") * of("kernelX");
    body++;
  }
  if (kind === Kind.dense && base + count > slots)
    refuse(name, address, `the row reaches slot ${base + count - 1}, and the core uses ${slots}`);
  if (body + taps * wordsPerTap > list.length)
    refuse(name, address, `the row ends at word ${body + taps * wordsPerTap}, and the image has ${list.length}`);
  return { kind, bits, count, base, shape, body, taps, wordsPerTap };
}
