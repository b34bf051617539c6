import { counterNoise } from "../../compiler/base/random.ts";

/*
 * One step of neurons: the update rule of targets/mesh/README.md on typed arrays. All
 * neurons of a call share a profile and are active.
 */

export const potentialMax = 2 ** 23 - 1;
export const potentialMin = -(2 ** 23);
const firedMax = 255;
const decayUnit = 4096;

export const Leak = { none: 0, shift: 1, multiply: 2, double: 3 } as const;
export const Reset = { subtract: 0, set: 1, none: 2 } as const;
export const Negative = { none: 0, free: 1, latched: 2, counted: 3 } as const;
export const Emit = { unit: 0, value: 1, count: 2 } as const;
export const Boundary = { preload: 0, clear: 1, keep: 2 } as const;
export const Noise = { none: 0, uniform: 1, gauss: 2 } as const;

/** What the neurons of a group have in common. Numbers stand for the words above. */
export type Profile = {
  readonly leak: number;
  readonly leakArgument: number;
  readonly current: boolean;
  readonly greater: boolean;
  readonly reset: number;
  readonly negative: number;
  readonly negativeAtZero: boolean;
  readonly biasFirst: boolean;
  readonly touched: boolean;
  readonly emit: number;
  readonly boundary: number;
  readonly output: boolean;
  readonly noise: number;
  readonly currentDecay: number;
  readonly noiseBits: number;
  /** Bounds of a graded payload. */
  readonly payloadLow: number;
  readonly payloadHigh: number;
  readonly start: number;
  readonly silent: number;
  /** 0: to the end of the interval. */
  readonly length: number;
};

/** Parameters and state of all slots of a core. */
export type Neurons = {
  readonly threshold: Int32Array;
  readonly reset: Int32Array;
  readonly bias: Int32Array;
  readonly initial: Int32Array;
  readonly noiseKey: Int32Array;
  readonly v: Int32Array;
  readonly i: Int32Array;
  readonly fired: Uint8Array;
  readonly accumulator: Int32Array;
  /** Empty when no profile of the core needs it. */
  readonly touched: Uint8Array;
};

/** What the slots of a core send in a step, in order of slot. */
export type Emissions = {
  count: number;
  readonly slot: Int32Array;
  readonly payload: Int32Array;
  /** Neurons updated in this step up to and including this slot. */
  readonly updated: Int32Array;
};

/** State at local step 0. */
export function beginSample(n: Neurons, p: Profile, first: number, end: number): void {
  if (p.boundary === Boundary.keep) return;
  if (p.boundary === Boundary.preload) n.v.set(n.initial.subarray(first, end), first);
  else n.v.fill(0, first, end);
  n.i.fill(0, first, end);
  n.fired.fill(0, first, end);
}

/**
 * Updates slots first … end-1 in local step c, clears their accumulators, and appends what they send.
 * `updatedBefore`: neurons of the core updated before. Returns how many are after.
 */
export function updateNeurons(
  n: Neurons,
  p: Profile,
  c: number,
  first: number,
  end: number,
  seed: number,
  out: Emissions,
  updatedBefore: number,
): number {
  const plain =
    p.leak === Leak.none &&
    !p.current &&
    p.negative === Negative.none &&
    !p.touched &&
    p.emit === Emit.unit &&
    p.noise === Noise.none &&
    !p.output;
  const updated = plain ? updatePlain(n, p, c, first, end, out, updatedBefore) : updateAny(n, p, c, first, end, seed, out, updatedBefore);
  n.accumulator.fill(0, first, end);
  if (n.touched.length > 0) n.touched.fill(0, first, end);
  return updated;
}

/** The common case: integrate and fire, positive unit spikes. */
function updatePlain(n: Neurons, p: Profile, c: number, first: number, end: number, out: Emissions, updatedBefore: number): number {
  const { v, accumulator, bias, threshold, reset } = n;
  const withBias = !p.biasFirst || c === 0;
  const mayFire = c >= p.silent;
  const greater = p.greater ? 1 : 0;
  let count = out.count;
  for (let k = first; k < end; k++) {
    let u = v[k]! + accumulator[k]!;
    if (withBias) u += bias[k]!;
    if (u > potentialMax) u = potentialMax;
    else if (u < potentialMin) u = potentialMin;
    if (mayFire && u >= threshold[k]! + greater) {
      n.fired[k] = Math.min(firedMax, n.fired[k]! + 1);
      out.slot[count] = k;
      out.payload[count] = 1;
      out.updated[count] = updatedBefore + k - first + 1;
      count++;
      if (p.reset === Reset.subtract) u = saturate(u - reset[k]!);
      else if (p.reset === Reset.set) u = reset[k]!;
    }
    v[k] = u;
  }
  out.count = count;
  return updatedBefore + end - first;
}

