import { diagnostic } from "../../../base/diagnostic.ts";
import { placeOf } from "../../../ir/graph/place.ts";
import { pass } from "../../pass.ts";
import { factsOf } from "../facts.ts";
import { comparisons, Formulas } from "./form.ts";
import { findNeurons } from "./neuron.ts";
import { Rebuild } from "./rebuild.ts";

/*
 * Finds spiking neurons by operator and data flow, never by name, and makes each one node.
 *
 *     node u = add(v, x)                          node g = neuron-step(x, theta, v) reset=set -> z, v_next
 *     node g = greater-or-equal(u, theta)
 *     node z = cast(g) to=f32               ==>
 *     node n = sub(one, z)
 *     node v_next = mul(n, u)
 *
 * Comparisons that are not neurons stay, and a note says why.
 */
export const recognizeNeurons = pass({
  name: "recognize-neurons",
  on: "graph",
  summary: "Finds spiking neurons, however the file writes them, and makes each one node.",
  keeps: "answers",
  options: {},
  run(g, _options, cx) {
    if (!g.nodes.some((n) => comparisons.has(n.op))) return g;
    const facts = factsOf(g);
    const { neurons, left } = findNeurons(new Formulas(facts));
    for (const { node, why } of left) cx.report(diagnostic("graph-neuron-left", [node.op, why], placeOf(node)));
    return neurons.length === 0 ? g : new Rebuild(facts, neurons).finish();
  },
});
