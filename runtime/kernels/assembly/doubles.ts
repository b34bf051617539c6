import {
  doublesAxonCore,
  doublesAxonLoad,
  doublesAxons,
  doublesAxonSynapses,
  doublesBias,
  doublesCoreFirst,
  doublesCores,
  doublesCount,
  doublesFired,
  doublesFirst,
  doublesGeneration,
  doublesHops,
  doublesHopSeconds,
  doublesLoads,
  doublesMessages,
  doublesPotential,
  doublesProcessing,
  doublesReceive,
  doublesScratch,
  doublesSums,
  doublesSynapses,
  doublesTail,
  doublesTo,
  doublesTotals,
  doublesUpdated,
  doublesWayEnergy,
  fireSet,
  fireSubtract,
  loadBytes,
  loadDendriteEnergy,
  loadSeconds,
  loadSynapseEnergy,
  loadSynapses,
  scratchDoubles,
  totalDendriteEnergy,
  totalHops,
  totalNetworkEnergy,
  totalSynapseEnergy,
  totalSynapses,
} from "../layout";

/* Neurons and messages of targets/sanafe, whose numbers are doubles: as neurons.ts and machine.ts there, and to the same bits. */

/** One step of leaky neurons first … end - 1; returns how many were at work. A sum of -0 means that nothing came. */
export function updateLeaky(
  machine: usize,
  first: i32,
  end: i32,
  decay: f64,
  threshold: f64,
  reset: f64,
  mode: i32,
  forced: i32,
): i32 {
  const potential = load<usize>(machine + doublesPotential);
  const sums = load<usize>(machine + doublesSums);
  const bias = load<usize>(machine + doublesBias);
  const silence = f64x2.splat(-0.0);
  const always = i64x2.splat(<i64>forced);
  const none = i64x2.splat(0);
  const decays = f64x2.splat(decay);
  const fine = f64x2.splat(64);
  const unit = f64x2.splat(1.0 / 64);
  const limit = f64x2.splat(threshold);
  let busy = none;
  // Idle neurons that fire all the same.
  let woken = 0;
  let i = first;
  for (; i + 2 <= end; i += 2) {
    const at = (<usize>i) << 3;
    const p = v128.load(potential + at);
    const s = v128.load(sums + at);
    const b = v128.load(bias + at);
    const any = v128.or(v128.or(v128.andnot(v128.or(p, b), silence), v128.xor(s, silence)), always);
    const works = i64x2.ne(any, none);
    busy = i64x2.sub(busy, works);
    const cut = f64x2.trunc(f64x2.mul(f64x2.mul(p, decays), fine));
    const v = f64x2.add(f64x2.add(f64x2.mul(cut, unit), b), s);
    v128.store(sums + at, silence);
    v128.store(potential + at, v);
    const fires = f64x2.gt(v, limit);
    if (!v128.any_true(fires)) continue;
    const works0 = -(<i32>i64x2.extract_lane(works, 0));
    const works1 = -(<i32>i64x2.extract_lane(works, 1));
    let updated = <i32>(i64x2.extract_lane(busy, 0) + i64x2.extract_lane(busy, 1)) + woken - works1;
    if (i64x2.extract_lane(fires, 0) != 0) {
      woken += 1 - works0;
      updated += 1 - works0;
      fire(machine, potential + at, i, updated, threshold, reset, mode);
    }
    if (i64x2.extract_lane(fires, 1) != 0) {
      woken += 1 - works1;
      fire(machine, potential + at + 8, i + 1, updated + 1, threshold, reset, mode);
    }
  }
  let updated = <i32>(i64x2.extract_lane(busy, 0) + i64x2.extract_lane(busy, 1)) + woken;
  if (i < end) {
    const at = (<usize>i) << 3;
    const p = load<f64>(potential + at);
    const s = load<f64>(sums + at);
    const b = load<f64>(bias + at);
    const v = trunc(p * decay * 64) * (1.0 / 64) + b + s;
    store<f64>(sums + at, -0.0);
    store<f64>(potential + at, v);
    const works = p != 0 || b != 0 || forced != 0 || reinterpret<i64>(s) != i64.MIN_VALUE;
    if (works || v > threshold) updated++;
    if (v > threshold) fire(machine, potential + at, i, updated, threshold, reset, mode);
  }
  return updated;
}

