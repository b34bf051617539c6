import type { Kernels, Memory } from "../kernels.ts";
import * as l from "../layout.ts";
import type { RowKernels, Tally } from "./rows.ts";

/** A core's events of a step: assembly/integrate.ts in TypeScript. */
export function integrateTwin({ i32 }: Memory, { applyRow }: RowKernels): Kernels["integrate"] {
  const at = (address: number): number => i32[address >>> 2]!;
  const set = (address: number, value: number): void => {
    i32[address >>> 2] = value;
  };
  const tally: Tally = { rows: 0, words: 0, synapses: 0, multiplied: 0 };

  /** The row of a pooled axon, if its condition holds; returns 1 for a gate. */
  const applyPooled = (axon: number, sums: number, touched: number): number => {
    const arrived = at(axon + l.axonArrived);
    set(axon + l.axonArrived, 0);
    if (at(axon + l.axonMode) === l.modeAtLeast) {
      if (arrived >= at(axon + l.axonNeed)) applyRow(axon, sums, touched, 1, tally);
      return 0;
    }
    const counters = at(axon + l.axonMembers) >>> 0;
    let best = 0;
    for (let m = 1; m < l.members; m++) if (at(counters + 4 * m) > at(counters + 4 * best)) best = m;
    if ((arrived & (1 << best)) !== 0) applyRow(axon, sums, touched, 1, tally);
    return 1;
  };

  return (machine, core, slot, parity) => {
    tally.rows = tally.words = tally.synapses = tally.multiplied = 0;
    const sums = (at(core + l.coreAccumulators) >>> 0) + parity * at(machine + l.machineParityBytes);
    const touched = at(core + l.coreTouched) >>> 0;
    const axons = at(core + l.coreAxons) >>> 0;
    const pooled = at(core + l.corePooled) >>> 0;
    const bits = at(machine + l.machineAxonBits);
    let place = slot * at(machine + l.machineSlotBytes) + 4 * at(core + l.coreIndex);
    const tails = at(machine + l.machineTails) >>> 0;
    const starts = at(machine + l.machineStarts) >>> 0;
    let events = 0;
    let waiting = 0;
    for (let k = 0; k < at(machine + l.machineLists); k++) {
      const end = at(tails + place) >>> 0;
      const start = at(starts + place) >>> 0;
      for (let e = start; e < end; e += l.eventBytes) {
        const what = at(e + l.eventWhat);
        const index = what & ((1 << bits) - 1);
        const axon = axons + index * l.axonBytes;
        const mode = at(axon + l.axonMode);
        if (mode === l.modeEach) {
          applyRow(axon, sums, touched, at(e + l.eventPayload), tally);
          continue;
        }
        const arrived = at(axon + l.axonArrived);
        if (arrived === 0) set(pooled + 4 * waiting++, index);
        if (mode === l.modeAtLeast) {
          set(axon + l.axonArrived, arrived + 1);
        } else {
          const member = what >>> bits;
          set(axon + l.axonArrived, arrived | (1 << member));
          const counter = (at(axon + l.axonMembers) >>> 0) + 4 * member;
          set(counter, at(counter) + 1);
        }
      }
      events += (end - start) / l.eventBytes;
      set(tails + place, start);
      place += at(machine + l.machineListBytes);
    }
    let gates = 0;
    for (let k = 0; k < waiting; k++) gates += applyPooled(axons + at(pooled + 4 * k) * l.axonBytes, sums, touched);
    set(core + l.coreEvents, events);
    set(core + l.coreRows, tally.rows);
    set(core + l.coreWords, tally.words);
    set(core + l.coreSynapses, tally.synapses);
    set(core + l.coreMultiplied, tally.multiplied);
    set(core + l.coreGates, gates);
    set(core + l.coreUpdated, 0);
    set(core + l.coreEmitted, 0);
  };
}
