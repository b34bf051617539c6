import type { Coord } from "../../ir/cores/types.ts";

/** Cores in order along a Hilbert curve over the smallest square of a power of two that covers the chip, leaving out what is outside. Neighbours in order stay near in both directions. */
export function hilbert(layerSizes: readonly number[], columns: number, rows: number): Coord[] {
  const total = layerSizes.reduce((a, b) => a + b, 0);
  let side = 1;
  while (side < Math.max(columns, rows)) side *= 2;
  const out: Coord[] = [];
  for (let d = 0; d < side * side && out.length < total; d++) {
    const p = curve(side, d);
    if (p.x < columns && p.y < rows) out.push(p);
  }
  return out;
}

/** Point at distance `d` along the curve of a square: each pair of bits of d chooses a quadrant, whose curve is turned accordingly. */
function curve(side: number, d: number): Coord {
  let [x, y, rest] = [0, 0, d];
  for (let s = 1; s < side; s *= 2) {
    const right = (rest >> 1) & 1;
    const down = (rest ^ right) & 1;
    if (down === 0) {
      if (right === 1) [x, y] = [s - 1 - x, s - 1 - y];
      [x, y] = [y, x];
    }
    x += s * right;
    y += s * down;
    rest >>= 2;
  }
  return { x, y };
}
