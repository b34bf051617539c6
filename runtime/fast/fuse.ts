import * as l from "../kernels/layout.ts";
import type { Memory } from "../kernels/kernels.ts";
import { Emit } from "../kernels/neurons.ts";
import { Kind, Mode, type Plan, type PlanCore } from "./plan.ts";

/*
 * How spikes reach their targets. A route usually ends in a list of events that the target
 * core takes in its step. Where it leads to an axon with a short sparse row, whose weights
 * would be added one by one anyway, the row is fused into the sender: its synapses lie in the
 * sender's list and are added when the spike is sent. In a random network, where nearly every
 * packet carries one synapse, that saves the event, the axon and the row: three places far apart in memory.
 *
 * Both ways add the same numbers to the same accumulators, which wrap, so no result depends on it.
 */

/** Rows with more entries are not fused: reading them once in the target core is cheaper than copying them to every sender. */
const entriesMax = 16;

type Room = { readonly take: (bytes: number) => number; readonly later: (fill: (m: Memory) => void) => void };

export type Fusion = {
  /** Somebody else carries the packets: there are no lists, and nothing is fused. */
  readonly carried: boolean;
  /** Events that can wait at [list][core]. */
  readonly room: Int32Array;
  /** Routes to the host, by thread. */
  readonly hostRoutes: Int32Array;
  readonly delayMax: number;
  readonly fusedPackets: number;
  readonly fusedSynapses: number;
  /** Route words of what the host sends, by input. */
  readonly hostWords: readonly Int32Array[];
  /** Cores that some route leads to. */
  readonly reached: Int32Array;
  /** Lays out what the slots of a core send; returns where routes and fused packets begin by slot (0: none). */
  readonly place: (arena: Room, source: number, core: PlanCore) => Lists;
};

type Lists = Readonly<Record<"routes" | "packets", number>>;

/** No lists at all: packets are somebody else's. */
export function carried(plan: Plan): Fusion {
  return {
    carried: true,
    room: new Int32Array(2 * plan.cores.length),
    hostRoutes: new Int32Array(1),
    hostWords: [],
    reached: new Int32Array(0),
    delayMax: -1,
    fusedPackets: 0,
    fusedSynapses: 0,
    place: () => ({ routes: 0, packets: 0 }),
  };
}

/** What each axon of a core is to its senders: nothing, the end of a list, or a row of so many entries to fuse. */
type Ways = Uint8Array;
const lost = 0;
const stored = 1;
const fused = 2;

/** Lists of one core's senders: routes, fused packets, those of them that have not just one synapse, fused synapses. */
type Lengths = { routes: number; packets: number; several: number; synapses: number };

