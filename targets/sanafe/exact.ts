import { EventHeap } from "./heap.ts";
import type { SanafeImage } from "./image.ts";
import type { Messages } from "./machine.ts";

/*
 * A step event by event: our own model of what SANA-FE leaves to BookSim 2, with the latencies of the architecture file.
 *
 * There are two networks, as on Loihi and in SANA-FE's settings of BookSim 2, which share `link_buffer_size` between them; a core's messages
 * take them in turn. A core works until a message is ready, puts it into its buffer at the tile's router, and goes on; while that
 * buffer is full it waits. A router has such a buffer for each of its cores and one for each neighbour, in order of arrival. The first
 * message of a buffer leaves by the output to its next tile (first along x, then along y), or to its core. An output takes one message at
 * a time, the one that has waited longest, and a link is occupied for the latency of the hop. A message starts on its way only where
 * the buffer at the other end has room for it, and frees its own place when it arrives. A core has a buffer for messages from both
 * networks, as large as one of a router, and works them off one after the other.
 */

const neighbours = 4;

export function exactTiming(image: SanafeImage, messages: Messages): () => number {
  const network = new Networks(image, messages);
  return () => network.run() + image.tables.sync;
}

class Networks {
  readonly #messages: Messages;
  readonly #cores: number;
  readonly #height: number;
  /** Messages that a buffer holds. */
  readonly #room: number;
  readonly #networks: number;
  /** Buffers, and outputs, of a tile: one for each neighbour (east, west, north, south), then one for each of its cores. */
  readonly #ports: number;
  /** Ports of a whole network. */
  readonly #outputs: number;
  readonly #heap = new EventHeap();
  #now = 0;
  #last = 0;

  // By core: tile, port in the first network, next message, and whether it waits to send.
  readonly #tileOf: Int32Array;
  readonly #portOf: Int32Array;
  readonly #next: Int32Array;
  readonly #blocked: Uint8Array;
  // By core: ring of received messages, and whether one is at work.
  readonly #received: Int32Array;
  readonly #receivedHead: Int32Array;
  readonly #receivedCount: Int32Array;
  readonly #works: Uint8Array;

  // By port of all networks. A buffer is named after the output that leads to it: a link's by the link, a sending core's by the core.
  readonly #coreAt: Int32Array;
  readonly #hop: Float64Array;
  readonly #buffer: Int32Array;
  /** Tile where the messages of a buffer are. */
  readonly #bufferTile: Int32Array;
  readonly #head: Int32Array;
  readonly #held: Int32Array;
  /** Places taken, also by messages on their way. */
  readonly #taken: Int32Array;
  /** Buffers whose first message waits for an output, in order of coming: a ring for each output. */
  readonly #waiting: Int32Array;
  readonly #waitHead: Int32Array;
  readonly #waitCount: Int32Array;
  /** What an output carries, and the buffer that it came from; -1: nothing. */
  readonly #moving: Int32Array;
  readonly #cameFrom: Int32Array;

