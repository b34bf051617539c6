import { bug, must } from "../../compiler/base/bug.ts";
import type { InputEvents } from "../device.ts";
import * as l from "../kernels/layout.ts";
import type { Machine } from "./build.ts";
import type { PlanInput } from "./plan.ts";

/** The host's side of the fast model: what it sends in a step goes into a list of its own. */
export class HostFeed {
  readonly #inputs: readonly PlanInput[];
  readonly #m: Machine;
  readonly #waiting = new Map<number, InputEvents[]>();

  constructor(inputs: readonly PlanInput[], machine: Machine) {
    this.#inputs = inputs;
    this.#m = machine;
  }

  reset(): void {
    this.#waiting.clear();
  }

  /** Keeps events until their step. */
  queue(e: InputEvents, now: number): void {
    must(e.step >= now, `events for step ${e.step} come after that step has run`);
    const channels = (this.#inputs[e.input] ?? bug(`the image has no input ${e.input}`)).channels;
    for (let k = 0; k < e.channel.length; k++)
      must(e.channel[k]! < channels && e.payload[k] !== 0, "an event has a channel of its input and a payload that is not 0");
    const list = this.#waiting.get(e.step);
    if (list === undefined) this.#waiting.set(e.step, [e]);
    else list.push(e);
  }

  /** Sends the packets of step t; returns how many. Those for the host itself are appended to `outputs`. */
  send(t: number, outputs: { readonly line: number; readonly payload: number; readonly core: number }[]): number {
    const events = this.#waiting.get(t);
    if (events === undefined) return 0;
    this.#waiting.delete(t);
    let sent = 0;
    for (const e of events) {
      const { start, what } = this.#inputs[e.input]!;
      const words = this.#m.built.hostWords[e.input]!;
      for (let k = 0; k < e.channel.length; k++) {
        const end = start[e.channel[k]! + 1]!;
        for (let r = start[e.channel[k]!]!; r < end; r++) this.#send(t, words[r]!, what[r]!, e.payload[k]!, outputs);
        sent += end - start[e.channel[k]!]!;
      }
    }
    return sent;
  }

  #send(t: number, word: number, what: number, payload: number, outputs: { line: number; payload: number; core: number }[]): void {
    const { built: b, memory } = this.#m;
    const { i32 } = memory;
    const to = word & ((1 << l.routeDelayShift) - 1);
    const kind = word >>> l.routeKindShift;
    const table = b.tables[0]!;
    const add = (address: number): void => {
      i32[address >>> 2] = i32[address >>> 2]! + 1;
    };
    add(table.routed + 4 * to);
    const columnOf = i32[(b.machine + l.machineColumnOf) >>> 2]! >>> 0;
    add(b.columns + 4 * ((b.destinations - 1) * b.width + i32[(columnOf >>> 2) + to]!));
    if (kind === l.routeHost) {
      outputs.push({ line: what, payload, core: -1 });
    } else if (kind === l.routeLost) {
      add(table.lost + 4 * to);
    } else {
      const cores = b.destinations - 1;
      const slot = (t + 1 + ((word >>> l.routeDelayShift) & 0xff)) % b.slots;
      const tail = (b.hostTails >>> 2) + slot * cores + to;
      const place = i32[tail]! >>> 0;
      const held = (place - (i32[(b.hostStarts >>> 2) + slot * cores + to]! >>> 0)) / l.eventBytes;
      must(held < b.hostRoom[to]!, "the host sends each channel at most twice in a step");
      i32[place >>> 2] = what;
      i32[(place >>> 2) + 1] = payload;
      i32[tail] = place + l.eventBytes;
    }
  }
}
