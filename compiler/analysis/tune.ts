import { at } from "../base/bug.ts";
import { fail } from "../base/diagnostic.ts";
import { isSpiking } from "../convert/walk/neurons.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Network } from "../ir/network/types.ts";
import { graphPipeline } from "../passes/graph/index.ts";
import type { Context } from "../passes/pass.ts";
import { runSteps } from "../passes/run.ts";
import { compile, convert, type Job, legalize } from "../pipeline.ts";
import { type BitsReport, fewestBits } from "./bits.ts";
import type { Data } from "./loss.ts";
import { classesOf, type Judged, type Measured, measureChip, measureNetwork, type OnChip, shareOf } from "./measure.ts";
import { frontOf, smallest } from "./search.ts";

/*
 * The smallest number of steps, and the fewest bits, that keep the accuracy within a stated loss.
 * The first samples calibrate; those behind them, which calibration has not seen,
 * decide. Whether the choice holds is for test data to say: `ganglion evaluate`.
 */

export type TuneOptions = {
  /** Percentage points of accuracy, against the trained model. */
  readonly maxLoss: number;
  /** Numbers of steps to try; null: as many as it takes, up to stepsMax. */
  readonly tries: readonly number[] | null;
  readonly stepsMax: number;
  readonly calibrationLimit: number;
  readonly heldOut: number;
  /** Samples that the simulator runs for latency and energy; 0: none, and the network need not fit the chip. */
  readonly chipLimit: number;
  readonly bits: boolean;
  readonly perLayer: boolean;
};

/** Plain data. Fractions, except for maxLoss, which is in points. */
export type Tuned = {
  readonly model: string;
  readonly method: string;
  readonly target: string;
  readonly clockHz: number;
  readonly calibrated: number;
  readonly heldOut: number;
  /** What counts as right: the label, or, without labels, the trained model's answer. */
  readonly against: "labels" | "model";
  readonly maxLoss: number;
  /** Of the trained model. */
  readonly reference: number;
  /** By the number of steps. */
  readonly points: readonly Point[];
  /** The smallest number of steps that keeps the loss; null when none did. */
  readonly chosen: number | null;
  readonly bits: BitsReport | null;
};

/** One number of steps. */
export type Point = Measured & {
  /** The method's T. */
  readonly given: number;
  readonly loss: number;
  readonly within: boolean;
  readonly chip: OnChip | null;
  /** No other point is at least as good in accuracy, latency and energy, and better in one. */
  readonly front: boolean;
};

/** Measures numbers of steps, then, if asked, bits of weights with the chosen one. */
export async function tune(source: Graph, job: Job, data: Data, options: TuneOptions, cx: Context): Promise<Tuned> {
  const graph = runSteps<"graph">(source, graphPipeline, cx);
  if (isSpiking(graph)) fail("tune-spiking", []);
  const { calibration, judged, against } = divided(graph, data, options, cx);
  const reference =
    against === "model"
      ? 1
      : shareOf(
          classesOf(graph, judged.samples, (n) => cx.progress("trained model", n, judged.samples.length)),
          judged.wanted,
        );
  const keeps = (accuracy: number): boolean => accuracy >= reference - options.maxLoss / 100 - rounding;

  const networks = new Map<number, Network>();
  const points = new Map<number, Omit<Point, "front">>();
  const measure = async (steps: number): Promise<boolean> => {
    const made = jobFor(job, steps, calibration);
    const converted = convert(graph, made, cx);
    networks.set(steps, converted);
    const { network, image } = placed(converted, made, options.chipLimit > 0, cx);
    const show = (what: string, total: number) => (done: number) => cx.progress(`${steps} steps: ${what}`, done, total);
    const measured = measureNetwork(network, job.target, judged, cx.seed, show("network", judged.samples.length));
    const few = judged.samples.slice(0, options.chipLimit);
    const chip = image === null ? null : await measureChip(job.target, image, few, show("chip", few.length));
    const within = keeps(measured.accuracy);
    points.set(steps, { ...measured, given: steps, loss: reference - measured.accuracy, within, chip });
    return within;
  };
  const chosen = await search(options, measure);
  const bits =
    chosen === null || !options.bits
      ? null
      : fewestBits(at([networks.get(chosen)], 0) as Network, job, judged, keeps, options.perLayer, cx);
  return {
    model: source.name,
    method: job.method,
    target: job.target.chip.name,
    clockHz: job.target.chip.clockHz,
    calibrated: calibration.length,
    heldOut: judged.samples.length,
    against,
    maxLoss: options.maxLoss,
    reference,
    points: withFront([...points.values()].sort((a, b) => a.given - b.given)),
    chosen,
    bits: await bits,
  };
}

/** Sums of fractions are not exact in doubles. */
const rounding = 1e-9;

async function search(options: TuneOptions, measure: (steps: number) => Promise<boolean>): Promise<number | null> {
  if (options.tries === null) return smallest(1, options.stepsMax, measure);
  let best: number | null = null;
  for (const steps of [...new Set(options.tries)].sort((a, b) => a - b)) if ((await measure(steps)) && best === null) best = steps;
  return best;
}

/** The samples that calibrate, and those behind them that decide. */
function divided(
  graph: Graph,
  data: Data,
  options: TuneOptions,
  cx: Context,
): { calibration: Float32Array[]; judged: Judged; against: Tuned["against"] } {
  const first = Math.min(options.calibrationLimit, Math.floor(data.count / 2));
  const count = Math.min(options.heldOut, data.count - first);
  if (first < 1 || count < 1) fail("held-out-empty", [data.count]);
  const calibration = Array.from({ length: first }, (_, i) => data.sample(i));
  const samples = Array.from({ length: count }, (_, i) => data.sample(first + i));
  const labels = samples.map((_, i) => data.label(first + i));
  if (labels.every((l) => l !== null)) return { calibration, judged: { samples, wanted: labels as number[] }, against: "labels" };
  const wanted = classesOf(graph, samples, (n) => cx.progress("trained model", n, count));
  return { calibration, judged: { samples, wanted }, against: "model" };
}

function jobFor(job: Job, steps: number, calibration: readonly Float32Array[]): Job {
  return { ...job, options: { ...job.options, steps: String(steps) }, calibration };
}

function placed(
  converted: Network,
  job: Job,
  mapped: boolean,
  cx: Context,
): { readonly network: Network; readonly image: ReturnType<typeof compile>["image"] | null } {
  if (!mapped) return { network: legalize(converted, job, cx), image: null };
  const { legal, image } = compile(converted, job, cx);
  return { network: legal, image };
}

/** Without the chip, steps stand for latency and synaptic events for energy. */
function withFront(points: readonly Omit<Point, "front">[]): readonly Point[] {
  const front = frontOf(points.map((p) => [p.accuracy, -(p.chip?.cycles ?? p.steps), -(p.chip?.joules.typical ?? p.synapticEvents)]));
  return points.map((p, i) => ({ ...p, front: at(front, i) }));
}