function fire(machine: usize, potential: usize, neuron: i32, updated: i32, threshold: f64, reset: f64, mode: i32): void {
  const n = load<i32>(machine + doublesCount);
  const at = (<usize>n) << 2;
  store<i32>(load<usize>(machine + doublesFired) + at, neuron);
  store<i32>(load<usize>(machine + doublesUpdated) + at, updated);
  store<i32>(machine + doublesCount, n + 1);
  if (mode == fireSet) store<f64>(potential, reset);
  else if (mode == fireSubtract) store<f64>(potential, load<f64>(potential) - threshold);
}

/** Adds up what the messages of all that fired bring, in the order of senders, and what they cost. */
export function deliverDoubles(machine: usize, unit: f64): void {
  const sums = load<usize>(machine + doublesSums);
  const axons = load<usize>(machine + doublesAxons);
  const axonCore = load<usize>(machine + doublesAxonCore);
  const axonLoad = load<usize>(machine + doublesAxonLoad);
  const axonSynapses = load<usize>(machine + doublesAxonSynapses);
  const synapses = load<usize>(machine + doublesSynapses);
  const coreFirst = load<usize>(machine + doublesCoreFirst);
  const receive = load<usize>(machine + doublesReceive);
  const cores = load<usize>(machine + doublesCores);
  const hopsOf = load<usize>(machine + doublesHops);
  const wayEnergy = load<usize>(machine + doublesWayEnergy);
  const loads = load<usize>(machine + doublesLoads);
  const beginning = load<usize>(machine + doublesProcessing);
  let processing = beginning;
  let hops: f64 = 0;
  let events: f64 = 0;
  let synapse: f64 = 0;
  let dendrite: f64 = 0;
  let network: f64 = 0;
  let core: usize = 0;
  let f = load<usize>(machine + doublesFired);
  const last = f + ((<usize>load<u32>(machine + doublesCount)) << 2);
  for (; f < last; f += 4) {
    const n: usize = load<u32>(f);
    while (n >= load<u32>(coreFirst + (core << 2), 4)) core++;
    const line = core * cores;
    const end: usize = load<u32>(axons + (n << 2), 4);
    for (let a: usize = load<u32>(axons + (n << 2)); a < end; a++) {
      const to: usize = load<u16>(axonCore + (a << 1));
      const cost = loads + <usize>load<u16>(axonLoad + (a << 1)) * loadBytes;
      const base = sums + ((<usize>load<u32>(coreFirst + (to << 2))) << 3);
      let s = synapses + ((<usize>load<u32>(axonSynapses + (a << 2))) << 2);
      const stop = synapses + ((<usize>load<u32>(axonSynapses + (a << 2), 4)) << 2);
      for (; s < stop; s += 4) {
        const word = load<i32>(s);
        const sum = base + ((<usize>(word & 0xffff)) << 3);
        store<f64>(sum, load<f64>(sum) + <f64>(word >> 16) * unit);
      }
      store<f64>(processing, load<f64>(receive + (to << 3)) + load<f64>(cost + loadSeconds));
      processing += 8;
      const way = line + to;
      hops += <f64>load<u16>(hopsOf + (way << 1));
      events += load<f64>(cost + loadSynapses);
      synapse += load<f64>(cost + loadSynapseEnergy);
      dendrite += load<f64>(cost + loadDendriteEnergy);
      network += load<f64>(wayEnergy + (way << 3));
    }
  }
  const totals = load<usize>(machine + doublesTotals);
  store<f64>(totals + totalHops, hops);
  store<f64>(totals + totalSynapses, events);
  store<f64>(totals + totalSynapseEnergy, synapse);
  store<f64>(totals + totalDendriteEnergy, dendrite);
  store<f64>(totals + totalNetworkEnergy, network);
  store<u32>(machine + doublesMessages, <u32>((processing - beginning) >> 3));
}

/**
 * The fast timing model, as timing.ts of targets/sanafe. Its times are lanes 0 of vectors: the larger of two is then one instruction, where
 * it would be a jump that nobody can predict.
 */
