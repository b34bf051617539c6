import { type Parameters, slots, tickClocks } from "./parameters.ts";
import { neuronWord, readField } from "./words.ts";

/*
 * One core, clock by clock: scheduler memory, token controller, neuron block and core memory.
 *
 * A tick that is sampled in clock T:
 *
 *   T+1                          the slot counter advances (second half of the clock)
 *   T+2 + n(A+2) … + A-1         neuron n: axon a is looked at in clock T+2 + n(A+2) + a
 *   T + (n+1)(A+2)               neuron n is written back and, if it fires, its packet is offered to the
 *                                router; where that has no room the core waits here, clock by clock
 *   T+3 + N(A+2)                 the slot is cleared; the core is idle again
 *
 * The sum of a neuron depends on the scheduler's slot only, so all neurons are computed when the
 * tick begins, and the later ones again when the slot changes under way (a packet with delay 15, or a reset).
 */

/** What a word of the core's memory says, as columns. */
type Columns = Readonly<Record<"reset" | "leak" | "positive" | "negative" | "mode" | "dx" | "dy" | "axon" | "delay", Int32Array>>;

/** A change of the slot that is being read: an axon set, or (axon -1) all cleared. Seen from the next clock on. */
type Change = { readonly clock: number; readonly axon: number };

const never = Number.POSITIVE_INFINITY;

export class Core {
  /** Slot that the last tick read. Starts at 15, so that the first tick reads slot 0. */
  slot = slots - 1;
  /** Potentials as in the core's memory after the last tick. */
  readonly potentials: Int32Array;
  /** Clock of what happens next: a tick begins, a neuron that fires is written, or the slot is cleared. Infinite when idle. */
  next = never;
  /** Clocks lost to a full router in this tick. */
  waited = 0;
  readonly columns: Columns;
  /** Events since reset: axons taken, neurons updated, weights added. */
  readonly counts = { event: 0, update: 0, synapse: 0 };
  readonly #p: Parameters;
  readonly #chunks: number;
  readonly #connections: Uint32Array;
  /** Axons of each type, as bits. */
  readonly #types: readonly Uint32Array[];
  readonly #typeOf: Uint8Array;
  /** weight of neuron n for type k at n * weights + k. */
  readonly #weights: Int32Array;
  readonly #initial: Int32Array;
  readonly #memory: Uint32Array;
  /** Potential's bits that faults force: (v & keep) | set. */
  readonly #keep: Int32Array | null;
  readonly #set: Int32Array | null;
  #tick = 0;
  #began = false;
  readonly #before: Int32Array;
  readonly #fired: Int32Array;
  #firedCount = 0;
  #nextFired = 0;
  #changes: Change[] = [];
  #slotAtBegin: Uint32Array;
  readonly #addedBy: Int32Array;

