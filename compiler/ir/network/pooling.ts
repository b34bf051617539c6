import { sizeOf } from "../../base/tensor.ts";
import { axesOf, planeOf, tapsOf } from "./kernels/axis.ts";
import { pooledShape } from "./kernels/index.ts";
import type { Pool } from "./types.ts";

/*
 * Pooling of binary events in front of a kernel.
 *
 *   or    the window spikes in a step in which at least one of its inputs does
 *   and   in a step in which all positions of the window do; a window that
 *         reaches into the padding therefore never spikes
 *   gate  arrivals are counted per input since the target became active; the input
 *         with the most, this step included (ties: the lowest index), passes its spike
 *
 * An output event is worth what its input's is, so sources of or and and have the same
 * amplitude in all positions.
 */

/** Events of one step: index[e] and value[e] for e < count. */
export type Events = { count: number; readonly index: Int32Array; readonly value: Float64Array };

export function eventsFor(size: number): Events {
  return { count: 0, index: new Int32Array(size), value: new Float64Array(size) };
}

export type Pooling = {
  /** Pools one step; the result is overwritten by the next call. */
  readonly apply: (from: Events) => Events;
  /** Forgets the arrivals of the last sample. */
  readonly restart: () => void;
};

export function poolingOf(pool: Pool, inShape: readonly number[]): Pooling {
  const windows = windowsOf(pool, inShape);
  const size = sizeOf(pooledShape(pool, inShape));
  return pool.mode === "gate"
    ? gatePooling(windows, size, sizeOf(pool.size))
    : countPooling(windows, size, pool.mode === "or" ? 1 : sizeOf(pool.size));
}

/** For each source neuron, entries start[s] … start[s+1]-1: the windows it is in, and its place in each. */
export type Windows = { readonly start: Int32Array; readonly window: Int32Array; readonly member: Int32Array };

/** Which windows each source neuron is in. */
export function windowsOf(pool: Pool, inShape: readonly number[]): Windows {
  const [y, x] = planeOf(axesOf(inShape.slice(1), pool.size, pool.stride, pool.pads, null));
  const [tapsY, tapsX] = [tapsOf(y), tapsOf(x)];
  const start = new Int32Array(sizeOf(inShape) + 1);
  const window: number[] = [];
  const member: number[] = [];
  let s = 0;
  for (let c = 0; c < inShape[0]!; c++) {
    for (let py = 0; py < y.input; py++) {
      for (let px = 0; px < x.input; px++) {
        for (let ey = tapsY.start[py]!; ey < tapsY.start[py + 1]!; ey++) {
          for (let ex = tapsX.start[px]!; ex < tapsX.start[px + 1]!; ex++) {
            window.push((c * y.output + tapsY.output[ey]!) * x.output + tapsX.output[ex]!);
            member.push(tapsY.tap[ey]! * x.kernel + tapsX.tap[ex]!);
          }
        }
        start[++s] = window.length;
      }
    }
  }
  return { start, window: Int32Array.from(window), member: Int32Array.from(member) };
}

/** or and and: a window acts once in a step, when `need` of its inputs have spiked in it. */
function countPooling({ start, window }: Windows, size: number, need: number): Pooling {
  const out = eventsFor(size);
  const arrived = new Int32Array(size);
  return {
    apply(from) {
      out.count = 0;
      for (let e = 0; e < from.count; e++) {
        const end = start[from.index[e]! + 1]!;
        for (let k = start[from.index[e]!]!; k < end; k++) {
          const w = window[k]!;
          if (++arrived[w]! !== need) continue;
          out.index[out.count] = w;
          out.value[out.count++] = from.value[e]!;
        }
      }
      for (let e = 0; e < from.count; e++) {
        const end = start[from.index[e]! + 1]!;
        for (let k = start[from.index[e]!]!; k < end; k++) arrived[window[k]!] = 0;
      }
      return out;
    },
    restart() {},
  };
}

function gatePooling({ start, window, member }: Windows, size: number, members: number): Pooling {
  const out = eventsFor(size);
  const counts = new Int32Array(size * members);
  const value = new Float64Array(size * members);
  const touched = new Int32Array(size);
  const isTouched = new Uint8Array(size);
  return {
    apply(from) {
      let windows = 0;
      for (let e = 0; e < from.count; e++) {
        const end = start[from.index[e]! + 1]!;
        for (let k = start[from.index[e]!]!; k < end; k++) {
          const w = window[k]!;
          const m = w * members + member[k]!;
          counts[m]!++;
          value[m] = from.value[e]!;
          if (isTouched[w] === 0) touched[windows++] = w;
          isTouched[w] = 1;
        }
      }
      out.count = 0;
      for (let t = 0; t < windows; t++) {
        const w = touched[t]!;
        isTouched[w] = 0;
        let best = w * members;
        for (let m = best + 1; m < (w + 1) * members; m++) if (counts[m]! > counts[best]!) best = m;
        if (value[best] !== 0) {
          out.index[out.count] = w;
          out.value[out.count++] = value[best]!;
        }
        value.fill(0, w * members, (w + 1) * members);
      }
      return out;
    },
    restart() {
      counts.fill(0);
    },
  };
}
