import {
  coreAccumulators,
  coreBias,
  coreCurrent,
  coreEmissions,
  coreEmitted,
  coreFired,
  coreFirst,
  coreInitial,
  coreNoiseKey,
  corePotential,
  coreReset,
  coreThreshold,
  coreTouched,
  coreUpdated,
  emissionBytes,
  emissionPayload,
  emissionSlot,
  firedMaximum,
  inputMaximum,
  machineCopies,
  machineCopyBytes,
  machineParityBytes,
  machineSeed,
  potentialMaximum,
  placeMaximum,
  potentialMinimum,
  runBias,
  runBiasFirst,
  runBoundary,
  runCurrent,
  runCurrentDecay,
  runEmit,
  runEnd,
  runFirst,
  runGreater,
  runLeak,
  runLeakArgument,
  runLength,
  runNegative,
  runNegativeAtZero,
  runNoise,
  runNoiseBits,
  runOutput,
  runPayloadHigh,
  runPayloadLow,
  runReset,
  runSilent,
  runStart,
  runTouched,
} from "../layout";

/* One step of neurons that share a profile: the update rule of targets/mesh/README.md. */

/** Sums of a run's slots over the threads' copies, left in the first one; the others are cleared. */
function join(machine: usize, sums: usize, count: i32): void {
  const copies = load<i32>(machine + machineCopies);
  const bytes = load<usize>(machine + machineCopyBytes);
  for (let k = 1; k < copies; k++) {
    const other = sums + <usize>k * bytes;
    let i: usize = 0;
    const end = (<usize>count) << 2;
    for (; i + 16 <= end; i += 16) {
      v128.store(sums + i, i32x4.add(v128.load(sums + i), v128.load(other + i)));
      v128.store(other + i, i32x4.splat(0));
    }
    for (; i < end; i += 4) {
      store<i32>(sums + i, load<i32>(sums + i) + load<i32>(other + i));
      store<i32>(other + i, 0);
    }
  }
}

/** Forgets what arrived for slots that are not active. */
export function idle(machine: usize, core: usize, run: usize, parity: i32): void {
  const first = load<usize>(run + runFirst);
  const count = load<usize>(run + runEnd) - first;
  const copies = load<i32>(machine + machineCopies);
  let sums = load<usize>(core + coreAccumulators) + <usize>(parity * load<i32>(machine + machineParityBytes)) + (first << 2);
  for (let k = 0; k < copies; k++) {
    memory.fill(sums, 0, count << 2);
    sums += load<usize>(machine + machineCopyBytes);
  }
  const touched = load<usize>(core + coreTouched);
  if (touched != 0) memory.fill(touched + first, 0, count);
}

/** Updates the slots of a run in local step c, clears their accumulators, and appends what they send. */
export function update(machine: usize, core: usize, run: usize, c: i32, parity: i32): void {
  const first = load<i32>(run + runFirst);
  const end = load<i32>(run + runEnd);
  const sums = load<usize>(core + coreAccumulators) + <usize>(parity * load<i32>(machine + machineParityBytes));
  if (c == 0) beginSample(core, run, first, end);
  join(machine, sums + ((<usize>first) << 2), end - first);
  const leak = load<i32>(run + runLeak);
  const plain =
    leak != 2 &&
    load<i32>(run + runCurrent) == 0 &&
    load<i32>(run + runNegative) == 0 &&
    load<i32>(run + runTouched) == 0 &&
    load<i32>(run + runEmit) == 0 &&
    (load<i32>(run + runNoise) == 0 || load<i32>(run + runNoiseBits) == 0) &&
    load<i32>(run + runOutput) == 0;
  if (plain) updatePlain(core, run, c, first, end, sums);
  else updateAny(machine, core, run, c, first, end, sums);
  const touched = load<usize>(core + coreTouched);
  if (touched != 0) memory.fill(touched + first, 0, end - first);
}

function beginSample(core: usize, run: usize, first: i32, end: i32): void {
  const boundary = load<i32>(run + runBoundary);
  if (boundary == 2) return;
  const at = (<usize>first) << 2;
  const bytes = (<usize>(end - first)) << 2;
  if (boundary == 0) memory.copy(load<usize>(core + corePotential) + at, load<usize>(core + coreInitial) + at, bytes);
  else memory.fill(load<usize>(core + corePotential) + at, 0, bytes);
  memory.fill(load<usize>(core + coreCurrent) + at, 0, bytes);
  memory.fill(load<usize>(core + coreFired) + first, 0, end - first);
}

function emit(core: usize, slot: i32, payload: i32, updated: i32): void {
  const n = load<i32>(core + coreEmitted);
  const e = load<usize>(core + coreEmissions) + <usize>n * emissionBytes;
  store<i32>(e + emissionSlot, slot);
  store<i32>(e + emissionPayload, payload);
  if (n == 0) store<i32>(core + coreFirst, updated);
  store<i32>(core + coreEmitted, n + 1);
}

