import { blockRows, multiplyBlock, packRows, panelColumns } from "./product.ts";

/** A matrix inside an array: where it starts and how far apart its rows and columns are. */
export type View = { readonly start: number; readonly row: number; readonly column: number };

/** Adds up C = A B into `c`, row-major from `to` on; A is rows x depth, B is depth x columns. */
export type Multiply = (a: Float64Array, aView: View, b: Float64Array, bView: View, c: Float64Array, to: number) => void;

/**
 * Few rows (a batch of one sample) go row by row through B, along whichever of
 * its axes lies together in memory; more are worth packing.
 */
export function multiplier(rows: number, depth: number, columns: number): Multiply {
  return rows < blockRows ? byRow(rows, depth, columns) : byBlock(rows, depth, columns);
}

function byRow(rows: number, depth: number, columns: number): Multiply {
  const sums = new Float64Array(columns);
  return (a, av, b, bv, c, to) => {
    for (let row = 0; row < rows; row++) {
      const start = av.start + row * av.row;
      sums.fill(0);
      if (bv.column === 1) {
        for (let k = 0; k < depth; k++) addRow(sums, a[start + k * av.column] as number, b, bv.start + k * bv.row);
      } else {
        for (let n = 0; n < columns; n++) sums[n] = dot(a, start, av.column, b, bv.start + n * bv.column, bv.row, depth);
      }
      for (let n = 0; n < columns; n++) c[to + row * columns + n] = sums[n] as number;
    }
  };
}

function addRow(sums: Float64Array, x: number, b: Float64Array, start: number): void {
  for (let n = 0; n < sums.length; n++) sums[n] = (sums[n] as number) + x * (b[start + n] as number);
}

function dot(a: Float64Array, i: number, aStep: number, b: Float64Array, j: number, bStep: number, depth: number): number {
  let sum = 0;
  for (let k = 0; k < depth; k++) sum += (a[i + k * aStep] as number) * (b[j + k * bStep] as number);
  return sum;
}

function byBlock(rows: number, depth: number, columns: number): Multiply {
  const panel = new Float64Array(depth * panelColumns);
  const sums = new Float64Array(blockRows * panelColumns);
  return (a, av, b, bv, c, to) => {
    const packed = packRows(rows, depth, (row, k) => a[av.start + row * av.row + k * av.column] as number);
    for (let n = 0; n < columns; n += panelColumns) {
      const width = Math.min(panelColumns, columns - n);
      for (let k = 0; k < depth; k++) {
        for (let j = 0; j < width; j++) panel[k * panelColumns + j] = b[bv.start + k * bv.row + (n + j) * bv.column] as number;
      }
      for (let row = 0; row < rows; row += blockRows) {
        multiplyBlock(packed, row * depth, panel, depth, sums);
        const height = Math.min(blockRows, rows - row);
        for (let r = 0; r < height; r++) {
          for (let j = 0; j < width; j++) c[to + (row + r) * columns + n + j] = sums[r * panelColumns + j] as number;
        }
      }
    }
  };
}
