import {
  coreEmissions,
  coreEmitted,
  coreIndex,
  coreLine,
  coreLost,
  coreOutputs,
  corePackets,
  coreRouted,
  coreRoutes,
  coreSent,
  coreSpikes,
  emissionBytes,
  emissionPayload,
  emissionSlot,
  eventBytes,
  homeColumnShift,
  homeShift,
  machineAccumulators,
  machineColumnOf,
  machineColumns,
  machineCopyBytes,
  machineCores,
  machineHomes,
  machineListBytes,
  machineParityBytes,
  machineSlotBytes,
  machineSlots,
  machineTails,
  machineThreads,
  machineWidth,
  outBytes,
  outCore,
  outLine,
  outPayload,
  packetBytes,
  packetEntriesShift,
  routeBytes,
  routeDelayShift,
  routeHost,
  routeKindShift,
  routeStored,
  routeTo,
  routeWhat,
  synapseBytes,
  synapseWeightShift,
  threadBytes,
  threadFused,
  threadLine,
  threadLost,
  threadMore,
  threadRouted,
} from "../layout";

/** Lists of different neurons lie far apart: so much of each is asked for before the first one is needed. */
const ahead = 256;
const cacheLine = 64;

/** Words that were read only to have them near; exported so that no compiler thinks them useless. */
let near: u32 = 0;
export function seen(): u32 {
  return near;
}

/**
 * Sends what a core has emitted: events into the thread's lists for later steps, fused synapses straight into the next step's
 * accumulators. `slot`: of the next step's lists. Returns the end of the list of outputs.
 */
export function deliver(machine: usize, core: usize, thread: i32, slot: i32, parity: i32, outputs: usize): usize {
  const record = load<usize>(machine + machineThreads) + <usize>thread * threadBytes;
  const cores = load<usize>(machine + machineCores);
  const columns =
    load<usize>(machine + machineColumns) + ((<usize>load<u32>(core + coreIndex) * load<usize>(machine + machineWidth)) << 2);
  memory.fill(columns, 0, load<usize>(machine + machineWidth) << 2);
  const line = (load<usize>(core + coreLine) - load<usize>(record + threadLine)) * (cores + 1);
  const emitted = load<i32>(core + coreEmitted);
  const sums =
    load<usize>(machine + machineAccumulators) +
    <usize>parity * load<usize>(machine + machineParityBytes) +
    <usize>thread * load<usize>(machine + machineCopyBytes);
  let spikes = emitted;
  const e = load<usize>(core + coreEmissions);
  const end = e + <usize>emitted * emissionBytes;
  const outputsOf = load<usize>(core + coreOutputs);
  if (outputsOf != 0) {
    for (let k = e; k < end; k += emissionBytes) spikes -= <i32>load<u8>(outputsOf + <usize>load<u32>(k + emissionSlot));
  }
  let out = outputs;
  store<i32>(core + coreLost, 0);
  let routed = 0;
  if (load<usize>(core + coreRoutes) != 0) {
    const tails = load<usize>(machine + machineTails) + <usize>thread * load<usize>(machine + machineListBytes);
    out = sendRoutes(
      machine,
      core,
      slot,
      e,
      end,
      tails,
      load<usize>(record + threadRouted) + (line << 2),
      columns,
      load<usize>(record + threadLost),
      out,
    );
    routed = load<i32>(core + coreRouted);
  }
  store<i32>(core + coreRouted, routed);
  let sent = routed;
  if (load<usize>(core + corePackets) != 0)
    sent += addFused(
      core,
      e,
      end,
      sums,
      load<usize>(record + threadFused) + (line << 2),
      columns,
      load<usize>(machine + machineHomes),
      load<usize>(record + threadMore),
      load<usize>(machine + machineColumnOf),
    );
  store<i32>(core + coreSpikes, spikes);
  store<i32>(core + coreSent, sent);
  return out;
}