/** Positive unit spikes, no second state: four neurons at a time. */
function updatePlain(core: usize, run: usize, c: i32, first: i32, end: i32, sums: usize): void {
  const potential = load<usize>(core + corePotential);
  const threshold = load<usize>(core + coreThreshold);
  const reset = load<usize>(core + coreReset);
  const bias = load<usize>(core + coreBias);
  const fired = load<usize>(core + coreFired);
  const leak = load<i32>(run + runLeak);
  const shift = min(load<i32>(run + runLeakArgument), 31);
  const withBias = load<i32>(run + runBias) != 0 && (load<i32>(run + runBiasFirst) == 0 || c == 0);
  const mayFire = c >= load<i32>(run + runSilent);
  const greater = load<i32>(run + runGreater);
  const kind = load<i32>(run + runReset);
  const before = load<i32>(core + coreUpdated) - first + 1;
  const above = i32x4.splat(greater);
  const high = i32x4.splat(potentialMaximum);
  const low = i32x4.splat(potentialMinimum);
  const most = i32x4.splat(inputMaximum);
  const least = i32x4.splat(-inputMaximum);
  const zero = i32x4.splat(0);
  const clearing = load<i32>(core + coreEmitted) == 0;
  let out = load<usize>(core + coreEmissions) + <usize>load<i32>(core + coreEmitted) * emissionBytes;
  const begun = out;
  let k = first;
  for (; k + 4 <= end; k += 4) {
    const at = (<usize>k) << 2;
    const z = i32x4.min_s(i32x4.max_s(v128.load(sums + at), least), most);
    v128.store(sums + at, zero);
    const v = v128.load(potential + at);
    let u = i32x4.add(v, z);
    if (leak == 1) u = i32x4.sub(u, i32x4.shr_s(v, shift));
    else if (leak == 3) u = i32x4.add(u, v);
    if (withBias) u = i32x4.add(u, v128.load(bias + at));
    u = i32x4.min_s(i32x4.max_s(u, low), high);
    if (mayFire) {
      const fires = i32x4.ge_s(u, i32x4.add(v128.load(threshold + at), above));
      const bits = i32x4.bitmask(fires);
      if (bits != 0) {
        if (kind == 0) u = v128.bitselect(i32x4.min_s(i32x4.max_s(i32x4.sub(u, v128.load(reset + at)), low), high), u, fires);
        else if (kind == 1) u = v128.bitselect(v128.load(reset + at), u, fires);
        // Slot and payload 1 as one number. Each of the four is written, and stays where it fired: no branch is guessed.
        const one: i64 = ((<i64>1) << 32) | <i64>k;
        store<i64>(out, one);
        out += (<usize>(bits & 1)) << 3;
        store<i64>(out, one + 1);
        out += (<usize>(bits & 2)) << 2;
        store<i64>(out, one + 2);
        out += (<usize>(bits & 4)) << 1;
        store<i64>(out, one + 3);
        out += <usize>(bits & 8);
        const half = i16x8.narrow_i32x4_s(fires, fires);
        const ones = v128.and(i8x16.narrow_i16x8_s(half, half), i8x16.splat(1));
        v128.store_lane<u32>(fired + k, i8x16.add_sat_u(v128.load32_zero(fired + k), ones), 0);
      }
    }
    v128.store(potential + at, u);
  }
  for (; k < end; k++) {
    const at = (<usize>k) << 2;
    const z = min(max(load<i32>(sums + at), -inputMaximum), inputMaximum);
    store<i32>(sums + at, 0);
    const v = load<i32>(potential + at);
    let u = v + z;
    if (leak == 1) u -= v >> shift;
    else if (leak == 3) u += v;
    if (withBias) u += load<i32>(bias + at);
    u = saturate(u);
    if (mayFire && u >= load<i32>(threshold + at) + greater) {
      if (kind == 0) u = saturate(u - load<i32>(reset + at));
      else if (kind == 1) u = load<i32>(reset + at);
      store<i32>(out + emissionSlot, k);
      store<i32>(out + emissionPayload, 1);
      out += emissionBytes;
      const f = load<u8>(fired + k);
      if (f != firedMaximum) store<u8>(fired + k, f + 1);
    }
    store<i32>(potential + at, u);
  }
  if (clearing && out != begun) store<i32>(core + coreFirst, before + load<i32>(begun + emissionSlot));
  store<i32>(core + coreEmitted, load<i32>(core + coreEmitted) + <i32>((out - begun) / emissionBytes));
  store<i32>(core + coreUpdated, load<i32>(core + coreUpdated) + end - first);
}

function saturate(x: i32): i32 {
  return min(max(x, potentialMinimum), potentialMaximum);
}

function saturate64(x: i64): i32 {
  return <i32>min<i64>(max<i64>(x, <i64>potentialMinimum), <i64>potentialMaximum);
}

