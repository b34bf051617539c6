import type { Kernels, Memory } from "../kernels.ts";
import * as l from "../layout.ts";
import type { Deliver } from "./deliver.ts";

/** A thread's share of a step: assembly/share.ts in TypeScript. */
export function shareTwin({ i32 }: Memory, k: Pick<Kernels, "integrate" | "update" | "idle">, deliver: Deliver): Kernels["runShare"] {
  const at = (address: number): number => i32[address >>> 2]!;
  const pointer = (address: number): number => at(address) >>> 0;
  const localStep = (start: number, t: number, interval: number): number => (t < start ? -1 : (t - start) % interval);

  return (machine, thread, t) => {
    const record = pointer(machine + l.machineThreads) + thread * l.threadBytes;
    const list = pointer(machine + l.machineCoreList);
    const interval = at(machine + l.machineInterval);
    const slots = at(machine + l.machineSlots);
    const two = at(machine + l.machineParities) === 2;
    const parity = two ? t & 1 : 0;
    const first = at(record + l.threadFirst);
    const end = at(record + l.threadEnd);
    for (let c = first; c < end; c++) {
      const core = pointer(list + 4 * c);
      for (let g = 0; g < at(core + l.coreGateCount); g++) {
        const gate = pointer(core + l.coreGateList) + g * l.gateBytes;
        const counters = pointer(gate + l.gateMembers) >>> 2;
        if (localStep(at(gate + l.gateStart), t, interval) === 0) i32.fill(0, counters, counters + l.members);
      }
      k.integrate(machine, core, t % slots, parity, pointer(record + l.threadScratch));
      for (let r = 0; r < at(core + l.coreRunCount); r++) {
        const run = pointer(core + l.coreRuns) + r * l.runBytes;
        const local = at(run + l.runUsed) === 0 ? -1 : localStep(at(run + l.runStart), t, interval);
        const length = at(run + l.runLength);
        if (local < 0 || (length > 0 && local >= length)) k.idle(machine, core, run, parity);
        else k.update(machine, core, run, local, parity);
      }
    }
    let outputs = pointer(record + l.threadOutputs);
    for (let c = first; c < end; c++)
      outputs = deliver(machine, pointer(list + 4 * c), thread, (t + 1) % slots, two ? parity ^ 1 : 0, outputs);
    return outputs;
  };
}
