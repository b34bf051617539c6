import { openSession } from "../../../runtime/session.ts";
import { targetOf } from "../../../targets/index.ts";
import { potentialLimits } from "../../analysis/answer.ts";
import { type Divergence, findDivergence } from "../../analysis/divergence/index.ts";
import { showDivergence } from "../../analysis/divergence/show.ts";
import { networkWitness, simulatorWitness } from "../../analysis/divergence/witness.ts";
import { diagnostic } from "../../base/diagnostic.ts";
import { Random } from "../../base/random.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import { type BoardSample, randomSample } from "../board/samples.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";
import { carriesOver } from "../evaluate/rungs.ts";

/** Runs that a smaller input may cost. */
const shrinkTrials = 400;

/** Runs random samples in the inputs' stated ranges on network and chip, and reports the first output that differs, with what led to it. */
export async function compareOnRandom(run: Run, build: Build, count: number): Promise<void> {
  const { image, network, chip, seed } = build;
  const prepared = prepareNetwork(network, { limits: potentialLimits(chip), seed });
  const session = await openSession(targetOf(chip).simulate(), image);
  const random = new Random(run.seed);
  for (let s = 0; s < count; s++) {
    const sample = randomSample(image, random);
    if (!carriesOver(build)) await session.device.reset();
    const a = prepared.run(sample).raw;
    const b = (await session.run(sample)).raw;
    for (const [o, left] of a.entries()) {
      const i = left.findIndex((v, k) => v !== b[o]?.[k]);
      if (i < 0) continue;
      const where = `random sample ${s} (seed ${run.seed}), output ${image.outputs[o]?.name ?? "?"}[${i}]`;
      const divergence = await divergenceOf(run, build, sample);
      const notes = divergence === null ? [] : showDivergence({ ...build, target: targetOf(chip) }, divergence).split("\n");
      return run.report(diagnostic("snn-chip-differ", [where, left[i] ?? 0, b[o]?.[i] ?? 0], { notes }));
    }
    run.progress.show("network against chip", s + 1, count);
  }
}

/** Where network and simulator part on one sample, on as small an input as still shows it; null where it takes the samples before it. */
export async function divergenceOf(run: Run, build: Build, sample: BoardSample): Promise<Divergence | null> {
  const subject = { network: build.network, image: build.image, target: targetOf(build.chip) };
  run.progress.show("looking for the first divergence", 0, shrinkTrials);
  const left = networkWitness(subject.network, subject.target, build.seed);
  const right = await simulatorWitness(subject.network, subject.target, subject.image);
  return findDivergence(subject, left, right, sample, { trials: shrinkTrials });
}
