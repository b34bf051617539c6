import type { Events } from "./pooling.ts";
import type { Population } from "./types.ts";

/*
 * Input that is added source by source, for neurons whose additions saturate.
 *
 * Sources are numbered through all populations of their neuron model, in order of
 * the populations' ids: inputs from 0, and neurons from 0. They are taken in order
 * of these numbers; what several sources of one number send (an input and a neuron)
 * is added up first.
 */

/** Number of the first neuron of each population. */
export function placesOf(pops: readonly Population[], sizeOf: (p: Population) => number): number[] {
  const next = new Map<string, number>();
  return pops.map((p) => {
    const first = next.get(p.neuron.model) ?? 0;
    next.set(p.neuron.model, first + sizeOf(p));
    return first;
  });
}

/** What one link brings in a step: its events in order of source, and how they spread. */
export type Bundle = {
  readonly first: number;
  readonly events: Events;
  readonly scatter: (count: number, index: Int32Array, value: Float64Array, drive: Float64Array) => void;
};

const index = new Int32Array(1);
const value = new Float64Array(1);

/** Calls `visit` with the contributions of each source in turn; `drive` is overwritten. */
export function visitInOrder(bundles: readonly Bundle[], drive: Float64Array, visit: (contribution: Float64Array) => void): void {
  const next = new Int32Array(bundles.length);
  for (;;) {
    let place = Number.POSITIVE_INFINITY;
    for (let b = 0; b < bundles.length; b++) {
      const { events, first } = bundles[b]!;
      if (next[b]! < events.count) place = Math.min(place, first + events.index[next[b]!]!);
    }
    if (place === Number.POSITIVE_INFINITY) return;
    drive.fill(0);
    for (let b = 0; b < bundles.length; b++) {
      const { events, first, scatter } = bundles[b]!;
      const e = next[b]!;
      if (e >= events.count || first + events.index[e]! !== place) continue;
      index[0] = events.index[e]!;
      value[0] = events.value[e]!;
      scatter(1, index, value, drive);
      next[b] = e + 1;
    }
    visit(drive);
  }
}
