import { grown } from "../clock.ts";

/*
 * Events that wait for a later step, per core. A core's list of a step is in order of
 * arrival. All lists share one pool that grows with what is in it; how many events a
 * core may hold is checked by `hasRoom`.
 */
export class EventMemory {
  /** Events of the list taken last. */
  what = new Int32Array(256);
  payload = new Int32Array(256);
  readonly held: Int32Array;
  readonly #capacity: number;
  readonly #steps: number;
  /** First and last event of each core's list of each step; -1: none. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  #next = new Int32Array(256);
  #poolWhat = new Int32Array(256);
  #poolPayload = new Int32Array(256);
  /** Events of the pool that were ever used, and the first that is free again. */
  #used = 0;
  #free = -1;

  /** `steps`: how many different steps can have events at the same time, the running one included. */
  constructor(cores: number, capacity: number, steps: number) {
    this.#capacity = capacity;
    this.#steps = steps;
    this.held = new Int32Array(cores);
    this.#first = new Int32Array(cores * steps).fill(-1);
    this.#last = new Int32Array(cores * steps).fill(-1);
  }

  hasRoom(core: number): boolean {
    return this.held[core]! < this.#capacity;
  }

  /** Keeps an event for a step; the caller has asked `hasRoom`. */
  store(core: number, step: number, what: number, payload: number): void {
    const e = this.#place();
    this.#poolWhat[e] = what;
    this.#poolPayload[e] = payload;
    this.#next[e] = -1;
    const list = core * this.#steps + (step % this.#steps);
    const last = this.#last[list]!;
    if (last < 0) this.#first[list] = e;
    else this.#next[last] = e;
    this.#last[list] = e;
    this.held[core] = this.held[core]! + 1;
  }

  /** Takes out a core's events of a step, into `what` and `payload`; returns how many. */
  take(core: number, step: number): number {
    const list = core * this.#steps + (step % this.#steps);
    let count = 0;
    let e = this.#first[list]!;
    if (e < 0) return 0;
    while (e >= 0) {
      if (count === this.what.length) {
        this.what = grown(this.what);
        this.payload = grown(this.payload);
      }
      this.what[count] = this.#poolWhat[e]!;
      this.payload[count] = this.#poolPayload[e]!;
      count++;
      e = this.#next[e]!;
    }
    this.#next[this.#last[list]!] = this.#free;
    this.#free = this.#first[list]!;
    this.#first[list] = -1;
    this.#last[list] = -1;
    this.held[core] = this.held[core]! - count;
    return count;
  }

  #place(): number {
    const e = this.#free;
    if (e >= 0) {
      this.#free = this.#next[e]!;
      return e;
    }
    if (this.#used === this.#next.length) {
      this.#next = grown(this.#next);
      this.#poolWhat = grown(this.#poolWhat);
      this.#poolPayload = grown(this.#poolPayload);
    }
    return this.#used++;
  }

  reset(): void {
    this.held.fill(0);
    this.#first.fill(-1);
    this.#last.fill(-1);
    this.#used = 0;
    this.#free = -1;
  }
}
