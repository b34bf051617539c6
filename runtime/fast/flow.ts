/*
 * When the packets of a step have arrived: an estimate that knows which links they load. Packets are not
 * followed one by one; each source is a stream from its first packet to its last, and each link
 * passes one packet a cycle. A link is done when its last packet can have come, or when all have
 * passed one after another since the first, whichever is later. Streams are followed along their way
 * (x first, then y), so that a link that is late makes the next one late.
 */

const ports = { local: 0, north: 1, east: 2, south: 3, west: 4 } as const;
const portCount = 5;
const never = 2 ** 31;

export class MeshFlow {
  /** Packets that left by output o of router r so far, at 5r + o. */
  readonly traffic: Float64Array;
  /** Cycles from one packet to the next through a FIFO: a packet stays `hop` cycles, and its place is free in the one after. */
  readonly gap: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #hop: number;
  /** Last column and last line that packets can come to. */
  #right: number;
  #bottom: number;
  /** Sources that send in the line at work. */
  #active: number[] = [];
  /** Of one line or column at work: packets over each link, and the first and last cycle in which they come to it. */
  readonly #load: Float64Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  /** Where lines meet columns, at [line][column]: when packets for this column come there. */
  readonly #turnFirst: Float64Array;
  readonly #turnLast: Float64Array;
  /** At [router]: when packets for its own cores come. */
  readonly #endFirst: Float64Array;
  readonly #endLast: Float64Array;

  /** `fifo`: packets that each FIFO holds. */
  constructor(columns: number, rows: number, hop: number, fifo: number) {
    const routers = columns * rows;
    this.gap = Math.max(1, (hop + 1) / fifo);
    this.#columns = columns;
    this.#rows = rows;
    this.#hop = hop;
    this.#right = columns - 1;
    this.#bottom = rows - 1;
    this.traffic = new Float64Array(routers * portCount);
    const long = Math.max(columns, rows) + 1;
    this.#load = new Float64Array(long);
    this.#first = new Float64Array(long);
    this.#last = new Float64Array(long);
    this.#turnFirst = new Float64Array(routers);
    this.#turnLast = new Float64Array(routers);
    this.#endFirst = new Float64Array(routers);
    this.#endLast = new Float64Array(routers);
  }

  reset(): void {
    this.traffic.fill(0);
  }

  /** Says between which routers packets can travel at all: those of these cores, and the host's. Nothing else is looked at. */
  limit(routers: Iterable<number>): void {
    this.#right = 0;
    this.#bottom = 0;
    for (const r of routers) {
      this.#right = Math.max(this.#right, r % this.#columns);
      this.#bottom = Math.max(this.#bottom, Math.floor(r / this.#columns));
    }
    this.#sourcesOf = null;
  }

  /**
   * The first cycle in which all packets have left the mesh; 0 without packets. `byColumn`: packets of each source by column,
   * `routerOf` the sources; `begins` and `ends` the cycles in which each source puts its first and its last packet. `byLine`: packets
   * from each line of routers to each router; `toHost`: from each line to the host. `sent`: packets of each source (the host, behind the
   * others, is not in it); `sentByLine`: of each line.
   */
  finish(
    byColumn: Int32Array,
    routerOf: ArrayLike<number>,
    begins: Float64Array,
    ends: Float64Array,
    byLine: Int32Array,
    toHost: Int32Array,
    sent: Int32Array,
    sentByLine: Int32Array,
  ): number {
    this.#alongLines(byColumn, routerOf, begins, ends, sent, sentByLine);
    return this.#alongColumns(byLine, toHost, sentByLine);
  }

  #sourcesOf: Int32Array[] | null = null;

