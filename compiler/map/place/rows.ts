import type { Coord } from "../../ir/cores/types.ts";

/**
 * Rows of layers: each layer begins in a row of its own, when the chip has enough
 * rows for that; else cores fill the rows one after another, every second row
 * backwards, so that neighbours in order are neighbours on the chip.
 */
export function rows(layerSizes: readonly number[], columns: number, rowCount: number): Coord[] {
  const needed = layerSizes.reduce((n, size) => n + Math.ceil(size / columns), 0);
  const out: Coord[] = [];
  if (needed > rowCount) {
    const total = layerSizes.reduce((a, b) => a + b, 0);
    for (let i = 0; i < total; i++) out.push(snake(i, columns));
    return out;
  }
  let row = 0;
  for (const size of layerSizes) {
    for (let i = 0; i < size; i++) out.push({ x: i % columns, y: row + Math.floor(i / columns) });
    row += Math.ceil(size / columns);
  }
  return out;
}

function snake(i: number, columns: number): Coord {
  const y = Math.floor(i / columns);
  const along = i % columns;
  return { x: y % 2 === 0 ? along : columns - 1 - along, y };
}
