import { must } from "../../compiler/base/bug.ts";
import type { InputEvents } from "../device.ts";
import * as l from "../kernels/layout.ts";
import type { Built, Machine } from "./build.ts";
import { HostFeed } from "./host.ts";
import type { PlanInput } from "./plan.ts";

/*
 * The fast model: what happens in a step, without following packets. Cores take the events
 * that have come for the step, all of them at once, update their neurons, and send; then this file counts
 * what was done. How long it took is the chip's affair: it gets the counts (`Work`) and says.
 */

/** Counted by cores, one number per kind and core: in the order of kernels/layout.ts. */
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
  /** Packets from each line of routers, the host's with those of the first. */
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
  readonly #workers: Workers;
  readonly #feed: HostFeed;

  constructor(
    machine: Machine,
    grid: { readonly columns: number; readonly rows: number; readonly routerOf: Int32Array },
    inputs: readonly PlanInput[],
    workers: Workers | null,
  ) {
    this.#m = machine;
    this.#b = machine.built;
    this.#workers = workers ?? {
      step: (t) => [machine.kernels.runShare(machine.built.machine, 0, t)],
      close: async () => {},
    };
    must(workers !== null || this.#b.tables.length === 1, "a machine of several shares has workers");
    this.#feed = new HostFeed(inputs, machine);
    const cores = grid.routerOf.length;
    const { ledger } = this.#b;
    const { i32, f64 } = machine.memory;
    const words = (at: number, n: number): Int32Array => i32.subarray(at >>> 2, (at >>> 2) + n);
    const byCore = (kind: number): Int32Array => words(ledger.words + kind * ledger.stride, cores);
    const doubles = (at: number): Float64Array => f64.subarray(at / 8, at / 8 + cores);
    this.counts = Object.fromEntries(fastCounters.map((c, kind) => [c, doubles(ledger.counts + 2 * kind * ledger.stride)])) as Record<
      FastCounter,
      Float64Array
    >;
    this.held = doubles(ledger.held);
    this.work = {
      events: byCore(l.wordEvents),
      rows: byCore(l.wordRows),
      words: byCore(l.wordWords),
      gates: byCore(l.wordGates),
      updated: byCore(l.wordUpdated),
      sent: byCore(l.wordSent),
      firstUpdated: byCore(l.wordFirstUpdated),
      firstSlot: byCore(l.wordFirstSlot),
      lastSlot: byCore(l.wordLastSlot),
      byColumn: words(this.#b.columns, (cores + 1) * grid.columns),
      byLine: words(ledger.byLine, grid.rows * grid.columns * grid.rows),
      toHost: words(ledger.toHost, grid.rows),
      fromHost: 0,
      sentByLine: words(ledger.sent, grid.rows),
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
    this.#feed.reset();
    // What the last step has left to the next one.
    memory.i32.fill(0, b.ledger.words >>> 2, (b.ledger.words + l.wordKinds * b.ledger.stride) >>> 2);
    const word = (field: number): number => memory.i32[(b.machine + field) >>> 2]! >>> 0;
    // All accumulators, all lists, all state.
    const accumulators = word(l.machineAccumulators) >>> 2;
    const parity = word(l.machineParityBytes) >>> 2;
    memory.i32.fill(0, accumulators, accumulators + (parity > 0 ? 2 * parity : word(l.machineCopyBytes) >>> 2));
    const tails = word(l.machineTails) >>> 2;
    const starts = word(l.machineStarts) >>> 2;
    memory.i32.copyWithin(tails, starts, starts + ((word(l.machineLists) * word(l.machineListBytes)) >>> 2));
    for (const c of b.cores) {
      memory.i32.fill(0, c.state.potential >>> 2, (c.state.potential >>> 2) + c.slots);
      memory.i32.fill(0, c.state.current >>> 2, (c.state.current >>> 2) + c.slots);
      memory.u8.fill(0, c.state.fired, c.state.fired + c.slots);
      for (const g of c.gates) memory.i32.fill(0, g.at >>> 2, (g.at >>> 2) + l.members);
    }
  }

  /** Queues what the host sends in a later step. */
  queue(e: InputEvents, now: number): void {
    this.#feed.queue(e, now);
  }

  /** Runs step t. */
  step(t: number): void {
    const { memory, kernels } = this.#m;
    const b = this.#b;
    const host = (b.columns >>> 2) + (b.destinations - 1) * b.width;
    memory.i32.fill(0, host, host + b.width);
    this.outputs = [];
    const sent = this.#feed.send(t, this.outputs);
    this.hostIn += sent;
    (this.work as { fromHost: number }).fromHost = sent;
    const ends = this.#workers.step(t);
    b.tables.forEach((table, k) => {
      for (let o = table.outputs; o < ends[k]!; o += l.outBytes) {
        const at = o >>> 2;
        this.outputs.push({ line: memory.i32[at]!, payload: memory.i32[at + 1]!, core: memory.i32[at + 2]! });
      }
    });
    this.hostOut += this.outputs.length;
    kernels.tally(b.machine, sent);
    if (this.onEmission !== null) this.#tell(this.onEmission);
  }

  #tell(listener: (core: number, slot: number, payload: number) => void): void {
    const { i32 } = this.#m.memory;
    for (const core of this.#b.cores) {
      const at = core.at >>> 2;
      const list = (i32[at + l.coreEmissions / 4]! >>> 0) >>> 2;
      const emitted = i32[at + l.coreEmitted / 4]!;
      for (let e = 0; e < emitted; e++) listener(core.index, i32[list + 2 * e]!, i32[list + 2 * e + 1]!);
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
