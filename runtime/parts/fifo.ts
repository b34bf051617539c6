/*
 * FIFOs: the only way in which two units exchange packets. All FIFOs of a machine are
 * one block of typed arrays, FIFO f having its own `capacity` places.
 *
 * Every FIFO has one writer and one reader, each doing at most one thing a cycle, and both
 * see the state at the beginning of the cycle: a packet put in cycle a is in the
 * FIFO from a + 1 on, and a place freed in cycle a is free from a + 1 on. `roomAt`
 * undoes the reader's removal of the same cycle, so the order of calls does not matter.
 */

export class Fifos {
  readonly capacity: number;
  /** Packets now in each FIFO. */
  readonly size: Int32Array;
  /** Packet contents by place: destination, what it says there, payload, and the cycle in which it was put. */
  readonly to: Int32Array;
  readonly what: Int32Array;
  readonly payload: Int32Array;
  readonly entered: Int32Array;
  readonly #first: Int32Array;
  readonly #removed: Int32Array;

  constructor(count: number, capacity: number) {
    this.capacity = capacity;
    this.size = new Int32Array(count);
    this.to = new Int32Array(count * capacity);
    this.what = new Int32Array(count * capacity);
    this.payload = new Int32Array(count * capacity);
    this.entered = new Int32Array(count * capacity);
    this.#first = new Int32Array(count);
    this.#removed = new Int32Array(count).fill(-1);
  }

  /** Whether FIFO f had room at the beginning of the cycle. */
  roomAt(f: number, cycle: number): boolean {
    const size = this.size[f]!;
    return size + (this.#removed[f] === cycle ? 1 : 0) < this.capacity;
  }

  /** Puts a packet behind the others; the caller has asked `roomAt`. */
  put(f: number, cycle: number, to: number, what: number, payload: number): void {
    const size = this.size[f]!;
    let place = this.#first[f]! + size;
    if (place >= this.capacity) place -= this.capacity;
    place += f * this.capacity;
    this.to[place] = to;
    this.what[place] = what;
    this.payload[place] = payload;
    this.entered[place] = cycle;
    this.size[f] = size + 1;
  }

  /** Place of the first packet of a FIFO that is not empty. */
  head(f: number): number {
    return f * this.capacity + this.#first[f]!;
  }

  /** Removes the first packet. Returns whether the FIFO was full, so that its writer may be waiting. */
  drop(f: number, cycle: number): boolean {
    const size = this.size[f]!;
    const next = this.#first[f]! + 1;
    this.#first[f] = next === this.capacity ? 0 : next;
    this.size[f] = size - 1;
    this.#removed[f] = cycle;
    return size === this.capacity;
  }

  /** Forgets the cycle of the last removals, when cycles are counted from 0 again. Packets stay. */
  restart(): void {
    this.#removed.fill(-1);
  }

  reset(): void {
    this.size.fill(0);
    this.#first.fill(0);
    this.restart();
  }
}
