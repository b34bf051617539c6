/*
 * One spatial axis of a convolution or a pool: output o sees input
 * o*stride + k*dilation - padBegin through tap k.
 */

export type Axis = {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padBegin: number;
  readonly padEnd: number;
  readonly output: number;
};

/** Output positions of an axis; 0 or less when the window does not fit. */
export function axisOutput(a: Omit<Axis, "output">): number {
  return Math.floor((a.input + a.padBegin + a.padEnd - (a.dilation * (a.kernel - 1) + 1)) / a.stride) + 1;
}

/** Axes from the lists that kernels and pools carry; pads are [begin of each axis…, end of each axis…]. */
export function axesOf(
  spatial: readonly number[],
  size: readonly number[],
  stride: readonly number[],
  pads: readonly number[],
  dilation: readonly number[] | null,
): Axis[] {
  return spatial.map((input, i) => {
    const a = {
      input,
      kernel: size[i] ?? 0,
      stride: stride[i] ?? 0,
      dilation: dilation === null ? 1 : (dilation[i] ?? 0),
      padBegin: pads[i] ?? 0,
      padEnd: pads[spatial.length + i] ?? 0,
    };
    return { ...a, output: axisOutput(a) };
  });
}

/** An axis of one position, which stands for the missing one of a rank-1 kernel. */
export const unitAxis: Axis = { input: 1, kernel: 1, stride: 1, dilation: 1, padBegin: 0, padEnd: 0, output: 1 };

/** The (y, x) axes; rank 1 is a map of one row. */
export function planeOf(axes: readonly Axis[]): readonly [Axis, Axis] {
  return axes.length === 1 ? [unitAxis, axes[0] ?? unitAxis] : [axes[0] ?? unitAxis, axes[1] ?? unitAxis];
}

/** Where each input position acts, in CSR form: entries start[p] … start[p+1]-1 by increasing output, with the tap that leads there. */
export type Taps = { readonly start: Int32Array; readonly output: Int32Array; readonly tap: Int32Array };

export function tapsOf(a: Axis): Taps {
  const start = new Int32Array(a.input + 1);
  const output: number[] = [];
  const tap: number[] = [];
  for (let p = 0; p < a.input; p++) {
    for (let k = a.kernel - 1; k >= 0; k--) {
      const reach = p + a.padBegin - k * a.dilation;
      const o = reach / a.stride;
      if (reach < 0 || o >= a.output || !Number.isInteger(o)) continue;
      output.push(o);
      tap.push(k);
    }
    start[p + 1] = output.length;
  }
  return { start, output: Int32Array.from(output), tap: Int32Array.from(tap) };
}

/** Number of taps inside the map, for each output position. */
export function tapsPerOutput(a: Axis): Int32Array {
  const out = new Int32Array(a.output);
  for (const o of tapsOf(a).output) out[o]!++;
  return out;
}

/** What is wrong with the lists of a window; null when nothing is. */
export function windowProblem(
  inShape: readonly number[],
  size: readonly number[],
  stride: readonly number[],
  pads: readonly number[],
  dilation: readonly number[] | null,
): string | null {
  const rank = inShape.length - 1;
  const natural = (list: readonly number[], low: number): boolean => list.every((n) => Number.isInteger(n) && n >= low);
  if (rank < 1 || rank > 2) return `it needs a source of shape [C,L] or [C,H,W], not [${inShape.join(",")}]`;
  if (size.length !== rank || !natural(size, 1)) return `its window [${size.join(",")}] must have ${rank} positive sizes`;
  if (stride.length !== rank || !natural(stride, 1)) return `its stride [${stride.join(",")}] must have ${rank} positive numbers`;
  if (dilation !== null && (dilation.length !== rank || !natural(dilation, 1)))
    return `its dilation [${dilation.join(",")}] must have ${rank} positive numbers`;
  if (pads.length !== 2 * rank || !natural(pads, 0))
    return `its pads [${pads.join(",")}] must be ${2 * rank} numbers that are not negative`;
  for (const a of axesOf(inShape.slice(1), size, stride, pads, dilation)) {
    if (a.output < 1)
      return `its window of ${a.kernel} (dilation ${a.dilation}) does not fit into ${a.input} positions with pads ${a.padBegin} and ${a.padEnd}`;
  }
  return null;
}
