import type { Memory } from "../kernels.ts";
import * as l from "../layout.ts";

/* Rows into accumulators of 32 bits that wrap: assembly/rows.ts in TypeScript. */

/** What rows did. */
export type Tally = { rows: number; words: number; synapses: number; multiplied: number };

export type RowKernels = {
  readonly add8: (sums: number, weights: number, count: number, payload: number) => void;
  readonly add16: (sums: number, weights: number, count: number, payload: number) => void;
  readonly addRows8: (sums: number, list: number, n: number, count: number) => void;
  readonly applyRow: (axon: number, sums: number, touched: number, p: number, tally: Tally) => void;
};

export function rowTwins(memory: Memory): RowKernels {
  const { i32, i16, u16, i8, u8 } = memory;
  const at = (address: number): number => i32[address >>> 2]!;

  const add8 = (sums: number, weights: number, count: number, payload: number): void => {
    const s = sums >>> 2;
    for (let i = 0; i < count; i++) i32[s + i] = i32[s + i]! + Math.imul(payload, i8[weights + i]!);
  };
  const add16 = (sums: number, weights: number, count: number, payload: number): void => {
    const s = sums >>> 2;
    const w = weights >>> 1;
    for (let i = 0; i < count; i++) i32[s + i] = i32[s + i]! + Math.imul(payload, i16[w + i]!);
  };
  const addRows8 = (sums: number, list: number, n: number, count: number): void => {
    for (let k = 0; k < n; k++) add8(sums, at(list + 4 * k) >>> 0, count, 1);
  };
  const addSparse = (sums: number, touched: number, entries: number, count: number, payload: number): void => {
    const s = sums >>> 2;
    const first = entries >>> 1;
    for (let e = first; e < first + 2 * count; e += 2) {
      const slot = u16[e]!;
      i32[s + slot] = i32[s + slot]! + Math.imul(payload, i16[e + 1]!);
      if (touched !== 0 && i16[e + 1] !== 0) u8[touched + slot] = 1;
    }
  };
  const dense = (sums: number, touched: number, slot: number, weights: number, count: number, payload: number, wide: boolean): void => {
    if (wide) add16(sums + 4 * slot, weights, count, payload);
    else add8(sums + 4 * slot, weights, count, payload);
    if (touched === 0) return;
    for (let i = 0; i < count; i++) {
      if ((wide ? i16[(weights >>> 1) + i] : i8[weights + i]) !== 0) u8[touched + slot + i] = 1;
    }
  };
  const addConv = (axon: number, sums: number, touched: number, payload: number, wide: boolean): void => {
    const shape = at(axon + l.axonShape) >>> 0;
    const kernelX = at(shape + l.shapeKernelX);
    const strideY = at(shape + l.shapeStrideY);
    const strideX = at(shape + l.shapeStrideX);
    const width = at(shape + l.shapeWidth);
    const pitch = at(shape + l.shapePitch);
    const count = at(axon + l.axonCount);
    const from = at(axon + l.axonFrom) >>> 0;
    const tap = wide ? 2 * count : count;
    for (let ky = 0; ky < at(shape + l.shapeKernelY); ky++) {
      const ty = at(axon + l.axonY) - ky * at(shape + l.shapeDilationY);
      if (ty < 0 || ty >= at(shape + l.shapeHeight) * strideY || ty % strideY !== 0) continue;
      const line = at(axon + l.axonBase) + (ty / strideY) * width * pitch;
      for (let kx = 0; kx < kernelX; kx++) {
        const tx = at(axon + l.axonX) - kx * at(shape + l.shapeDilationX);
        if (tx < 0 || tx >= width * strideX || tx % strideX !== 0) continue;
        const weights = from + (ky * kernelX + kernelX - 1 - kx) * tap;
        dense(sums, touched, line + (tx / strideX) * pitch, weights, count, payload, wide);
      }
    }
  };
  const applyRow = (axon: number, sums: number, touched: number, p: number, tally: Tally): void => {
    const payload = Math.imul(p, at(axon + l.axonFactor));
    const kind = at(axon + l.axonKind);
    const count = at(axon + l.axonCount);
    const from = at(axon + l.axonFrom) >>> 0;
    const base = at(axon + l.axonBase);
    if (kind === l.kindDense8 || kind === l.kindDense16) dense(sums, touched, base, from, count, payload, kind === l.kindDense16);
    else if (kind === l.kindSparse) addSparse(sums, touched, from, count, payload);
    else addConv(axon, sums, touched, payload, kind === l.kindConv16);
    tally.rows++;
    tally.words += at(axon + l.axonWords);
    tally.synapses += at(axon + l.axonSynapses);
    if (payload !== 1 && payload !== -1) tally.multiplied += at(axon + l.axonSynapses);
  };
  return { add8, add16, addRows8, applyRow };
}
