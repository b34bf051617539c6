import {
  coreGateCount,
  coreGateList,
  coreRunCount,
  coreRuns,
  gateBytes,
  gateMembers,
  gateStart,
  machineCoreList,
  machineInterval,
  machineParities,
  machineSlots,
  machineThreads,
  members,
  runBytes,
  runLength,
  runStart,
  runUsed,
  threadBytes,
  threadEnd,
  threadFirst,
  threadOutputs,
  threadScratch,
} from "../layout";
import { deliver } from "./deliver";
import { integrate } from "./integrate";
import { idle, update } from "./update";

/** Local step of what begins in `start`; negative before. */
function localStep(start: i32, t: i32, interval: i32): i32 {
  return t < start ? -1 : (t - start) % interval;
}

/**
 * One thread's share of step t: its cores take their events and update their neurons, and then they send. Returns the end of the
 * thread's list of outputs. What it reads was written in earlier steps, what it writes no other thread touches in this one.
 */
export function runShare(machine: usize, thread: i32, t: i32): usize {
  const record = load<usize>(machine + machineThreads) + <usize>thread * threadBytes;
  const list = load<usize>(machine + machineCoreList);
  const first = list + (load<usize>(record + threadFirst) << 2);
  const end = list + (load<usize>(record + threadEnd) << 2);
  const interval = load<i32>(machine + machineInterval);
  const slots = load<i32>(machine + machineSlots);
  const slot = t % slots;
  const next = (t + 1) % slots;
  const two = load<i32>(machine + machineParities) == 2;
  const parity = two ? t & 1 : 0;
  const scratch = load<usize>(record + threadScratch);
  for (let c = first; c < end; c += 4) {
    const core = load<usize>(c);
    if (load<i32>(core + coreGateCount) != 0) clearGates(core, t, interval);
    integrate(machine, core, slot, parity, scratch);
    let run = load<usize>(core + coreRuns);
    for (let k = load<i32>(core + coreRunCount); k > 0; k--) {
      const at = load<i32>(run + runUsed) == 0 ? -1 : localStep(load<i32>(run + runStart), t, interval);
      const length = load<i32>(run + runLength);
      if (at < 0 || (length > 0 && at >= length)) idle(machine, core, run, parity);
      else update(machine, core, run, at, parity);
      run += runBytes;
    }
  }
  let outputs = load<usize>(record + threadOutputs);
  for (let c = first; c < end; c += 4) outputs = deliver(machine, load<usize>(c), thread, next, two ? parity ^ 1 : 0, outputs);
  return outputs;
}

/** Counters of gated axons start over with the profile that they name. */
function clearGates(core: usize, t: i32, interval: i32): void {
  let gate = load<usize>(core + coreGateList);
  for (let k = load<i32>(core + coreGateCount); k > 0; k--) {
    if (localStep(load<i32>(gate + gateStart), t, interval) == 0) memory.fill(load<usize>(gate + gateMembers), 0, 4 * members);
    gate += gateBytes;
  }
}
