import { pooledShape } from "../ir/network/kernels/index.ts";
import { eventsFor, poolingOf } from "../ir/network/pooling.ts";
import type { Pool } from "../ir/network/types.ts";

/** Sums for a relative error: of squared differences, and of squared true values. */
export type ErrorSums = { readonly difference: number; readonly size: number };

/**
 * What a gate loses on activations `a` (row-major, of `shape`) with threshold
 * `theta` per neuron over `steps` steps. Spikes come as from constant inputs, N(t) = floor(t·a/θ + ½),
 * at most one a step: the gate's count is compared with the largest count of
 * its window, so that only the gate's own error is seen.
 */
export function gateError(
  a: Float64Array,
  theta: (neuron: number) => number,
  steps: number,
  pool: Pool,
  shape: readonly number[],
): ErrorSums {
  const outputs = pooledShape(pool, shape).reduce((n, d) => n * d, 1);
  const pooling = poolingOf(pool, shape);
  const largest = poolingOf({ ...pool, mode: "or" }, shape);
  const counts = new Int32Array(a.length);
  const events = eventsFor(a.length);
  const got = new Float64Array(outputs);
  pooling.restart();
  for (let t = 1; t <= steps; t++) {
    events.count = 0;
    for (let i = 0; i < a.length; i++) {
      const want = Math.floor((t * (a[i] ?? 0)) / theta(i) + 0.5);
      if (want <= (counts[i] ?? 0)) continue;
      counts[i] = (counts[i] ?? 0) + 1;
      events.index[events.count] = i;
      events.value[events.count++] = 1;
    }
    const out = pooling.apply(events);
    for (let e = 0; e < out.count; e++) got[out.index[e] ?? 0] = (got[out.index[e] ?? 0] ?? 0) + 1;
  }
  // The largest count of a window: the lowest level at which no input is left.
  const best = new Float64Array(outputs);
  for (let level = 1; level <= steps; level++) {
    events.count = 0;
    for (let i = 0; i < a.length; i++) {
      if ((counts[i] ?? 0) < level) continue;
      events.index[events.count] = i;
      events.value[events.count++] = 1;
    }
    const out = largest.apply(events);
    for (let e = 0; e < out.count; e++) best[out.index[e] ?? 0] = level;
  }
  let [difference, size] = [0, 0];
  best.forEach((b, i) => {
    difference += (b - (got[i] ?? 0)) ** 2;
    size += b * b;
  });
  return { difference, size };
}

/** Root mean square error relative to the size of the true values. */
export function relativeError(sums: ErrorSums): number {
  return sums.size === 0 ? 0 : Math.sqrt(sums.difference / sums.size);
}