function updateAny(
  n: Neurons,
  p: Profile,
  c: number,
  first: number,
  end: number,
  seed: number,
  out: Emissions,
  updatedBefore: number,
): number {
  const { v } = n;
  const readOut = p.output && c === p.length - 1;
  let updated = updatedBefore;
  for (let k = first; k < end; k++) {
    let payload = 0;
    if (!p.touched || n.touched[k] !== 0) {
      updated++;
      payload = updateOne(n, p, c, k, seed);
    }
    if (p.output) {
      if (!readOut) continue;
      payload = v[k]!;
    } else if (payload === 0) {
      continue;
    }
    out.slot[out.count] = k;
    out.payload[out.count] = payload;
    out.updated[out.count] = updated;
    out.count++;
  }
  return updated;
}

/** The whole rule for one neuron; returns the payload. */
function updateOne(n: Neurons, p: Profile, c: number, k: number, seed: number): number {
  let drive = n.accumulator[k]!;
  if (p.current) {
    drive = saturate(Math.trunc((n.i[k]! * p.currentDecay) / decayUnit) + drive);
    n.i[k] = drive;
  }
  const bias = !p.biasFirst || c === 0 ? n.bias[k]! : 0;
  const u = saturate(leaked(n.v[k]!, p) + drive + bias);
  const s = c < p.silent ? 0 : compared(n, p, k, u + noiseOf(p, seed, n.noiseKey[k]!, p.start + c));
  if (s === 0) {
    n.v[k] = u;
    return 0;
  }
  if (s > 0) n.fired[k] = Math.min(firedMax, n.fired[k]! + 1);
  else if (p.negative === Negative.counted) n.fired[k] = Math.max(0, n.fired[k]! - 1);
  let payload = s;
  let times = s;
  if (p.emit === Emit.value) {
    payload = clamp(u, p.payloadLow, p.payloadHigh);
  } else if (p.emit === Emit.count && s > 0) {
    const threshold = n.threshold[k]!;
    payload = threshold < 1 ? p.payloadHigh : Math.min(Math.max(Math.floor(u / threshold), 1), p.payloadHigh);
    times = payload;
  }
  n.v[k] = p.reset === Reset.subtract ? saturate(u - times * n.reset[k]!) : p.reset === Reset.set ? n.reset[k]! : u;
  return payload;
}

function compared(n: Neurons, p: Profile, k: number, w: number): number {
  const threshold = n.threshold[k]!;
  if (p.greater ? w > threshold : w >= threshold) return 1;
  if (p.negative === Negative.none || w >= (p.negativeAtZero ? 0 : -threshold)) return 0;
  return p.negative === Negative.free || n.fired[k]! > 0 ? -1 : 0;
}

function leaked(v: number, p: Profile): number {
  if (p.leak === Leak.none) return v;
  if (p.leak === Leak.shift) return v - (v >> Math.min(p.leakArgument, 31));
  if (p.leak === Leak.multiply) return Math.trunc((v * p.leakArgument) / decayUnit);
  return 2 * v;
}

/** Noise of one comparison; 0 bits give 0. */
function noiseOf(p: Profile, seed: number, key: number, step: number): number {
  const bits = p.noiseBits;
  if (p.noise === Noise.none || bits === 0) return 0;
  if (p.noise === Noise.uniform) return counterNoise(seed, key, step) >>> (32 - bits);
  let sum = -2 * (2 ** bits - 1);
  for (let j = 0; j < 4; j++) sum += counterNoise(seed, key, 4 * step + j) >>> (32 - bits);
  return sum;
}

function saturate(x: number): number {
  return x > potentialMax ? potentialMax : x < potentialMin ? potentialMin : x;
}

function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
