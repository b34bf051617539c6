import type { ChipSpec } from "../../targets/chip.ts";
import { at } from "../base/bug.ts";
import { profileCount, routeCount, synapseWords } from "../ir/cores/storage.ts";
import type { Core, Cores } from "../ir/cores/types.ts";
import type { Budget } from "./mapping.ts";
import { limitsOf, resources } from "./need.ts";

/** What a finished core occupies. */
export function usedBy(core: Core): Readonly<Record<(typeof resources)[number], number>> {
  return {
    neurons: core.groups.reduce((n, g) => n + g.count, 0),
    axons: core.axons.length,
    "synapse words": synapseWords(core),
    routes: routeCount(core),
    profiles: core.groups.reduce((n, g) => n + profileCount(g), 0),
    shapes: core.shapes.length,
  };
}

/**
 * Events that each core has to hold in the worst case: all neurons and inputs send in
 * every step, and what an axon delays waits until its step.
 */
function waiting(cores: Cores): Float64Array {
  const events = new Float64Array(cores.cores.length);
  for (const { sends } of [...cores.cores, ...cores.inputs])
    for (let i = 0; i < sends.core.length; i++) {
      const id = at(sends.core, i);
      if (id >= 0) events[id] = at(events, id) + at(at(cores.cores, id).axons, at(sends.axon, i)).delay + 1;
    }
  return events;
}

/** Used and available: cores of the chip, then every resource of every core. More events than there is room for do not fit only if they come. */
export function budget(cores: Cores, chip: ChipSpec): Budget[] {
  const limits = limitsOf(chip);
  const events = waiting(cores);
  const out: Budget[] = [{ core: null, resource: "cores", used: cores.cores.length, available: chip.columns * chip.rows }];
  for (const core of cores.cores) {
    const used = usedBy(core);
    for (const resource of resources) out.push({ core: core.id, resource, used: used[resource], available: limits[resource] });
    out.push({ core: core.id, resource: "events (worst case)", used: at(events, core.id), available: limits.events });
  }
  return out;
}