  /** `stuck`: for each neuron the bits of its potential that always read 0 or 1. */
  constructor(
    p: Parameters,
    memory: Uint32Array,
    types: Uint32Array,
    stuck: readonly { neuron: number; bit: number; value: 0 | 1 }[] = [],
  ) {
    const word = neuronWord(p);
    const n = p.neurons;
    this.#p = p;
    this.#chunks = Math.ceil(p.axons / 32);
    const column = (name: keyof Columns | "current"): Int32Array => {
      const f = word.field(name);
      return Int32Array.from({ length: n }, (_, i) => readField(memory, i * word.chunks, f));
    };
    this.columns = {
      reset: column("reset"),
      leak: column("leak"),
      positive: column("positive"),
      negative: column("negative"),
      mode: column("mode"),
      dx: column("dx"),
      dy: column("dy"),
      axon: column("axon"),
      delay: column("delay"),
    };
    this.#initial = column("current");
    const weights = Array.from({ length: p.weights }, (_, k) => word.field(`weight${k}`));
    this.#weights = Int32Array.from({ length: n * p.weights }, (_, i) =>
      readField(memory, Math.floor(i / p.weights) * word.chunks, weights[i % p.weights]!),
    );
    this.#connections = new Uint32Array(n * this.#chunks);
    for (let c = 0; c < this.#chunks; c++) {
      const f = { ...word.connections, low: word.connections.low + 32 * c, bits: Math.min(32, p.axons - 32 * c) };
      for (let i = 0; i < n; i++) this.#connections[i * this.#chunks + c] = readField(memory, i * word.chunks, f);
    }
    this.#typeOf = Uint8Array.from({ length: p.axons }, (_, a) => types[a] ?? 0);
    this.#types = Array.from({ length: p.weights }, (_, k) => {
      const mask = new Uint32Array(this.#chunks);
      this.#typeOf.forEach((type, a) => {
        if (type === k) mask[a >>> 5] = mask[a >>> 5]! | (1 << (a & 31));
      });
      return mask;
    });
    this.#memory = new Uint32Array(slots * this.#chunks);
    this.#slotAtBegin = new Uint32Array(this.#chunks);
    this.potentials = new Int32Array(n);
    this.#before = new Int32Array(n);
    this.#fired = new Int32Array(n);
    this.#addedBy = new Int32Array(n);
    this.#keep = stuck.length > 0 ? new Int32Array(n).fill(-1) : null;
    this.#set = stuck.length > 0 ? new Int32Array(n) : null;
    for (const s of stuck) {
      this.#keep![s.neuron] = this.#keep![s.neuron]! & ~(1 << s.bit);
      if (s.value === 1) this.#set![s.neuron] = this.#set![s.neuron]! | (1 << s.bit);
    }
    this.restart();
  }

  /** As elaboration leaves it. */
  restart(): void {
    this.potentials.set(this.#initial);
    this.#memory.fill(0);
    this.slot = slots - 1;
    this.next = never;
    this.waited = 0;
  }

  get idle(): boolean {
    return this.next === never;
  }

  /** A tick sampled in this clock. False where the core is busy; it then goes unheard. */
  tick(clock: number): boolean {
    if (!this.idle) return false;
    this.#tick = clock;
    this.#began = false;
    this.waited = 0;
    this.next = clock + 2;
    return true;
  }

  /** A packet from the router in this clock. */
  store(clock: number, axon: number, delay: number): void {
    if (axon >= this.#p.axons) return;
    const slot = (this.slot + 1 + delay) % slots;
    const at = slot * this.#chunks + (axon >>> 5);
    this.#memory[at] = this.#memory[at]! | (1 << (axon & 31));
    if (slot === this.slot && this.#began && !this.idle) this.#change({ clock, axon });
  }

  /** The reset input is high in this clock: the slot in use is cleared, and nothing else. */
  clearSlot(clock: number): void {
    this.#memory.fill(0, this.slot * this.#chunks, (this.slot + 1) * this.#chunks);
    if (this.#began && !this.idle) this.#change({ clock, axon: -1 });
  }

  /** Does what `next` announced for this clock. The neuron whose packet is to be sent, -1 for none, -2 where the router was full. */
  advance(clock: number, full: boolean): number {
    if (!this.#began) {
      this.#begin();
      return -1;
    }
    if (this.#nextFired < this.#firedCount) {
      if (full) {
        this.waited++;
        if (this.#changes.length > 0) this.#computeFrom(this.#fired[this.#nextFired]! + 1);
        this.next++;
        return -2;
      }
      const neuron = this.#fired[this.#nextFired++]!;
      this.#schedule();
      return neuron;
    }
    this.#memory.fill(0, this.slot * this.#chunks, (this.slot + 1) * this.#chunks);
    this.counts.update += this.#p.neurons;
    for (let n = 0; n < this.#p.neurons; n++) this.counts.synapse += this.#addedBy[n]!;
    this.#began = false;
    this.next = never;
    return -1;
  }

  /** Whether `next` is the clock in which the slot is cleared. */
  get clearing(): boolean {
    return this.#began && this.#nextFired >= this.#firedCount && !this.idle;
  }

  #begin(): void {
    this.slot = (this.slot + 1) % slots;
    this.#began = true;
    this.#changes = [];
    this.#before.set(this.potentials);
    this.#slotAtBegin = this.#memory.slice(this.slot * this.#chunks, (this.slot + 1) * this.#chunks);
    for (const w of this.#slotAtBegin) this.counts.event += ones(w);
    this.#firedCount = 0;
    this.#nextFired = 0;
    this.#computeFrom(0);
    this.#schedule();
  }

  #schedule(): void {
    const { axons, neurons } = this.#p;
    this.next =
      this.#nextFired < this.#firedCount
        ? this.#tick + (this.#fired[this.#nextFired]! + 1) * (axons + 2) + this.waited
        : this.#tick + tickClocks({ axons, neurons }) + this.waited;
  }

  #change(change: Change): void {
    this.#changes.push(change);
    // Neurons whose last axon was looked at before the change can be seen stay as they are.
    const { axons } = this.#p;
    const done = Math.floor((change.clock - this.waited - this.#tick - 1 - axons) / (axons + 2)) + 1;
    this.#computeFrom(Math.max(0, done));
    this.#schedule();
  }

  /** Computes neurons `first` and later of the running tick. */
  #computeFrom(first: number): void {
    const { neurons } = this.#p;
    let count = 0;
    while (count < this.#firedCount && this.#fired[count]! < first) count++;
    const quiet = this.#changes.length === 0 && this.#slotAtBegin.every((w) => w === 0);
    for (let n = first; n < neurons; n++) {
      const v = this.#held(n, this.#before[n]!);
      this.#addedBy[n] = 0;
      const sum = quiet ? v : this.#changes.length === 0 ? this.#sum(n, v) : this.#sumUnderWay(n, v);
      if (this.#finish(n, sum)) this.#fired[count++] = n;
    }
    this.#firedCount = count;
  }

  /** A potential as the memory gives it back. */
  #held(n: number, v: number): number {
    if (this.#keep === null) return v;
    const up = 32 - this.#p.potentialBits;
    return (((v & this.#keep[n]!) | this.#set![n]!) << up) >> up;
  }

  #sum(n: number, v: number): number {
    const { weights } = this.#p;
    let sum = v;
    let added = 0;
    for (let c = 0; c < this.#chunks; c++) {
      const active = this.#slotAtBegin[c]! & this.#connections[n * this.#chunks + c]!;
      if (active === 0) continue;
      for (let k = 0; k < weights; k++) {
        const count = ones(active & this.#types[k]![c]!);
        added += count;
        sum += count * this.#weights[n * weights + k]!;
      }
    }
    this.#addedBy[n] = added;
    return sum;
  }

  /** The same where the slot changed while it was read. */
  #sumUnderWay(n: number, v: number): number {
    const { axons, weights } = this.#p;
    const first = this.#tick + 2 + n * (axons + 2) + this.waited;
    let sum = v;
    for (let a = 0; a < axons; a++) {
      const bit = 1 << (a & 31);
      if ((this.#connections[n * this.#chunks + (a >>> 5)]! & bit) === 0) continue;
      let set = (this.#slotAtBegin[a >>> 5]! & bit) !== 0;
      for (const c of this.#changes) if (c.clock < first + a && (c.axon === a || c.axon < 0)) set = c.axon >= 0;
      if (!set) continue;
      this.#addedBy[n] = this.#addedBy[n]! + 1;
      sum += this.#weights[n * weights + this.#typeOf[a]!]!;
    }
    return sum;
  }

  /** Leak, threshold, reset; everything modulo the potential's width. Whether it fires. */
  #finish(n: number, sum: number): boolean {
    const { reset, leak, positive, negative, mode } = this.columns;
    const up = 32 - this.#p.potentialBits;
    const v = ((sum + leak[n]!) << up) >> up;
    const fires = v >= positive[n]!;
    let next = v;
    if (fires) next = mode[n] === 1 ? v - positive[n]! : reset[n]!;
    else if (v < negative[n]!) next = mode[n] === 1 ? v - negative[n]! : -reset[n]!;
    this.potentials[n] = (next << up) >> up;
    return fires;
  }
}

/** Bits that are 1. */
function ones(word: number): number {
  let w = word - ((word >>> 1) & 0x55555555);
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
