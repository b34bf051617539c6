import type { TimeModel } from "../../../targets/target.ts";
import { sizeOf } from "../../base/tensor.ts";
import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import type { SampleSet } from "../../frontends/samples.ts";
import type { Build } from "../build/build.ts";
import type { Run } from "../command.ts";
import type { JobQueue } from "../queue/queue.ts";
import { type Runs, withOneThread, withQueue, withThreads } from "./pool.ts";
import { buildHash } from "./worker.ts";
import { carriesOver, type Outcome, type RungName, rungNames } from "./rungs.ts";
import { mean, type Outcomes, type Summary, summarize, type Timing } from "./summary.ts";
import { sampleShape } from "../../ir/codes/index.ts";

/** How many samples each rung runs; null where it does not run. */
export type Plan = Readonly<Record<RungName, number | null>>;

/** Fewer samples than this do not repay starting threads. */
const threadsFrom = 64;

/** Runs the first samples on the rungs of the plan, over threads or a queue of other machines, and says what came out. */
export async function evaluateBuild(
  run: Run,
  folder: string,
  build: Build,
  data: SampleSet,
  plan: Plan,
  workers: number | JobQueue,
  time: TimeModel = "exact",
): Promise<{ summary: Summary; outcomes: Outcomes }> {
  const total = Math.min(data.count, Math.max(...rungNames.map((r) => plan[r] ?? 0)));
  const spread = async (use: (runs: Runs) => Promise<Outcomes>): Promise<Outcomes> => {
    if (workers === 1 || total < threadsFrom || carriesOver(build)) return withOneThread(build, use);
    const place = { build: run.files.path(folder), hash: buildHash(run.files, folder) };
    return typeof workers === "number" ? withThreads(place, workers, use) : withQueue(place, workers, use);
  };
  let timing: Timing = null;
  const outcomes = await spread(async (runs) => {
    const out: Record<RungName, Outcomes[RungName]> = { ann: null, snn: null, chip: null };
    for (const rung of rungNames) {
      const limit = plan[rung];
      if (limit === null) continue;
      const count = Math.min(limit, data.count);
      const fast = rung === "chip" && time === "fast";
      const show = (done: number): void => run.progress.show(titles[rung], done, count);
      const ran = await runs(fast ? "fast" : rung, { count, sample: data.sample }, show);
      out[rung] = ran;
      if (fast) timing = timingOf(ran, await runs("chip", { count: Math.min(count, timed), sample: data.sample }, () => {}));
    }
    return out;
  });
  return { summary: summarize(build, outcomes, data.label, timing), outcomes };
}

/** So many samples of a fast run are run exactly too, to say how good the estimate of the cycles is. */
const timed = 4;

/** How far the fast model's cycles are from the exact model's. */
function timingOf(fast: readonly Outcome[], exact: readonly Outcome[]): Timing {
  const errors = exact.map((o, i) => Math.abs(at(fast, i).cycles / o.cycles - 1));
  return { samples: errors.length, mean: mean(errors), worst: Math.max(0, ...errors) };
}

const titles: Readonly<Record<RungName, string>> = { ann: "trained model", snn: "network", chip: "chip" };

/** What the build's input and output say about the data. */
export function dataShape(build: Build): { readonly shape: readonly number[]; readonly classes: number | null } {
  const { image } = build;
  if (image.inputs.length !== 1) fail("convert-inputs", [image.inputs.length]);
  const input = at(image.inputs, 0);
  const classes = sizeOf(at(image.outputs, 0).shape);
  return { shape: sampleShape(input.shape, input.params), classes: classes > 1 ? classes : null };
}
