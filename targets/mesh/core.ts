import { type BuiltCore, type BuiltRun, giveEvents, type Machine } from "../../runtime/fast/build.ts";
import type { FastCounter } from "../../runtime/fast/engine.ts";
import { Kind, Mode, type PlanCore } from "../../runtime/fast/plan.ts";
import * as l from "../../runtime/kernels/layout.ts";
import { listTaps, makeTaps } from "../../runtime/kernels/rows.ts";
import { axonBits } from "./plan.ts";

/*
 * One core of the mesh: the two computations of a step, integrate and update, done by the
 * kernels. Both give their result at once and say how many cycles it took; sending, which depends on the
 * network of routers, is the sender's.
 */

export type CoreCounts = Readonly<Record<FastCounter, Float64Array>>;

/** What all cores of a chip share. */
export type Shared = {
  readonly cycles: Cycles;
  readonly counts: CoreCounts;
  readonly interval: number;
  readonly machine: Machine;
};

export type Cycles = Readonly<Record<"event" | "row" | "word" | "gate" | "update" | "skip" | "send" | "hop" | "barrier", number>>;

/** What the slots of a core send in a step, in order of slot. */
export type Emissions = {
  count: number;
  readonly slot: Int32Array;
  readonly payload: Int32Array;
  /** Neurons updated in this step up to and including this slot. */
  readonly updated: Int32Array;
};

export class Core {
  /** Index of the core's router: y * columns + x. */
  readonly index: number;
  readonly slots: number;
  /** What the running step sends. */
  readonly emissions: Emissions;
  /** Routes of each slot, as entries routeFirst … routeFirst + routeCount - 1 of the columns below. */
  readonly routeFirst: Int32Array;
  readonly routeCount: Int32Array;
  /** Destination router, or -1 for the host, and what the packet says there: axon + 4096 * member, or the host's line. */
  readonly routeTo: Int32Array;
  readonly routeWhat: Int32Array;
  /** Whether each slot's profile is an output: it sends its potential, not spikes. */
  readonly isOutput: Uint8Array;
  readonly #shared: Shared;
  readonly #built: BuiltCore;
  readonly #plan: Pick<PlanCore, "axons" | "rows" | "shapes">;
  /** Touched slots of the run at work, as they were before its update. */
  readonly #touched: Uint8Array;

  constructor(plan: PlanCore, built: BuiltCore, shared: Shared) {
    this.#shared = shared;
    this.#built = built;
    // Weights are in the machine's memory now; the plan's copy is let go.
    this.#plan = { axons: plan.axons, rows: plan.rows, shapes: plan.shapes };
    this.index = built.index;
    this.slots = plan.slots;
    this.routeFirst = plan.routeFirst;
    this.routeCount = plan.routeCount;
    this.routeTo = plan.routeTo;
    this.routeWhat = plan.routeWhat;
    this.isOutput = plan.isOutput;
    this.#touched = new Uint8Array(plan.neurons.byTouch ? plan.slots : 0);
    this.emissions = {
      count: 0,
      slot: new Int32Array(this.slots),
      payload: new Int32Array(this.slots),
      updated: new Int32Array(this.slots),
    };
  }

  /** Delay of an axon, or -1 when there is no such axon. */
  delayOf(axon: number): number {
    const { used, delay } = this.#plan.axons;
    return used[axon] === 1 ? delay[axon]! : -1;
  }

  reset(): void {
    const { memory } = this.#shared.machine;
    const { state, gates, slots } = this.#built;
    for (const at of [state.potential, state.current, state.accumulator]) memory.i32.fill(0, at >>> 2, (at >>> 2) + slots);
    memory.u8.fill(0, state.fired, state.fired + slots);
    if (state.touched !== 0) memory.u8.fill(0, state.touched, state.touched + slots);
    for (const g of gates) memory.i32.fill(0, g.at >>> 2, (g.at >>> 2) + l.members);
    this.emissions.count = 0;
  }

  /** What `peek` shows of the core: potential, current, accumulator, fired. */
  state(name: string): Int32Array | null {
    const { memory } = this.#shared.machine;
    const { state, slots } = this.#built;
    if (name === "fired") return Int32Array.from(memory.u8.subarray(state.fired, state.fired + slots));
    if (name !== "potential" && name !== "current" && name !== "accumulator") return null;
    return Int32Array.from(memory.i32.subarray(state[name] >>> 2, (state[name] >>> 2) + slots));
  }

