/*
 * Synapse rows: what one event adds. These loops are where a simulation spends its
 * time, so they are plain functions on typed arrays whose weights lie side by
 * side (a convolution's output channels innermost); accumulators wrap at 32 bits.
 */

/** One width for all rows: a loop that meets two kinds of arrays runs at half the speed. */
export type Weights = Int16Array;

/** Numbers of one convolution tile, in the order of the columns below. */
export const shapeFields = ["kernelY", "kernelX", "strideY", "strideX", "dilationY", "dilationX", "height", "width", "pitch"] as const;
export const shapeSize = shapeFields.length;

/** acc[base + i] += payload * weights[from + i]. */
export function addDense(acc: Int32Array, base: number, weights: Weights, from: number, count: number, payload: number): void {
  if (payload === 1) for (let i = 0; i < count; i++) acc[base + i] = acc[base + i]! + weights[from + i]!;
  else for (let i = 0; i < count; i++) acc[base + i] = acc[base + i]! + Math.imul(payload, weights[from + i]!);
}

/** acc[slots[from + i]] += payload * weights[from + i]. */
export function addSparse(acc: Int32Array, slots: Uint16Array, weights: Weights, from: number, count: number, payload: number): void {
  for (let i = from; i < from + count; i++) {
    const slot = slots[i]!;
    acc[slot] = acc[slot]! + Math.imul(payload, weights[i]!);
  }
}

/** Most taps of a convolution: kernels are at most 31 × 31. */
const tapsMax = 31 * 31;

/** Where the taps of one event lie: slot and first weight of each, in `taps[2k]` and `taps[2k + 1]`. */
export function makeTaps(): Int32Array {
  return new Int32Array(2 * tapsMax);
}

/**
 * Lists the taps of a convolution row that reach the tile, for an event at (y, x): tap (ky, kx) reaches output
 * ((y - ky*dilationY) / strideY, (x - kx*dilationX) / strideX) where both are whole and inside the
 * tile. `shape` holds tiles of `shapeSize` numbers, this one beginning at `s`. Returns how many there are.
 */
export function listTaps(
  taps: Int32Array,
  base: number,
  from: number,
  channels: number,
  shape: Int32Array,
  s: number,
  y: number,
  x: number,
): number {
  const kernelY = shape[s]!;
  const kernelX = shape[s + 1]!;
  const strideY = shape[s + 2]!;
  const strideX = shape[s + 3]!;
  const dilationY = shape[s + 4]!;
  const dilationX = shape[s + 5]!;
  const height = shape[s + 6]!;
  const width = shape[s + 7]!;
  const pitch = shape[s + 8]!;
  let n = 0;
  for (let ky = 0; ky < kernelY; ky++) {
    const ty = y - ky * dilationY;
    if (ty < 0 || ty >= height * strideY || ty % strideY !== 0) continue;
    const line = base + (ty / strideY) * width * pitch;
    for (let kx = 0; kx < kernelX; kx++) {
      const tx = x - kx * dilationX;
      if (tx < 0 || tx >= width * strideX || tx % strideX !== 0) continue;
      taps[2 * n] = line + (tx / strideX) * pitch;
      taps[2 * n + 1] = from + (ky * kernelX + kx) * channels;
      n++;
    }
  }
  return n;
}

/** acc[slot + i] += payload * weights[from + i] for each of the first `n` taps in the list. */
export function addTaps(acc: Int32Array, weights: Weights, taps: Int32Array, n: number, channels: number, payload: number): void {
  for (let k = 0; k < 2 * n; k += 2) {
    const slot = taps[k]!;
    const from = taps[k + 1]!;
    if (payload === 1) for (let i = 0; i < channels; i++) acc[slot + i] = acc[slot + i]! + weights[from + i]!;
    else for (let i = 0; i < channels; i++) acc[slot + i] = acc[slot + i]! + Math.imul(payload, weights[from + i]!);
  }
}

/** Marks the slots that non-zero weights of a dense row reach. */
export function touchDense(touched: Uint8Array, base: number, weights: Weights, from: number, count: number): void {
  for (let i = 0; i < count; i++) if (weights[from + i] !== 0) touched[base + i] = 1;
}

export function touchSparse(touched: Uint8Array, slots: Uint16Array, weights: Weights, from: number, count: number): void {
  for (let i = from; i < from + count; i++) if (weights[i] !== 0) touched[slots[i]!] = 1;
}
