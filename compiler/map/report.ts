import type { ChipSpec } from "../../targets/chip.ts";
import { at } from "../base/bug.ts";
import { type Diagnostic, diagnostic } from "../base/diagnostic.ts";
import type { Network } from "../ir/network/types.ts";
import { layoutOf, tilesOf } from "./layout.ts";
import type { LinkForm } from "./link.ts";
import { limitsOf } from "./need.ts";
import { pack } from "./partition/pack.ts";
import { chooseSizes, type Cut, type Misfit, routesPerNeuron, type Sizes } from "./partition/sizes.ts";

/*
 * What does not fit, completely: the object, the limit, the actual number, and what
 * would help by how much. Predictions are plans made for the changed network or chip.
 */

/** Populations that do not fit a core, and neurons that must reach too many axons. */
export function misfitReport(net: Network, forms: readonly LinkForm[], chip: ChipSpec, sizes: Sizes): Diagnostic[] {
  const out: Diagnostic[] = [];
  for (const misfit of sizes.misfits) out.push(...misfitDiagnostics(net, forms, chip, misfit));
  for (const pop of net.pops) {
    if (pop.neuron.model === "input") continue;
    const routes = routesPerNeuron(net, forms, sizes.cuts, pop.id);
    if (routes <= chip.core.routesPerNeuron) continue;
    const fixes = fewerBits(forms).flatMap((bits) => {
      const n = routesPerNeuron(net, forms, chooseSizes(net, forms, chip, { weightBits: bits }).cuts, pop.id);
      return n < routes ? [`${bits}-bit weights: ${n} axons`] : [];
    });
    out.push(
      diagnostic("map-fan-out", [pop.name, routes, chip.core.routesPerNeuron], {
        origin: pop.origin,
        ...(fixes.length > 0 ? { help: fixes } : {}),
      }),
    );
  }
  return out;
}

function misfitDiagnostics(net: Network, forms: readonly LinkForm[], chip: ChipSpec, misfit: Misfit): Diagnostic[] {
  const pop = at(net.pops, misfit.pop);
  const limits = limitsOf(chip);
  const { channels, height, width } = misfit.size;
  return misfit.over.map((resource) => {
    const help: string[] = [];
    if (resource === "synapse words") {
      for (const bits of fewerBits(forms)) {
        const other = chooseSizes(net, forms, chip, { weightBits: bits });
        const cut = other.misfits.find((m) => m.pop === misfit.pop) ?? other.cuts[misfit.pop];
        if (cut) help.push(`${bits}-bit weights: ${percent(cut.need[resource], limits[resource])} of the synapse memory`);
      }
    }
    if (resource === "axons")
      help.push(`give ${pop.name} at most ${limits.axons} source neurons per neuron (pass split-fan-in), or pool before it`);
    help.push(`a chip with at least ${misfit.need[resource]} ${resource} a core`);
    return diagnostic("map-core-limit", [pop.name, resource, misfit.need[resource], limits[resource]], {
      origin: pop.origin,
      notes: [`the closest tile has ${channels} x ${height} x ${width} neurons`],
      help,
    });
  });
}

/** More cores are needed than the chip has. */
export function fullReport(
  net: Network,
  forms: readonly LinkForm[],
  chip: ChipSpec,
  cuts: readonly (Cut | null)[],
  needed: number,
): Diagnostic {
  const available = chip.columns * chip.rows;
  const help: string[] = [];
  const packed = pack(net, cuts, limitsOf(chip)).length;
  if (packed < needed) help.push(`partition packed: ${packed} cores`);
  for (const [name, size] of Object.entries(chip.sizes ?? {})) {
    const cores = size.columns * size.rows;
    if (cores >= packed && cores > available) help.push(`${name}: needs ${packed} of ${cores} cores`);
  }
  for (const bits of fewerBits(forms)) {
    const other = chooseSizes(net, forms, chip, { weightBits: bits });
    const cores = other.misfits.length === 0 ? pack(net, other.cuts, limitsOf(chip)).length : packed;
    if (cores < packed) help.push(`${bits}-bit weights: needs ${cores} cores`);
  }
  return diagnostic("map-chip-full", [chip.name, needed, available], { notes: largest(net, cuts), ...(help.length > 0 ? { help } : {}) });
}

/** The populations that take most tiles. */
function largest(net: Network, cuts: readonly (Cut | null)[]): string[] {
  return cuts
    .flatMap((cut) => {
      if (cut === null) return [];
      const pop = at(net.pops, cut.pop);
      const { channels, height, width } = cut.size;
      return [
        {
          name: pop.name,
          tiles: tilesOf(cut.pop, layoutOf(pop.shape), cut.size).length,
          size: `${channels} x ${height} x ${width}`,
          need: cut.need,
        },
      ];
    })
    .sort((a, b) => b.tiles - a.tiles)
    .slice(0, 5)
    .map(
      (p) =>
        `${p.name}: ${p.tiles} tiles of ${p.size} neurons, each with ${p.need.axons} axons and ${p.need["synapse words"]} synapse words`,
    );
}

/** Widths that would store less than the network's widest weights do. */
function fewerBits(forms: readonly LinkForm[]): number[] {
  const widest = forms.reduce((n, f) => Math.max(n, f.bits), 0);
  return [8, 4, 2].filter((b) => b < widest);
}

function percent(part: number, whole: number): string {
  return `${Math.round((100 * part) / whole)} %`;
}
