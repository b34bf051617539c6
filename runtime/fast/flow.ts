import * as l from "../kernels/layout.ts";
import type { Machine } from "./build.ts";

/*
 * When the packets of a step have arrived: an estimate that knows which links they load. Packets are not
 * followed one by one; each source is a stream from its first packet to its last, and each link
 * passes one packet a cycle. A link is done when its last packet can have come, or when all have
 * passed one after another since the first, whichever is later. Streams are followed along their way
 * (x first, then y), so that a link that is late makes the next one late.
 *
 * A packet at the head of a FIFO keeps those behind it waiting. So each input of a router, that has n packets for its
 * outputs, needs more than n cycles: a packet for output o waits for those that other inputs have at their heads for o, which is
 * as likely as they have such packets; and it waits where the FIFO behind o is full. With f the packets from input to output
 * and w[o] the cycles that a packet takes where it goes on, input i needs T cycles, where
 *
 *   T = sum over o of f[i][o] (w[o] + w[o] * sum over j other than i of f[j][o] w[o] / T),
 *
 * each wait at most w[o]. At first w is 1 for a core and the FIFO's gap for a link; then w of the output that leads to this input
 * is that much and b (n - F) / n times what T / n is more: the first F packets find room in the FIFO. b, the part of such
 * waiting that reaches the router before, is fitted (backPressure in kernels/layout.ts). XY routing has no circles, so inputs can be taken
 * in an order in which each w is known: columns from their ends, then lines from theirs. The kernel `meshFlow` does it all.
 */

type Mesh = {
  readonly columns: number;
  readonly rows: number;
  /** Router of each core. */
  readonly routerOf: Int32Array;
};

/** Cycles from one packet to the next through a FIFO: a packet stays `hop` cycles, and its place is free in the one after. */
export function gapOf(hop: number, fifo: number): number {
  return Math.max(1, (hop + 1) / fifo);
}

/** Bytes that a machine keeps for a flow (`BuildOptions.room`). */
export function flowRoom({ columns, rows, routerOf }: Mesh): number {
  const long = Math.max(columns, rows) + 1;
  const routers = columns * rows;
  const sources = routerOf.length + 1;
  return (
    l.flowBytes + 8 * sources + 4 * (rows + 2) + 8 * (2 * sources + (3 * l.portCount + l.portCount ** 2 + 7) * routers + 3 * long) + 32
  );
}

export class MeshFlow {
  /** Packets that left by output o of router r so far, at 5r + o. */
  readonly traffic: Float64Array;
  /** To be filled by source before `finish`: cycles in which it puts its first and its last packet. The host is the last source. */
  readonly begins: Float64Array;
  readonly ends: Float64Array;
  readonly gap: number;
  readonly #machine: Machine;
  readonly #at: number;

  /** `fifo`: packets that each FIFO holds; `reached`: routers that have packets at all: nothing beyond them is looked at. */
  constructor(machine: Machine, mesh: Mesh, hop: number, fifo: number, reached: Iterable<number>) {
    const { columns, rows } = mesh;
    const { i32, f64 } = machine.memory;
    const routers = columns * rows;
    const routerOf = [...mesh.routerOf, 0];
    this.#machine = machine;
    this.#at = machine.built.room;
    let free = this.#at + l.flowBytes;
    const set = (field: number, value: number): void => {
      i32[(this.#at + field) >>> 2] = value;
    };
    const words = (field: number, content: readonly number[]): void => {
      set(field, free);
      i32.set(content, free >>> 2);
      free += 4 * content.length;
    };
    const doubles = (field: number, n: number): Float64Array => {
      free = Math.ceil(free / 8) * 8;
      set(field, free);
      free += 8 * n;
      return f64.subarray(free / 8 - n, free / 8);
    };
    let right = 0;
    let bottom = 0;
    for (const r of reached) {
      right = Math.max(right, r % columns);
      bottom = Math.max(bottom, Math.floor(r / columns));
    }
    set(l.flowColumns, columns);
    set(l.flowRows, rows);
    set(l.flowRight, right);
    set(l.flowBottom, bottom);
    set(l.flowHop, hop);
    set(l.flowFifo, fifo);
    this.gap = gapOf(hop, fifo);
    f64[(this.#at + l.flowGap) / 8] = this.gap;
    // Sources of each line, from west to east.
    const place = (s: number): number => routerOf[s]!;
    const order = routerOf.map((_, s) => s).sort((a, b) => place(a) - place(b) || a - b);
    const before = Array.from({ length: rows + 1 }, (_, y) => routerOf.filter((r) => r < y * columns).length);
    words(l.flowRouterOf, routerOf);
    words(l.flowSources, order);
    words(l.flowStarts, before);
    this.begins = doubles(l.flowBegins, routerOf.length);
    this.ends = doubles(l.flowEnds, routerOf.length);
    this.traffic = doubles(l.flowTraffic, l.portCount * routers);
    for (const field of [l.flowTurnFirst, l.flowTurnLast, l.flowEndFirst, l.flowEndLast]) doubles(field, routers);
    for (const field of [l.flowOver, l.flowWait]) doubles(field, l.portCount * routers);
    doubles(l.flowOwn, 3 * routers);
    doubles(l.flowTurns, l.portCount ** 2 * routers);
    for (const field of [l.flowLoad, l.flowFirst, l.flowLast]) doubles(field, Math.max(columns, rows) + 1);
  }

  reset(): void {
    this.traffic.fill(0);
  }

  /** The first cycle in which all packets of the step have left the mesh; 0 without packets. */
  finish(): number {
    return this.#machine.kernels.meshFlow(this.#machine.built.machine, this.#at);
  }
}
