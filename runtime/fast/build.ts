import { must } from "../../compiler/base/bug.ts";
import { fail } from "../../compiler/base/diagnostic.ts";
import {
  compileKernels,
  type Kernels,
  type Memory,
  memoryMax,
  viewsOf,
  wasmKernels,
  wasmMemory,
  type WasmMemory,
  type WasmModule,
} from "../kernels/kernels.ts";
import * as l from "../kernels/layout.ts";
import type { Profile } from "../kernels/neurons.ts";
import { listTaps, makeTaps, shapeFields, shapeSize } from "../kernels/rows.ts";
import { twinKernels } from "../kernels/twin/index.ts";
import { carried, fuse, type Fusion } from "./fuse.ts";
import { Kind, Mode, type Plan, type PlanCore, type Row } from "./plan.ts";

/*
 * A plan becomes one block of memory that kernels work on. Everything of a core lies
 * side by side; what threads write is apart for each thread.
 */

/** A run of neurons, and when it is active. */
export type BuiltRun = {
  readonly at: number;
  readonly first: number;
  readonly end: number;
  readonly start: number;
  readonly length: number;
  readonly used: boolean;
  /** Whether only touched slots are updated. */
  readonly touched: boolean;
};

/** Where a core lies. `gates`: counters to clear at local step 0 of a profile that starts in `start`. */
export type BuiltCore = {
  readonly index: number;
  readonly at: number;
  readonly slots: number;
  readonly runs: readonly BuiltRun[];
  readonly gates: readonly { readonly at: number; readonly start: number }[];
  readonly state: Readonly<Record<"potential" | "current" | "accumulator" | "fired" | "touched", number>>;
};

/** Tables that a thread fills while it works: packets at [line][destination], by routes; lost ones; outputs; room for addresses. */
export type ThreadTables = Readonly<Record<"routed" | "lost" | "outputs" | "scratch", number>>;

/** All that a thread needs to work, and that can be sent to it. */
export type Built = {
  readonly bytes: number;
  readonly machine: number;
  readonly cores: readonly BuiltCore[];
  readonly tables: readonly ThreadTables[];
  /** Packets by [source core or host][column]. */
  readonly columns: number;
  /** Where the ledger lies (kernels/layout.ts), and how far apart its columns of words are. */
  readonly ledger: Readonly<Record<"words" | "stride" | "counts" | "held" | "byLine" | "toHost" | "sent", number>>;
  /** What was asked for with `room`. */
  readonly room: number;
  /** Slots of the event lists. */
  readonly slots: number;
  /** Words at [slot][core] of the host's list: ends of the lists, their beginnings, and how many events fit. */
  readonly hostTails: number;
  readonly hostStarts: number;
  readonly hostRoom: Int32Array;
  /** Where what the host sends goes: route words by input, in the order of its targets. */
  readonly hostWords: readonly Int32Array[];
  /** Cores that some route leads to. */
  readonly reached: Int32Array;
  /** Events that a core can take in a step. */
  readonly eventsMax: number;
  /** Destinations: cores, and behind them the host. */
  readonly destinations: number;
  readonly width: number;
  readonly synapses: number;
};

/** A built machine with its memory and the main thread's kernels. */
export type Machine = {
  readonly built: Built;
  readonly memory: Memory;
  readonly kernels: Kernels;
  /** For other threads; null: the twins are at work. */
  readonly module: WasmModule | null;
  readonly shared: WasmMemory | SharedArrayBuffer;
};

/** Hands out addresses, and remembers what to write there once the memory exists. */
class Arena {
  size = 1024;
  readonly #fills: (() => void)[] = [];
  #memory: Memory | null = null;

  /** Room for so many bytes, on a cache line of its own if it is large. */
  take(bytes: number): number {
    const grain = bytes >= 64 ? 64 : 16;
    const at = Math.ceil(this.size / grain) * grain;
    this.size = at + bytes;
    return at;
  }

  later(fill: (m: Memory) => void): void {
    this.#fills.push(() => fill(this.#memory as Memory));
  }

  /** Words of 32 bits with this content. */
  words(content: ArrayLike<number>): number {
    const at = this.take(4 * content.length);
    this.later((m) => m.i32.set(content, at >>> 2));
    return at;
  }

  /** Fields of a record. */
  record(at: number, fields: readonly (readonly [field: number, value: number])[]): void {
    this.later((m) => {
      for (const [field, value] of fields) m.i32[(at + field) >>> 2] = value;
    });
  }

