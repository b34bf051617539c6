import { detailedTiming } from "./detailed.ts";
import { exactTiming } from "./exact.ts";
import type { SanafeImage } from "./image.ts";
import type { Compiled } from "./kernels.ts";
import type { Messages, SanafeMachine } from "./machine.ts";

/*
 * How long a step takes, from the messages that the machine has listed. Seconds, with the barrier.
 *
 *   exact     every message followed through buffers, links and receiving cores (exact.ts)
 *   fast      an estimate of it: senders and receivers with their buffers, without the network between them
 *   simple    SANA-FE's `simple`: the busiest sender or receiver
 *   detailed  SANA-FE's `detailed` (detailed.ts)
 */

export const timings = ["exact", "fast", "simple", "detailed"] as const;
export type Timing = (typeof timings)[number];

/** Seconds of the step that the machine has just done. */
export type StepTime = () => number;

export function stepTime(machine: SanafeMachine, timing: Timing): StepTime {
  return timing === "fast" && machine.compiled !== null
    ? compiledFastTiming(machine.image, machine.compiled)
    : makers[timing](machine.image, machine.messages, machine.hopSeconds);
}

const makers: Readonly<Record<Timing, (image: SanafeImage, messages: Messages, hopSeconds: Float64Array) => StepTime>> = {
  exact: exactTiming,
  fast: fastTiming,
  simple: simpleTiming,
  detailed: detailedTiming,
};

function simpleTiming(image: SanafeImage, messages: Messages): StepTime {
  const { cores, sync } = image.tables;
  const received = new Float64Array(cores.length);
  return () => {
    received.fill(0);
    let most = 0;
    for (let c = 0; c < cores.length; c++) {
      let sent = messages.tail[c]!;
      for (let m = messages.first[c]!; m < messages.first[c + 1]!; m++) {
        sent += messages.generation[m]!;
        received[messages.to[m]!]! += messages.processing[m]!;
      }
      most = Math.max(most, sent);
    }
    for (const r of received) most = Math.max(most, r);
    return most + sync;
  };
}

/** Slices of a step's time: within one, senders take turns in the order of their numbers. */
const slices = 48;

/**
 * How many networks there are, how much room a sender's buffers have, and how many messages can wait at a receiver. In the exact model that
 * is its core's buffer and what stands before it, but messages for others stand there too, so that less is free. Half of the buffer
 * and two is fitted: test/bench/heldout.ts has the error on networks that it was not fitted to.
 */
function buffersOf(image: SanafeImage): { readonly networks: number; readonly room: number; readonly waits: number } {
  const { linkBuffer } = image.tables;
  const networks = linkBuffer > 1 ? 2 : 1;
  const each = Math.floor(linkBuffer / networks);
  return { networks, room: networks * each, waits: Math.round(each / 2) + 2 };
}

function compiledFastTiming(image: SanafeImage, compiled: Compiled): StepTime {
  const { networks, room, waits } = buffersOf(image);
  return () => compiled.fastTime(networks, room, waits, slices) + image.tables.sync;
}

/**
 * Senders and receivers without the network between them. A sender's messages leave its two buffers in order, each when its receiver has
 * room; a sender whose buffer is full waits.
 * Nothing is sorted: time goes on in slices, in each of which every sender sends what it has ready.
 */
function fastTiming(image: SanafeImage, messages: Messages, hopSeconds: Float64Array): StepTime {
  const { cores, sync } = image.tables;
  const count = cores.length;
  const { networks, room, waits } = buffersOf(image);
  const next = new Int32Array(count);
  const ready = new Float64Array(count);
  // By sender, rings of so many: when messages left its buffers. By receiver: when it began to work on them.
  const left = new Float64Array(count * room);
  const began = new Float64Array(count * waits);
  // Where a sender's and a receiver's next message stands in its ring.
  const ring = new Int32Array(count);
  const received = new Int32Array(count);
  const finished = new Float64Array(count);
  return () => {
    const { first, to, generation, processing, tail } = messages;
    let last = 0;
    let most = 0;
    let open = 0;
    for (let c = 0; c < count; c++) {
      let t = tail[c]!;
      for (let m = first[c]!; m < first[c + 1]!; m++) t += generation[m]!;
      most = Math.max(most, t);
      next[c] = first[c]!;
      if (first[c]! < first[c + 1]!) {
        ready[c] = generation[first[c]!]!;
        open++;
      }
    }
    left.fill(0);
    began.fill(0);
    ring.fill(0);
    received.fill(0);
    finished.fill(0);
    const width = most / slices;
    for (let slice = 1; open > 0; slice++) {
      const end = slice * width;
      for (let c = 0; c < count; c++) {
        let m = next[c]!;
        const stop = first[c + 1]!;
        if (m === stop || ready[c]! >= end) continue;
        const slots = c * room;
        const ways = c * count;
        const rest = tail[c]!;
        let k = ring[c]!;
        let t = ready[c]!;
        while (t < end) {
          const d = to[m]!;
          const slot = slots + k;
          const held = left[slot]!;
          const sent = t > held ? t : held;
          // The message before in the same network; nothing where this is the first.
          const behind = left[k < networks ? slot + room - networks : slot - networks]!;
          const turn = received[d]!;
          received[d] = turn + 1 === waits ? 0 : turn + 1;
          const place = d * waits + turn;
          let leaves = began[place]!;
          if (behind > leaves) leaves = behind;
          if (sent > leaves) leaves = sent;
          left[slot] = leaves;
          const arrives = leaves + hopSeconds[ways + d]!;
          const free = finished[d]!;
          const starts = arrives > free ? arrives : free;
          began[place] = starts;
          finished[d] = starts + processing[m]!;
          if (++k === room) k = 0;
          if (++m === stop) {
            if (sent + rest > most) most = sent + rest;
            open--;
            break;
          }
          t = sent + generation[m]!;
        }
        ring[c] = k;
        next[c] = m;
        ready[c] = t;
      }
    }
    for (let c = 0; c < count; c++) last = Math.max(last, finished[c]!);
    return Math.max(last, most) + sync;
  };
}
