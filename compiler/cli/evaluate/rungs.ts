import { targetOf } from "../../../targets/index.ts";
import { simulatorOf } from "../time.ts";
import type { TimeModel } from "../../../targets/target.ts";
import { openSession } from "../../../runtime/session.ts";
import type { Counts } from "../../../runtime/device.ts";
import { classOf, classOfScores, inputTensor, potentialLimits } from "../../analysis/answer.ts";
import { at, bug } from "../../base/bug.ts";
import { prepareSteps } from "../../convert/as-is/run.ts";
import { statesOf } from "../../convert/walk/neurons.ts";
import { prepareGraph } from "../../ir/graph/run.ts";
import type { Graph } from "../../ir/graph/types.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Build } from "../build/build.ts";
import { readSteps, spikingForm } from "../spiking.ts";

/* The witnesses of the ladder that a build holds: trained model, legal network, chip. */

export const rungNames = ["ann", "snn", "chip"] as const;
export type RungName = (typeof rungNames)[number];
/** What can be run: the rungs, and the chip in the fast time model. */
export type RunName = RungName | "fast";

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

export const openRung: Readonly<Record<RunName, (build: Build) => Promise<Rung>>> = {
  ann: async (build) => (build.model === null ? floatRung(build) : trainedRung(build.model, build)),
  snn: async (build) => snnRung(build),
  chip: (build) => chipRung(build, "exact"),
  fast: (build) => chipRung(build, "fast"),
};

/** Whether there is something to compare the network with: a trained model, or a spiking one before it was rounded. */
export function hasReference(build: Build): boolean {
  return build.model !== null || build.converted.inputs.some((i) => i.code === "events");
}

/** A spiking model as it was imported, with real weights. */
function floatRung(build: Build): Rung {
  if (!hasReference(build)) bug("a build without its model was asked for the rung ann");
  const prepared = prepareNetwork(build.converted, { seed: build.seed });
  return async (sample) => ({ ...nothing, class: classOfScores(at(prepared.run([sample]).outputs, 0)) });
}

/** The model as the file has it; one that describes a step of spiking neurons runs as many as the network, its states fed back. */
function trainedRung(model: Graph, build: Build): Rung {
  const spiking = spikingForm(model);
  if (spiking === null || statesOf(spiking).size === 0) return annRung(model);
  const steps = readSteps(build.network);
  const prepared = prepareSteps(spiking);
  return async (sample) => ({ ...nothing, class: classOfScores(at(prepared.run(sample, steps).outputs, 0)) });
}

function annRung(graph: Graph): Rung {
  const prepared = prepareGraph(graph);
  return async (sample) => {
    const { outputs } = prepared.run([inputTensor(graph, sample)]);
    return { ...nothing, class: classOf(graph, at(outputs, 0)) };
  };
}

function snnRung(build: Build): Rung {
  const { network } = build;
  const inputs = new Set<number>(network.inputs.map((i) => i.pop));
  const prepared = prepareNetwork(network, { limits: potentialLimits(build.chip), seed: build.seed });
  return async (sample) => {
    const r = prepared.run([sample]);
    return {
      ...nothing,
      class: classOfScores(at(r.outputs, 0)),
      raw: r.raw.flatMap((v) => [...v]),
      spikes: r.events.reduce((sum, n, pop) => (inputs.has(pop) ? sum : sum + n), 0),
      synapticEvents: r.synapticEvents,
    };
  };
}

async function chipRung(build: Build, time: TimeModel): Promise<Rung> {
  const session = await openSession(simulatorOf(targetOf(build.chip), { time }), build.image);
  const carries = carriesOver(build);
  return async (sample) => {
    if (!carries) await session.device.reset();
    const r = await session.run([sample]);
    return {
      class: classOfScores(at(r.answers, 0)),
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
