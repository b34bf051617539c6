import type { Memory } from "../kernels.ts";
import * as l from "../layout.ts";

/** Sends what a core has emitted; see assembly/deliver.ts. */
export type Deliver = (machine: number, core: number, thread: number, slot: number, parity: number, outputs: number) => number;

/** What a core sends: assembly/deliver.ts in TypeScript. */
export function deliverTwin({ i32, u8 }: Memory): Deliver {
  const at = (address: number): number => i32[address >>> 2]!;
  const pointer = (address: number): number => at(address) >>> 0;
  const add = (address: number, value: number): void => {
    i32[address >>> 2] = i32[address >>> 2]! + value;
  };
  const set = (address: number, value: number): void => {
    i32[address >>> 2] = value;
  };

  return (machine, core, thread, slot, parity, outputs) => {
    const record = pointer(machine + l.machineThreads) + thread * l.threadBytes;
    const width = at(machine + l.machineWidth);
    const columns = pointer(machine + l.machineColumns) + 4 * at(core + l.coreIndex) * width;
    i32.fill(0, columns >>> 2, (columns >>> 2) + width);
    const line = 4 * (at(core + l.coreLine) - at(record + l.threadLine)) * (at(machine + l.machineCores) + 1);
    const slots = at(machine + l.machineSlots);
    const columnOf = pointer(machine + l.machineColumnOf);
    const tails = pointer(machine + l.machineTails) + thread * at(machine + l.machineListBytes);
    const sums =
      pointer(machine + l.machineAccumulators) + parity * at(machine + l.machineParityBytes) + thread * at(machine + l.machineCopyBytes);
    const routesOf = pointer(core + l.coreRoutes);
    const packetsOf = pointer(core + l.corePackets);
    const outputsOf = pointer(core + l.coreOutputs);
    let out = outputs;
    let spikes = 0;
    let routed = 0;
    let fused = 0;
    let astray = 0;

    const route = (word: number, what: number, payload: number): void => {
      const to = word & ((1 << l.routeDelayShift) - 1);
      const kind = word >>> l.routeKindShift;
      routed++;
      add(pointer(record + l.threadRouted) + line + 4 * to, 1);
      add(columns + 4 * at(columnOf + 4 * to), 1);
      if (kind === l.routeStored) {
        const tail = tails + ((slot + ((word >>> l.routeDelayShift) & 0xff)) % slots) * at(machine + l.machineSlotBytes) + 4 * to;
        const place = pointer(tail);
        set(place + l.eventWhat, what);
        set(place + l.eventPayload, payload);
        set(tail, place + l.eventBytes);
      } else if (kind === l.routeHost) {
        set(out + l.outLine, what);
        set(out + l.outPayload, payload);
        set(out + l.outCore, at(core + l.coreIndex));
        out += l.outBytes;
      } else {
        astray++;
        add(pointer(record + l.threadLost) + 4 * to, 1);
      }
    };
    /** Counts a packet of so many synapses and adds them. */
    const packet = (to: number, entries: number, from: number, payload: number): void => {
      fused++;
      add(pointer(record + l.threadFused) + line + 4 * to, 1);
      add(pointer(record + l.threadMore) + 4 * to, entries - 1);
      add(columns + 4 * at(columnOf + 4 * to), 1);
      for (let p = from; p < from + entries * l.synapseBytes; p += l.synapseBytes)
        add(sums + 4 * (at(p) & 0xffffff), Math.imul(payload, at(p) >> l.synapseWeightShift));
    };

    const emissions = pointer(core + l.coreEmissions);
    for (let e = emissions; e < emissions + at(core + l.coreEmitted) * l.emissionBytes; e += l.emissionBytes) {
      const payload = at(e + l.emissionPayload);
      const k = at(e + l.emissionSlot);
      if (outputsOf === 0 || u8[outputsOf + k] === 0) spikes++;
      if (routesOf !== 0) {
        const end = pointer(routesOf + 4 * k + 4);
        for (let r = pointer(routesOf + 4 * k); r < end; r += l.routeBytes) route(at(r + l.routeTo), at(r + l.routeWhat), payload);
      }
      if (packetsOf === 0) continue;
      let p = pointer(packetsOf + 8 * k);
      for (const several = pointer(packetsOf + 8 * k + 4); p < several; p += l.synapseBytes)
        packet(at(pointer(machine + l.machineHomes) + 4 * ((at(p) & 0xffffff) >>> l.homeShift)) & 0xffff, 1, p, payload);
      for (const end = pointer(packetsOf + 8 * k + 8); p < end; ) {
        const word = at(p);
        const entries = word >>> l.packetEntriesShift;
        packet(word & ((1 << l.packetEntriesShift) - 1), entries, p + l.packetBytes, payload);
        p += l.packetBytes + entries * l.synapseBytes;
      }
    }
    set(core + l.coreSpikes, spikes);
    set(core + l.coreSent, routed + fused);
    set(core + l.coreRouted, routed);
    set(core + l.coreLost, astray);
    return out;
  };
}
