import { counterNoise } from "../../../compiler/base/random.ts";
import type { Kernels, Memory } from "../kernels.ts";
import * as l from "../layout.ts";

/** Runs of neurons: assembly/update.ts in TypeScript, neuron by neuron. */
export function updateTwins({ i32, u8 }: Memory): Pick<Kernels, "update" | "idle"> {
  const at = (address: number): number => i32[address >>> 2]!;
  const set = (address: number, value: number): void => {
    i32[address >>> 2] = value;
  };
  const addressIn = (core: number, field: number): number => at(core + field) >>> 0;
  const sumsOf = (machine: number, core: number, parity: number): number =>
    addressIn(core, l.coreAccumulators) + parity * at(machine + l.machineParityBytes);

  /** What all threads have added for a slot; the accumulators are cleared. */
  const take = (machine: number, sums: number): number => {
    let sum = 0;
    for (let k = 0; k < at(machine + l.machineCopies); k++) {
      const own = sums + k * at(machine + l.machineCopyBytes);
      sum = (sum + at(own)) | 0;
      set(own, 0);
    }
    return sum;
  };

  const untouch = (core: number, first: number, end: number): void => {
    const touched = addressIn(core, l.coreTouched);
    if (touched !== 0) u8.fill(0, touched + first, touched + end);
  };

  const idle = (machine: number, core: number, run: number, parity: number): void => {
    const first = at(run + l.runFirst);
    const end = at(run + l.runEnd);
    for (let k = first; k < end; k++) take(machine, sumsOf(machine, core, parity) + 4 * k);
    untouch(core, first, end);
  };

  const beginSample = (core: number, run: number, first: number, end: number): void => {
    const boundary = at(run + l.runBoundary);
    if (boundary === 2) return;
    for (let k = first; k < end; k++) {
      set(addressIn(core, l.corePotential) + 4 * k, boundary === 0 ? at(addressIn(core, l.coreInitial) + 4 * k) : 0);
      set(addressIn(core, l.coreCurrent) + 4 * k, 0);
      u8[addressIn(core, l.coreFired) + k] = 0;
    }
  };

  const emit = (core: number, slot: number, payload: number, updated: number): void => {
    const n = at(core + l.coreEmitted);
    const e = addressIn(core, l.coreEmissions) + n * l.emissionBytes;
    set(e + l.emissionSlot, slot);
    set(e + l.emissionPayload, payload);
    if (n === 0) set(core + l.coreFirst, updated);
    set(core + l.coreEmitted, n + 1);
  };

  const update = (machine: number, core: number, run: number, c: number, parity: number): void => {
    const first = at(run + l.runFirst);
    const end = at(run + l.runEnd);
    const sums = sumsOf(machine, core, parity);
    if (c === 0) beginSample(core, run, first, end);
    const output = at(run + l.runOutput) !== 0;
    const readOut = output && c === at(run + l.runLength) - 1;
    const byTouch = at(run + l.runTouched) !== 0;
    let updated = at(core + l.coreUpdated);
    for (let k = first; k < end; k++) {
      const z = take(machine, sums + 4 * k);
      let payload = 0;
      if (!byTouch || u8[addressIn(core, l.coreTouched) + k] !== 0) {
        updated++;
        payload = updateOne(machine, core, run, c, k, z);
      }
      if (output) {
        if (readOut) emit(core, k, at(addressIn(core, l.corePotential) + 4 * k), updated);
      } else if (payload !== 0) {
        emit(core, k, payload, updated);
      }
    }
    set(core + l.coreUpdated, updated);
    untouch(core, first, end);
  };

  /** The whole rule for one neuron; returns the payload. */
  const updateOne = (machine: number, core: number, run: number, c: number, k: number, z: number): number => {
    const potential = addressIn(core, l.corePotential) + 4 * k;
    let drive = z;
    if (at(run + l.runCurrent) !== 0) {
      const current = addressIn(core, l.coreCurrent) + 4 * k;
      drive = saturate(Math.trunc((at(current) * at(run + l.runCurrentDecay)) / 4096) + z);
      set(current, drive);
    }
    const bias = at(run + l.runBias) !== 0 && (at(run + l.runBiasFirst) === 0 || c === 0) ? at(addressIn(core, l.coreBias) + 4 * k) : 0;
    const u = saturate(leaked(at(potential), run) + drive + bias);
    const noise = (): number => noiseOf(machine, run, at(addressIn(core, l.coreNoiseKey) + 4 * k), at(run + l.runStart) + c);
    const emits = at(run + l.runEmit);
    const place = emits === 3 ? placeOf(at(run + l.runLength) - 1 - c) : 1;
    const s = c < at(run + l.runSilent) ? 0 : compared(core, run, k, u + noise(), place);
    if (s === 0) {
      set(potential, u);
      return 0;
    }
    const fired = addressIn(core, l.coreFired) + k;
    if (s > 0) u8[fired] = Math.min(l.firedMaximum, u8[fired]! + 1);
    else if (at(run + l.runNegative) === 3) u8[fired] = Math.max(0, u8[fired]! - 1);
    const high = at(run + l.runPayloadHigh);
    let payload = s * place;
    let times = payload;
    if (emits === 1) {
      payload = Math.min(Math.max(u, at(run + l.runPayloadLow)), high);
    } else if (emits === 2 && s > 0) {
      const threshold = at(addressIn(core, l.coreThreshold) + 4 * k);
      payload = threshold < 1 ? high : Math.min(Math.max(Math.floor(u / threshold), 1), high);
      times = payload;
    }
    const reset = at(addressIn(core, l.coreReset) + 4 * k);
    const kind = at(run + l.runReset);
    set(potential, kind === 0 ? saturate(u - times * reset) : kind === 1 ? reset : u);
    return payload;
  };

  const leaked = (v: number, run: number): number => {
    const argument = at(run + l.runLeakArgument);
    switch (at(run + l.runLeak)) {
      case 0:
        return v;
      case 1:
        return v - (v >> Math.min(argument, 31));
      case 2:
        return Math.trunc((v * argument) / 4096);
      default:
        return 2 * v;
    }
  };

  const compared = (core: number, run: number, k: number, w: number, place: number): number => {
    const threshold = at(addressIn(core, l.coreThreshold) + 4 * k) * place;
    if (at(run + l.runGreater) !== 0 ? w > threshold : w >= threshold) return 1;
    const negative = at(run + l.runNegative);
    if (negative === 0 || w >= (at(run + l.runNegativeAtZero) !== 0 ? 0 : -threshold)) return 0;
    return negative === 1 || u8[addressIn(core, l.coreFired) + k]! > 0 ? -1 : 0;
  };

  const noiseOf = (machine: number, run: number, key: number, step: number): number => {
    const kind = at(run + l.runNoise);
    const bits = at(run + l.runNoiseBits);
    const seed = at(machine + l.machineSeed);
    if (kind === 0 || bits === 0) return 0;
    if (kind === 1) return counterNoise(seed, key, step) >>> (32 - bits);
    let sum = -2 * (2 ** bits - 1);
    for (let j = 0; j < 4; j++) sum += counterNoise(seed, key, 4 * step + j) >>> (32 - bits);
    return sum;
  };

  return { update, idle };
}

/** What a digit is worth when so many steps of the window follow. */
function placeOf(left: number): number {
  return 2 ** Math.min(l.placeMaximum, Math.max(0, left));
}

function saturate(x: number): number {
  return x > l.potentialMaximum ? l.potentialMaximum : x < l.potentialMinimum ? l.potentialMinimum : x;
}
