import { detailedTiming } from "./detailed.ts";
import { exactTiming } from "./exact.ts";
import type { SanafeImage } from "./image.ts";
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
  return makers[timing](machine.image, machine.messages, machine.hopSeconds);
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

/**
 * How much of the buffers on a way is free for one receiver's messages, since those for others stand in them too. Fitted: of 1/5,
 * 1/4, 3/8, 1/2 and more, a quarter comes nearest to the exact model on the DVS-gesture network.
 */
const freeShare = 1 / 4;

/** Slices of a step's time: within one, senders take turns in the order of their numbers. */
const slices = 48;

/**
 * Senders and receivers without the network between them. A sender's messages leave its two buffers in order, each when its receiver has
 * room; a sender whose buffer is full waits.
 * Nothing is sorted: time goes on in slices, in each of which every sender sends what it has ready.
 */
function fastTiming(image: SanafeImage, messages: Messages, hopSeconds: Float64Array): StepTime {
  const { cores, sync, linkBuffer } = image.tables;
  const count = cores.length;
  const networks = linkBuffer > 1 ? 2 : 1;
  const room = networks * Math.floor(linkBuffer / networks);
  const waits = Math.max(1, Math.round(room * freeShare));
  const next = new Int32Array(count);
  const ready = new Float64Array(count);
  // By sender, rings of so many: when messages left its buffers. By receiver: when it began to work on them.
  const left = new Float64Array(count * room);
  const began = new Float64Array(count * waits);
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
    received.fill(0);
    finished.fill(0);
    const width = most / slices;
    for (let slice = 1; open > 0; slice++) {
      const end = slice * width;
      for (let c = 0; c < count; c++) {
        let m = next[c]!;
        const stop = first[c + 1]!;
        if (m === stop || ready[c]! >= end) continue;
        let t = ready[c]!;
        while (t < end) {
          const k = m - first[c]!;
          const d = to[m]!;
          const slot = c * room + (k % room);
          const sent = Math.max(t, left[slot]!);
          const place = d * waits + (received[d]!++ % waits);
          const behind = k < networks ? 0 : left[c * room + ((k - networks) % room)]!;
          const leaves = Math.max(sent, behind, began[place]!);
          left[slot] = leaves;
          const starts = Math.max(leaves + hopSeconds[c * count + d]!, finished[d]!);
          began[place] = starts;
          finished[d] = starts + processing[m]!;
          if (++m === stop) {
            most = Math.max(most, sent + tail[c]!);
            open--;
            break;
          }
          t = sent + generation[m]!;
        }
        next[c] = m;
        ready[c] = t;
      }
    }
    for (let c = 0; c < count; c++) last = Math.max(last, finished[c]!);
    return Math.max(last, most) + sync;
  };
}
