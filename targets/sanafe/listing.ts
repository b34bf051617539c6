import { at } from "../../compiler/base/bug.ts";
import type { Soma } from "../../compiler/frontends/sanafe/types.ts";
import type { SanafeImage } from "./image.ts";

/** The name of a neuron, by its number in the machine, as SANA-FE writes it: `group.index`. */
export function neuronName({ tables, arrays }: SanafeImage, neuron: number): string {
  const id = arrays.id[neuron] ?? 0;
  const group = tables.groups.findLast((g) => g.first <= id);
  return `${group?.name}.${id - (group?.first ?? 0)}`;
}

/** A core's neurons with their settings, and what each sends: a line for each, and one for each message with its synapses. */
export function coreLines(image: SanafeImage, core: number): string[] {
  const { cores, runs, somas } = image.tables;
  const { first, count, name, x, y } = at(cores, core);
  const lines = [`core ${name} at tile (${x},${y}): ${count} neurons`];
  for (const run of runs.filter((r) => r.core === core)) {
    lines.push(`  soma ${run.soma}: ${somaText(at(somas, run.soma))}`);
    for (let n = run.first; n < run.first + run.count; n++) lines.push(...neuronLines(image, n, n - first));
  }
  return lines;
}

function neuronLines(image: SanafeImage, neuron: number, slot: number): string[] {
  const { axons, axonCore, axonSynapses, bias } = image.arrays;
  const lines = [`    ${slot} ${neuronName(image, neuron)}${bias[neuron] === 0 ? "" : ` bias=${bias[neuron]}`}`];
  for (let a = axons[neuron]!; a < axons[neuron + 1]!; a++) {
    const to = at(image.tables.cores, axonCore[a]!);
    const synapses: string[] = [];
    for (let s = axonSynapses[a]!; s < axonSynapses[a + 1]!; s++) {
      const { slot: target, weight } = synapseOf(image, s);
      synapses.push(`${neuronName(image, to.first + target)}=${weight}`);
    }
    lines.push(`      to core ${to.name}: ${synapses.join(" ")}`);
  }
  return lines;
}

/** Where a synapse leads in its axon's core, and its weight. */
export function synapseOf({ tables, arrays }: SanafeImage, synapse: number): { readonly slot: number; readonly weight: number } {
  if (tables.unit === 0) return { slot: arrays.slots[synapse]!, weight: arrays.weights[synapse]! };
  const word = arrays.synapses[synapse]!;
  return { slot: word & 0xffff, weight: ((word | 0) >> 16) * tables.unit };
}

/** Settings of a soma that say something: none that are 0, false or none. */
export function somaText(soma: Soma): string {
  const { model, ...rest } = soma;
  const settings = Object.entries(rest).flatMap(([key, value]) => {
    if (value === 0 || value === false || value === "none") return [];
    return [`${key}=${Array.isArray(value) ? `[${value.slice(0, 16).join(" ")}${value.length > 16 ? " …" : ""}]` : String(value)}`];
  });
  return [model, ...settings].join(" ");
}
