import { must } from "../../compiler/base/bug.ts";
import type { InputEvents } from "../device.ts";
import * as l from "../kernels/layout.ts";
import type { Built, Machine } from "./build.ts";
import { HostFeed } from "./host.ts";
import type { PlanInput } from "./plan.ts";
import { runShare } from "./share.ts";

/*
 * The fast model: what happens in a step, without following packets. Cores take the events
 * that have come for the step, all of them at once, update their neurons, and send; then this file counts
 * what was done. How long it took is the chip's affair: it gets the counts (`Work`) and says.
 */

/** Counted by cores, one number per kind and core. */
export const fastCounters = [
  "event",
  "row",
  "word",
  "synapse",
  "multiply",
  "gate",
  "update",
  "skip",
  "spike",
  "send",
  "deliver",
  "lost",
] as const;
export type FastCounter = (typeof fastCounters)[number];

/** What was done in one step: numbers by core, valid until the next step. */
export type Work = {
  readonly events: Int32Array;
  readonly rows: Int32Array;
  readonly words: Int32Array;
  readonly gates: Int32Array;
  readonly updated: Int32Array;
  readonly sent: Int32Array;
  /** Neurons updated and slots passed up to the first that sends, and up to the last. */
  readonly firstUpdated: Int32Array;
  readonly firstSlot: Int32Array;
  readonly lastSlot: Int32Array;
  /** Packets: of each core (and, last, the host) by column of their destination; from each line of routers to each router; from each line to the host. */
  readonly byColumn: Int32Array;
  readonly byLine: Int32Array;
  readonly toHost: Int32Array;
  readonly fromHost: number;
  /** Packets from each line of routers. */
  readonly sentByLine: Int32Array;
};

/** Does the cores' part of a step, in as many threads as there are; returns the end of each thread's list of outputs. */
export type Workers = { readonly step: (t: number) => readonly number[]; readonly close: () => Promise<void> };

export type Out = { readonly line: number; readonly payload: number; readonly core: number };

export class Engine {
  readonly counts: Readonly<Record<FastCounter, Float64Array>>;
  readonly work: Work;
  hostIn = 0;
  hostOut = 0;
  /** What reached the host in the last step. */
  outputs: Out[] = [];
  /** Events that wait, by core. */
  readonly held: Float64Array;
  /** Told of each emission of a step, where somebody listens. */
  onEmission: ((core: number, slot: number, payload: number) => void) | null = null;
  readonly #m: Machine;
  readonly #b: Built;
  readonly #routerOf: Int32Array;
  readonly #workers: Workers;
  readonly #feed: HostFeed;
  readonly #cores: number;
  /** Fused packets, and their synapses, that the next step counts as taken. */
  readonly #fusedEvents: Int32Array;
  readonly #fusedSynapses: Int32Array;
  readonly #arrived: Int32Array;
  /** Lines whose part of the table of packets is not clear. */
  readonly #loaded: Uint8Array;

