import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import { factorUnit } from "../../../ir/network/neurons/integrate.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { spread } from "../../../base/tensor.ts";
import { pass } from "../../pass.ts";
import { incoming, isInput, placeOf } from "../edit.ts";
import { subtracts } from "../legalize-reset/pass.ts";

/*
 * A static input comes once, into a synaptic current that does not decay and so replays it.
 * On a chip whose neurons have no current, the host sends it in every step instead:
 *
 *   i(t) = i(t-1) + z(t), z only once      is      z in every step from then on
 *
 *   input x 4 unsigned8 code direct(every=0)            input x 4 unsigned8 code direct
 *   pop a 4 binary cuba(decayCurrent=1 threshold=9) ==> pop a 4 binary lif(threshold=9)
 *
 * The same where a current stands in the way of a reset that comes through a synapse
 * (legalize-reset). Exact; the input's events are as many times more as there are steps.
 */
export const unrollStaticInput = pass({
  name: "unroll-static-input",
  on: "network",
  summary: "Sends a static input in every step instead of replaying it in a synaptic current.",
  keeps: "spikes",
  options: {},
  run(network, _options, cx) {
    const lacks = (word: string, choice: string): boolean => cx.chip === null || cx.chip.unit[word]?.includes(choice) !== true;
    const none = lacks("current", "on");
    if (!none && !lacks("reset", "subtract")) return network;
    // A reset that comes through a synapse would pass through the current, so a neuron that needs one has to do without the other.
    const unrolled = (p: Population): boolean => hasCurrent(p) && (none || subtracts(p));
    const into = incoming(network);
    const problems: Diagnostic[] = [];
    const pops = network.pops.slice();
    const resent = new Set<number>();
    for (const p of network.pops) {
      if (!unrolled(p)) continue;
      const links = at(into, p.id);
      const why = obstacle(network, p, links);
      if (why !== null) problems.push(diagnostic("static-input-kept", [p.name, why], { at: placeOf(p), origin: p.origin }));
      if (replays(p)) for (const l of links) resent.add(l.from);
      pops[p.id] = withoutCurrent(p);
    }
    // An input that is heard elsewhere too would be heard too often there.
    for (const l of network.links) {
      const to = at(network.pops, l.to);
      if (resent.has(l.from) && !unrolled(to) && problems.length === 0)
        problems.push(
          diagnostic("static-input-kept", [at(network.pops, l.from).name, `${to.name} hears the input as well`], {
            at: placeOf(to),
            origin: to.origin,
          }),
        );
    }
    if (problems.length > 0) throw new Failure(problems);
    if (resent.size === 0 && pops.every((p, i) => p === network.pops[i])) return network;
    cx.table(
      "unroll-static-input",
      network.inputs
        .filter((i) => resent.has(i.pop))
        .map((i) => ({ input: at(network.pops, i.pop).name, steps: network.steps, keeps: "every spike" })),
    );
    const inputs = network.inputs.map((i) => {
      if (!resent.has(i.pop)) return i;
      const { every: _once, ...params } = i.params;
      return { ...i, params };
    });
    return { ...network, pops, inputs };
  },
});

function hasCurrent(p: Population): boolean {
  return p.neuron.model === "cuba" || (p.neuron.model === "unit" && neuronWords(p)["current"] === "on");
}

/** Factor of the current per step. */
function decayOf(p: Population): Float64Array {
  const params = neuronParams(p);
  return (p.neuron.model === "unit" ? params["currentDecay"]?.map((m) => m / factorUnit) : params["decayCurrent"]) ?? new Float64Array(0);
}

function replays(p: Population): boolean {
  return decayOf(p).every((d) => d === 1);
}

/** Why the current does more than replay an input. A current that forgets at once is none, and takes any input. */
function obstacle(n: Network, p: Population, links: readonly Link[]): string | null {
  if (decayOf(p).every((d) => d === 0)) return null;
  if (!replays(p)) return "it decays";
  if (neuronWords(p)["update"] === "touched") return "it rests in steps without input";
  if (p.initial["i"] !== undefined && spread(p.initial["i"], p.shape).some((v) => v !== 0)) return "it does not begin at 0";
  const boundary = neuronWords(p)["boundary"];
  if (boundary === "keep") return "it is kept from sample to sample";
  for (const l of links) {
    const source = at(n.pops, l.from);
    const code = n.inputs.find((i) => i.pop === l.from);
    if (!isInput(source) || code === undefined) return `${source.name} enters it, which is no input`;
    if (code.code !== "direct" || code.params["every"] !== 0) return `the input ${source.name} is not sent once`;
    if (l.pool?.mode === "gate") return `the input ${source.name} passes a gate, which counts it`;
    if (p.start > source.start + l.delay) return `it begins after the input ${source.name} has come`;
    if (source.stop !== null && source.stop + l.delay < (p.stop ?? n.steps)) return `the input ${source.name} ends before it`;
  }
  return null;
}

function withoutCurrent(p: Population): Population {
  const { decayCurrent: _decay, rounding: _rounding, current: _current, currentDecay: _factor, ...params } = p.neuron.params;
  const { i: _i, ...initial } = p.initial;
  return { ...p, neuron: { model: p.neuron.model === "cuba" ? "lif" : "unit", params }, initial };
}