export function fuse(plan: Plan, threadOf: Int32Array, threads: number, offsets: Int32Array): Fusion {
  const cores = plan.cores.length;
  const mask = 2 ** plan.axonBits - 1;
  const ways = plan.cores.map((c, d): Ways => (c === null ? new Uint8Array(0) : waysOf(plan, c, d, offsets[d]!)));
  /** First weight of each axon's row, by core. */
  const rowFrom = plan.cores.map((c) => (c === null ? new Int32Array(0) : c.axons.row.map((r) => (r < 0 ? 0 : c.rows[r]!.from))));
  const delays = plan.cores.map((c) => c?.axons.delay ?? new Int32Array(0));
  const room = new Int32Array((threads + 1) * cores);
  const hostRoutes = new Int32Array(threads);
  let delayMax = 0;
  const arrives = (list: number, to: number, axon: number): void => {
    room[list * cores + to] = room[list * cores + to]! + 1;
    const delay = delays[to]![axon]!;
    if (delay > delayMax) delayMax = delay;
  };
  const lengths = plan.cores.map((core, s): Lengths => {
    const n: Lengths = { routes: 0, packets: 0, several: 0, synapses: 0 };
    if (core === null) return n;
    const list = threadOf[s]!;
    const { routeTo, routeWhat } = core;
    const unit = sendsUnits(core);
    for (let k = 0; k < core.slots; k++) {
      const first = core.routeFirst[k]!;
      const end = first + core.routeCount[k]!;
      for (let r = first; r < end; r++) {
        const to = routeTo[r]!;
        if (to < 0) {
          n.routes++;
          hostRoutes[list] = hostRoutes[list]! + 1;
          continue;
        }
        const axon = routeWhat[r]! & mask;
        const way = ways[to]![axon] ?? lost;
        if (way >= fused && unit[k] === 1) {
          n.packets++;
          if (way !== fused + 1) n.several++;
          n.synapses += way - fused;
        } else {
          n.routes++;
          if (way !== lost) arrives(list, to, axon);
        }
      }
    }
    return n;
  });
  for (const input of plan.inputs) {
    for (let r = 0; r < input.to.length; r++) {
      const to = input.to[r]!;
      if (to < 0) continue;
      const axon = input.what[r]! & mask;
      // A channel may be sent to twice in a step.
      if ((ways[to]![axon] ?? lost) !== lost) {
        arrives(threads, to, axon);
        arrives(threads, to, axon);
      }
    }
  }

  const routeWord = (to: number, what: number): number => {
    if (to < 0) return cores | (l.routeHost << l.routeKindShift);
    const axon = what & mask;
    if ((ways[to]![axon] ?? lost) === lost) return to | (l.routeLost << l.routeKindShift);
    return to | (delays[to]![axon]! << l.routeDelayShift);
  };

  const place = (arena: Room, source: number, core: PlanCore): Lists => {
    const unit = sendsUnits(core);
    const n = lengths[source]!;
    const at: Lists = {
      routes: n.routes > 0 ? arena.take(4 * (core.slots + 1)) : 0,
      packets: n.packets > 0 ? arena.take(8 * (core.slots + 1)) : 0,
    };
    const routes = arena.take(n.routes * l.routeBytes);
    const packets = arena.take(n.several * l.packetBytes + n.synapses * l.synapseBytes);
    arena.later((m) => {
      let r = routes >>> 2;
      let p = packets >>> 2;
      /** Writes a fused packet's synapses. */
      const synapses = (to: number, axon: number, entries: number): void => {
        const { axons, weights, sparseSlots } = plan.cores[to]!;
        const factor = axons.factor[axon]!;
        const first = rowFrom[to]![axon]!;
        for (let i = first; i < first + entries; i++)
          m.i32[p++] = (offsets[to]! + sparseSlots[i]!) | ((weights[i]! * factor) << l.synapseWeightShift);
      };
      for (let k = 0; k < core.slots; k++) {
        if (at.routes !== 0) m.i32[(at.routes >>> 2) + k] = r << 2;
        if (at.packets !== 0) m.i32[(at.packets >>> 2) + 2 * k] = p << 2;
        const first = core.routeFirst[k]!;
        const end = first + core.routeCount[k]!;
        const wayOf = (j: number): number => {
          const to = core.routeTo[j]!;
          return to < 0 || unit[k] !== 1 ? lost : (ways[to]![core.routeWhat[j]! & mask] ?? lost);
        };
        // Packets of one synapse, then those of several, then what goes by routes.
        for (let j = first; j < end; j++) if (wayOf(j) === fused + 1) synapses(core.routeTo[j]!, core.routeWhat[j]! & mask, 1);
        if (at.packets !== 0) m.i32[(at.packets >>> 2) + 2 * k + 1] = p << 2;
        for (let j = first; j < end; j++) {
          const to = core.routeTo[j]!;
          const what = core.routeWhat[j]!;
          const entries = wayOf(j) - fused;
          if (entries < 0) {
            m.i32[r++] = routeWord(to, what);
            m.i32[r++] = what;
          } else if (entries !== 1) {
            m.i32[p++] = to | (entries << l.packetEntriesShift);
            synapses(to, what & mask, entries);
          }
        }
      }
      if (at.routes !== 0) m.i32[(at.routes >>> 2) + core.slots] = r << 2;
      if (at.packets !== 0) m.i32[(at.packets >>> 2) + 2 * core.slots] = p << 2;
    });
    return at;
  };
  const hostWords = plan.inputs.map((input) => Int32Array.from(input.to, (to, r) => routeWord(to, input.what[r]!)));
  const reached = new Uint8Array(cores);
  for (const c of plan.cores) c?.routeTo.forEach((to) => to >= 0 && (reached[to] = 1));
  for (const input of plan.inputs) input.to.forEach((to) => to >= 0 && (reached[to] = 1));
  const sum = (name: keyof Lengths): number => lengths.reduce((total, n) => total + n[name], 0);
  return {
    carried: false,
    room,
    hostRoutes,
    delayMax,
    fusedPackets: sum("packets"),
    fusedSynapses: sum("synapses"),
    hostWords,
    reached: Int32Array.from(reached.keys()).filter((d) => reached[d] === 1),
    place,
  };
}

/** Slots whose payloads are +1 and -1. */
function sendsUnits(core: PlanCore): Uint8Array {
  const out = new Uint8Array(core.slots);
  for (const r of core.runs) {
    const p = core.profiles[r.profile];
    if (p !== undefined && p.emit === Emit.unit && !p.output) out.fill(1, r.first, r.end);
  }
  return out;
}

/** How events reach each axon of a core. */
function waysOf(plan: Plan, core: PlanCore, index: number, offset: number): Uint8Array {
  const { axons, rows, weights } = core;
  const column = plan.routerOf[index]! % plan.columns;
  const near = index < 1 << l.homeColumnShift && column < 1 << (32 - l.homeColumnShift) && offset + core.slots <= 1 << l.synapseWeightShift;
  const fits = near && !core.neurons.byTouch;
  return Uint8Array.from(axons.used, (used, a) => {
    if (used !== 1) return lost;
    const row = rows[axons.row[a]!]!;
    const factor = axons.factor[a]!;
    const short = row.kind === Kind.sparse && row.count <= entriesMax && axons.mode[a] === Mode.each && axons.delay[a] === 0;
    if (!fits || !short || Math.abs(factor) !== 1) return stored;
    for (let i = row.from; i < row.from + row.count; i++) if (Math.abs(weights[i]!) > 127) return stored;
    return fused + row.count;
  });
}