  /** Sources of each line, from west to east. */
  #sources(routerOf: ArrayLike<number>): Int32Array[] {
    if (this.#sourcesOf !== null) return this.#sourcesOf;
    const lists = Array.from({ length: this.#rows }, (): number[] => []);
    for (let s = 0; s < routerOf.length; s++) lists[Math.floor(routerOf[s]! / this.#columns)]!.push(s);
    const x = (s: number): number => routerOf[s]! % this.#columns;
    this.#sourcesOf = lists.map((list) => Int32Array.from(list.sort((a, b) => x(a) - x(b))));
    return this.#sourcesOf;
  }

  #alongLines(
    byColumn: Int32Array,
    routerOf: ArrayLike<number>,
    begins: Float64Array,
    ends: Float64Array,
    sent: Int32Array,
    sentByLine: Int32Array,
  ): void {
    const columns = this.#columns;
    this.#turnFirst.fill(never);
    this.#turnLast.fill(-1);
    const lines = this.#sources(routerOf);
    const sources = this.#active;
    for (let y = 0; y <= this.#bottom; y++) {
      if (sentByLine[y] === 0) continue;
      sources.length = 0;
      for (const s of lines[y]!) if (s >= sent.length || sent[s] !== 0) sources.push(s);
      this.#oneWay(sources, y, 1, byColumn, routerOf, begins, ends);
      this.#oneWay(sources, y, -1, byColumn, routerOf, begins, ends);
      for (const s of sources) {
        const x = routerOf[s]! % columns;
        if (byColumn[s * columns + x]! > 0) this.#turn(y * columns + x, begins[s]! + this.#hop, ends[s]! + this.#hop);
      }
    }
  }

  #turn(place: number, first: number, last: number): void {
    if (first < this.#turnFirst[place]!) this.#turnFirst[place] = first;
    if (last > this.#turnLast[place]!) this.#turnLast[place] = last;
  }

  /** The links of a line toward one side. Link x leads out of the router at x. */
  #oneWay(
    sources: readonly number[],
    y: number,
    side: 1 | -1,
    byColumn: Int32Array,
    routerOf: ArrayLike<number>,
    begins: Float64Array,
    ends: Float64Array,
  ): void {
    const columns = this.#columns;
    const hop = this.#hop;
    const load = this.#load.fill(0);
    const first = this.#first.fill(never);
    const last = this.#last.fill(-1);
    const goal = side > 0 ? this.#right : 0;
    let any = false;
    for (const s of sources) {
      const x = routerOf[s]! % columns;
      let n = 0;
      let furthest = -1;
      for (let to = goal; to !== x; to -= side) {
        const more = byColumn[s * columns + to]!;
        if (more > 0 && furthest < 0) furthest = to;
        n += more;
        if (n > 0) load[to - side] = load[to - side]! + n;
      }
      if (n === 0) continue;
      any = true;
      let come = begins[s]! + hop;
      for (let at = x; at !== furthest; at += side, come += hop) if (come < first[at]!) first[at] = come;
      if (ends[s]! + hop > last[x]!) last[x] = ends[s]! + hop;
    }
    if (!any) return;
    const port = side > 0 ? ports.east : ports.west;
    let late = -1;
    for (let x = side > 0 ? 0 : this.#right; x !== goal; x += side) {
      const n = load[x]!;
      if (n === 0) {
        late = -1;
        continue;
      }
      const place = y * columns + x;
      this.traffic[place * portCount + port] = this.traffic[place * portCount + port]! + n;
      late = Math.max(late < 0 ? -1 : late + hop, last[x]!, first[x]! + (n - 1) * this.gap);
      this.#turn(place + side, first[x]! + hop, late + hop);
    }
  }

  #alongColumns(byLine: Int32Array, toHost: Int32Array, sentByLine: Int32Array): number {
    const columns = this.#columns;
    const rows = this.#rows;
    this.#endFirst.fill(never);
    this.#endLast.fill(-1);
    let hostFirst = never;
    let hostLast = -1;
    let hostLoad = 0;
    for (let y = 0; y < rows; y++) hostLoad += toHost[y]!;
    for (let x = 0; x <= this.#right; x++) {
      this.#down(x, 1, byLine, toHost);
      this.#down(x, -1, byLine, toHost);
      for (let y = 0; y <= this.#bottom; y++) {
        const place = y * columns + x;
        if (byLine[y * columns * rows + place]! > 0) this.#end(place, this.#turnFirst[place]!, this.#turnLast[place]!);
      }
    }
    if (hostLoad > 0) {
      hostFirst = Math.min(toHost[0]! > 0 ? this.#turnFirst[0]! : never, this.#hostFirst);
      hostLast = Math.max(toHost[0]! > 0 ? this.#turnLast[0]! : -1, this.#hostLast);
    }
    let done = 0;
    for (let place = 0; place <= this.#bottom * columns + this.#right; place++) {
      let n = 0;
      if (this.#endLast[place]! < 0) continue;
      for (let y = 0; y <= this.#bottom; y++) if (sentByLine[y] !== 0) n += byLine[y * columns * rows + place]!;
      this.traffic[place * portCount] = this.traffic[place * portCount]! + n;
      done = Math.max(done, this.#endLast[place]! + 1, this.#endFirst[place]! + n);
    }
    if (hostLoad > 0) {
      this.traffic[ports.west] = this.traffic[ports.west]! + hostLoad;
      done = Math.max(done, hostLast + 1, hostFirst + hostLoad);
    }
    return done;
  }

  #hostFirst = never;
  #hostLast = -1;

  #end(place: number, first: number, last: number): void {
    if (first < this.#endFirst[place]!) this.#endFirst[place] = first;
    if (last > this.#endLast[place]!) this.#endLast[place] = last;
  }

  /** The links of a column toward one side. Packets for the host go to the top of the first column. */
  #down(x: number, side: 1 | -1, byLine: Int32Array, toHost: Int32Array): void {
    const columns = this.#columns;
    const rows = this.#rows;
    const routers = columns * rows;
    const hop = this.#hop;
    const load = this.#load.fill(0);
    const first = this.#first.fill(never);
    const last = this.#last.fill(-1);
    const goal = side > 0 ? this.#bottom : 0;
    const withHost = x === 0 && side < 0;
    if (withHost) {
      this.#hostFirst = never;
      this.#hostLast = -1;
    }
    let any = false;
    for (let from = 0; from <= this.#bottom; from++) {
      const place = from * columns + x;
      if (this.#turnLast[place]! < 0) continue;
      let n = 0;
      let furthest = -1;
      for (let to = goal; to !== from; to -= side) {
        const more = byLine[from * routers + to * columns + x]! + (withHost && to === 0 ? toHost[from]! : 0);
        if (more > 0 && furthest < 0) furthest = to;
        n += more;
        if (n > 0) load[to - side] = load[to - side]! + n;
      }
      if (n === 0) continue;
      any = true;
      let come = this.#turnFirst[place]!;
      for (let at = from; at !== furthest; at += side, come += hop) if (come < first[at]!) first[at] = come;
      if (this.#turnLast[place]! > last[from]!) last[from] = this.#turnLast[place]!;
    }
    if (!any) return;
    const port = side > 0 ? ports.south : ports.north;
    let late = -1;
    for (let y = side > 0 ? 0 : this.#bottom; y !== goal; y += side) {
      const n = load[y]!;
      if (n === 0) {
        late = -1;
        continue;
      }
      const place = y * columns + x;
      this.traffic[place * portCount + port] = this.traffic[place * portCount + port]! + n;
      late = Math.max(late < 0 ? -1 : late + hop, last[y]!, first[y]! + (n - 1) * this.gap);
      this.#end(place + side * columns, first[y]! + hop, late + hop);
      if (withHost && y + side === 0) {
        this.#hostFirst = first[y]! + hop;
        this.#hostLast = late + hop;
      }
    }
  }
}
