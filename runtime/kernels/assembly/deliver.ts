import {
  coreEmissions,
  coreEmitted,
  coreIndex,
  coreLost,
  coreOutputs,
  corePackets,
  coreRoutes,
  coreSent,
  coreSpikes,
  emissionBytes,
  emissionPayload,
  emissionSlot,
  eventBytes,
  machineAccumulators,
  machineColumnOf,
  machineCopyBytes,
  machineListBytes,
  machineParityBytes,
  machineSlotBytes,
  machineSlots,
  machineTails,
  outBytes,
  outCore,
  outLine,
  outPayload,
  packetBytes,
  packetColumnShift,
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
} from "../layout";

/**
 * Sends what a core has emitted: events into the thread's lists for later steps, fused synapses straight into the next step's
 * accumulators. `slot`: of the next step's lists. `packets`: at [destination] of the core's line of routers, 32 bits; `fused`: the same
 * for fused packets, two words each, number and synapses. `columns`: packets of this core by column. `lost`: at [destination].
 * Returns the end of the list of outputs.
 */
export function deliver(
  machine: usize,
  core: usize,
  slot: i32,
  thread: i32,
  parity: i32,
  packets: usize,
  fused: usize,
  columns: usize,
  lost: usize,
  outputs: usize,
): usize {
  const emitted = load<i32>(core + coreEmitted);
  const slots = load<i32>(machine + machineSlots);
  const slotBytes = load<usize>(machine + machineSlotBytes);
  const columnOf = load<usize>(machine + machineColumnOf);
  const tails = load<usize>(machine + machineTails) + <usize>thread * load<usize>(machine + machineListBytes);
  const sums =
    load<usize>(machine + machineAccumulators) +
    <usize>parity * load<usize>(machine + machineParityBytes) +
    <usize>thread * load<usize>(machine + machineCopyBytes);
  let out = outputs;
  let spikes = 0;
  let sent = 0;
  let astray = 0;
  const routesOf = load<usize>(core + coreRoutes);
  const packetsOf = load<usize>(core + corePackets);
  const outputsOf = load<usize>(core + coreOutputs);
  /** The route of the packet before, how many in a row have had it, and where its list and its end lie (0: no list). */
  let last: u32 = 0xffffffff;
  let many: u32 = 0;
  let tail: usize = 0;
  let place: usize = 0;
  let e = load<usize>(core + coreEmissions);
  for (const end = e + <usize>emitted * emissionBytes; e < end; e += emissionBytes) {
    const payload = load<i32>(e + emissionPayload);
    const slot4 = <usize>load<i32>(e + emissionSlot) << 2;
    if (outputsOf == 0 || load<u8>(outputsOf + (slot4 >> 2)) == 0) spikes++;

    let r = load<usize>(routesOf + slot4);
    const end = load<usize>(routesOf + slot4, 4);
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
    if (packetsOf == 0) continue;

    let p = load<usize>(packetsOf + slot4);
    const packetsEnd = load<usize>(packetsOf + slot4, 4);
    while (p < packetsEnd) {
      const word = load<u32>(p);
      p += packetBytes;
      sent++;
      const to: usize = word & ((1 << packetColumnShift) - 1);
      const entries = word >>> packetEntriesShift;
      const at = fused + (to << 3);
      store<u64>(at, load<u64>(at) + ((<u64>entries << 32) | 1));
      const column = columns + (<usize>((word >>> packetColumnShift) & 0x3ff) << 2);
      store<u32>(column, load<u32>(column) + 1);
      for (const stop = p + <usize>entries * synapseBytes; p < stop; p += synapseBytes) {
        const synapse = load<i32>(p);
        const sum = sums + (<usize>(synapse & 0xffffff) << 2);
        store<i32>(sum, load<i32>(sum) + payload * (synapse >> synapseWeightShift));
      }
    }
  }
  if (many > 0) note(packets, columns, columnOf, last, many, tail, place);
  store<i32>(core + coreSpikes, spikes);
  store<i32>(core + coreSent, sent);
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
