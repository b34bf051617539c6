import { at } from "../../compiler/base/bug.ts";

/*
 * Which whole numbers stand for a network's real ones. Everything that meets in a neuron has one
 * unit, which is the neuron's own: threshold T and weights round(w * T / threshold / 2^shift), where
 * T is one for each pair of neurons and the shift one for each memory.
 */

export type Matrix = { readonly rows: number; readonly columns: number; readonly values: Float64Array };

/** Weights as the chip holds them. `error` is relative to the weights' root mean square. */
export type Memory = { readonly weights: Int32Array; readonly shift: number; readonly clipped: number; readonly error: number };

const most = 127;
const shiftMax = 7;
const top = 2 ** 15 - 1;

/** Largest weight of each row, and the sums of its positive and of its negative weights. */
function rowsOf(m: Matrix): { readonly largest: Float64Array; readonly up: Float64Array; readonly down: Float64Array } {
  const largest = new Float64Array(m.rows);
  const up = new Float64Array(m.rows);
  const down = new Float64Array(m.rows);
  for (let r = 0; r < m.rows; r++)
    for (let c = 0; c < m.columns; c++) {
      const w = m.values[r * m.columns + c]!;
      largest[r] = Math.max(largest[r]!, Math.abs(w));
      if (w > 0) up[r] = up[r]! + w;
      else down[r] = down[r]! - w;
    }
  return { largest, up, down };
}

/** Thresholds and weights of the neurons. `alpha` in 1/32768 decides how far a potential can sink. */
export function chooseNeurons(
  input: Matrix,
  recurrent: Matrix,
  threshold: Float64Array,
  alpha: Float64Array,
): { readonly threshold: Float64Array; readonly input: Memory; readonly recurrent: Memory } {
  const from = rowsOf(input);
  const back = rowsOf(recurrent);
  const pairs = Math.ceil(threshold.length / 2);
  const each = (pair: number, f: (n: number) => number): number => {
    const odd = 2 * pair + 1;
    return odd < threshold.length ? Math.min(f(2 * pair), f(odd)) : f(2 * pair);
  };
  const limit = (n: number, largest: Float64Array, shift: number): number =>
    largest[n]! > 0 && threshold[n]! > 0 ? (most * 2 ** shift * threshold[n]!) / largest[n]! : Number.POSITIVE_INFINITY;
  // The units that shifts allow, for each pair.
  const units = (i: number, r: number): Float64Array =>
    Float64Array.from({ length: pairs }, (_, p) =>
      Math.min(
        top,
        each(p, (n) => Math.min(limit(n, from.largest, i), limit(n, back.largest, r))),
      ),
    );
  const rounding = (i: number, r: number): number =>
    units(i, r).reduce((sum, t) => sum + (2 ** (2 * i) * input.columns + 2 ** (2 * r) * recurrent.columns) / t ** 2, 0);
  let best = { i: 0, r: 0, loss: Number.POSITIVE_INFINITY };
  for (let d = -shiftMax; d <= shiftMax; d++) {
    const [i, r] = [Math.max(0, -d), Math.max(0, d)];
    const loss = rounding(i, r);
    if (loss < best.loss * (1 - 1e-9)) best = { i, r, loss };
  }
  // More bits behind the point, while the worst of a step (and four of it, downwards) stays in range.
  const peak = (c: number): number =>
    units(best.i + c, best.r + c).reduce((m, t, p) => {
      for (const n of [2 * p, 2 * p + 1]) {
        if (n >= threshold.length || threshold[n] === 0) continue;
        const scale = t / threshold[n]!;
        const sinks = alpha[n]! < 2 ** 15 ? Math.min(4, 1 / (1 - alpha[n]! / 2 ** 15)) : 4;
        m = Math.max(m, t + (from.up[n]! + back.up[n]!) * scale, (from.down[n]! + back.down[n]!) * scale * sinks);
      }
      return m;
    }, 0);
  let c = 0;
  while (Math.max(best.i, best.r) + c < shiftMax && peak(c + 1) <= top) c++;
  const chosen = units(best.i + c, best.r + c).map((t) => Math.max(1, Math.floor(t)));
  // A threshold of 0 has no unit: its neuron's weights are as large as they can be.
  const widest = (n: number): number => {
    const width = Math.max(from.largest[n]! / 2 ** (best.i + c), back.largest[n]! / 2 ** (best.r + c));
    return width > 0 ? most / width : 1;
  };
  const scale = threshold.map((t, n) => (t === 0 ? widest(n) : chosen[n >> 1]! / t));
  return {
    threshold: threshold.map((t, n) => (t === 0 ? 0 : chosen[n >> 1]!)),
    input: quantized(input, scale, best.i + c),
    recurrent: quantized(recurrent, scale, best.r + c),
  };
}

/** Weights of the readouts, in one unit, so that the chip's own comparison of them is right. */
export function chooseReadouts(
  m: Matrix,
  { kappa, steps, activity }: { readonly kappa: number; readonly steps: number; readonly activity: number },
): Memory & { readonly unit: number } {
  const { largest, up, down } = rowsOf(m);
  const width = largest.reduce((a, b) => Math.max(a, b), 0);
  const sum = up.reduce((a, u, k) => Math.max(a, u, at(down, k)), 0);
  const lasting = kappa < 2 ** 7 ? Math.min(steps, 1 / (1 - kappa / 2 ** 7)) : steps;
  const range = sum * activity * lasting;
  const unit = width === 0 ? 1 : Math.max(width / most, range / top);
  let shift = 0;
  while (shift < shiftMax && (range / unit) * 2 ** (shift + 1) <= top / 2) shift++;
  return { ...quantized(m, new Float64Array(m.rows).fill(2 ** shift / unit), shift), unit };
}

function quantized(m: Matrix, scale: Float64Array, shift: number): Memory {
  const weights = new Int32Array(m.values.length);
  let [clipped, error, signal] = [0, 0, 0];
  for (let r = 0; r < m.rows; r++)
    for (let c = 0; c < m.columns; c++) {
      const k = r * m.columns + c;
      const exact = (m.values[k]! * scale[r]!) / 2 ** shift;
      const nearest = Math.round(exact);
      const w = Math.min(most, Math.max(-most, nearest)) + 0;
      weights[k] = w;
      if (w !== nearest) clipped++;
      error += ((exact - w) / scale[r]!) ** 2;
      signal += (exact / scale[r]!) ** 2;
    }
  return { weights, shift, clipped, error: signal === 0 ? 0 : Math.sqrt(error / signal) };
}
