import { classOfScores, potentialLimits } from "../../analysis/answer.ts";
import type { ReportRaster } from "../../../runtime/report/data.ts";
import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { SampleSet } from "../../frontends/samples.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Build } from "../build/build.ts";

/** Every spike of the first sample, as the network has it; the chip has the same. */
export function rasterOf({ network, chip, seed }: Build, data: SampleSet): ReportRaster {
  const record = network.pops.map((p) => p.id);
  const r = prepareNetwork(network, { limits: potentialLimits(chip), seed, record }).run([data.sample(0)]);
  const label = data.label(0);
  return {
    caption: `sample 0${label === null ? "" : `, label ${label}`}, answer ${classOfScores(at(r.outputs, 0))}`,
    steps: network.steps,
    populations: network.pops.map((p) => ({
      name: p.name,
      neurons: sizeOf(p.shape),
      ...spikesOf(r.trains.get(p.id) ?? new Float64Array(), sizeOf(p.shape)),
    })),
  };
}

function spikesOf(train: Float64Array, neurons: number): { step: number[]; neuron: number[]; payload: number[] } {
  const out = { step: [] as number[], neuron: [] as number[], payload: [] as number[] };
  train.forEach((payload, i) => {
    if (payload === 0) return;
    out.step.push(Math.floor(i / neurons));
    out.neuron.push(i % neurons);
    out.payload.push(payload);
  });
  return out;
}
