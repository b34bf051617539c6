import { type Clock, Phase } from "../../runtime/clock.ts";
import type { Barrier } from "../../runtime/parts/barrier.ts";
import { type MeshRouters, Port, toHost } from "../../runtime/parts/router.ts";
import type { Core, Cycles } from "./core.ts";
import { meshEvents } from "./trace.ts";

/** What a sender tells a trace. */
export type SendReport = (cycle: number, event: string, a: number, b: number) => void;

/** The part of a core that sends: it works through the step's emissions, slot by slot, and waits where the injection FIFO is full. */
export class Sender {
  readonly core: Core;
  readonly #send: number;
  readonly #routers: MeshRouters;
  readonly #clock: Clock;
  readonly #barrier: Barrier;
  readonly #sent: Float64Array;
  #report: SendReport | null = null;
  /** Cycles of the whole update, and of it until the emission at work. */
  #total = 0;
  #worked = 0;
  #emission = 0;
  #payload = 0;
  #route = 0;
  #routeEnd = 0;
  /** Cycle from which on the packet can be put. */
  #ready = 0;
  #busy = false;

  constructor(core: Core, cycles: Cycles, routers: MeshRouters, clock: Clock, barrier: Barrier, sent: Float64Array) {
    this.core = core;
    this.#send = cycles.send;
    this.#routers = routers;
    this.#clock = clock;
    this.#barrier = barrier;
    this.#sent = sent;
  }

  /** The update starts in cycle `from` of the step and takes `total` cycles besides sending. */
  begin(from: number, total: number, report: SendReport | null): void {
    this.#report = report;
    this.#total = total;
    this.#worked = 0;
    this.#emission = 0;
    this.#route = 0;
    this.#routeEnd = 0;
    this.#next(from);
  }

  /** Work goes on in cycle `from`: to the next packet, or to the end. */
  #next(from: number): void {
    const { emissions, routeFirst, routeCount } = this.core;
    let at = from;
    while (this.#route === this.#routeEnd) {
      if (this.#emission === emissions.count) {
        this.#busy = false;
        at += this.#total - this.#worked;
        this.#barrier.done(at);
        this.#report?.(at, meshEvents.coreDone.name, 0, 0);
        return;
      }
      const worked = this.core.readyAt(this.#emission);
      at += worked - this.#worked;
      this.#worked = worked;
      const slot = emissions.slot[this.#emission]!;
      this.#payload = emissions.payload[this.#emission]!;
      this.#report?.(at, (this.core.isOutput[slot] === 1 ? meshEvents.potentialOut : meshEvents.spikeOut).name, slot, this.#payload);
      this.#route = routeFirst[slot]!;
      this.#routeEnd = this.#route + routeCount[slot]!;
      this.#emission++;
    }
    this.#busy = true;
    this.#ready = at + this.#send;
    this.#clock.wake(this.core.index, this.#ready, Phase.put);
  }

  /** Puts the packet, unless it is not ready or the FIFO has no room; room made later wakes the core again. */
  put(cycle: number): void {
    if (!this.#busy || cycle < this.#ready) return;
    const { index, routeTo, routeWhat } = this.core;
    const to = routeTo[this.#route]!;
    const what = routeWhat[this.#route]!;
    if (!this.#routers.offer(index, Port.local, cycle, to, what, this.#payload)) return;
    this.#sent[index] = this.#sent[index]! + 1;
    this.#report?.(cycle, meshEvents.packetSend.name, to, to === toHost ? what : what & 0xfff);
    this.#route++;
    this.#next(cycle + 1);
  }
}
