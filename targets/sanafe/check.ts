import type { Soma } from "../../compiler/frontends/sanafe/types.ts";
import type { SanafeImage } from "./image.ts";
import { neuronName, synapseOf } from "./listing.ts";
import { SanafeMachine } from "./machine.ts";
import { stepTime } from "./timing.ts";

/** What in an image's tables and arrays does not fit together; at most one of each kind. */
export function contradictions({ tables, arrays }: SanafeImage): string[] {
  const { cores, runs, somas, somaUnits, loads, unit } = tables;
  const { axons, axonCore, axonLoad, axonSynapses, synapses, slots, weights, bias, id } = arrays;
  const out: string[] = [];
  const neurons = bias.length;
  let next = 0;
  for (const c of cores) {
    if (c.first !== next) out.push(`core ${c.name} begins at neuron ${c.first}; ${next} is next`);
    next = c.first + c.count;
  }
  if (next !== neurons || id.length !== neurons) out.push(`the cores have ${next} neurons, the arrays ${neurons} and ${id.length}`);
  if (new Set(id).size !== id.length) out.push("two neurons have one number");
  let covered = 0;
  for (const r of runs) {
    if (r.first !== covered) out.push(`settings begin at neuron ${r.first}; ${covered} is next`);
    covered = r.first + r.count;
    if (somas[r.soma] === undefined || somaUnits[r.unit] === undefined) out.push(`neuron ${r.first} has settings that are not there`);
  }
  if (covered !== neurons) out.push(`${covered} of ${neurons} neurons have settings`);
  const count = unit === 0 ? slots.length : synapses.length;
  if (unit === 0 && weights.length !== count) out.push(`${count} synapses have ${weights.length} weights`);
  if (axons.length !== neurons + 1 || axons[neurons] !== axonCore.length) out.push("the lists of axons end elsewhere than the axons");
  if (axonSynapses.length !== axonCore.length + 1 || axonSynapses.at(-1) !== count)
    out.push("the lists of synapses end elsewhere than the synapses");
  if (out.length > 0) return out;
  for (let n = 0; n < neurons; n++)
    if (axons[n]! > axons[n + 1]!) return [`the axons of ${neuronName({ tables, arrays }, n)} end before they begin`];
  for (let a = 0; a < axonCore.length; a++) {
    const core = cores[axonCore[a]!];
    const load = loads[axonLoad[a]!];
    if (core === undefined || load === undefined) return [`axon ${a} names core ${axonCore[a]} or load ${axonLoad[a]}, which is not there`];
    if (axonSynapses[a + 1]! - axonSynapses[a]! !== load.synapses)
      return [`axon ${a} has other synapses than its load of ${load.synapses}`];
    for (let s = axonSynapses[a]!; s < axonSynapses[a + 1]!; s++) {
      const { slot } = synapseOf({ tables, arrays }, s);
      if (slot >= core.count) return [`a synapse of axon ${a} leads to neuron ${slot} of ${core.count} of core ${core.name}`];
    }
  }
  return [];
}

/** The first step in which compiled kernels and TypeScript differ in counts, potentials or time; null: none of so many. */
export function firstDifference(image: SanafeImage, steps: number): number | null {
  const [one, other] = [new SanafeMachine(image), new SanafeMachine(image, null)];
  const [oneTime, otherTime] = [stepTime(one, "fast"), stepTime(other, "fast")];
  for (let step = 1; step <= steps; step++) {
    one.step();
    other.step();
    const counts = JSON.stringify(one.counts) === JSON.stringify(other.counts);
    const same = counts && oneTime() === otherTime() && one.potentials.every((v, i) => v === other.potentials[i]);
    if (!same) return step;
  }
  return null;
}

/** Neurons that can never fire or change: nothing alive reaches them with a weight other than 0, and nothing of their own moves them. */
export function deadNeurons(image: SanafeImage): readonly number[] {
  const { axons, axonCore, axonSynapses, bias } = image.arrays;
  const alive = new Uint8Array(bias.length);
  const waiting: number[] = [];
  const wake = (n: number): void => {
    if (alive[n] === 1) return;
    alive[n] = 1;
    waiting.push(n);
  };
  for (const r of image.tables.runs) {
    const own = actsAlone(image.tables.somas[r.soma]);
    for (let n = r.first; n < r.first + r.count; n++) if (own || bias[n] !== 0) wake(n);
  }
  for (let n = waiting.pop(); n !== undefined; n = waiting.pop())
    for (let a = axons[n]!; a < axons[n + 1]!; a++) {
      const { first } = image.tables.cores[axonCore[a]!]!;
      for (let s = axonSynapses[a]!; s < axonSynapses[a + 1]!; s++) {
        const { slot, weight } = synapseOf(image, s);
        if (weight !== 0) wake(first + slot);
      }
    }
  return Array.from(alive.keys()).filter((n) => alive[n] === 0);
}

/** Whether neurons with these settings act without any event, apart from a bias. */
function actsAlone(soma: Soma | undefined): boolean {
  if (soma === undefined) return false;
  if (soma.model === "input") return soma.every > 0 || soma.spikes.includes(1);
  if (soma.model === "truenorth") return soma.leak !== 0 || soma.threshold <= 0;
  return soma.potential !== 0 || soma.threshold < 0;
}
