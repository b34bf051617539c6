import { targetOf } from "../../../targets/index.ts";
import { openSession } from "../../../runtime/session.ts";
import type { Counts } from "../../../runtime/device.ts";
import { at, bug } from "../../base/bug.ts";
import { numbersOf, type Tensor, tensor } from "../../base/tensor.ts";
import { prepareGraph } from "../../ir/graph/run.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Build } from "../build/build.ts";
import { potentialLimits } from "./limits.ts";

/* The witnesses of the ladder that a build holds: trained model, legal network, chip. */

export const rungNames = ["ann", "snn", "chip"] as const;
export type RungName = (typeof rungNames)[number];

/** What one sample gave on one rung. */
export type Outcome = {
  readonly class: number;
  /** Every output potential or spike count, as integers, before scale and offset; empty for the trained model. */
  readonly raw: readonly number[];
  /** Spikes sent by neurons (inputs not counted), and weights they added. */
  readonly spikes: number;
  readonly synapticEvents: number;
  readonly cycles: number;
  readonly counts: Counts;
};

/** Runs one sample, given as the model's input, flattened. */
export type Rung = (sample: Float32Array) => Promise<Outcome>;

export const openRung: Readonly<Record<RungName, (build: Build) => Promise<Rung>>> = {
  ann: async (build) => annRung(build.model ?? bug("a build without its model was asked for the rung ann")),
  snn: async (build) => snnRung(build),
  chip: chipRung,
};

function annRung(graph: Graph): Rung {
  const prepared = prepareGraph(graph);
  const input = at(graph.values, at(graph.inputs, 0));
  return async (sample) => {
    const { outputs } = prepared.run([inputTensor(input.dtype, input.shape, sample)]);
    return { ...nothing, class: classOf(at(outputs, 0)) };
  };
}

function inputTensor(dtype: Tensor["dtype"], shape: readonly number[], sample: Float32Array): Tensor {
  if (dtype === "f32") return tensor("f32", shape, sample);
  if (dtype === "f64") return tensor("f64", shape, Float64Array.from(sample));
  return bug(`a model's input of type ${dtype} has no rung`);
}

function snnRung(build: Build): Rung {
  const { network } = build;
  const inputs = new Set<number>(network.inputs.map((i) => i.pop));
  const prepared = prepareNetwork(network, { limits: potentialLimits(build.chip), seed: build.seed });
  return async (sample) => {
    const r = prepared.run([sample]);
    return {
      ...nothing,
      class: indexOfMaximum(at(r.outputs, 0)),
      raw: r.raw.flatMap((v) => [...v]),
      spikes: r.events.reduce((sum, n, pop) => (inputs.has(pop) ? sum : sum + n), 0),
      synapticEvents: r.synapticEvents,
    };
  };
}

async function chipRung(build: Build): Promise<Rung> {
  const session = await openSession(targetOf(build.chip).simulate(), build.image);
  const carries = carriesOver(build);
  return async (sample) => {
    if (!carries) await session.device.reset();
    const r = await session.run([sample]);
    return {
      class: indexOfMaximum(at(r.answers, 0)),
      raw: r.raw.flatMap((v) => [...v]),
      spikes: r.counts["spike"] ?? 0,
      synapticEvents: r.counts["synapse"] ?? 0,
      cycles: r.cycles,
      counts: r.counts,
    };
  };
}

/**
 * Whether one sample changes the next because a neuron keeps its state. Samples then run one
 * after another; otherwise the device is reset before each, so that not even the routers'
 * turn of arbitration makes a sample's cycles depend on its place.
 */
export function carriesOver({ network }: Build): boolean {
  return network.pops.some((p) => p.neuron.params["boundary"] === "keep");
}

const nothing: Omit<Outcome, "class"> = { raw: [], spikes: 0, synapticEvents: 0, cycles: 0, counts: {} };

/** A model that ends in ArgMax answers with the class itself, others with a score per class. */
function classOf(answer: Tensor): number {
  const scores = numbersOf(answer);
  return answer.dtype === "i64" && scores.length === 1 ? at(scores, 0) : indexOfMaximum(scores);
}

/** Ties go to the lowest index, on every rung alike. */
export function indexOfMaximum(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (at(scores, i) > at(scores, best)) best = i;
  return best;
}
