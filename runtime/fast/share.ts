import type { Kernels, Memory } from "../kernels/kernels.ts";
import type { Built, BuiltCore } from "./build.ts";

/** Local step of what begins in `start`; negative before. */
function localStep(start: number, t: number, interval: number): number {
  return t < start ? -1 : (t - start) % interval;
}

/**
 * One thread's share of step t: its cores take their events, update their neurons and send.
 * Returns the end of the thread's list of outputs. What it reads was written in earlier steps, what it writes
 * no other thread touches in this one.
 */
export function runShare(b: Built, m: Memory, k: Kernels, thread: number, t: number): number {
  const { first, end } = b.shares[thread]!;
  const tables = b.tables[thread]!;
  const slot = t % b.slots;
  const next = (t + 1) % b.slots;
  const parity = b.parities === 2 ? t & 1 : 0;
  const nextParity = b.parities === 2 ? parity ^ 1 : 0;
  let outputs = tables.outputs;
  for (let i = first; i < end; i++) {
    const core = b.cores[i]!;
    if (core.gates.length > 0) clearGates(core, m, t, b.interval);
    k.integrate(b.machine, core.at, slot, parity, tables.scratch);
    for (const run of core.runs) {
      const c = run.used ? localStep(run.start, t, b.interval) : -1;
      if (c < 0 || (run.length > 0 && c >= run.length)) k.idle(b.machine, core.at, run.at, parity);
      else k.update(b.machine, core.at, run.at, c, parity);
    }
    const line = core.line * b.destinations;
    outputs = k.deliver(
      b.machine,
      core.at,
      next,
      thread,
      nextParity,
      tables.packets + 4 * line,
      tables.fused + 8 * line,
      b.columns + 4 * core.index * b.width,
      tables.lost,
      outputs,
    );
  }
  return outputs;
}

/** Counters of gated axons start over with the profile that they name. */
function clearGates(core: BuiltCore, m: Memory, t: number, interval: number): void {
  for (const g of core.gates) if (localStep(g.start, t, interval) === 0) m.i32.fill(0, g.at >>> 2, (g.at >>> 2) + 16);
}
