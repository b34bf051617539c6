import { type Clock, Phase } from "../clock.ts";
import type { Fifos } from "./fifo.ts";

/*
 * The routers of a two-dimensional mesh. Router r = y * columns + x has five input
 * FIFOs (5r + port) and five outputs; x grows to the east, y to the south. Packets
 * go along x first, then along y. Each output grants its inputs in turn. A
 * packet for the host goes to router 0 and leaves there to the west.
 */

export const Port = { local: 0, north: 1, east: 2, south: 3, west: 4 } as const;
export const ports = 5;
export const portNames = ["local", "north", "east", "south", "west"] as const;
/** Destination of packets for the host. */
export const toHost = -1;

/** What lies behind the outputs that lead out of the mesh. */
export type Ends = {
  /** Whether the core has room for a packet at the beginning of this cycle. */
  readonly hasRoom: (router: number) => boolean;
  readonly deliver: (router: number, what: number, payload: number, cycle: number) => void;
  /** The host takes a packet a cycle. */
  readonly leave: (what: number, payload: number, cycle: number) => void;
};

export type RouterConfig = {
  readonly columns: number;
  readonly rows: number;
  /** Least time a packet spends in a FIFO, in cycles; at least 1. */
  readonly hop: number;
  /** Clock units of the first router, of the core at router 0, and of the host. */
  readonly firstUnit: number;
  readonly firstCore: number;
  readonly host: number;
};

/** Output leads to the core, to the host, or nowhere; else to the FIFO of that number. */
const intoCore = -1;
const intoHost = -2;
const nowhere = -3;

export class MeshRouters {
  /** Packets in all FIFOs. */
  inFlight = 0;
  /** Packets that left by output o of router r, at 5r + o. */
  readonly traffic: Float64Array;
  readonly #config: RouterConfig;
  readonly #fifos: Fifos;
  readonly #clock: Clock;
  readonly #ends: Ends;
  /** Per output: where it leads, and the input that won last. */
  readonly #leads: Int32Array;
  readonly #winner: Uint8Array;
  /** Unit that writes each input FIFO. */
  readonly #writer: Int32Array;
  readonly #x: Int32Array;
  readonly #y: Int32Array;
  /** Inputs of each router that hold a packet, as bits. */
  readonly #waiting: Int32Array;
  /** Router of each input FIFO. */
  readonly #owner: Int32Array;
  /** Inputs that want each output of the router at work, as bits. */
  readonly #wants = new Int32Array(ports);

  constructor(config: RouterConfig, fifos: Fifos, clock: Clock, ends: Ends) {
    const { columns, rows } = config;
    const count = columns * rows;
    this.#config = config;
    this.#fifos = fifos;
    this.#clock = clock;
    this.#ends = ends;
    this.traffic = new Float64Array(count * ports);
    this.#leads = new Int32Array(count * ports).fill(nowhere);
    this.#winner = new Uint8Array(count * ports).fill(Port.west);
    this.#writer = new Int32Array(count * ports).fill(nowhere);
    this.#x = Int32Array.from({ length: count }, (_, r) => r % columns);
    this.#y = Int32Array.from({ length: count }, (_, r) => Math.floor(r / columns));
    this.#waiting = new Int32Array(count);
    this.#owner = Int32Array.from({ length: count * ports }, (_, f) => Math.floor(f / ports));
    for (let r = 0; r < count; r++) this.#wire(r);
  }

