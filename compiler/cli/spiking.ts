import { at } from "../base/bug.ts";
import { isSpiking, statesOf } from "../convert/walk/neurons.ts";
import type { Graph, ValueId } from "../ir/graph/types.ts";
import type { Network } from "../ir/network/types.ts";
import { graphPipeline } from "../passes/graph/index.ts";
import { context } from "../passes/pass.ts";
import { runSteps } from "../passes/run.ts";

/** The graph with its neurons recognized; null when it has none. */
export function spikingForm(graph: Graph): Graph | null {
  const candidate = graph.nodes.some((n) => n.op === "neuron-step" || n.op.startsWith("greater") || n.op.startsWith("less"));
  const simple = candidate ? runSteps(graph, graphPipeline, context()) : graph;
  return isSpiking(simple) ? simple : null;
}

/** Inputs that take data: all but the states of neurons. */
export function dataInputs(graph: Graph): readonly ValueId[] {
  const simple = spikingForm(graph);
  if (simple === null) return graph.inputs;
  const states = statesOf(simple);
  // Passes keep the inputs and their order.
  return graph.inputs.filter((_, i) => !states.has(at(simple.inputs, i)));
}

/** Steps over which an output is read: T, without what the pipeline of a chip adds. */
export function readSteps(network: Network): number {
  const { pop } = at(network.outputs, 0);
  const { start, stop } = at(network.pops, pop);
  return (stop ?? network.steps) - start;
}