/** Everything else, neuron by neuron. */
function updateAny(machine: usize, core: usize, run: usize, c: i32, first: i32, end: i32, sums: usize): void {
  const output = load<i32>(run + runOutput) != 0;
  const readOut = output && c == load<i32>(run + runLength) - 1;
  const byTouch = load<i32>(run + runTouched) != 0;
  const touched = load<usize>(core + coreTouched);
  const potential = load<usize>(core + corePotential);
  let updated = load<i32>(core + coreUpdated);
  for (let k = first; k < end; k++) {
    const at = (<usize>k) << 2;
    let payload = 0;
    if (!byTouch || load<u8>(touched + k) != 0) {
      updated++;
      payload = updateOne(machine, core, run, c, k, load<i32>(sums + at));
    }
    store<i32>(sums + at, 0);
    if (output) {
      if (readOut) emit(core, k, load<i32>(potential + at), updated);
    } else if (payload != 0) {
      emit(core, k, payload, updated);
    }
  }
  store<i32>(core + coreUpdated, updated);
}

/** The whole rule for one neuron; returns the payload. */
function updateOne(machine: usize, core: usize, run: usize, c: i32, k: i32, z: i32): i32 {
  const at = (<usize>k) << 2;
  const potential = load<usize>(core + corePotential) + at;
  let drive: i64 = <i64>z;
  if (load<i32>(run + runCurrent) != 0) {
    const current = load<usize>(core + coreCurrent) + at;
    const i = saturate64((<i64>load<i32>(current) * <i64>load<i32>(run + runCurrentDecay)) / 4096 + drive);
    store<i32>(current, i);
    drive = <i64>i;
  }
  if (load<i32>(run + runBias) != 0 && (load<i32>(run + runBiasFirst) == 0 || c == 0))
    drive += <i64>load<i32>(load<usize>(core + coreBias) + at);
  const u = saturate64(leaked(load<i32>(potential), run) + drive);
  const emits = load<i32>(run + runEmit);
  const place = emits == 3 ? placeOf(load<i32>(run + runLength) - 1 - c) : 1;
  let s = 0;
  if (c >= load<i32>(run + runSilent)) {
    const key = load<i32>(load<usize>(core + coreNoiseKey) + at);
    const w = <i64>u + noiseOf(run, load<i32>(machine + machineSeed), key, load<i32>(run + runStart) + c);
    s = compared(core, run, k, w, place);
  }
  if (s == 0) {
    store<i32>(potential, u);
    return 0;
  }
  const fired = load<usize>(core + coreFired) + <usize>k;
  const f = <i32>load<u8>(fired);
  if (s > 0) store<u8>(fired, <u8>min(firedMaximum, f + 1));
  else if (load<i32>(run + runNegative) == 3) store<u8>(fired, <u8>max(0, f - 1));
  const high = load<i32>(run + runPayloadHigh);
  let payload = s * place;
  let times = payload;
  if (emits == 1) {
    payload = min(max(u, load<i32>(run + runPayloadLow)), high);
  } else if (emits == 2 && s > 0) {
    const threshold = load<i32>(load<usize>(core + coreThreshold) + at);
    payload = threshold < 1 ? high : min(max(u / threshold, 1), high);
    times = payload;
  }
  const reset = load<i32>(load<usize>(core + coreReset) + at);
  const kind = load<i32>(run + runReset);
  store<i32>(potential, kind == 0 ? saturate64(<i64>u - <i64>times * <i64>reset) : kind == 1 ? reset : u);
  return payload;
}

function leaked(v: i32, run: usize): i64 {
  const leak = load<i32>(run + runLeak);
  const argument = load<i32>(run + runLeakArgument);
  if (leak == 0) return <i64>v;
  if (leak == 1) return <i64>(v - (v >> min(argument, 31)));
  if (leak == 2) return (<i64>v * <i64>argument) / 4096;
  return <i64>(2 * v);
}

/** What a digit is worth when so many steps of the window follow. */
function placeOf(left: i32): i32 {
  return 1 << min(placeMaximum, max(0, left));
}

function compared(core: usize, run: usize, k: i32, w: i64, place: i32): i32 {
  const threshold = <i64>load<i32>(load<usize>(core + coreThreshold) + ((<usize>k) << 2)) * <i64>place;
  if (load<i32>(run + runGreater) != 0 ? w > threshold : w >= threshold) return 1;
  const negative = load<i32>(run + runNegative);
  if (negative == 0 || w >= (load<i32>(run + runNegativeAtZero) != 0 ? 0 : -threshold)) return 0;
  return negative == 1 || load<u8>(load<usize>(core + coreFired) + <usize>k) > 0 ? -1 : 0;
}

/** Noise of one comparison; 0 bits give 0. */
function noiseOf(run: usize, seed: i32, key: i32, step: i32): i64 {
  const kind = load<i32>(run + runNoise);
  const bits = load<i32>(run + runNoiseBits);
  if (kind == 0 || bits == 0) return 0;
  if (kind == 1) return <i64>(counterNoise(seed, key, step) >>> (32 - bits));
  let sum: i64 = -2 * (((<i64>1) << bits) - 1);
  for (let j = 0; j < 4; j++) sum += <i64>(counterNoise(seed, key, 4 * step + j) >>> (32 - bits));
  return sum;
}

function counterNoise(seed: u32, key: u32, step: u32): u32 {
  return mix32(mix32(mix32(seed) ^ key) ^ (step * 0x9e3779b1));
}

function mix32(x: u32): u32 {
  let h = (x ^ (x >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}
