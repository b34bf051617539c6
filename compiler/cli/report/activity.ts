import { potentialLimits } from "../../analysis/answer.ts";
import { openSession } from "../../../runtime/session.ts";
import { targetOf } from "../../../targets/index.ts";
import type { SampleSet } from "../../frontends/samples.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";

/** Where things happen, on average over a few samples. */
export type Activity = {
  /** Spikes per sample, by population. */
  readonly spikes: readonly number[];
  /** Per router of the mesh, row by row; five numbers a router for `traffic`. */
  readonly events: readonly number[];
  readonly synapses: readonly number[];
  readonly fired: readonly number[];
  readonly traffic: readonly number[];
};

const samplesMax = 8;

/** Runs a few samples on network and chip and looks where the spikes and packets were. */
export async function observe(run: Run, build: Build, data: SampleSet): Promise<Activity> {
  const count = Math.min(samplesMax, data.count);
  const prepared = prepareNetwork(build.network, { limits: potentialLimits(build.chip), seed: build.seed });
  const session = await openSession(targetOf(build.chip).simulate(), build.image);
  const spikes = new Float64Array(build.network.pops.length);
  for (let i = 0; i < count; i++) {
    const sample = [data.sample(i)];
    prepared.run(sample).events.forEach((n, pop) => {
      spikes[pop] = (spikes[pop] ?? 0) + n;
    });
    await session.run(sample);
    run.progress.show("looking where the spikes go", i + 1, count);
  }
  const perSample = (numbers: ArrayLike<number>): number[] => Array.from(numbers, (n) => n / count);
  const peek = async (section: string): Promise<number[]> => perSample(await session.device.peek(section));
  return {
    spikes: perSample(spikes),
    events: await peek("chip/counters/event"),
    synapses: await peek("chip/counters/synapse"),
    fired: await peek("chip/counters/spike"),
    traffic: await peek("chip/links"),
  };
}