  constructor(
    machine: Machine,
    grid: { readonly columns: number; readonly rows: number; readonly routerOf: Int32Array },
    inputs: readonly PlanInput[],
    workers: Workers | null,
  ) {
    this.#m = machine;
    this.#b = machine.built;
    this.#routerOf = grid.routerOf;
    this.#workers = workers ?? {
      step: (t) => [runShare(machine.built, machine.memory, machine.kernels, 0, t)],
      close: async () => {},
    };
    must(workers !== null || this.#b.shares.length === 1, "a machine of several shares has workers");
    this.#feed = new HostFeed(inputs, machine);
    const cores = grid.routerOf.length;
    this.#cores = cores;
    this.counts = Object.fromEntries(fastCounters.map((c) => [c, new Float64Array(cores)])) as Record<FastCounter, Float64Array>;
    this.held = new Float64Array(cores);
    this.#fusedEvents = new Int32Array(cores);
    this.#fusedSynapses = new Int32Array(cores);
    this.#arrived = new Int32Array(cores + 1);
    this.#loaded = new Uint8Array(grid.rows);
    const byCore = (): Int32Array => new Int32Array(cores);
    this.work = {
      events: byCore(),
      rows: byCore(),
      words: byCore(),
      gates: byCore(),
      updated: byCore(),
      sent: byCore(),
      firstUpdated: byCore(),
      firstSlot: byCore(),
      lastSlot: byCore(),
      byColumn: machine.memory.i32.subarray(this.#b.columns >>> 2, (this.#b.columns >>> 2) + (cores + 1) * grid.columns),
      byLine: new Int32Array(grid.rows * grid.columns * grid.rows),
      toHost: new Int32Array(grid.rows),
      fromHost: 0,
      // Lines are cleared where the step before has sent; the first step finds everything clear.
      sentByLine: new Int32Array(grid.rows),
    };
  }

  /** State as just after loading. */
  reset(): void {
    const { memory } = this.#m;
    const b = this.#b;
    for (const c of fastCounters) this.counts[c].fill(0);
    this.hostIn = 0;
    this.hostOut = 0;
    this.outputs = [];
    this.held.fill(0);
    this.#fusedEvents.fill(0);
    this.#fusedSynapses.fill(0);
    this.#feed.reset();
    const word = (field: number): number => memory.i32[(b.machine + field) >>> 2]! >>> 0;
    // All accumulators, all lists, all state.
    const accumulators = word(l.machineAccumulators) >>> 2;
    const parity = word(l.machineParityBytes) >>> 2;
    memory.i32.fill(0, accumulators, accumulators + (b.parities === 2 ? 2 * parity : word(l.machineCopyBytes) >>> 2));
    const tails = word(l.machineTails) >>> 2;
    const starts = word(l.machineStarts) >>> 2;
    memory.i32.copyWithin(tails, starts, starts + ((word(l.machineLists) * word(l.machineListBytes)) >>> 2));
    for (const c of b.cores) {
      memory.i32.fill(0, c.state.potential >>> 2, (c.state.potential >>> 2) + c.slots);
      memory.i32.fill(0, c.state.current >>> 2, (c.state.current >>> 2) + c.slots);
      memory.u8.fill(0, c.state.fired, c.state.fired + c.slots);
      for (const g of c.gates) memory.i32.fill(0, g.at >>> 2, (g.at >>> 2) + l.members);
    }
    // Clear everything, whoever has sent.
    this.work.sentByLine.fill(1);
    this.work.sent.fill(1);
    this.#clearTables();
    this.work.sentByLine.fill(0);
    this.work.sent.fill(0);
  }

  /** Queues what the host sends in a later step. */
  queue(e: InputEvents, now: number): void {
    this.#feed.queue(e, now);
  }

  /** Runs step t. */
  step(t: number): void {
    const { memory } = this.#m;
    this.#clearTables();
    this.outputs = [];
    const sent = this.#feed.send(t, this.outputs);
    this.hostIn += sent;
    (this.work as { fromHost: number }).fromHost = sent;
    const ends = this.#workers.step(t);
    this.#b.tables.forEach((table, k) => {
      for (let o = table.outputs; o < ends[k]!; o += l.outBytes) {
        const at = o >>> 2;
        this.outputs.push({ line: memory.i32[at]!, payload: memory.i32[at + 1]!, core: memory.i32[at + 2]! });
      }
    });
    this.hostOut += this.outputs.length;
    this.#countCores();
    this.#countPackets();
  }

  #clearTables(): void {
    const { i32 } = this.#m.memory;
    const { destinations, lines, width } = this.#b;
    const clear = (address: number, words: number): void => {
      i32.fill(0, address >>> 2, (address >>> 2) + words);
    };
    const fused = this.#b.parities === 2;
    for (let y = 0; y < lines; y++) {
      if (this.work.sentByLine[y] === 0) continue;
      for (const t of this.#b.tables) {
        clear(t.packets + 4 * y * destinations, destinations);
        if (fused) clear(t.fused + 8 * y * destinations, 2 * destinations);
      }
    }
    for (const t of this.#b.tables) clear(t.lost, destinations);
    for (const c of this.#b.cores) if (this.work.sent[c.index] !== 0) clear(this.#b.columns + 4 * c.index * width, width);
    clear(this.#b.columns + 4 * (destinations - 1) * width, width);
  }

  #countCores(): void {
    const { i32 } = this.#m.memory;
    const { counts, work } = this;
    const sentByLine = work.sentByLine.fill(0);
    sentByLine[0] = work.fromHost;
    for (const core of this.#b.cores) {
      const d = core.index;
      const at = core.at >>> 2;
      const fused = this.#fusedEvents[d]!;
      const fusedSynapses = this.#fusedSynapses[d]!;
      const events = i32[at + l.coreEvents / 4]! + fused;
      const rows = i32[at + l.coreRows / 4]! + fused;
      // A fused row is sparse: it has a word for each synapse.
      const words = i32[at + l.coreWords / 4]! + fusedSynapses;
      const gates = i32[at + l.coreGates / 4]!;
      const updated = i32[at + l.coreUpdated / 4]!;
      const sent = i32[at + l.coreSent / 4]!;
      work.events[d] = events;
      work.rows[d] = rows;
      work.words[d] = words;
      work.gates[d] = gates;
      work.updated[d] = updated;
      work.sent[d] = sent;
      sentByLine[core.line] = sentByLine[core.line]! + sent;
      counts.event[d] = counts.event[d]! + events;
      counts.row[d] = counts.row[d]! + rows;
      counts.word[d] = counts.word[d]! + words;
      counts.synapse[d] = counts.synapse[d]! + i32[at + l.coreSynapses / 4]! + fusedSynapses;
      counts.multiply[d] = counts.multiply[d]! + i32[at + l.coreMultiplied / 4]!;
      counts.gate[d] = counts.gate[d]! + gates;
      counts.update[d] = counts.update[d]! + updated;
      counts.skip[d] = counts.skip[d]! + core.slots - updated;
      counts.spike[d] = counts.spike[d]! + i32[at + l.coreSpikes / 4]!;
      counts.send[d] = counts.send[d]! + sent;
      this.held[d] = this.held[d]! - events;
      const emitted = i32[at + l.coreEmitted / 4]!;
      if (emitted === 0) continue;
      const list = (i32[at + l.coreEmissions / 4]! >>> 0) >>> 2;
      work.firstUpdated[d] = i32[at + l.coreFirst / 4]!;
      work.firstSlot[d] = i32[list]!;
      work.lastSlot[d] = i32[list + (emitted - 1) * (l.emissionBytes / 4)]!;
      if (this.onEmission !== null) for (let e = 0; e < emitted; e++) this.onEmission(d, i32[list + 2 * e]!, i32[list + 2 * e + 1]!);
    }
  }

  /** Packets of the step: how many came to each core, and which way they went. */
  #countPackets(): void {
    const { i32 } = this.#m.memory;
    const { destinations, lines, tables, parities, reached } = this.#b;
    const cores = this.#cores;
    const { byLine, toHost } = this.work;
    const routers = byLine.length / lines;
    const arrived = this.#arrived.fill(0);
    toHost.fill(0);
    if (parities === 2) {
      this.#fusedEvents.fill(0);
      this.#fusedSynapses.fill(0);
    }
    for (let y = 0; y < lines; y++) {
      if (this.work.sentByLine[y] !== 0 || this.#loaded[y] === 1) byLine.fill(0, y * routers, (y + 1) * routers);
      this.#loaded[y] = this.work.sentByLine[y] !== 0 ? 1 : 0;
    }
    for (const table of tables) {
      for (let y = 0; y < lines; y++) {
        if (this.work.sentByLine[y] === 0) continue;
        const packets = (table.packets >>> 2) + y * destinations;
        const line = y * routers;
        for (const d of reached) {
          const n = i32[packets + d]!;
          if (n === 0) continue;
          arrived[d] = arrived[d]! + n;
          const r = line + this.#routerOf[d]!;
          byLine[r] = byLine[r]! + n;
        }
        toHost[y] = toHost[y]! + i32[packets + cores]!;
        if (parities === 2) this.#countFused((table.fused >>> 2) + 2 * y * destinations, line);
      }
      const lost = table.lost >>> 2;
      for (const d of reached) {
        const n = i32[lost + d]!;
        if (n === 0) continue;
        this.counts.lost[d] = this.counts.lost[d]! + n;
        arrived[d] = arrived[d]! - n;
      }
    }
    const deliver = this.counts.deliver;
    for (const d of reached) {
      deliver[d] = deliver[d]! + arrived[d]!;
      this.held[d] = this.held[d]! + arrived[d]!;
    }
  }

  #countFused(at: number, line: number): void {
    const { i32 } = this.#m.memory;
    const { byLine } = this.work;
    for (const d of this.#b.reached) {
      const n = i32[at + 2 * d]!;
      if (n === 0) continue;
      this.#arrived[d] = this.#arrived[d]! + n;
      this.#fusedEvents[d] = this.#fusedEvents[d]! + n;
      this.#fusedSynapses[d] = this.#fusedSynapses[d]! + i32[at + 2 * d + 1]!;
      const r = line + this.#routerOf[d]!;
      byLine[r] = byLine[r]! + n;
    }
  }

  /** A core's state, between steps: what has come for it already is in its accumulators or waits. */
  state(core: number, name: string): Int32Array | null {
    const c = this.#b.cores.find((x) => x.index === core);
    if (c === undefined) return null;
    const { i32, u8 } = this.#m.memory;
    if (name === "accumulator") return new Int32Array(c.slots);
    if (name === "fired") return Int32Array.from(u8.subarray(c.state.fired, c.state.fired + c.slots));
    if (name !== "potential" && name !== "current") return null;
    const at = c.state[name] >>> 2;
    return Int32Array.from(i32.subarray(at, at + c.slots));
  }

  get synapses(): number {
    return this.#b.synapses;
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
