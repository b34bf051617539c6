import { at } from "../../../base/bug.ts";
import { type Diagnostic, Failure } from "../../../base/diagnostic.ts";
import { id } from "../../../base/id.ts";
import { flag } from "../../../base/options.ts";
import { outputCodes } from "../../../ir/codes/index.ts";
import type { Network, OutputCode, Population } from "../../../ir/network/types.ts";
import { pass } from "../../pass.ts";
import { driveOf } from "../bounds.ts";
import { freshName, incoming, isInput, settle } from "../edit.ts";
import { mayRest } from "./touched.ts";
import { unitOf } from "./unit.ts";

/*
 * Writes every neuron as the configurable `unit`, the one model that Cores and
 * images know, so that nothing about a neuron is left to be decided later.
 *
 *   pop a 10 binary if(threshold=64 reset=set)
 *   pop o 10 binary readout                        output o code potential
 *   ==>
 *   pop a 10 binary unit(threshold=64 reset=set update=touched)
 *   pop o 10 binary unit(reset=none update=touched output=yes)
 *
 * Also: an output read as a potential sends nothing else, so where it has listeners
 * it is doubled; every window gets an end; neurons that a step without input cannot
 * change are only updated when touched.
 */
export const lowerNeurons = pass({
  name: "lower-neurons",
  on: "network",
  summary: "Writes every neuron model as the configurable unit of the chip.",
  keeps: "spikes",
  options: { touched: flag(true, "update neurons only in steps that bring them input, where that changes nothing") },
  run(network, { touched }) {
    const problems: Diagnostic[] = [];
    const report = (d: Diagnostic): void => {
      problems.push(d);
    };
    const pops = network.pops.map((p) => ended(unitOf(p, report) ?? p, network.steps));
    if (problems.length > 0) throw new Failure(problems);
    const lowered = withReadouts(same(pops, network) ? network : { ...network, pops });
    return touched ? rested(lowered) : lowered;
  },
});

function same(pops: readonly Population[], n: Network): boolean {
  return pops.every((p, i) => p === n.pops[i]);
}

function ended(p: Population, steps: number): Population {
  return p.stop === null ? { ...p, stop: steps } : p;
}

/** Sets output=yes on what is read as a potential, doubling populations whose spikes are needed too. */
function withReadouts(n: Network): Network {
  const readings = n.outputs.filter((o) => reads(o) === "potential");
  const pops = n.pops.slice();
  const links = n.links.slice();
  const outputs = n.outputs.slice();
  const taken = new Set(n.pops.map((p) => p.name));
  const done = new Map<number, Population>();
  let changed = false;
  for (const o of readings) {
    const p = at(n.pops, o.pop);
    if (p.neuron.params["output"] === "yes") continue;
    changed = true;
    const heard = n.links.some((l) => l.from === p.id) || n.outputs.some((other) => other.pop === p.id && reads(other) === "spikes");
    if (!heard) {
      pops[p.id] = reading(p);
      continue;
    }
    let copy = done.get(p.id);
    if (copy === undefined) {
      copy = { ...reading(p), id: id<"population">(pops.length), name: freshName(taken, `${p.name}.potential`) };
      done.set(p.id, copy);
      pops.push(copy);
      for (const l of n.links) if (l.to === p.id) links.push({ ...l, to: copy.id });
    }
    outputs[outputs.indexOf(o)] = { ...o, pop: copy.id };
  }
  return changed ? settle({ ...n, pops, links, outputs }) : n;
}

function reads(o: OutputCode): "potential" | "spikes" | undefined {
  return outputCodes[o.code as keyof typeof outputCodes]?.reads;
}

function reading(p: Population): Population {
  return { ...p, neuron: { ...p.neuron, params: { ...p.neuron.params, output: "yes" } } };
}

/** Lets the units that may rest do so. */
function rested(n: Network): Network {
  const into = incoming(n);
  const pops = n.pops.map((p) => {
    if (isInput(p) || p.neuron.model !== "unit" || p.neuron.params["update"] !== undefined) return p;
    if (!mayRest(p, driveOf(n, p, at(into, p.id)))) return p;
    return { ...p, neuron: { ...p.neuron, params: { ...p.neuron.params, update: "touched" } } };
  });
  return same(pops, n) ? n : { ...n, pops };
}