  #wire(r: number): void {
    const { columns, rows, firstUnit, firstCore, host } = this.#config;
    const x = this.#x[r]!;
    const y = this.#y[r]!;
    this.#leads[r * ports + Port.local] = intoCore;
    this.#writer[r * ports + Port.local] = firstCore + r;
    const neighbour = (exit: number, to: number, input: number): void => {
      this.#leads[r * ports + exit] = to * ports + input;
      this.#writer[to * ports + input] = firstUnit + r;
    };
    if (y > 0) neighbour(Port.north, r - columns, Port.south);
    if (x < columns - 1) neighbour(Port.east, r + 1, Port.west);
    if (y < rows - 1) neighbour(Port.south, r + columns, Port.north);
    if (x > 0) neighbour(Port.west, r - 1, Port.east);
    if (r === 0) {
      this.#leads[Port.west] = intoHost;
      this.#writer[Port.west] = host;
    }
  }

  /** Puts a packet into an input FIFO from outside the mesh; false when it has no room in this cycle. */
  offer(router: number, port: number, cycle: number, to: number, what: number, payload: number): boolean {
    const f = router * ports + port;
    if (!this.#fifos.roomAt(f, cycle)) return false;
    this.#put(f, cycle, to, what, payload);
    this.inFlight++;
    return true;
  }

  /** One cycle of one router. */
  step(r: number, cycle: number): void {
    const wants = this.#wants;
    const fifos = this.#fifos;
    const due = cycle - this.#config.hop;
    let any = 0;
    let single = 0;
    for (let inputs = this.#waiting[r]!; inputs !== 0; inputs &= inputs - 1) {
      const bit = inputs & -inputs;
      const place = fifos.head(r * ports + 31 - Math.clz32(bit));
      if (fifos.entered[place]! > due) continue;
      const exit = this.#output(r, fifos.to[place]!);
      if (any === 0 && inputs === bit) {
        // The only packet that can leave: nobody to compare it with.
        this.#grant(r, exit, bit, cycle);
        return;
      }
      wants[exit] = wants[exit]! | bit;
      any |= 1 << exit;
      single = exit;
    }
    if (any !== 0 && (any & (any - 1)) === 0) {
      const inputs = wants[single]!;
      wants[single] = 0;
      this.#grant(r, single, inputs, cycle);
      return;
    }
    for (let exit = 0; any !== 0; exit++, any >>= 1) {
      if ((any & 1) === 0) continue;
      this.#grant(r, exit, wants[exit]!, cycle);
      wants[exit] = 0;
    }
  }

  /** Gives the output to the next input in turn, if what lies behind has room. */
  #grant(r: number, exit: number, inputs: number, cycle: number): void {
    const o = r * ports + exit;
    const lead = this.#leads[o]!;
    if (lead === intoCore ? !this.#ends.hasRoom(r) : lead >= 0 && !this.#fifos.roomAt(lead, cycle)) return;
    const p = nextInTurn(inputs, this.#winner[o]!);
    this.#winner[o] = p;
    this.traffic[o] = this.traffic[o]! + 1;
    const f = r * ports + p;
    const place = this.#fifos.head(f);
    const what = this.#fifos.what[place]!;
    const payload = this.#fifos.payload[place]!;
    if (lead >= 0) {
      this.#put(lead, cycle, this.#fifos.to[place]!, what, payload);
    } else {
      this.inFlight--;
      if (lead === intoCore) this.#ends.deliver(r, what, payload, cycle);
      else this.#ends.leave(what, payload, cycle);
    }
    this.#removed(r, f, cycle);
    if ((inputs & (inputs - 1)) !== 0) this.#clock.wake(this.#config.firstUnit + r, cycle + 1, Phase.move);
  }

  /** Takes the head away; wakes whoever may go on because of it. */
  #removed(r: number, f: number, cycle: number): void {
    const { hop, firstUnit } = this.#config;
    const wasFull = this.#fifos.drop(f, cycle);
    if (this.#fifos.size[f]! === 0) {
      this.#waiting[r] = this.#waiting[r]! & ~(1 << (f - r * ports));
    } else {
      const ready = this.#fifos.entered[this.#fifos.head(f)]! + hop;
      this.#clock.wake(firstUnit + r, ready > cycle ? ready : cycle + 1, Phase.move);
    }
    if (wasFull) {
      const writer = this.#writer[f]!;
      this.#clock.wake(writer, cycle + 1, writer >= firstUnit ? Phase.move : Phase.put);
    }
  }

  #put(f: number, cycle: number, to: number, what: number, payload: number): void {
    this.#fifos.put(f, cycle, to, what, payload);
    const r = this.#owner[f]!;
    this.#waiting[r] = this.#waiting[r]! | (1 << (f - r * ports));
    this.#clock.wake(this.#config.firstUnit + r, cycle + this.#config.hop, Phase.move);
  }

  /** The output toward a destination: x first, then y, then out of the mesh. */
  #output(r: number, to: number): number {
    const target = to === toHost ? 0 : to;
    const dx = this.#x[target]! - this.#x[r]!;
    if (dx !== 0) return dx > 0 ? Port.east : Port.west;
    const dy = this.#y[target]! - this.#y[r]!;
    if (dy !== 0) return dy > 0 ? Port.south : Port.north;
    return to === toHost ? Port.west : Port.local;
  }

  /** Heads that cannot move, for the report of a deadlock: router, port and destination. */
  *stuck(): Generator<{ readonly router: number; readonly port: number; readonly to: number; readonly count: number }> {
    for (let f = 0; f < this.#fifos.size.length; f++) {
      const count = this.#fifos.size[f]!;
      if (count > 0) yield { router: Math.floor(f / ports), port: f % ports, to: this.#fifos.to[this.#fifos.head(f)]!, count };
    }
  }

  reset(): void {
    this.#winner.fill(Port.west);
    this.traffic.fill(0);
    this.#waiting.fill(0);
    this.inFlight = 0;
  }
}

/** The first set bit after bit `last`, cyclically among the ports. */
function nextInTurn(inputs: number, last: number): number {
  const after = inputs & (-2 << last);
  const from = after !== 0 ? after : inputs;
  return 31 - Math.clz32(from & -from);
}
