import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import type { Witness } from "./witness.ts";

/** The first thing that two witnesses say differently. */
export type FirstDifference = {
  readonly kind: "spike" | "output";
  readonly pop: PopId;
  readonly neuron: number;
  /** Step of the spike; of an output the last one in which its population is active. */
  readonly step: number;
  readonly left: number;
  readonly right: number;
};

/** The earliest differing spike (in a step: the population that comes first), else the first differing output; null where they agree. */
export function firstDifferenceOf(network: Network, left: Witness, right: Witness): FirstDifference | null {
  const pops = network.pops.filter((p) => left.trains.has(p.id) && right.trains.has(p.id) && !readsPotential(network, p.id));
  for (let step = 0; step < network.steps; step++)
    for (const pop of pops) {
      const count = sizeOf(pop.shape);
      const l = left.trains.get(pop.id) as Float64Array;
      const r = right.trains.get(pop.id) as Float64Array;
      for (let n = 0, i = step * count; n < count; n++, i++)
        if (l[i] !== r[i]) return { kind: "spike", pop: pop.id, neuron: n, step, left: at(l, i), right: at(r, i) };
    }
  return firstOutput(network, left, right);
}

function firstOutput(network: Network, left: Witness, right: Witness): FirstDifference | null {
  for (const [o, output] of network.outputs.entries()) {
    const l = at(left.raw, o);
    const r = at(right.raw, o);
    for (let n = 0; n < l.length; n++) {
      if (l[n] === r[n]) continue;
      const pop = at(network.pops, output.pop);
      const step = (pop.stop ?? network.steps) - 1;
      return { kind: "output", pop: output.pop, neuron: n, step, left: l[n] as number, right: (r[n] ?? Number.NaN) as number };
    }
  }
  return null;
}

/** Populations whose potential is the answer send it in the place of spikes. */
function readsPotential(network: Network, pop: PopId): boolean {
  return network.outputs.some((o) => o.pop === pop && o.code === "potential");
}
