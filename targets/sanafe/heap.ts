/** Events in order of time, and of arrival where times are equal. Numbers only: no allocation while it runs. */
export class EventHeap {
  #times = new Float64Array(256);
  #turns = new Float64Array(256);
  #whats = new Int32Array(256);
  #turn = 0;
  size = 0;

  get time(): number {
    return this.#times[0]!;
  }

  clear(): void {
    this.size = 0;
    this.#turn = 0;
  }

  push(time: number, what: number): void {
    if (this.size === this.#times.length) this.#grow();
    let i = this.size++;
    const turn = this.#turn++;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (this.#times[up]! <= time) break;
      this.#move(up, i);
      i = up;
    }
    this.#set(i, time, turn, what);
  }

  /** Takes the first event's number. */
  pop(): number {
    const what = this.#whats[0]!;
    const n = --this.size;
    if (n === 0) return what;
    const time = this.#times[n]!;
    const turn = this.#turns[n]!;
    const moved = this.#whats[n]!;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && this.#before(child + 1, child)) child++;
      if (time < this.#times[child]! || (time === this.#times[child]! && turn < this.#turns[child]!)) break;
      this.#move(child, i);
      i = child;
    }
    this.#set(i, time, turn, moved);
    return what;
  }

  #before(a: number, b: number): boolean {
    return this.#times[a]! < this.#times[b]! || (this.#times[a]! === this.#times[b]! && this.#turns[a]! < this.#turns[b]!);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from]!, this.#turns[from]!, this.#whats[from]!);
  }

  #set(i: number, time: number, turn: number, what: number): void {
    this.#times[i] = time;
    this.#turns[i] = turn;
    this.#whats[i] = what;
  }

  #grow(): void {
    const more = <T extends Float64Array | Int32Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.#times = more(this.#times, new Float64Array(2 * this.size));
    this.#turns = more(this.#turns, new Float64Array(2 * this.size));
    this.#whats = more(this.#whats, new Int32Array(2 * this.size));
  }
}