  bytes(content: Uint8Array): number {
    const at = this.take(content.length);
    this.later((m) => m.u8.set(content, at));
    return at;
  }

  fill(memory: Memory): void {
    this.#memory = memory;
    for (const f of this.#fills) f();
  }
}

export type BuildOptions = {
  readonly threads?: number;
  /** The compiled module's bytes; null for the twins. */
  readonly kernels: Uint8Array | null;
  /**
   * Whether cores send by themselves. Otherwise somebody else carries the packets, and gives each core its events of a step
   * in one buffer (`giveEvents`).
   */
  readonly sends?: boolean;
  /** Bytes that the memory may have. */
  readonly most?: number;
  /** Bytes to keep for the chip's own use. */
  readonly room?: number;
};

/** Lays a plan out as a machine. */
export function buildMachine(plan: Plan, { threads = 1, kernels, sends = true, most = memoryMax, room = 0 }: BuildOptions): Machine {
  const arena = new Arena();
  const shares = share(plan, threads);
  const threadOf = new Int32Array(plan.cores.length);
  const present: number[] = [];
  plan.cores.forEach((c, d) => c !== null && present.push(d));
  shares.forEach((s, k) => {
    for (let i = s.first; i < s.end; i++) threadOf[present[i]!] = k;
  });
  const offsets = slotOffsets(plan);
  const fusion = sends ? fuse(plan, threadOf, threads, offsets.of) : carried(plan);
  const layout = layOut(plan, arena, shares, present, fusion, offsets, room);
  if (arena.size > most) fail("simulator-memory", [arena.size, most]);
  const module = kernels === null ? null : compileKernels(kernels);
  const own = module === null ? null : wasmMemory(arena.size);
  const shared = own ?? new SharedArrayBuffer(Math.ceil(arena.size / 65536) * 65536);
  const memory = viewsOf("buffer" in shared ? (shared as WasmMemory).buffer : (shared as SharedArrayBuffer));
  arena.fill(memory);
  return {
    built: { ...layout, bytes: arena.size },
    memory,
    kernels: module === null || own === null ? twinKernels(memory) : wasmKernels(module, own),
    module: own === null ? null : module,
    shared,
  };
}

/** Puts a core's events of a step where `integrate` takes them, in slot 0: pairs of what a packet says and its payload. */
export function giveEvents({ built, memory }: Machine, core: number, count: number, what: Int32Array, payload: Int32Array): void {
  const { i32 } = memory;
  const list = built.tables[0]!.scratch + 4 * built.eventsMax;
  let at = list >>> 2;
  for (let e = 0; e < count; e++) {
    i32[at++] = what[e]!;
    i32[at++] = payload[e]!;
  }
  const word = (field: number): number => i32[(built.machine + field) >>> 2]! >>> 2;
  i32[word(l.machineStarts) + core] = list;
  i32[word(l.machineTails) + core] = list + count * l.eventBytes;
}

/** Cores divided into contiguous shares of about the same work. */
function share(plan: Plan, threads: number): { readonly first: number; readonly end: number }[] {
  const work = plan.cores.filter((c) => c !== null).map((c) => 16 * c.slots + c.weights.length);
  const total = work.reduce((a, b) => a + b, 0);
  const out: { first: number; end: number }[] = [];
  let first = 0;
  let done = 0;
  for (let k = 0; k < threads; k++) {
    let end = first;
    while (end < work.length && (k === threads - 1 || done + work[end]! / 2 <= (total * (k + 1)) / threads)) done += work[end++]!;
    out.push({ first, end });
    first = end;
  }
  return out;
}

/** Accumulators of all cores in one block: where each core's begin, in numbers, and how many there are. */
function slotOffsets(plan: Plan): { readonly of: Int32Array; readonly total: number } {
  const of = new Int32Array(plan.cores.length);
  let total = 0;
  plan.cores.forEach((c, d) => {
    of[d] = total;
    if (c !== null) total += Math.ceil(c.slots / 16) * 16;
  });
  return { of, total };
}

type Layout = Omit<Built, "bytes">;

function layOut(
  plan: Plan,
  arena: Arena,
  shares: ReturnType<typeof share>,
  present: readonly number[],
  fusion: Fusion,
  offsets: { readonly of: Int32Array; readonly total: number },
  room: number,
): Layout {
  const threads = shares.length;
  const cores = plan.cores.length;
  const destinations = cores + 1;
  const lists = threads + 1;
  const slots = fusion.delayMax + 2;
  // A single thread updates all cores before the first one sends.
  const parities = fusion.fusedPackets > 0 && threads > 1 ? 2 : 1;
  const copies = fusion.fusedPackets > 0 ? threads : 1;
  const machine = arena.take(l.machineBytes);

  // Lists of events: ends and beginnings by [list][slot][core], then room for the events themselves.
  const slotBytes = 4 * cores;
  const listBytes = slots * slotBytes;
  const tails = arena.take(lists * listBytes);
  const starts = arena.take(lists * listBytes);
  const startOf = new Int32Array((lists * listBytes) / 4);
  for (let k = 0; k < lists; k++) {
    for (let s = 0; s < slots; s++) {
      for (let d = 0; d < cores; d++) {
        const room = fusion.room[k * cores + d]!;
        startOf[(k * slots + s) * cores + d] = room === 0 ? 0 : arena.take(room * l.eventBytes);
      }
    }
  }
  arena.later((m) => {
    m.i32.set(startOf, tails >>> 2);
    m.i32.set(startOf, starts >>> 2);
  });

  const copyBytes = 4 * offsets.total;
  const accumulators = arena.take(parities * copies * copyBytes + 64);
  const columnOf = arena.words([...Array.from(plan.routerOf, (r) => r % plan.columns), 0]);

  const eventsMax = fusion.carried ? plan.eventsMax : Math.max(64, ...present.map((d) => incoming(fusion, lists, cores, d)));
  const lineOf = (d: number): number => Math.floor(plan.routerOf[d]! / plan.columns);
  const threadRecords = arena.take(l.threadBytes * threads);
  const tables = shares.map(({ first, end }, k): ThreadTables => {
    // The host's packets are on the first line of the first thread.
    const own = [...present.slice(first, end).map(lineOf), ...(k === 0 ? [0] : [])];
    const line = own.reduce((a, b) => Math.min(a, b), plan.rows);
    const lines = own.reduce((n, y) => Math.max(n, y - line + 1), 0);
    const table = {
      routed: arena.take(4 * lines * destinations),
      fused: arena.take(4 * lines * destinations),
      lost: arena.take(4 * destinations),
      more: arena.take(4 * destinations),
      // Addresses of rows; and, where events are carried, the events themselves.
      scratch: arena.take(fusion.carried ? (4 + l.eventBytes) * eventsMax : 4 * eventsMax),
      outputs: arena.take(l.outBytes * (fusion.hostRoutes[k]! + 1)),
    };
    arena.record(threadRecords + k * l.threadBytes, [
      [l.threadFirst, first],
      [l.threadEnd, end],
      [l.threadRouted, table.routed],
      [l.threadFused, table.fused],
      [l.threadLine, line],
      [l.threadLines, lines],
      [l.threadLost, table.lost],
      [l.threadMore, table.more],
      [l.threadScratch, table.scratch],
      [l.threadOutputs, table.outputs],
    ]);
    return table;
  });
  const columns = arena.take(4 * destinations * plan.columns);
  const ledger = placeLedger(plan, arena);
  const homes = fusion.fusedPackets > 0 ? arena.words(homesOf(plan, offsets)) : 0;
  const coreList = arena.take(4 * present.length);

  arena.record(machine, [
    [l.machineLists, lists],
    [l.machineTails, tails],
    [l.machineStarts, starts],
    [l.machineListBytes, listBytes],
    [l.machineSlotBytes, slotBytes],
    [l.machineSlots, slots],
    [l.machineAxonBits, plan.axonBits],
    [l.machineParityBytes, parities === 2 ? copies * copyBytes : 0],
    [l.machineCopyBytes, copyBytes],
    [l.machineCopies, copies],
    [l.machineAccumulators, accumulators],
    [l.machineColumnOf, columnOf],
    [l.machineSeed, plan.seed | 0],
    [l.machineCoreList, coreList],
    [l.machineCoreCount, present.length],
    [l.machineCores, cores],
    [l.machineInterval, plan.interval],
    [l.machineThreads, threadRecords],
    [l.machineThreadCount, threads],
    [l.machineColumns, columns],
    [l.machineWidth, plan.columns],
    [l.machineLines, plan.rows],
    [l.machineHomes, homes],
    [l.machineParities, parities],
    [l.machineLedger, ledger.at],
  ]);

  let synapses = fusion.fusedSynapses;
  const built = present.map((d): BuiltCore => {
    const core = plan.cores[d]!;
    const heard = fusion.carried || incoming(fusion, lists, cores, d) > 0;
    if (heard) synapses += core.weights.length;
    return placeCore(plan, arena, d, core, accumulators + 4 * offsets.of[d]!, fusion, heard);
  });
  arena.later((m) =>
    m.i32.set(
      built.map((c) => c.at),
      coreList >>> 2,
    ),
  );
  return {
    machine,
    cores: built,
    tables,
    columns,
    ledger,
    room: arena.take(room),
    slots,
    hostTails: tails + threads * listBytes,
    hostStarts: starts + threads * listBytes,
    hostRoom: fusion.room.slice(threads * cores),
    hostWords: fusion.hostWords,
    reached: fusion.reached,
    eventsMax,
    destinations,
    width: plan.columns,
    synapses,
  };
}

/** Where all that a step has done is added up. */
function placeLedger(plan: Plan, arena: Arena): Built["ledger"] & { readonly at: number } {
  const cores = plan.cores.length;
  const routers = plan.columns * plan.rows;
  const stride = 16 * Math.ceil(cores / 4);
  const at = arena.take(l.ledgerBytes);
  const words = arena.take(l.wordKinds * stride);
  const counts = arena.take(l.countKinds * 2 * stride);
  const held = arena.take(2 * stride);
  const byLine = arena.take(4 * plan.rows * routers);
  const lines = (): number => arena.take(4 * plan.rows);
  const toHost = lines();
  const sent = lines();
  arena.record(at, [
    [l.ledgerWords, words],
    [l.ledgerWordBytes, stride],
    [l.ledgerCounts, counts],
    [l.ledgerHeld, held],
    [l.ledgerByLine, byLine],
    [l.ledgerToHost, toHost],
    [l.ledgerSent, sent],
    [l.ledgerLoaded, lines()],
    [l.ledgerRouterOf, arena.words(plan.routerOf)],
    [l.ledgerDirect, cores === routers && plan.routerOf.every((r, d) => r === d) ? 1 : 0],
    [l.ledgerRouters, routers],
    [l.ledgerRouted, lines()],
  ]);
  return { at, words, stride, counts, held, byLine, toHost, sent };
}

/** By accumulators that lie together: their core and its column. */
function homesOf(plan: Plan, offsets: { readonly of: Int32Array; readonly total: number }): Int32Array {
  const out = new Int32Array(offsets.total >> l.homeShift);
  plan.cores.forEach((core, d) => {
    if (core === null) return;
    const first = offsets.of[d]! >> l.homeShift;
    const word = d | ((plan.routerOf[d]! % plan.columns) << l.homeColumnShift);
    out.fill(word, first, first + Math.ceil(core.slots / (1 << l.homeShift)));
  });
  return out;
}

/** Events that can reach a core in one step through lists. */
function incoming(fusion: Fusion, lists: number, cores: number, d: number): number {
  let n = 0;
  for (let k = 0; k < lists; k++) n += fusion.room[k * cores + d]!;
  return n;
}

function placeCore(
  plan: Plan,
  arena: Arena,
  index: number,
  core: PlanCore,
  accumulator: number,
  fusion: Fusion,
  heard: boolean,
): BuiltCore {
  const at = arena.take(l.coreBytes);
  const runs = arena.take(l.runBytes * core.runs.length);
  const n = core.neurons;
  const padded = 4 * (core.slots + 4);
  const potential = arena.take(padded);
  const current = arena.take(padded);
  const fired = arena.take(core.slots + 16);
  const touched = n.byTouch ? arena.take(core.slots + 16) : 0;
  const table = heard ? placeAxons(arena, core) : silent;
  const senders = fusion.carried ? noLists : fusion.place(arena, index, core);
  const outputs = core.isOutput.includes(1) ? arena.bytes(core.isOutput) : 0;
  const gates = table.gates.map((g) => ({ at: g.at, start: core.profiles[g.profile]!.start }));
  arena.record(at, [
    [l.coreIndex, index],
    [l.coreLine, Math.floor(plan.routerOf[index]! / plan.columns)],
    [l.coreRuns, runs],
    [l.coreRunCount, core.runs.length],
    [l.coreGateList, arena.words(gates.flatMap((g) => [g.at, g.start]))],
    [l.coreGateCount, gates.length],
    [l.coreSlots, core.slots],
    [l.coreAccumulators, accumulator],
    [l.coreTouched, touched],
    [l.coreAxons, table.axons],
    [l.corePooled, table.pooled],
    [l.coreBatchBase, table.base],
    [l.coreBatchCount, table.count],
    [l.coreBatchWords, table.words],
    [l.coreBatchRows, table.batchRows],
    [l.coreThreshold, arena.words(n.threshold)],
    [l.coreReset, arena.words(n.reset)],
    [l.coreBias, arena.words(n.bias)],
    [l.coreInitial, arena.words(n.initial)],
    [l.coreNoiseKey, arena.words(n.noiseKey)],
    [l.corePotential, potential],
    [l.coreCurrent, current],
    [l.coreFired, fired],
    [l.coreEmissions, arena.take(l.emissionBytes * (core.slots + 4))],
    [l.coreRoutes, senders.routes],
    [l.corePackets, senders.packets],
    [l.coreOutputs, outputs],
  ]);
  const builtRuns = core.runs.map((r, k): BuiltRun => {
    const p = r.profile < 0 ? null : core.profiles[r.profile]!;
    const place = runs + k * l.runBytes;
    const bias = n.bias.subarray(r.first, r.end).some((b) => b !== 0);
    arena.later((m) => m.i32.set(runWords(r.first, r.end, p, bias), place >>> 2));
    return {
      at: place,
      first: r.first,
      end: r.end,
      start: p?.start ?? 0,
      length: p?.length ?? 0,
      used: p !== null,
      touched: p?.touched ?? false,
    };
  });
  return {
    index,
    at,
    slots: core.slots,
    runs: builtRuns,
    gates,
    state: { potential, current, accumulator, fired, touched },
  };
}

const noLists = { routes: 0, packets: 0 };

function runWords(first: number, end: number, p: Profile | null, bias: boolean): Int32Array {
  const words = new Int32Array(l.runBytes / 4);
  const set = (field: number, value: number | boolean): void => {
    words[field / 4] = Number(value);
  };
  set(l.runFirst, first);
  set(l.runEnd, end);
  if (p === null) return words;
  set(l.runUsed, true);
  set(l.runBias, bias);
  set(l.runLeak, p.leak);
  set(l.runLeakArgument, p.leakArgument);
  set(l.runCurrent, p.current);
  set(l.runGreater, p.greater);
  set(l.runReset, p.reset);
  set(l.runNegative, p.negative);
  set(l.runNegativeAtZero, p.negativeAtZero);
  set(l.runBiasFirst, p.biasFirst);
  set(l.runTouched, p.touched);
  set(l.runEmit, p.emit);
  set(l.runBoundary, p.boundary);
  set(l.runOutput, p.output);
  set(l.runNoise, p.noise);
  set(l.runCurrentDecay, p.currentDecay);
  set(l.runNoiseBits, p.noiseBits);
  set(l.runPayloadLow, p.payloadLow);
  set(l.runPayloadHigh, p.payloadHigh);
  set(l.runStart, p.start);
  set(l.runSilent, p.silent);
  set(l.runLength, p.length);
  return words;
}

type AxonTable = {
  readonly axons: number;
  readonly pooled: number;
  readonly base: number;
  readonly count: number;
  readonly words: number;
  readonly batchRows: number;
  readonly gates: readonly { readonly at: number; readonly profile: number }[];
};
const silent: AxonTable = { axons: 0, pooled: 0, base: 0, count: 0, words: 0, batchRows: 0, gates: [] };

/** Rows and axons of a core. */
function placeAxons(arena: Arena, core: PlanCore): AxonTable {
  const { axons, rows } = core;
  const n = axons.used.length;
  const shapes = arena.words(core.shapes);
  const placed = rows.map((r) => placeRow(arena, core, r));
  const batch = core.neurons.byTouch ? null : commonRow(core, placed);
  const at = arena.take(n * l.axonBytes);
  const gates: { at: number; profile: number }[] = [];
  const words = new Int32Array((n * l.axonBytes) / 4);
  const taps = makeTaps();
  const batchRows = new Int32Array(n);
  for (let a = 0; a < n; a++) {
    if (axons.used[a] !== 1) continue;
    const row = rows[axons.row[a]!]!;
    const { kind, address } = placed[axons.row[a]!]!;
    const set = (field: number, value: number): void => {
      words[(a * l.axonBytes + field) / 4] = value;
    };
    const conv = row.kind === Kind.conv;
    const times = conv ? listTaps(taps, row.base, row.from, row.count, core.shapes, row.shape, axons.y[a]!, axons.x[a]!) : 1;
    set(l.axonKind, kind);
    set(l.axonMode, axons.mode[a]!);
    set(l.axonFactor, axons.factor[a]!);
    set(l.axonFrom, address);
    set(l.axonBase, row.base);
    set(l.axonCount, row.count);
    set(l.axonNeed, axons.need[a]!);
    set(l.axonWords, times * row.words);
    set(l.axonSynapses, times * row.count);
    if (conv) set(l.axonShape, shapes + 4 * row.shape);
    set(l.axonY, axons.y[a]!);
    set(l.axonX, axons.x[a]!);
    const batched =
      batch !== null && kind === l.kindDense8 && row.base === batch.base && row.count === batch.count && row.words === batch.words;
    if (batched && axons.mode[a] === Mode.each && axons.factor[a] === 1) batchRows[a] = address;
    if (axons.mode[a] === Mode.gate) {
      const counters = arena.take(4 * l.members);
      set(l.axonMembers, counters);
      gates.push({ at: counters, profile: axons.need[a]! });
    }
  }
  arena.later((m) => m.i32.set(words, at >>> 2));
  const pooled = arena.take(4 * n);
  if (batch === null) return { ...silent, axons: at, pooled, gates };
  return { ...batch, axons: at, pooled, batchRows: arena.words(batchRows), gates };
}

type PlacedRow = { readonly kind: number; readonly address: number };

function placeRow(arena: Arena, core: PlanCore, row: Row): PlacedRow {
  const { weights, sparseSlots, shapes } = core;
  const { from, count } = row;
  if (row.kind === Kind.sparse) {
    const address = arena.take(4 * count);
    arena.later((m) => {
      for (let i = 0; i < count; i++) {
        m.u16[(address >>> 1) + 2 * i] = sparseSlots[from + i]!;
        m.i16[(address >>> 1) + 2 * i + 1] = weights[from + i]!;
      }
    });
    return { kind: l.kindSparse, address };
  }
  const [kernelY, kernelX] =
    row.kind === Kind.conv
      ? [shapes[row.shape + shapeFields.indexOf("kernelY")]!, shapes[row.shape + shapeFields.indexOf("kernelX")]!]
      : [1, 1];
  const total = kernelY * kernelX * count;
  let low = 0;
  let high = 0;
  for (let i = from; i < from + total; i++) {
    const w = weights[i]!;
    if (w < low) low = w;
    else if (w > high) high = w;
  }
  const wide = low < -128 || high > 127;
  // Vectors of 16 bytes may read beyond a row's end, never beyond the memory's.
  const address = arena.take((wide ? 2 : 1) * total + 16);
  arena.later((m) => {
    const out = wide ? m.i16 : m.i8;
    const to = wide ? address >>> 1 : address;
    if (kernelX === 1) {
      out.set(weights.subarray(from, from + total), to);
      return;
    }
    for (let ky = 0; ky < kernelY; ky++) {
      for (let kx = 0; kx < kernelX; kx++) {
        const tap = from + (ky * kernelX + kx) * count;
        out.set(weights.subarray(tap, tap + count), to + (ky * kernelX + kernelX - 1 - kx) * count);
      }
    }
  });
  if (row.kind === Kind.conv) return { kind: wide ? l.kindConv16 : l.kindConv8, address };
  return { kind: wide ? l.kindDense16 : l.kindDense8, address };
}

type CommonRow = { readonly base: number; readonly count: number; readonly words: number };

/** The place and size that most dense rows of 8 bits have in common, if it is worth adding them up together. */
function commonRow(core: PlanCore, placed: readonly PlacedRow[]): CommonRow | null {
  const found = new Map<string, { readonly row: Row; n: number }>();
  core.rows.forEach((row, k) => {
    if (placed[k]!.kind !== l.kindDense8 || row.count < 16) return;
    const key = `${row.base} ${row.count} ${row.words}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { row, n: 1 });
    else known.n++;
  });
  const [most] = [...found.values()].sort((a, b) => b.n - a.n);
  return most === undefined || most.n < 2 ? null : { base: most.row.base, count: most.row.count, words: most.row.words };
}

must(shapeSize * 4 === l.shapeBytes, "a shape of the plan is a shape of the kernels");
