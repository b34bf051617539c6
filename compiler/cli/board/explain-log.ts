import type { LogDifference } from "../../../runtime/tape/compare.ts";
import { openSession } from "../../../runtime/session.ts";
import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import { coneOf } from "../../analysis/divergence/cone.ts";
import { lineOf, showCone } from "../../analysis/divergence/show.ts";
import { networkWitness } from "../../analysis/divergence/witness.ts";
import type { Build } from "../build/build.ts";
import { pinsOf } from "./pins.ts";
import type { BoardSample } from "./samples.ts";

/* What a difference between logs means in terms of the network. */

/** The word that was read back differently, as the image's listing says it; null where it is none of the image's. */
export function memoryLine(build: Build, d: LogDifference): string | null {
  const { target, pins } = pinsOf(build.chip);
  const { expected } = d;
  if (expected?.kind !== "read") return null;
  const memory = pins.memories.find(
    (m) => m.space === expected.space && expected.address >= m.base && expected.address < m.base + m.words * m.stride,
  );
  if (memory === undefined) return null;
  const place = { section: memory.section, address: Math.floor((expected.address - memory.base) / memory.stride), why: "what was written" };
  return `the word: ${lineOf(build.image, target)(place)}`;
}

/** What led to the event that differs, on the network's side; null where the word does not say which neuron sent it. */
export async function coneOfEntry(build: Build, d: LogDifference, sample: BoardSample): Promise<string | null> {
  const { target, pins } = pinsOf(build.chip);
  const entry = d.expected?.kind === "spike" ? d.expected : d.got;
  if (entry?.kind !== "spike") return memoryLine(build, d);
  const from = pins.meaning?.(build.image)(entry.word).from ?? null;
  const group =
    from === null
      ? undefined
      : build.image.map?.cores[from.core]?.groups.find((g) => from.slot >= g.first && from.slot < g.first + g.count);
  if (from === null || group === undefined) return null;
  const pop = build.network.pops.find((p) => p.name === group.pop);
  if (pop === undefined) return null;
  const neuron = at(group.indices, from.slot - group.first);
  const { trains } = await networkWitness(build.network, target, build.seed)(sample);
  const train = trains.get(pop.id);
  const found =
    (await stepAt(build, sample, entry.cycle - d.from)) ??
    (train === undefined ? null : stepOf(train, sizeOf(pop.shape), neuron, d.earlier));
  if (found === null) return `${pop.name}[${neuron}] sends it`;
  const step = Math.min(found, build.network.steps - 1);
  return [
    `${pop.name}[${neuron}] sends it, in step ${step}`,
    ...showCone(build.network, coneOf(build.network, trains, pop.id, neuron, step)),
  ].join("\n");
}

/** The step in which a neuron spikes after so many earlier spikes; null where it does not spike that often. */
function stepOf(train: Float64Array, count: number, neuron: number, earlier: number): number | null {
  let spikes = 0;
  for (let step = 0; step * count < train.length; step++) {
    spikes += Math.abs(at(train, step * count + neuron));
    if (spikes > earlier) return step;
  }
  return null;
}

/** The step that runs so many cycles after the sample's beginning; null for a simulator that does not say when steps begin. */
async function stepAt(build: Build, sample: BoardSample, cycle: number): Promise<number | null> {
  const begins: number[] = [];
  const { target } = pinsOf(build.chip);
  const session = await openSession(target.simulate(), build.image);
  session.device.trace((e) => {
    if (e.event === "step-begin") begins.push(e.cycle);
  });
  await session.run(sample);
  await session.close();
  return begins.length === 0
    ? null
    : Math.max(
        0,
        begins.findLastIndex((b) => b <= cycle),
      );
}
