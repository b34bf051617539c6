import {
  axonArrived,
  axonBytes,
  axonMembers,
  axonMode,
  axonNeed,
  coreAccumulators,
  coreAxons,
  coreBatchBase,
  coreBatchCount,
  coreBatchRows,
  coreBatchWords,
  coreEmitted,
  coreEvents,
  coreGates,
  coreIndex,
  coreMultiplied,
  corePooled,
  coreRows,
  coreSynapses,
  coreTouched,
  coreUpdated,
  coreWords,
  eventBytes,
  eventPayload,
  eventWhat,
  machineAxonBits,
  machineListBytes,
  machineLists,
  machineParityBytes,
  machineSlotBytes,
  machineStarts,
  machineTails,
  members,
  modeAtLeast,
  modeEach,
} from "../layout";
import { addRows8, applyRow, countRows, multiplied, restart, rows, synapses, words } from "./rows";

/**
 * Takes all events that a core has got for the step, from every list, and adds their rows to the accumulators of the
 * step's parity. `scratch` has room for an address for each event. What it did is in the core's record.
 */
export function integrate(machine: usize, core: usize, slot: i32, parity: i32, scratch: usize): void {
  restart();
  const sums = load<usize>(core + coreAccumulators) + <usize>(parity * load<i32>(machine + machineParityBytes));
  const touched = load<usize>(core + coreTouched);
  const axons = load<usize>(core + coreAxons);
  const pooled = load<usize>(core + corePooled);
  const bits = load<i32>(machine + machineAxonBits);
  const mask: u32 = (1 << bits) - 1;
  const lists = load<i32>(machine + machineLists);
  const stride = load<usize>(machine + machineListBytes);
  let place = <usize>slot * load<usize>(machine + machineSlotBytes) + ((<usize>load<i32>(core + coreIndex)) << 2);
  const tails = load<usize>(machine + machineTails);
  const starts = load<usize>(machine + machineStarts);
  let events = 0;
  let waiting = 0;
  let batch = scratch;
  const rowsOf = load<usize>(core + coreBatchRows);
  for (let l = 0; l < lists; l++) {
    const end = load<usize>(tails + place);
    const start = load<usize>(starts + place);
    for (let e = start; e < end; e += eventBytes) {
      const what = load<u32>(e + eventWhat);
      const p = load<i32>(e + eventPayload);
      const index = what & mask;
      if (p == 1 && rowsOf != 0) {
        const row = load<usize>(rowsOf + ((<usize>index) << 2));
        if (row != 0) {
          store<usize>(batch, row);
          batch += 4;
          continue;
        }
      }
      const axon = axons + <usize>index * axonBytes;
      const mode = load<i32>(axon + axonMode);
      if (mode == modeEach) {
        applyRow(axon, sums, touched, p);
        continue;
      }
      const arrived = load<i32>(axon + axonArrived);
      if (arrived == 0) {
        store<u32>(pooled + ((<usize>waiting) << 2), index);
        waiting++;
      }
      if (mode == modeAtLeast) {
        store<i32>(axon + axonArrived, arrived + 1);
      } else {
        const member = what >> bits;
        store<i32>(axon + axonArrived, arrived | (1 << member));
        const counter = load<usize>(axon + axonMembers) + ((<usize>member) << 2);
        store<i32>(counter, load<i32>(counter) + 1);
      }
    }
    events += <i32>((end - start) / eventBytes);
    store<usize>(tails + place, start);
    place += stride;
  }
  const n = <i32>((batch - scratch) >> 2);
  if (n > 0) {
    const count = load<i32>(core + coreBatchCount);
    addRows8(sums + ((<usize>load<i32>(core + coreBatchBase)) << 2), scratch, n, count);
    countRows(n, n * load<i32>(core + coreBatchWords), n * count);
  }
  let gates = 0;
  for (let k = 0; k < waiting; k++) {
    const axon = axons + <usize>load<u32>(pooled + ((<usize>k) << 2)) * axonBytes;
    gates += applyPooled(axon, sums, touched);
  }
  store<i32>(core + coreEvents, events);
  store<i32>(core + coreRows, rows);
  store<i32>(core + coreWords, words);
  store<i32>(core + coreSynapses, synapses);
  store<i32>(core + coreMultiplied, multiplied);
  store<i32>(core + coreGates, gates);
  store<i32>(core + coreUpdated, 0);
  store<i32>(core + coreEmitted, 0);
}

/** The row of a pooled axon, if its condition holds; returns 1 for a gate. */
function applyPooled(axon: usize, sums: usize, touched: usize): i32 {
  const arrived = load<i32>(axon + axonArrived);
  store<i32>(axon + axonArrived, 0);
  if (load<i32>(axon + axonMode) == modeAtLeast) {
    if (arrived >= load<i32>(axon + axonNeed)) applyRow(axon, sums, touched, 1);
    return 0;
  }
  const counters = load<usize>(axon + axonMembers);
  let best = 0;
  for (let m = 1; m < members; m++) if (load<i32>(counters + ((<usize>m) << 2)) > load<i32>(counters + ((<usize>best) << 2))) best = m;
  if ((arrived & (1 << best)) != 0) applyRow(axon, sums, touched, 1);
  return 1;
}
