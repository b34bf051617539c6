import { must } from "../compiler/base/bug.ts";

/*
 * The clock of a machine: which units have work in which cycle. Units sleep until
 * somebody asks for them; cycles without work are skipped.
 *
 * Near cycles are a ring of buckets, one for each phase of each cycle. A bucket is a
 * set of unit numbers (a bit each), so asking is O(1), a unit that is asked for
 * twice wakes once, and units come out in ascending order whoever asked first. Cycles
 * beyond the ring wait in a heap ordered by cycle, phase and unit; two equal entries
 * fall into the same bit. There are therefore no ties: the order of everything in a cycle is
 * phase, then unit, then (inside the unit, which looks at all of its ports) port.
 */

/**
 * Order inside one cycle. Every part decides on the state at the cycle's beginning,
 * so results do not depend on this order; it fixes the order of trace events, and
 * it puts those who fill FIFOs before those who empty them, as packets travel.
 */
export const Phase = {
  /** Sources (cores, host) put packets into FIFOs. */
  put: 0,
  /** Routers move packets from FIFO to FIFO and to their ends. */
  move: 1,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

const phases = 2;
/** Cycles in the ring; a power of two. Latencies of parts are a few cycles; only a core's long computations go to the heap. */
const horizon = 64;

export class Clock {
  /** The cycle being worked on; -1 before the first. */
  now = -1;
  readonly #wordsPerBucket: number;
  readonly #bits: Uint32Array;
  readonly #waiting = new Int32Array(horizon * phases);
  #near = 0;
  readonly #far = new Heap();
  /** Bucket being emptied, and the word in it to look at next. */
  #bucket = 0;
  #word = 0;

  constructor(units: number) {
    this.#wordsPerBucket = Math.ceil(units / 32);
    this.#bits = new Uint32Array(horizon * phases * this.#wordsPerBucket);
  }

  /** Back to cycle -1 with nothing waiting. */
  restart(): void {
    if (this.#near > 0) {
      this.#bits.fill(0);
      this.#waiting.fill(0);
      this.#near = 0;
    }
    this.#far.clear();
    this.now = -1;
  }

  /** Asks for a unit in a later cycle. Asking twice for the same unit, cycle and phase is asking once. */
  wake(unit: number, cycle: number, phase: Phase): void {
    if (cycle - this.now < horizon) {
      must(cycle > this.now, "a unit is woken in a later cycle than now");
      const bucket = (cycle & (horizon - 1)) * phases + phase;
      const word = bucket * this.#wordsPerBucket + (unit >>> 5);
      const bit = 1 << (unit & 31);
      const old = this.#bits[word]!;
      if ((old & bit) !== 0) return;
      this.#bits[word] = old | bit;
      this.#waiting[bucket] = this.#waiting[bucket]! + 1;
      this.#near++;
    } else {
      this.#far.put(cycle, unit * phases + phase);
    }
  }

  /** To the next phase (of this cycle or a later one) in which some unit has work; false when no unit has asked. */
  advance(): boolean {
    if (this.now >= 0 && this.#enter(this.now, Phase.move)) return true;
    if (this.#near === 0) {
      if (this.#far.size === 0) return false;
      this.now = this.#far.cycle() - 1;
    }
    for (let cycle = this.now + 1; ; cycle++) {
      this.now = cycle;
      while (this.#far.size > 0 && this.#far.cycle() - cycle < horizon - 1) this.#admit();
      if (this.#enter(cycle, Phase.put) || this.#enter(cycle, Phase.move)) return true;
    }
  }

  /** The next unit of this phase, in ascending order; -1 when there is none left. */
  take(): number {
    if (this.#waiting[this.#bucket] === 0) return -1;
    const base = this.#bucket * this.#wordsPerBucket;
    for (let w = this.#word; w < this.#wordsPerBucket; w++) {
      const bits = this.#bits[base + w]!;
      if (bits === 0) continue;
      const low = bits & -bits;
      this.#bits[base + w] = bits ^ low;
      this.#word = w;
      this.#waiting[this.#bucket] = this.#waiting[this.#bucket]! - 1;
      this.#near--;
      return (w << 5) + 31 - Math.clz32(low);
    }
    return -1;
  }

  #enter(cycle: number, phase: Phase): boolean {
    this.#bucket = (cycle & (horizon - 1)) * phases + phase;
    this.#word = 0;
    return this.#waiting[this.#bucket]! > 0;
  }

  /** Moves the earliest far entry into the ring. The cycle may be `now` itself, which `wake` does not allow to others. */
  #admit(): void {
    const cycle = this.#far.cycle();
    const key = this.#far.take();
    const now = this.now;
    this.now = now - 1;
    this.wake(key >> 1, cycle, (key & 1) as Phase);
    this.now = now;
  }
}

/** A binary heap of (cycle, key), smallest first. */
class Heap {
  size = 0;
  #cycles = new Int32Array(64);
  #keys = new Int32Array(64);

  clear(): void {
    this.size = 0;
  }

  /** Cycle of the first entry. */
  cycle(): number {
    return this.#cycles[0]!;
  }

  put(cycle: number, key: number): void {
    if (this.size === this.#cycles.length) {
      this.#cycles = grown(this.#cycles);
      this.#keys = grown(this.#keys);
    }
    let i = this.size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#later(parent, cycle, key)) break;
      this.#copy(parent, i);
      i = parent;
    }
    this.#cycles[i] = cycle;
    this.#keys[i] = key;
  }

  /** Removes the first entry and returns its key. */
  take(): number {
    const first = this.#keys[0]!;
    const last = --this.size;
    const cycle = this.#cycles[last]!;
    const key = this.#keys[last]!;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#later(child, this.#cycles[child + 1]!, this.#keys[child + 1]!)) child++;
      if (this.#later(child, cycle, key)) break;
      this.#copy(child, i);
      i = child;
    }
    this.#cycles[i] = cycle;
    this.#keys[i] = key;
    return first;
  }

  /** Whether entry i comes after (cycle, key). */
  #later(i: number, cycle: number, key: number): boolean {
    const c = this.#cycles[i]!;
    return c > cycle || (c === cycle && this.#keys[i]! > key);
  }

  #copy(from: number, to: number): void {
    this.#cycles[to] = this.#cycles[from]!;
    this.#keys[to] = this.#keys[from]!;
  }
}

/** A copy of twice the length. */
export function grown(old: Int32Array): Int32Array<ArrayBuffer> {
  const next = new Int32Array(old.length * 2);
  next.set(old);
  return next;
}
