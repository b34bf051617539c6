import type { ChipSpec } from "../../targets/chip.ts";
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

/** Used and available: cores of the chip, then every resource of every core. */
export function budget(cores: Cores, chip: ChipSpec): Budget[] {
  const limits = limitsOf(chip);
  const out: Budget[] = [{ core: null, resource: "cores", used: cores.cores.length, available: chip.columns * chip.rows }];
  for (const core of cores.cores) {
    const used = usedBy(core);
    for (const resource of resources) out.push({ core: core.id, resource, used: used[resource], available: limits[resource] });
  }
  return out;
}