  constructor(image: SanafeImage, messages: Messages) {
    const { cores, width, height, linkBuffer, maxCoresPerTile } = image.tables;
    this.#messages = messages;
    this.#cores = cores.length;
    this.#height = height;
    this.#networks = linkBuffer > 1 ? 2 : 1;
    this.#room = Math.floor(linkBuffer / this.#networks);
    this.#ports = neighbours + maxCoresPerTile;
    const tiles = width * height;
    this.#outputs = tiles * this.#ports;
    const all = this.#outputs * this.#networks;
    this.#tileOf = Int32Array.from(cores, (c) => c.tile);
    this.#portOf = Int32Array.from(cores, (c) => c.tile * this.#ports + neighbours + c.offset);
    this.#next = new Int32Array(cores.length);
    this.#blocked = new Uint8Array(cores.length);
    this.#received = new Int32Array(cores.length * this.#room);
    this.#receivedHead = new Int32Array(cores.length);
    this.#receivedCount = new Int32Array(cores.length);
    this.#works = new Uint8Array(cores.length);
    this.#coreAt = new Int32Array(all).fill(-1);
    this.#hop = new Float64Array(all);
    this.#buffer = new Int32Array(all * this.#room);
    this.#bufferTile = new Int32Array(all);
    this.#head = new Int32Array(all);
    this.#held = new Int32Array(all);
    this.#taken = new Int32Array(all);
    this.#waiting = new Int32Array(all * this.#ports);
    this.#waitHead = new Int32Array(all);
    this.#waitCount = new Int32Array(all);
    this.#moving = new Int32Array(all).fill(-1);
    this.#cameFrom = new Int32Array(all);
    const hops = new Map(cores.map((c) => [c.tile, c.hops]));
    const away = [height, -height, 1, -1];
    for (let b = 0; b < all; b++) {
      const tile = Math.floor((b % this.#outputs) / this.#ports);
      const port = b % this.#ports;
      this.#bufferTile[b] = tile + (away[port] ?? 0);
      // Tiles without neurons are not in the image: their links are as the first core's tile's.
      const own = hops.get(tile) ?? cores[0]?.hops;
      if (own !== undefined && port < neighbours) this.#hop[b] = [own.east, own.west, own.north, own.south][port]!.latency;
    }
    for (let n = 0; n < this.#networks; n++) for (let c = 0; c < cores.length; c++) this.#coreAt[n * this.#outputs + this.#portOf[c]!] = c;
  }

  /** Seconds until all is sent and worked off. Everything is empty again afterwards. */
  run(): number {
    this.#heap.clear();
    this.#now = 0;
    this.#last = 0;
    for (let c = 0; c < this.#cores; c++) {
      this.#next[c] = this.#messages.first[c]!;
      this.#prepare(c);
    }
    while (this.#heap.size > 0) {
      this.#now = this.#heap.time;
      const what = this.#heap.pop();
      if (what >= this.#outputs * this.#networks) this.#workedOff(what - this.#outputs * this.#networks);
      else if (what < 0) this.#inject(-1 - what);
      else this.#arrive(what);
    }
    return this.#last;
  }

  /** The core begins to work on its next message, or on what is behind the last. */
  #prepare(core: number): void {
    const m = this.#next[core]!;
    if (m < this.#messages.first[core + 1]!) this.#heap.push(this.#now + this.#messages.generation[m]!, -1 - core);
    else this.#last = Math.max(this.#last, this.#now + this.#messages.tail[core]!);
  }

  /** The core's message is ready. */
  #inject(core: number): void {
    const m = this.#next[core]!;
    const turn = (m - this.#messages.first[core]!) % this.#networks;
    const b = turn * this.#outputs + this.#portOf[core]!;
    if (this.#taken[b] === this.#room) {
      this.#blocked[core] = 1;
      return;
    }
    this.#next[core] = m + 1;
    this.#taken[b]!++;
    this.#store(b, m);
    this.#prepare(core);
  }

  #store(b: number, message: number): void {
    this.#buffer[b * this.#room + ((this.#head[b]! + this.#held[b]!) % this.#room)] = message;
    if (this.#held[b]!++ === 0) this.#ask(b);
  }

  /** The first message of a buffer asks for its output. */
  #ask(b: number): void {
    const output = this.#toward(b, this.#buffer[b * this.#room + this.#head[b]!]!);
    this.#waiting[output * this.#ports + ((this.#waitHead[output]! + this.#waitCount[output]!) % this.#ports)] = b;
    this.#waitCount[output]!++;
    this.#serve(output);
  }

  #toward(b: number, message: number): number {
    const core = this.#messages.to[message]!;
    const goal = this.#tileOf[core]!;
    const tile = this.#bufferTile[b]!;
    const first = b >= this.#outputs ? this.#outputs : 0;
    if (tile === goal) return first + this.#portOf[core]!;
    const [x, gx] = [Math.floor(tile / this.#height), Math.floor(goal / this.#height)];
    const port = x === gx ? (tile < goal ? 2 : 3) : x < gx ? 0 : 1;
    return first + tile * this.#ports + port;
  }

  /** Starts an output on the next message that waits, if it can. */
  #serve(output: number): void {
    if (this.#waitCount[output] === 0 || this.#moving[output]! >= 0) return;
    const core = this.#coreAt[output]!;
    if (core >= 0 ? this.#receivedCount[core] === this.#room : this.#taken[output] === this.#room) return;
    const b = this.#waiting[output * this.#ports + this.#waitHead[output]!]!;
    this.#waitHead[output] = (this.#waitHead[output]! + 1) % this.#ports;
    this.#waitCount[output]!--;
    const message = this.#buffer[b * this.#room + this.#head[b]!]!;
    if (core >= 0) {
      this.#receive(core, message);
      this.#leave(b);
      this.#serve(output);
      return;
    }
    this.#moving[output] = message;
    this.#cameFrom[output] = b;
    this.#taken[output]!++;
    this.#heap.push(this.#now + this.#hop[output]!, output);
  }

  /** A link's message is at its other end. */
  #arrive(output: number): void {
    const message = this.#moving[output]!;
    const from = this.#cameFrom[output]!;
    // The link itself stays busy until its old message has left the buffer behind it.
    this.#store(output, message);
    this.#moving[output] = -1;
    this.#leave(from);
    this.#serve(output);
  }

  /** The first message of a buffer has gone: its place is free, and the next one asks. */
  #leave(b: number): void {
    this.#head[b] = (this.#head[b]! + 1) % this.#room;
    this.#held[b]!--;
    this.#taken[b]!--;
    if (this.#held[b]! > 0) this.#ask(b);
    const sender = this.#coreAt[b]!;
    if (sender < 0) {
      this.#serve(b);
    } else if (this.#blocked[sender] === 1) {
      this.#blocked[sender] = 0;
      this.#inject(sender);
    }
  }

  #receive(core: number, message: number): void {
    if (this.#works[core] === 0) return this.#work(core, message);
    this.#received[core * this.#room + ((this.#receivedHead[core]! + this.#receivedCount[core]!) % this.#room)] = message;
    this.#receivedCount[core]!++;
  }

  #work(core: number, message: number): void {
    this.#works[core] = 1;
    this.#heap.push(this.#now + this.#messages.processing[message]!, this.#outputs * this.#networks + core);
  }

  #workedOff(core: number): void {
    this.#works[core] = 0;
    this.#last = Math.max(this.#last, this.#now);
    if (this.#receivedCount[core]! === 0) return;
    const message = this.#received[core * this.#room + this.#receivedHead[core]!]!;
    this.#receivedHead[core] = (this.#receivedHead[core]! + 1) % this.#room;
    this.#receivedCount[core]!--;
    this.#work(core, message);
    for (let n = 0; n < this.#networks; n++) this.#serve(n * this.#outputs + this.#portOf[core]!);
  }
}
