import { potentialLimits } from "../../analysis/answer.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import { showNumber } from "../../base/text.ts";
import { sampleLength } from "../../ir/codes/index.ts";
import { type NetworkRun, prepareNetwork, unlimited } from "../../ir/network/run.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import type { Run } from "../command.ts";
import { readSampleLines } from "../data/text.ts";

/** Prints answers and spike trains of a network for each sample. With a chip, potentials saturate as they do there. */
export function runNetworkOn(run: Run, network: Network, chip: ChipSpec | null, file: string): void {
  const samples = readSampleLines(run.files.text(file), file, inputLengths(network));
  const limits = chip === null ? unlimited : potentialLimits(chip);
  const prepared = prepareNetwork(network, { limits, seed: run.seed, record: network.pops.map((p) => p.id) });
  const results = samples.map((s) => prepared.run(s));
  results.forEach((r, i) => run.print([`sample ${i}`, ...showRun(network, r)].join("\n")));
  run.json({
    samples: results.map((r) => ({
      outputs: Object.fromEntries(network.outputs.map((o, i) => [o.name, [...at(r.outputs, i)]])),
      raw: Object.fromEntries(network.outputs.map((o, i) => [o.name, [...at(r.raw, i)]])),
      spikes: Object.fromEntries(network.pops.map((p) => [p.name, spikesOf(network, r, p.id)])),
      synapticEvents: r.synapticEvents,
    })),
  });
}

/** How many numbers of a sample each input takes. */
export function inputLengths(network: Network): readonly number[] {
  return network.inputs.map((i) => sampleLength(i.code, sizeOf(at(network.pops, i.pop).shape), network.steps, i.params));
}

function showRun(network: Network, r: NetworkRun): readonly string[] {
  const outputs = network.outputs.map((o, i) => `  output ${o.name}: ${[...at(r.outputs, i)].map(showNumber).join(" ")}`);
  const spikes = network.pops.map((p) => {
    const sent = spikesOf(network, r, p.id).map((s) => `${s.step}:${s.neuron}${s.payload === 1 ? "" : `=${showNumber(s.payload)}`}`);
    return `  spikes ${p.name}: ${sent.length === 0 ? "none" : sent.join(" ")}`;
  });
  return [...outputs, ...spikes];
}

function spikesOf(network: Network, r: NetworkRun, pop: PopId): readonly { step: number; neuron: number; payload: number }[] {
  const train = r.trains.get(pop) ?? new Float64Array();
  const count = sizeOf(at(network.pops, pop).shape);
  const out: { step: number; neuron: number; payload: number }[] = [];
  train.forEach((payload, i) => {
    if (payload !== 0) out.push({ step: Math.floor(i / count), neuron: i % count, payload });
  });
  return out;
}
