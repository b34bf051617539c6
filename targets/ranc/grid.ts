import type { Core } from "./core.ts";
import type { Parameters } from "./parameters.ts";
import type { Packet } from "./words.ts";

/*
 * The grid of cores and routers, clock by clock. A clock has two halves: in the first
 * (rising edge) FIFOs, schedulers and token controllers move, in the second (falling edge) the merges do.
 *
 * A router has five merges, each of which takes one packet in two clocks out of its inputs, the
 * first input first, and puts it into the FIFO that its path needs:
 *
 *   east   from the west neighbour (at cell 0: from the host), from the core   ▶ east neighbour | north | south
 *   west   from the east neighbour, from the core                              ▶ west neighbour | north | south
 *   north  from the south neighbour, from east, from west                      ▶ north neighbour | local
 *   south  from the north neighbour, from east, from west                      ▶ south neighbour | local
 *   local  from north, from south                                              ▶ the core's scheduler, or the output
 *
 * A merge stands still while any FIFO behind it is full. The output cell has a router and no core.
 */

/** FIFOs of a router, by what writes them and what reads them. */
const Fifo = {
  coreEast: 0,
  coreWest: 1,
  eastOn: 2,
  eastNorth: 3,
  eastSouth: 4,
  westOn: 5,
  westNorth: 6,
  westSouth: 7,
  northOn: 8,
  northLocal: 9,
  southOn: 10,
  southLocal: 11,
} as const;
const fifos = 12;

const Merge = { east: 0, west: 1, north: 2, south: 3, local: 4 } as const;
const merges = 5;

const nothing = -1;
const host = -2;

/** What the grid tells as it happens. Clocks count from 1, the first rising edge. */
type Watch = {
  /** A packet left through the output cell. */
  readonly output: (clock: number, axon: number) => void;
  /** A neuron's packet was offered to its router. */
  readonly spike?: (clock: number, cell: number, neuron: number) => void;
  /** A packet reached a core. */
  readonly store?: (clock: number, cell: number, axon: number, delay: number) => void;
  /** A core waits for its router. */
  readonly wait?: (clock: number, cell: number, neuron: number) => void;
};

export class Grid {
  /** Last clock that is over. */
  clock = 0;
  /** The token controllers' error output: a tick came while a core was busy. */
  error = false;
  /** Packets that went from one router to another, that left, that reached a scheduler, that were lost in the clock of its clearing. */
  readonly counts = { hop: 0, out: 0, deliver: 0, lost: 0, send: 0, wait: 0 };
  /** Packets by cell and merge, what the merge put on. */
  readonly traffic: Uint32Array;
  readonly cores: readonly (Core | null)[];
  #watch: Watch;
  readonly #p: Parameters;
  readonly #reader: Int32Array;
  readonly #inputs: Int32Array;
  readonly #count: Uint16Array;
  readonly #head: Uint16Array;
  /** dx, dy, axon and delay of every place of every FIFO. */
  readonly #data: Int32Array;
  readonly #read: Int8Array;
  readonly #write: Uint8Array;
  /** The packet in each merge's output register, and the FIFO it is for. */
  readonly #held: Int32Array;
  readonly #taken: Int32Array;
  readonly #to: Int32Array;
  readonly #awake: Uint8Array;
  #active: number[] = [];
  /** Core cells whose packet enters the router in the next clock. */
  #sending: number[] = [];
  #offered: Packet | null = null;
  #tickNext = false;
  #reset = false;
  #moved = false;

  constructor(p: Parameters, cores: readonly (Core | null)[], watch: Watch) {
    this.#p = p;
    this.cores = cores;
    this.#watch = watch;
    const cells = p.columns * p.rows;
    this.#count = new Uint16Array(cells * fifos);
    this.#head = new Uint16Array(cells * fifos);
    this.#data = new Int32Array(cells * fifos * p.fifo * 4);
    this.#read = new Int8Array(cells * merges).fill(nothing);
    this.#write = new Uint8Array(cells * merges);
    this.#held = new Int32Array(cells * merges * 4);
    this.#taken = new Int32Array(cells * merges * 4);
    this.#to = new Int32Array(cells * merges).fill(nothing);
    this.#awake = new Uint8Array(cells * merges);
    this.traffic = new Uint32Array(cells * merges);
    this.#reader = new Int32Array(cells * fifos).fill(nothing);
    this.#inputs = new Int32Array(cells * merges * 3).fill(nothing);
    for (let cell = 0; cell < cells; cell++) this.#wire(cell);
    this.#inputs[0] = host;
  }

  watch(watch: Watch): void {
    this.#watch = watch;
  }