export function fastTime(machine: usize, networks: usize, room: usize, waits: usize, slices: i32): f64 {
  const cores = load<usize>(machine + doublesCores);
  const first = load<usize>(machine + doublesFirst);
  const to = load<usize>(machine + doublesTo);
  const generation = load<usize>(machine + doublesGeneration);
  const processing = load<usize>(machine + doublesProcessing);
  const tail = load<usize>(machine + doublesTail);
  const hopSeconds = load<usize>(machine + doublesHopSeconds);
  // Of a core: when its next message is ready and its last received one done; then next message, places in both rings; then the rings.
  const scratch = load<usize>(machine + doublesScratch);
  const leftAt: usize = scratchDoubles << 3;
  const beganAt = leftAt + (room << 3);
  const bytes = beganAt + (waits << 3);
  memory.fill(scratch, 0, cores * bytes);
  let most = f64x2.splat(0);
  let open = 0;
  for (let c: usize = 0; c < cores; c++) {
    const begin: usize = load<u32>(first + (c << 2));
    const stop: usize = load<u32>(first + (c << 2), 4);
    let t = v128.load64_zero(tail + (c << 3));
    for (let m = begin; m < stop; m++) t = f64x2.add(t, v128.load64_zero(generation + (m << 3)));
    most = f64x2.pmax(most, t);
    const own = scratch + c * bytes;
    store<u32>(own + nextAt, <u32>begin);
    if (begin < stop) {
      store<f64>(own + readyAt, load<f64>(generation + (begin << 3)));
      open++;
    }
  }
  const width = f64x2.extract_lane(most, 0) / <f64>slices;
  for (let slice = 1; open > 0; slice++) {
    const end = <f64>slice * width;
    for (let c: usize = 0; c < cores; c++) {
      const own = scratch + c * bytes;
      const stop: usize = load<u32>(first + (c << 2), 4);
      let m: usize = load<u32>(own + nextAt);
      if (m == stop || load<f64>(own + readyAt) >= end) continue;
      const ways = hopSeconds + ((c * cores) << 3);
      const left = own + leftAt;
      let k: usize = load<u32>(own + ringAt);
      let t = v128.load64_zero(own + readyAt);
      while (f64x2.extract_lane(t, 0) < end) {
        const d: usize = load<u16>(to + (m << 1));
        const receiver = scratch + d * bytes;
        const slot = left + (k << 3);
        const sent = f64x2.pmax(t, v128.load64_zero(slot));
        const turn: usize = load<u32>(receiver + turnAt);
        store<u32>(receiver + turnAt, <u32>(turn + 1 == waits ? 0 : turn + 1));
        const place = receiver + beganAt + (turn << 3);
        // The message before in the same network; nothing where this is the first.
        const behind = left + ((k < networks ? k + room - networks : k - networks) << 3);
        const leaves = f64x2.pmax(sent, f64x2.pmax(v128.load64_zero(behind), v128.load64_zero(place)));
        v128.store64_lane(slot, leaves, 0);
        const arrives = f64x2.add(leaves, v128.load64_zero(ways + (d << 3)));
        const starts = f64x2.pmax(arrives, v128.load64_zero(receiver + doneAt));
        v128.store64_lane(place, starts, 0);
        v128.store64_lane(receiver + doneAt, f64x2.add(starts, v128.load64_zero(processing + (m << 3))), 0);
        k = k + 1 == room ? 0 : k + 1;
        if (++m == stop) {
          most = f64x2.pmax(most, f64x2.add(sent, v128.load64_zero(tail + (c << 3))));
          open--;
          break;
        }
        t = f64x2.add(sent, v128.load64_zero(generation + (m << 3)));
      }
      store<u32>(own + nextAt, <u32>m);
      store<u32>(own + ringAt, <u32>k);
      v128.store64_lane(own + readyAt, t, 0);
    }
  }
  for (let c: usize = 0; c < cores; c++) most = f64x2.pmax(most, v128.load64_zero(scratch + c * bytes + doneAt));
  return f64x2.extract_lane(most, 0);
}

/** Of a core in the scratch of fastTime. */
const readyAt: usize = 0;
const doneAt: usize = 8;
const nextAt: usize = 16;
const ringAt: usize = 20;
const turnAt: usize = 24;
