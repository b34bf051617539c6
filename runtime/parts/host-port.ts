import { bug, must } from "../../compiler/base/bug.ts";
import { type Clock, Phase } from "../clock.ts";
import type { InputEvents } from "../device.ts";
import type { Barrier } from "./barrier.ts";
import { type MeshRouters, Port } from "./router.ts";

/** An input of the image, its targets as destinations. */
export type HostInput = { readonly channels: number; readonly start: Uint32Array; readonly to: Int32Array; readonly what: Int32Array };

/** A packet as the host puts it: destination router or `toHost`, what it says there, and its payload. */
export type HostPacket = { readonly to: number; readonly what: number; readonly payload: number };

/** The host's side of a mesh: packets for the west input of router (0,0), one a cycle while that has room. */
export class HostPort {
  /** Packets put so far. */
  sent = 0;
  readonly #inputs: readonly HostInput[];
  readonly #unit: number;
  readonly #routers: MeshRouters;
  readonly #clock: Clock;
  readonly #barrier: Barrier;
  readonly #waiting = new Map<number, InputEvents[]>();
  /** Packets that were handed over as they are, for the next step. */
  #packets: HostPacket[] = [];
  #report: ((cycle: number, to: number, what: number) => void) | null = null;
  /** Packets of the running step, and the next one. */
  #to: number[] = [];
  #what: number[] = [];
  #payload: number[] = [];
  #next = 0;

  constructor(inputs: readonly HostInput[], unit: number, routers: MeshRouters, clock: Clock, barrier: Barrier) {
    this.#inputs = inputs;
    this.#unit = unit;
    this.#routers = routers;
    this.#clock = clock;
    this.#barrier = barrier;
  }

  reset(): void {
    this.sent = 0;
    this.#waiting.clear();
    this.#packets = [];
    this.#next = 0;
    this.#to = [];
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

  /** Hands over a packet of the next step, as it is; such packets go first, in their order. */
  queuePacket(packet: HostPacket): void {
    this.#packets.push(packet);
  }

  /** Lines up the packets of a step: those handed over as they are, then by input, channel, target. */
  begin(step: number, report: ((cycle: number, to: number, what: number) => void) | null): void {
    this.#report = report;
    this.#to = [];
    this.#what = [];
    this.#payload = [];
    this.#next = 0;
    this.#lineUpPackets();
    const events = this.#waiting.get(step) ?? [];
    this.#waiting.delete(step);
    for (const [i, input] of this.#inputs.entries()) {
      const own = events.filter((e) => e.input === i);
      const [only] = own;
      if (only !== undefined) this.#lineUpAll(input, own.length === 1 ? only : merged(own));
    }
    if (this.#to.length > 0) this.#clock.wake(this.#unit, 0, Phase.put);
  }

  #lineUpPackets(): void {
    for (const { to, what, payload } of this.#packets) {
      this.#to.push(to);
      this.#what.push(what);
      this.#payload.push(payload);
    }
    this.#packets = [];
  }

  #lineUpAll(input: HostInput, { channel, payload }: Pick<InputEvents, "channel" | "payload">): void {
    for (const k of inOrder(channel)) this.#lineUp(input, channel[k]!, payload[k]!);
  }

  #lineUp(input: HostInput, channel: number, payload: number): void {
    for (let k = input.start[channel]!; k < input.start[channel + 1]!; k++) {
      this.#to.push(input.to[k]!);
      this.#what.push(input.what[k]!);
      this.#payload.push(payload);
    }
  }

  put(cycle: number): void {
    const k = this.#next;
    if (k === this.#to.length) return;
    const to = this.#to[k]!;
    const what = this.#what[k]!;
    if (!this.#routers.offer(0, Port.west, cycle, to, what, this.#payload[k]!)) return;
    this.sent++;
    this.#next = k + 1;
    this.#report?.(cycle, to, what);
    if (this.#next < this.#to.length) this.#clock.wake(this.#unit, cycle + 1, Phase.put);
    else this.#barrier.done(cycle + 1);
  }
}

/** Several deliveries for one input and step as one. */
function merged(list: readonly InputEvents[]): Pick<InputEvents, "channel" | "payload"> {
  return { channel: Int32Array.from(list.flatMap((e) => [...e.channel])), payload: Int32Array.from(list.flatMap((e) => [...e.payload])) };
}

/** Indices of the channels in ascending order of channel; equal ones keep their order. */
function inOrder(channel: Int32Array): Uint32Array {
  const index = Uint32Array.from(channel.keys());
  const sorted = channel.every((c, k) => k === 0 || channel[k - 1]! <= c);
  return sorted ? index : index.sort((p, q) => channel[p]! - channel[q]! || p - q);
}
