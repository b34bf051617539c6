import { price } from "../../runtime/report/energy.ts";
import { distributionOf } from "../../runtime/report/latency.ts";
import { openSession } from "../../runtime/session.ts";
import type { Target } from "../../targets/target.ts";
import { at } from "../base/bug.ts";
import { prepareGraph } from "../ir/graph/run.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Image } from "../ir/image/types.ts";
import { prepareNetwork } from "../ir/network/run.ts";
import type { Network } from "../ir/network/types.ts";
import { classOf, classOfScores, inputTensor, potentialLimits } from "./answer.ts";
import { exitWatch } from "./early-exit.ts";

/** Samples with what counts as the right answer to each. */
export type Judged = { readonly samples: readonly Float32Array[]; readonly wanted: readonly number[] };

/** What a network does on some samples. */
export type Measured = {
  readonly accuracy: number;
  /** Steps of a sample, with every delay. */
  readonly steps: number;
  /** Per sample, input events not counted. */
  readonly spikes: number;
  readonly synapticEvents: number;
  readonly exit: ExitReport;
};

/** From which step the answer no longer changes. */
export type ExitReport = {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  /** Samples whose answer stays from step k + 1 on. */
  readonly counts: readonly number[];
  /** Accuracy when every sample is stopped after step k + 1. */
  readonly accuracies: readonly number[];
};

export type OnChip = {
  readonly samples: number;
  readonly cycles: number;
  readonly seconds: number;
  readonly joules: { readonly low: number; readonly typical: number; readonly high: number };
};

/** The trained model's answers. */
export function classesOf(g: Graph, samples: readonly Float32Array[], progress: (done: number) => void): readonly number[] {
  const prepared = prepareGraph(g);
  return samples.map((x, i) => {
    progress(i + 1);
    return classOf(g, at(prepared.run([inputTensor(g, x)]).outputs, 0));
  });
}

export function shareOf(answers: readonly number[], wanted: readonly number[]): number {
  return answers.filter((a, i) => a === wanted[i]).length / Math.max(1, answers.length);
}

/** Runs a legal network within the chip's limits. */
export function measureNetwork(
  n: Network,
  target: Target,
  { samples, wanted }: Judged,
  seed: number,
  progress: (done: number) => void,
): Measured {
  const watch = exitWatch(n);
  const prepared = prepareNetwork(n, { limits: potentialLimits(target.chip), seed, observe: watch.observe });
  const inputs = new Set<number>(n.inputs.map((i) => i.pop));
  const [counts, right] = [new Array<number>(n.steps).fill(0), new Array<number>(n.steps).fill(0)];
  const steps: number[] = [];
  let [correct, spikes, synapticEvents] = [0, 0, 0];
  samples.forEach((x, i) => {
    watch.begin();
    const run = prepared.run([x]);
    const exit = watch.end();
    if (classOfScores(at(run.outputs, 0)) === wanted[i]) correct++;
    exit.classes.forEach((c, k) => c === wanted[i] && (right[k] = at(right, k) + 1));
    counts[exit.steps - 1] = at(counts, exit.steps - 1) + 1;
    steps.push(exit.steps);
    run.events.forEach((e, pop) => {
      if (!inputs.has(pop)) spikes += e;
    });
    synapticEvents += run.synapticEvents;
    progress(i + 1);
  });
  const all = Math.max(1, samples.length);
  const { mean, p50, p99 } = distributionOf(steps);
  return {
    accuracy: correct / all,
    steps: n.steps,
    spikes: spikes / all,
    synapticEvents: synapticEvents / all,
    exit: { mean, p50, p99, counts, accuracies: right.map((r) => r / all) },
  };
}

/** Runs the first samples on the simulator: latency, and energy by the chip's prices, of one sample on average. */
export async function measureChip(
  target: Target,
  image: Image,
  samples: readonly Float32Array[],
  progress: (done: number) => void,
): Promise<OnChip> {
  const session = await openSession(target.simulate(), image);
  const totals: Record<string, number> = {};
  let cycles = 0;
  for (const [i, x] of samples.entries()) {
    await session.device.reset();
    const r = await session.run([x]);
    cycles += r.cycles;
    for (const [name, n] of Object.entries(r.counts)) totals[name] = (totals[name] ?? 0) + n;
    progress(i + 1);
  }
  await session.close();
  const all = Math.max(1, samples.length);
  const counts = Object.fromEntries(Object.entries(totals).map(([name, n]) => [name, n / all]));
  const { joules } = price(counts, cycles / all, target.chip);
  return { samples: samples.length, cycles: cycles / all, seconds: cycles / all / target.chip.clockHz, joules };
}
