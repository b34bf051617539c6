import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { outputCodes } from "../../../ir/codes/index.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { isInput, placeOf } from "../edit.ts";
import { leakFactor } from "../legalize-spikes/signed.ts";
import { unitOf } from "../lower-neurons/unit.ts";
import { oneKernel, partsOf, widthOf } from "../strong.ts";

/*
 * Reset by subtraction on a chip whose neurons cannot subtract: the neuron inhibits itself.
 * Its spike comes back one step later, when the potential has been leaked once, so it
 * takes away β·R:
 *
 *   u(t+1) = β·u(t) + z - β·R·s(t) = β·(u(t) - R·s(t)) + z
 *
 * before step t+1 is decided: the same u in every step, so the same spikes, for β = 1, 2 (doubling)
 * and 0 (nothing to take away).
 *
 *   pop a 4 ternary unit(leak=double threshold=2 resetValue=4)
 *   ==>
 *   pop a 4 ternary unit(leak=double threshold=2 reset=none)      link a -> a one weight=-8 delay 1
 */
export const legalizeReset = pass({
  name: "legalize-reset",
  on: "network",
  summary: "Replaces reset by subtraction by a delayed synapse of the neuron on itself, for chips that cannot subtract.",
  keeps: "spikes",
  options: {},
  run(network, _options, cx) {
    const { chip } = cx;
    if (chip !== null && chip.unit["reset"]?.includes("subtract") === true) return network;
    const problems: Diagnostic[] = [];
    const made = new Map<number, { readonly pop: Population; readonly links: readonly Link[] }>();
    for (const p of network.pops) {
      if (isInput(p) || !subtracts(p)) continue;
      const found = withoutReset(network, p, cx);
      if (Array.isArray(found)) problems.push(...(found as readonly Diagnostic[]));
      else made.set(p.id, found as { pop: Population; links: Link[] });
    }
    if (problems.length > 0) throw new Failure(problems);
    if (made.size === 0) return network;
    cx.table(
      "legalize-reset",
      [...made.values()].map((m) => ({ population: m.pop.name, "links on itself": m.links.length, keeps: "every spike" })),
    );
    return {
      ...network,
      pops: network.pops.map((p) => made.get(p.id)?.pop ?? p),
      links: [...network.links, ...[...made.values()].flatMap((m) => m.links)],
    };
  },
});

/** Whether spikes take something from the potential. Readouts and relays send none, or keep nothing. */
export function subtracts(p: Population): boolean {
  const words = neuronWords(p);
  if (p.neuron.model === "readout" || p.neuron.model === "relay" || words["output"] === "yes") return false;
  return p.neuron.model === "tsa" || words["reset"] === "subtract";
}

function withoutReset(n: Network, p: Population, cx: Context): { pop: Population; links: Link[] } | Diagnostic[] {
  const place = { at: placeOf(p), origin: p.origin };
  if (p.amplitude !== 1) return [diagnostic("amplitude-left", [p.name, "legalize-reset"], place)];
  const problems: Diagnostic[] = [];
  const unit = unitOf(p, (d) => problems.push(d));
  if (unit === null) return problems;
  const words = neuronWords(unit);
  const signed = { pop: unit, words } as Parameters<typeof leakFactor>[0];
  const factor = leakFactor(signed);
  const why: string[] = [];
  if (cx.chip !== null && cx.chip.unit["reset"]?.includes("none") !== true) why.push("the chip's neurons always set their potential");
  if (cx.chip !== null && cx.chip.delayMin > 1) why.push(`transport takes ${cx.chip.delayMin} steps`);
  if (factor === null) why.push("its leak rounds");
  if (words["current"] === "on") why.push("its input passes through a synaptic current");
  if (words["emit"] === "value") why.push("its spikes carry its potential");
  if (words["boundary"] === "keep") why.push("it keeps its potential from sample to sample");
  if (words["update"] === "touched") why.push("it rests in steps without input");
  if (n.outputs.some((o) => o.pop === p.id && outputCodes[o.code as keyof typeof outputCodes]?.reads === "potential"))
    why.push("its potential is read");
  const parts = partsOf(
    (neuronParams(unit)["resetValue"] ?? new Float64Array(0)).map((r) => -(factor ?? 0) * r + 0),
    widthOf(cx.chip),
  );
  if (parts === null) why.push("what a spike takes away is too much for a synapse");
  if (why.length > 0 || parts === null) return why.map((w) => diagnostic("reset-not-outside", [p.name, w], place));
  const { resetValue: _amount, ...params } = unit.neuron.params;
  const links = parts.map(
    (part): Link => ({
      from: p.id,
      to: p.id,
      kernel: oneKernel(part.numbers, p.shape),
      pool: null,
      delay: 1,
      gain: part.gain,
      origin: p.origin,
    }),
  );
  // A silent step decides nothing, so the first spike comes back in time there too.
  return {
    pop: {
      ...unit,
      neuron: {
        model: "unit",
        params: { ...params, threshold: params["threshold"] ?? at(neuronParams(unit)["threshold"] ?? [1], 0), reset: "none" },
      },
    },
    links,
  };
}
