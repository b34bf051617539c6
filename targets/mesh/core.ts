import { beginSample, type Emissions, type Neurons, type Profile, updateNeurons } from "../../runtime/kernels/neurons.ts";
import { addDense, addSparse, addTaps, listTaps, makeTaps, touchDense, touchSparse, type Weights } from "../../runtime/kernels/rows.ts";
import type { Memories } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import { type Axons, Kind, loadCore, memberCount, Mode, type Row, type Run } from "./load.ts";

/*
 * One core of the mesh: the two computations of a step, integrate and update. Both give
 * their result at once and say how many cycles it took; sending, which depends on the
 * network of routers, is the sender's.
 */

/** Counted by cores, one number per kind and core. */
export const coreCounters = [
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
export type CoreCounter = (typeof coreCounters)[number];
export type CoreCounts = Readonly<Record<CoreCounter, Float64Array>>;

/** What all cores of a chip share. */
export type Shared = {
  readonly chip: ChipSpec;
  readonly cycles: Cycles;
  readonly counts: CoreCounts;
  readonly interval: number;
  readonly seed: number;
  readonly locate: (x: number, y: number) => number;
};

export type Cycles = Readonly<Record<"event" | "row" | "word" | "gate" | "update" | "skip" | "send" | "hop" | "barrier", number>>;

export class Core {
  /** Index of the core's router: y * columns + x. */
  readonly index: number;
  readonly slots: number;
  readonly neurons: Neurons;
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
  /** Neurons updated in the running step. */
  updated = 0;
  readonly #shared: Shared;
  readonly #axons: Axons;
  readonly #profiles: readonly Profile[];
  readonly #runs: readonly Run[];
  readonly #rows: readonly Row[];
  readonly #shapes: Int32Array;
  readonly #weights: Weights;
  readonly #sparseSlots: Uint16Array;
  /** Pooled axons: arrivals of this step, by axon; and of gated ones by member, over the sample, at 16 * axon + member. */
  readonly #arrived: Int32Array;
  readonly #members: Int32Array;
  readonly #gates: readonly number[];
  /** Pooled axons that got an event in this step, in order of the first. */
  readonly #pooled: Int32Array;
  readonly #taps = makeTaps();
  #cycles = 0;

  constructor(x: number, y: number, memories: Memories, shared: Shared) {
    const loaded = loadCore(x, y, memories, shared.chip, shared.locate);
    this.#shared = shared;
    this.index = shared.locate(x, y);
    this.slots = loaded.slots;
    this.neurons = loaded.neurons;
    this.routeFirst = loaded.routeFirst;
    this.routeCount = loaded.routeCount;
    this.routeTo = loaded.routeTo;
    this.routeWhat = loaded.routeWhat;
    this.isOutput = loaded.isOutput;
    this.#runs = loaded.runs;
    this.#profiles = loaded.profiles;
    this.#axons = loaded.axons;
    this.#rows = loaded.rows;
    this.#shapes = loaded.shapes;
    this.#weights = loaded.weights;
    this.#sparseSlots = loaded.sparseSlots;
    const { used, mode } = loaded.axons;
    this.#arrived = new Int32Array(used.length);
    this.#members = new Int32Array(used.length * memberCount);
    this.#gates = Array.from(used.keys()).filter((a) => used[a] === 1 && mode[a] === Mode.gate);
    this.#pooled = new Int32Array(used.length);
    this.emissions = {
      count: 0,
      slot: new Int32Array(this.slots),
      payload: new Int32Array(this.slots),
      updated: new Int32Array(this.slots),
    };
  }

  /** Delay of an axon, or -1 when there is no such axon. */
  delayOf(axon: number): number {
    return this.#axons.used[axon] === 1 ? this.#axons.delay[axon]! : -1;
  }

  reset(): void {
    const n = this.neurons;
    for (const a of [n.v, n.i, n.fired, n.accumulator, n.touched, this.#arrived, this.#members]) a.fill(0);
    this.emissions.count = 0;
  }

  /** Local step of a profile in step t; negative before its start. */
  #localStep(p: Profile, t: number): number {
    return t < p.start ? -1 : (t - p.start) % this.#shared.interval;
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
    const { counts, cycles } = this.#shared;
    const axons = this.#axons;
    this.#cycles = 0;
    for (const a of this.#gates) {
      const p = this.#profiles[axons.need[a]!]!;
      if (this.#localStep(p, t) === 0) this.#members.fill(0, a * memberCount, (a + 1) * memberCount);
    }
    let pooled = 0;
    for (let e = 0; e < count; e++) {
      const w = what[e]!;
      const a = w & 0xfff;
      if (taken !== null) taken(this.#cycles, a, payload[e]!);
      this.#cycles += cycles.event;
      if (axons.mode[a] === Mode.each) {
        this.#apply(a, payload[e]!);
        continue;
      }
      if (this.#arrived[a] === 0) this.#pooled[pooled++] = a;
      if (axons.mode[a] === Mode.atLeast) {
        this.#arrived[a] = this.#arrived[a]! + 1;
      } else {
        const member = w >> 12;
        this.#arrived[a] = this.#arrived[a]! | (1 << member);
        this.#members[a * memberCount + member] = this.#members[a * memberCount + member]! + 1;
      }
    }
    for (let k = 0; k < pooled; k++) this.#applyPooled(this.#pooled[k]!);
    counts.event[this.index] = counts.event[this.index]! + count;
    return this.#cycles;
  }

  #applyPooled(a: number): void {
    const arrived = this.#arrived[a]!;
    this.#arrived[a] = 0;
    if (this.#axons.mode[a] === Mode.atLeast) {
      if (arrived >= this.#axons.need[a]!) this.#apply(a, 1);
      return;
    }
    const { counts, cycles } = this.#shared;
    counts.gate[this.index] = counts.gate[this.index]! + 1;
    this.#cycles += cycles.gate;
    let best = 0;
    for (let m = 1; m < memberCount; m++) if (this.#members[a * memberCount + m]! > this.#members[a * memberCount + best]!) best = m;
    if ((arrived & (1 << best)) !== 0) this.#apply(a, 1);
  }

  /** Applies an axon's row once. */
  #apply(a: number, p: number): void {
    const { counts, cycles } = this.#shared;
    const n = this.neurons;
    const row = this.#rows[this.#axons.row[a]!]!;
    const payload = Math.imul(p, this.#axons.factor[a]!);
    const { base, from, count } = row;
    let synapses = count;
    let read = row.words;
    if (row.kind === Kind.dense) {
      addDense(n.accumulator, base, this.#weights, from, count, payload);
      if (n.touched.length > 0) touchDense(n.touched, base, this.#weights, from, count);
    } else if (row.kind === Kind.sparse) {
      addSparse(n.accumulator, this.#sparseSlots, this.#weights, from, count, payload);
      if (n.touched.length > 0) touchSparse(n.touched, this.#sparseSlots, this.#weights, from, count);
    } else {
      const taps = listTaps(this.#taps, base, from, count, this.#shapes, row.shape, this.#axons.y[a]!, this.#axons.x[a]!);
      addTaps(n.accumulator, this.#weights, this.#taps, taps, count, payload);
      if (n.touched.length > 0)
        for (let k = 0; k < taps; k++) touchDense(n.touched, this.#taps[2 * k]!, this.#weights, this.#taps[2 * k + 1]!, count);
      synapses = taps * count;
      read = taps * row.words;
    }
    const c = this.index;
    counts.row[c] = counts.row[c]! + 1;
    counts.word[c] = counts.word[c]! + read;
    counts.synapse[c] = counts.synapse[c]! + synapses;
    if (payload !== 1 && payload !== -1) counts.multiply[c] = counts.multiply[c]! + synapses;
    this.#cycles += cycles.row + read * cycles.word;
  }

  /** Updates all slots; what they send is in `emissions`. Returns the cycles it takes, sending not included. */
  update(t: number): number {
    const { counts, cycles, seed } = this.#shared;
    const out = this.emissions;
    out.count = 0;
    let updated = 0;
    for (const run of this.#runs) {
      const p = run.profile < 0 ? null : this.#profiles[run.profile]!;
      const c = p === null ? -1 : this.#localStep(p, t);
      if (p === null || c < 0 || (p.length > 0 && c >= p.length)) {
        this.neurons.accumulator.fill(0, run.first, run.end);
        if (this.neurons.touched.length > 0) this.neurons.touched.fill(0, run.first, run.end);
        continue;
      }
      if (c === 0) beginSample(this.neurons, p, run.first, run.end);
      updated = updateNeurons(this.neurons, p, c, run.first, run.end, seed, out, updated);
    }
    this.updated = updated;
    counts.update[this.index] = counts.update[this.index]! + updated;
    counts.skip[this.index] = counts.skip[this.index]! + this.slots - updated;
    return updated * cycles.update + (this.slots - updated) * cycles.skip;
  }

  /** Cycles of update and skip until emission e is ready, since the update began. */
  readyAt(e: number): number {
    const { cycles } = this.#shared;
    const updated = this.emissions.updated[e]!;
    return updated * cycles.update + (this.emissions.slot[e]! + 1 - updated) * cycles.skip;
  }
}