/** Packets by routes; their number is left in the core's record. */
function sendRoutes(
  machine: usize,
  core: usize,
  slot: i32,
  from: usize,
  to: usize,
  tails: usize,
  packets: usize,
  columns: usize,
  lost: usize,
  outputs: usize,
): usize {
  const slots = load<i32>(machine + machineSlots);
  const slotBytes = load<usize>(machine + machineSlotBytes);
  const columnOf = load<usize>(machine + machineColumnOf);
  const routesOf = load<usize>(core + coreRoutes);
  let out = outputs;
  let sent = 0;
  let astray = 0;
  /** The route of the packet before, how many in a row have had it, and where its list and its end lie (0: no list). */
  let last: u32 = 0xffffffff;
  let many: u32 = 0;
  let tail: usize = 0;
  let place: usize = 0;
  for (let e = from; e < to; e += emissionBytes) {
    const payload = load<i32>(e + emissionPayload);
    const index = routesOf + (<usize>load<u32>(e + emissionSlot) << 2);
    let r = load<usize>(index);
    const end = load<usize>(index, 4);
    sent += <i32>((end - r) / routeBytes);
    for (; r < end; r += routeBytes) {
      const word = load<u32>(r + routeTo);
      const what = load<u32>(r + routeWhat);
      if (word != last) {
        // Neighbours often send to the same core: what is counted there is counted when they stop.
        if (many > 0) note(packets, columns, columnOf, last, many, tail, place);
        many = 0;
        last = word;
        if (word >>> routeKindShift == routeStored) {
          let s = slot + ((word >>> routeDelayShift) & 0xff);
          if (s >= slots) s -= slots;
          tail = tails + <usize>s * slotBytes + (<usize>(word & ((1 << routeDelayShift) - 1)) << 2);
          place = load<usize>(tail);
        } else {
          tail = 0;
        }
      }
      many++;
      if (tail != 0) {
        store<u64>(place, (<u64>(<u32>payload) << 32) | <u64>what);
        place += eventBytes;
      } else if (word >>> routeKindShift == routeHost) {
        store<u32>(out + outLine, what);
        store<i32>(out + outPayload, payload);
        store<i32>(out + outCore, load<i32>(core + coreIndex));
        out += outBytes;
      } else {
        astray++;
        const gone = lost + (<usize>(word & ((1 << routeDelayShift) - 1)) << 2);
        store<u32>(gone, load<u32>(gone) + 1);
      }
    }
  }
  if (many > 0) note(packets, columns, columnOf, last, many, tail, place);
  store<i32>(core + coreRouted, sent);
  store<i32>(core + coreLost, astray);
  return out;
}

/** Counts packets of one route, and ends the list that they are in. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function note(packets: usize, columns: usize, columnOf: usize, word: u32, many: u32, tail: usize, place: usize): void {
  const to: usize = word & ((1 << routeDelayShift) - 1);
  const count = packets + (to << 2);
  store<u32>(count, load<u32>(count) + many);
  const column = columns + (<usize>load<u32>(columnOf + (to << 2)) << 2);
  store<u32>(column, load<u32>(column) + many);
  if (tail != 0) store<usize>(tail, place);
}

/** Adds the fused synapses of what was emitted; returns the number of packets. */
function addFused(
  core: usize,
  from: usize,
  to: usize,
  sums: usize,
  packets: usize,
  columns: usize,
  homes: usize,
  more: usize,
  columnOf: usize,
): i32 {
  const index = load<usize>(core + corePackets);
  let touched: u32 = 0;
  for (let e = from; e < to; e += emissionBytes) {
    const list = index + (<usize>load<u32>(e + emissionSlot) << 3);
    const p = load<usize>(list);
    const stop = min(load<usize>(list, 8), p + ahead);
    for (let line = p; line < stop; line += cacheLine) touched ^= load<u32>(line);
  }
  near ^= touched;
  let sent = 0;
  for (let e = from; e < to; e += emissionBytes) {
    const payload = load<i32>(e + emissionPayload);
    const list = index + (<usize>load<u32>(e + emissionSlot) << 3);
    let p = load<usize>(list);
    const several = load<usize>(list, 4);
    const end = load<usize>(list, 8);
    sent += <i32>((several - p) / synapseBytes);
    for (; p < several; p += synapseBytes) {
      const synapse = load<i32>(p);
      const sum = sums + (<usize>(synapse & 0xffffff) << 2);
      store<i32>(sum, load<i32>(sum) + payload * (synapse >> synapseWeightShift));
      const home = load<u32>(homes + (<usize>((synapse & 0xffffff) >>> homeShift) << 2));
      const count = packets + (<usize>(home & 0xffff) << 2);
      store<u32>(count, load<u32>(count) + 1);
      const column = columns + (<usize>(home >>> homeColumnShift) << 2);
      store<u32>(column, load<u32>(column) + 1);
    }
    while (p < end) {
      const word = load<u32>(p);
      p += packetBytes;
      sent++;
      const place = <usize>(word & ((1 << packetEntriesShift) - 1)) << 2;
      const entries = word >>> packetEntriesShift;
      const count = packets + place;
      store<u32>(count, load<u32>(count) + 1);
      const column = columns + (<usize>load<u32>(columnOf + place) << 2);
      store<u32>(column, load<u32>(column) + 1);
      const beyond = more + place;
      store<u32>(beyond, load<u32>(beyond) + entries - 1);
      for (const stop = p + <usize>entries * synapseBytes; p < stop; p += synapseBytes) {
        const synapse = load<i32>(p);
        const sum = sums + (<usize>(synapse & 0xffffff) << 2);
        store<i32>(sum, load<i32>(sum) + payload * (synapse >> synapseWeightShift));
      }
    }
  }
  return sent;
}
