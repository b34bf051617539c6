/*
 * Where the rows of convolutions lie. Weights are side by side, a convolution's output channels innermost.
 */

/** Weights as a plan holds them; a built machine has a byte for each where they fit. */
export type Weights = Int16Array;

/** Numbers of one convolution tile, in the order of the columns below. */
export const shapeFields = ["kernelY", "kernelX", "strideY", "strideX", "dilationY", "dilationX", "height", "width", "pitch"] as const;
export const shapeSize = shapeFields.length;

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
