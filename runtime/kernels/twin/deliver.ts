import type { Kernels, Memory } from "../kernels.ts";
import * as l from "../layout.ts";

/** What a core sends: assembly/deliver.ts in TypeScript. */
export function deliverTwin({ i32, u8 }: Memory): Kernels["deliver"] {
  const at = (address: number): number => i32[address >>> 2]!;
  const add = (address: number, value: number): void => {
    i32[address >>> 2] = i32[address >>> 2]! + value;
  };
  const set = (address: number, value: number): void => {
    i32[address >>> 2] = value;
  };

  return (machine, core, slot, thread, parity, packets, fused, columns, lost, outputs) => {
    const slots = at(machine + l.machineSlots);
    const columnOf = at(machine + l.machineColumnOf) >>> 0;
    const tails = (at(machine + l.machineTails) >>> 0) + thread * at(machine + l.machineListBytes);
    const sums =
      (at(machine + l.machineAccumulators) >>> 0) + parity * at(machine + l.machineParityBytes) + thread * at(machine + l.machineCopyBytes);
    let out = outputs;
    let spikes = 0;
    let sent = 0;
    let astray = 0;

    const route = (word: number, what: number, payload: number): void => {
      const to = word & ((1 << l.routeDelayShift) - 1);
      const kind = word >>> l.routeKindShift;
      add(packets + 4 * to, 1);
      add(columns + 4 * at(columnOf + 4 * to), 1);
      if (kind === l.routeStored) {
        const tail = tails + ((slot + ((word >>> l.routeDelayShift) & 0xff)) % slots) * at(machine + l.machineSlotBytes) + 4 * to;
        const place = at(tail) >>> 0;
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
        add(lost + 4 * to, 1);
      }
    };

    const emissions = at(core + l.coreEmissions) >>> 0;
    for (let e = emissions; e < emissions + at(core + l.coreEmitted) * l.emissionBytes; e += l.emissionBytes) {
      const payload = at(e + l.emissionPayload);
      const slot4 = 4 * at(e + l.emissionSlot);
      const outputsOf = at(core + l.coreOutputs) >>> 0;
      if (outputsOf === 0 || u8[outputsOf + slot4 / 4] === 0) spikes++;
      /** From and to of the slot's part of a list. */
      const part = (field: number): readonly [number, number] => {
        const index = at(core + field) >>> 0;
        return index === 0 ? [0, 0] : [at(index + slot4) >>> 0, at(index + slot4 + 4) >>> 0];
      };
      const [routes, routesEnd] = part(l.coreRoutes);
      for (let r = routes; r < routesEnd; r += l.routeBytes) route(at(r + l.routeTo), at(r + l.routeWhat), payload);
      const [first, end] = part(l.corePackets);
      sent += (routesEnd - routes) / l.routeBytes;
      for (let p = first; p < end; ) {
        const word = at(p);
        p += l.packetBytes;
        sent++;
        const to = word & ((1 << l.packetColumnShift) - 1);
        const entries = word >>> l.packetEntriesShift;
        add(fused + 8 * to, 1);
        add(fused + 8 * to + 4, entries);
        add(columns + 4 * ((word >>> l.packetColumnShift) & 0x3ff), 1);
        for (const stop = p + entries * l.synapseBytes; p < stop; p += l.synapseBytes)
          add(sums + 4 * (at(p) & 0xffffff), Math.imul(payload, at(p) >> l.synapseWeightShift));
      }
    }
    set(core + l.coreSpikes, spikes);
    set(core + l.coreSent, sent);
    set(core + l.coreLost, astray);
    return out;
  };
}