  /** Local step of what begins in `start` in step t; negative before. */
  #localStep(start: number, t: number): number {
    return t < start ? -1 : (t - start) % this.#shared.interval;
  }

  /**
   * Applies `count` events to the accumulators: `what` is axon + 4096 * member. Returns
   * the cycles it takes. `taken` is told each event with the cycle, from the step's beginning, in which it is taken.
   */
  integrate(
    t: number,
    count: number,
    what: Int32Array,
    payload: Int32Array,
    taken: ((cycle: number, axon: number, payload: number) => void) | null,
  ): number {
    const { counts, cycles, machine } = this.#shared;
    const { built, memory, kernels } = machine;
    const { at, gates } = this.#built;
    for (const g of gates) if (this.#localStep(g.start, t) === 0) memory.i32.fill(0, g.at >>> 2, (g.at >>> 2) + l.members);
    giveEvents(machine, this.index, count, what, payload);
    kernels.integrate(built.machine, at, 0, 0, built.tables[0]!.scratch);
    if (taken !== null) this.#report(count, what, payload, taken);
    const did = (field: number): number => memory.i32[(at + field) >>> 2]!;
    const [rows, words, gated] = [did(l.coreRows), did(l.coreWords), did(l.coreGates)];
    const c = this.index;
    counts.event[c] = counts.event[c]! + count;
    counts.row[c] = counts.row[c]! + rows;
    counts.word[c] = counts.word[c]! + words;
    counts.synapse[c] = counts.synapse[c]! + did(l.coreSynapses);
    counts.multiply[c] = counts.multiply[c]! + did(l.coreMultiplied);
    counts.gate[c] = counts.gate[c]! + gated;
    return count * cycles.event + rows * cycles.row + words * cycles.word + gated * cycles.gate;
  }

  /** When each event is taken: after the rows of those before it. Rows of pooled axons follow all events. */
  #report(count: number, what: Int32Array, payload: Int32Array, taken: (cycle: number, axon: number, payload: number) => void): void {
    const { cycles } = this.#shared;
    const { axons, rows, shapes } = this.#plan;
    const taps = makeTaps();
    let cycle = 0;
    for (let e = 0; e < count; e++) {
      const a = what[e]! & (2 ** axonBits - 1);
      taken(cycle, a, payload[e]!);
      cycle += cycles.event;
      if (axons.mode[a] !== Mode.each) continue;
      const row = rows[axons.row[a]!]!;
      const conv = row.kind === Kind.conv;
      const times = conv ? listTaps(taps, row.base, row.from, row.count, shapes, row.shape, axons.y[a]!, axons.x[a]!) : 1;
      cycle += cycles.row + times * row.words * cycles.word;
    }
  }

  /** Updates all slots; what they send is in `emissions`. Returns the cycles it takes, sending not included. */
  update(t: number): number {
    const { counts, cycles, machine } = this.#shared;
    const { built, memory, kernels } = machine;
    const { at, runs } = this.#built;
    this.emissions.count = 0;
    for (const run of runs) {
      const c = run.used ? this.#localStep(run.start, t) : -1;
      if (c < 0 || (run.length > 0 && c >= run.length)) kernels.idle(built.machine, at, run.at, 0);
      else this.#updateRun(run, c);
    }
    const updated = memory.i32[(at + l.coreUpdated) >>> 2]!;
    counts.update[this.index] = counts.update[this.index]! + updated;
    counts.skip[this.index] = counts.skip[this.index]! + this.slots - updated;
    return updated * cycles.update + (this.slots - updated) * cycles.skip;
  }

  /** One run: the kernel says who sends, and from what was touched follows how many neurons were updated before each. */
  #updateRun(run: BuiltRun, c: number): void {
    const { built, memory, kernels } = this.#shared.machine;
    const { i32, u8 } = memory;
    const { at, state } = this.#built;
    const out = this.emissions;
    if (run.touched) this.#touched.set(u8.subarray(state.touched + run.first, state.touched + run.end), run.first);
    let updated = i32[(at + l.coreUpdated) >>> 2]!;
    kernels.update(built.machine, at, run.at, c, 0);
    const list = (i32[(at + l.coreEmissions) >>> 2]! >>> 0) >>> 2;
    const emitted = i32[(at + l.coreEmitted) >>> 2]!;
    let passed = run.first;
    for (let e = out.count; e < emitted; e++) {
      const slot = i32[list + 2 * e]!;
      out.slot[e] = slot;
      out.payload[e] = i32[list + 2 * e + 1]!;
      if (run.touched) for (; passed <= slot; passed++) updated += this.#touched[passed] === 0 ? 0 : 1;
      else {
        updated += slot + 1 - passed;
        passed = slot + 1;
      }
      out.updated[e] = updated;
    }
    out.count = emitted;
  }

  /** Cycles of update and skip until emission e is ready, since the update began. */
  readyAt(e: number): number {
    const { cycles } = this.#shared;
    const updated = this.emissions.updated[e]!;
    return updated * cycles.update + (this.emissions.slot[e]! + 1 - updated) * cycles.skip;
  }
}
