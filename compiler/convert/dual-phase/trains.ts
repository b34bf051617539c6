import { sizeOf } from "../../base/tensor.ts";
import { pooledShape } from "../../ir/network/kernels/index.ts";
import { eventsFor, poolingOf } from "../../ir/network/pooling.ts";
import type { Pool } from "../../ir/network/types.ts";

/**
 * What one layer sends in one sample, as lists of events: those of step t are entries
 * start[t] … start[t+1]-1, each the index of a neuron and what its event is worth (payload
 * times amplitude). A still train has one step, which is repeated in all.
 */
export type Train = { readonly still: boolean; readonly start: Int32Array; readonly index: Int32Array; readonly value: Float64Array };

/** First and last entry of step t. */
export function stepOf(train: Train, t: number): readonly [number, number] {
  const s = train.still ? 0 : t;
  return [train.start[s]!, train.start[s + 1]!];
}

/** The sample itself, given in every step. */
export function stillTrain(sample: ArrayLike<number>): Train {
  return { ...listed(1, sample.length, (_, i) => sample[i]!), still: true };
}

/** Payloads [steps × count] of neurons with these amplitudes. */
export function spikeTrain(payloads: Int8Array, steps: number, amplitude: Float64Array): Train {
  const count = amplitude.length;
  return { ...listed(steps, count, (t, i) => payloads[t * count + i]! * amplitude[i]!), still: false };
}

function listed(steps: number, count: number, valueOf: (step: number, i: number) => number): Omit<Train, "still"> {
  const start = new Int32Array(steps + 1);
  const index: number[] = [];
  const value: number[] = [];
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < count; i++) {
      const v = valueOf(t, i);
      if (v === 0) continue;
      index.push(i);
      value.push(v);
    }
    start[t + 1] = index.length;
  }
  return { start, index: Int32Array.from(index), value: Float64Array.from(value) };
}

/** What is left behind a pooling, which sees the whole train in order. */
export function pooledTrains(trains: readonly Train[], pool: Pool | null, shape: readonly number[]): readonly Train[] {
  if (pool === null) return trains;
  const pooling = poolingOf(pool, shape);
  const events = eventsFor(Math.max(sizeOf(shape), sizeOf(pooledShape(pool, shape))));
  return trains.map((train) => {
    pooling.restart();
    const [start, index, value]: [number[], number[], number[]] = [[0], [], []];
    for (let t = 0; t + 1 < train.start.length; t++) {
      const [from, to] = stepOf(train, t);
      events.index.set(train.index.subarray(from, to));
      events.value.set(train.value.subarray(from, to));
      events.count = to - from;
      const out = pooling.apply(events);
      for (let e = 0; e < out.count; e++) {
        index.push(out.index[e]!);
        value.push(out.value[e]!);
      }
      start.push(index.length);
    }
    return { still: train.still, start: Int32Array.from(start), index: Int32Array.from(index), value: Float64Array.from(value) };
  });
}

/** Mean size of an event, over the first trains that have any; 1 where nothing is ever sent. */
export function meanSize(trains: readonly Train[]): number {
  let [sum, count] = [0, 0];
  for (const { value } of trains) {
    for (const v of value) sum += Math.abs(v);
    count += value.length;
    if (count > 10_000) break;
  }
  return sum > 0 ? sum / count : 1;
}