  /** Connects the merges of a cell to the FIFOs that they read. */
  #wire(cell: number): void {
    const { columns, rows } = this.#p;
    const x = cell % columns;
    const y = Math.floor(cell / columns);
    const fifo = (c: number, f: number): number => c * fifos + f;
    const connect = (merge: number, sources: readonly number[]): void =>
      sources.forEach((source, i) => {
        if (source < 0) return;
        const m = cell * merges + merge;
        this.#inputs[m * 3 + i] = source;
        this.#reader[source] = m;
      });
    connect(Merge.east, [x > 0 ? fifo(cell - 1, Fifo.eastOn) : nothing, fifo(cell, Fifo.coreEast)]);
    connect(Merge.west, [x < columns - 1 ? fifo(cell + 1, Fifo.westOn) : nothing, fifo(cell, Fifo.coreWest)]);
    const northern = y < rows - 1 ? fifo(cell + columns, Fifo.southOn) : nothing;
    const southern = y > 0 ? fifo(cell - columns, Fifo.northOn) : nothing;
    connect(Merge.north, [southern, fifo(cell, Fifo.eastNorth), fifo(cell, Fifo.westNorth)]);
    connect(Merge.south, [northern, fifo(cell, Fifo.eastSouth), fifo(cell, Fifo.westSouth)]);
    connect(Merge.local, [fifo(cell, Fifo.northLocal), fifo(cell, Fifo.southLocal)]);
  }

  /** As elaboration leaves everything; the clock begins at 0. */
  restart(): void {
    this.clock = 0;
    this.error = false;
    for (const core of this.cores) core?.restart();
    this.#clearRouters();
    this.#sending = [];
    this.#offered = null;
    this.#tickNext = false;
    this.#reset = false;
  }

  /** What has been counted so far is forgotten. */
  clearCounts(): void {
    Object.assign(this.counts, { hop: 0, out: 0, deliver: 0, lost: 0, send: 0, wait: 0 });
    this.traffic.fill(0);
    for (const core of this.cores) if (core !== null) Object.assign(core.counts, { event: 0, update: 0, synapse: 0 });
  }

  #clearRouters(): void {
    this.#count.fill(0);
    this.#head.fill(0);
    this.#read.fill(nothing);
    this.#write.fill(0);
    for (const m of this.#active) this.#awake[m] = 0;
    this.#active = [];
  }

  /** The host's input: a packet that the grid takes as soon as it can. One at a time. */
  offer(packet: Packet): void {
    this.#offered = packet;
    this.#moved = true;
    this.#wake(0);
  }

  /** Takes an offer back; false where the grid is about to take it. */
  withdraw(): boolean {
    if (this.#read[0] === 0) return false;
    this.#offered = null;
    this.#moved = true;
    return true;
  }

  /** Whether the last packet offered was taken. */
  get accepted(): boolean {
    return this.#offered === null;
  }

  /** The tick input is high in the next clock. */
  tick(): void {
    this.#tickNext = true;
  }

  /** The reset input from the next clock on. */
  setReset(high: boolean): void {
    this.#reset = high;
  }

  /** Cores at rest, and no packet on its way that can still move. */
  get quiet(): boolean {
    return (
      this.#sending.length === 0 &&
      this.#offered === null &&
      !this.#tickNext &&
      this.#active.length === 0 &&
      this.cores.every((c) => c?.idle ?? true)
    );
  }

  /** Packets that lie in FIFOs. */
  get waiting(): number {
    return this.#count.reduce((a, b) => a + b, 0);
  }

  /** Runs to the end of a clock; stretches in which nothing moves take no time. */
  runTo(clock: number): void {
    while (this.clock < clock) {
      if (this.#still()) {
        let next = clock;
        for (const core of this.cores) if (core !== null && core.next - 1 < next) next = core.next - 1;
        if (next > this.clock) {
          this.clock = next;
          continue;
        }
      }
      this.#step();
    }
  }

  /** Runs until `quiet`; false where that takes more than `clocks`, or packets and cores wait for each other for ever. */
  settle(clocks: number): boolean {
    const limit = this.clock + clocks;
    while (!this.quiet) {
      if (this.clock >= limit) return false;
      if (this.#still()) {
        let next = limit;
        for (const core of this.cores) if (core !== null && core.next - 1 < next) next = core.next - 1;
        this.clock = Math.max(this.clock, next);
      }
      this.#step();
      if (!this.#moved && this.#active.length > 0 && this.#stuck()) return false;
    }
    return true;
  }

  /** Nothing moved: true where no core has anything else to do than to wait for its router. */
  #stuck(): boolean {
    return this.cores.every((c) => c === null || c.idle || c.waited > 0);
  }

  /** Nothing will move before a core does something: no merge has work, or each waits for room and did so in the last clock. */
  #still(): boolean {
    return (this.#active.length === 0 || !this.#moved) && this.#sending.length === 0 && !this.#tickNext && !this.#reset;
  }

  #step(): void {
    this.clock++;
    this.#moved = false;
    const clock = this.clock;
    const entering = this.#sending;
    this.#sending = [];
    const cleared = this.#cores(clock);
    if (this.#reset) this.#risingReset(clock);
    else this.#rising(clock, entering, cleared);
    if (this.#tickNext) {
      this.#tickNext = false;
      for (const core of this.cores) if (core !== null && !core.tick(clock)) this.error = true;
    }
    if (this.#reset) {
      this.error = false;
      return;
    }
    this.#falling();
  }

  /** Token controllers: what is due in this clock. Cells whose slot is cleared, null for none. */
  #cores(clock: number): Set<number> | null {
    let cleared: Set<number> | null = null;
    for (let cell = 0; cell < this.cores.length; cell++) {
      const core = this.cores[cell]!;
      if (core === null || core.next !== clock) continue;
      this.#moved = true;
      if (core.clearing) {
        cleared ??= new Set();
        cleared.add(cell);
      }
      const at = cell * fifos;
      const full = this.#count[at + Fifo.coreEast] === this.#p.fifo || this.#count[at + Fifo.coreWest] === this.#p.fifo;
      const neuron = core.advance(clock, full);
      if (neuron === -2) {
        this.counts.wait++;
        this.#moved = false;
        this.#watch.wait?.(clock, cell, core.waited);
      } else if (neuron >= 0) {
        this.counts.send++;
        this.#watch.spike?.(clock, cell, neuron);
        this.#sending.push(cell, neuron);
      }
    }
    return cleared;
  }

  #risingReset(clock: number): void {
    // What the output's merge holds is still seen; schedulers are cleared instead of written.
    for (const m of this.#active) {
      if (m % merges !== Merge.local || this.#write[m] === 0 || this.cores[Math.floor(m / merges)] !== null) continue;
      this.counts.out++;
      this.#watch.output(clock, this.#held[m * 4 + 2]!);
    }
    this.#clearRouters();
    this.#offered = null;
    for (const core of this.cores) core?.clearSlot(clock);
  }

  /** Rising edge: what the merges hold is written, what they asked for is read. */
  #rising(clock: number, entering: readonly number[], cleared: ReadonlySet<number> | null): void {
    const active = this.#active;
    const count = active.length;
    const { fifo: depth } = this.#p;
    // Reads first find their word; writes look at how full a FIFO was before.
    for (let i = 0; i < count; i++) {
      const m = active[i]!;
      const input = this.#read[m]!;
      if (input < 0) continue;
      this.#moved = true;
      const source = this.#inputs[m * 3 + input]!;
      if (source === host) {
        const packet = this.#offered!;
        this.#taken[m * 4] = packet.dx;
        this.#taken[m * 4 + 1] = packet.dy;
        this.#taken[m * 4 + 2] = packet.axon;
        this.#taken[m * 4 + 3] = packet.delay;
        this.#offered = null;
      } else {
        const from = (source * depth + this.#head[source]!) * 4;
        for (let k = 0; k < 4; k++) this.#taken[m * 4 + k] = this.#data[from + k]!;
      }
    }
    for (let i = 0; i < count; i++) {
      const m = active[i]!;
      if (this.#write[m] === 0) continue;
      if (m % merges === Merge.local) this.#leave(clock, m, cleared);
      else this.#push(this.#to[m]!, this.#held, m * 4);
    }
    for (let i = 0; i < entering.length; i += 2) this.#enter(entering[i]!, entering[i + 1]!);
    for (let i = 0; i < count; i++) {
      const m = active[i]!;
      const input = this.#read[m]!;
      if (input < 0) continue;
      const source = this.#inputs[m * 3 + input]!;
      if (source === host) continue;
      this.#count[source] = this.#count[source]! - 1;
      this.#head[source] = (this.#head[source]! + 1) % depth;
    }
  }

  /** A neuron's packet from the core into its router. */
  #enter(cell: number, neuron: number): void {
    const { dx, dy, axon, delay } = this.cores[cell]!.columns;
    const packet = Int32Array.of(dx[neuron]!, dy[neuron]!, axon[neuron]!, delay[neuron]!);
    this.#push(cell * fifos + (packet[0]! < 0 ? Fifo.coreWest : Fifo.coreEast), packet, 0);
  }

  #push(fifo: number, from: Int32Array, at: number): void {
    const { fifo: depth } = this.#p;
    const count = this.#count[fifo]!;
    if (count === depth) return;
    this.#moved = true;
    const place = (fifo * depth + ((this.#head[fifo]! + count) % depth)) * 4;
    for (let k = 0; k < 4; k++) this.#data[place + k] = from[at + k]!;
    this.#count[fifo] = count + 1;
    const reader = this.#reader[fifo]!;
    if (reader >= 0) this.#wake(reader);
  }

  #wake(merge: number): void {
    if (this.#awake[merge] === 1) return;
    this.#awake[merge] = 1;
    this.#active.push(merge);
  }

  /** A packet leaves a router's local merge: into the scheduler, or out of the chip. */
  #leave(clock: number, m: number, cleared: ReadonlySet<number> | null): void {
    const cell = Math.floor(m / merges);
    const axon = this.#held[m * 4 + 2]!;
    const delay = this.#held[m * 4 + 3]!;
    this.#moved = true;
    const core = this.cores[cell]!;
    if (core === null) {
      this.counts.out++;
      this.#watch.output(clock, axon);
    } else if (cleared?.has(cell)) {
      this.counts.lost++;
    } else {
      this.counts.deliver++;
      core.store(clock, axon, delay);
      this.#watch.store?.(clock, cell, axon, delay);
    }
  }

  /** Falling edge: merges take what they read, and ask for the next. */
  #falling(): void {
    const active = this.#active;
    let kept = 0;
    for (let i = 0; i < active.length; i++) {
      const m = active[i]!;
      if (this.#full(m)) {
        active[kept++] = m;
        continue;
      }
      if (this.#read[m]! >= 0) {
        this.#take(m);
        active[kept++] = m;
        continue;
      }
      this.#write[m] = 0;
      const input = this.#choose(m);
      this.#read[m] = input;
      if (input >= 0) {
        this.#moved = true;
        active[kept++] = m;
      } else this.#awake[m] = 0;
    }
    active.length = kept;
  }

  /** The first input that has a packet. */
  #choose(m: number): number {
    for (let i = 0; i < 3; i++) {
      const source = this.#inputs[m * 3 + i]!;
      if (source === host ? this.#offered !== null : source >= 0 && this.#count[source]! > 0) return i;
    }
    return nothing;
  }

  /** Whether a FIFO behind the merge is full. */
  #full(m: number): boolean {
    const { fifo: depth } = this.#p;
    const kind = m % merges;
    const at = Math.floor(m / merges) * fifos;
    const [first, count] = behind[kind]!;
    for (let k = 0; k < count; k++) if (this.#count[at + first + k] === depth) return true;
    return false;
  }

  /** The word that was read goes to the output register, and its path is decided. */
  #take(m: number): void {
    const kind = m % merges;
    const at = Math.floor(m / merges) * fifos;
    const to = m * 4;
    for (let k = 0; k < 4; k++) this.#held[to + k] = this.#taken[to + k]!;
    this.#read[m] = nothing;
    this.#write[m] = 1;
    this.#moved = true;
    this.traffic[m] = this.traffic[m]! + 1;
    const { dxBits, dyBits } = this.#p;
    if (kind === Merge.east || kind === Merge.west) {
      const dx = this.#held[to]!;
      const [on, north, south] = kind === Merge.east ? eastPaths : westPaths;
      if (dx !== 0) {
        this.#held[to] = wrap(dx + (kind === Merge.east ? -1 : 1), dxBits);
        this.#to[m] = at + on;
        this.counts.hop++;
      } else this.#to[m] = at + (this.#held[to + 1]! >= 0 ? north : south);
    } else if (kind === Merge.north || kind === Merge.south) {
      const dy = this.#held[to + 1]!;
      const [on, local] = kind === Merge.north ? northPaths : southPaths;
      if (dy !== 0) {
        this.#held[to + 1] = wrap(dy + (kind === Merge.north ? -1 : 1), dyBits);
        this.#to[m] = at + on;
        this.counts.hop++;
      } else this.#to[m] = at + local;
    }
  }
}

const eastPaths = [Fifo.eastOn, Fifo.eastNorth, Fifo.eastSouth] as const;
const westPaths = [Fifo.westOn, Fifo.westNorth, Fifo.westSouth] as const;
const northPaths = [Fifo.northOn, Fifo.northLocal] as const;
const southPaths = [Fifo.southOn, Fifo.southLocal] as const;
/** First FIFO behind each merge, and how many. */
const behind: readonly (readonly [number, number])[] = [
  [Fifo.eastOn, 3],
  [Fifo.westOn, 3],
  [Fifo.northOn, 2],
  [Fifo.southOn, 2],
  [0, 0],
];

function wrap(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}
