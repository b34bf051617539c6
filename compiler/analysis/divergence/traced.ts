import type { TraceEvent } from "../../../runtime/device.ts";
import type { SampleRun, Session } from "../../../runtime/session.ts";
import { type Difference, firstDifference, showDifference } from "../../../runtime/trace/difference.ts";
import { recorder, type Trace } from "../../../runtime/trace/record.ts";
import type { Target, WordPlace } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import type { Image } from "../../ir/image/types.ts";
import type { Network } from "../../ir/network/types.ts";
import { type Cone, coneOf } from "./cone.ts";
import { decoded } from "./index.ts";
import { showCone, showInput, showWords } from "./show.ts";
import { shrinkSample } from "./shrink.ts";
import { wordsBehind } from "./suspects.ts";
import { networkWitness, type Place, placesOf, type Sample, spikeEvent } from "./witness.ts";

/*
 * Two witnesses that tell every event of the chip with its cycle: the simulator and RTL. Where they
 * part, the neuron that the first differing event is of, what led to it, and the words behind it.
 */

type Traced = { readonly result: SampleRun; readonly trace: Trace };

/** Runs a sample and keeps every event. */
export async function traced(session: Session, target: Target, sample: Sample): Promise<Traced> {
  const record = recorder(target.events, target.chip.columns, target.chip.clockHz);
  session.device.trace(record.sink);
  const result = await session.run(sample);
  session.device.trace(null);
  return { result, trace: record.finish() };
}

/** What two runs of one sample say differently, as lines; null where they agree. */
export type TracedDifference = { readonly text: string; readonly first: Difference | null };

export function differenceOf(left: Traced, right: Traced, image: Image, names: readonly [string, string]): TracedDifference | null {
  const first = firstDifference(left.trace, right.trace);
  if (first !== null) return { text: showDifference(first, ...names), first };
  const text = differentOutput(left.result, right.result, image, names);
  return text === null ? null : { text, first: null };
}

function differentOutput(left: SampleRun, right: SampleRun, image: Image, [l, r]: readonly [string, string]): string | null {
  if (left.cycles !== right.cycles) return `${l} ${left.cycles} cycles, ${r} ${right.cycles}`;
  for (const [o, raw] of left.raw.entries()) {
    const k = raw.findIndex((v, i) => v !== at(right.raw, o)[i]);
    if (k >= 0) return `output ${at(image.outputs, o).name}[${k}]: ${l} ${raw[k]}, ${r} ${at(right.raw, o)[k]}`;
  }
  return null;
}

/** A sample on two witnesses, each from the state after a reset. */
export async function compareFresh(
  sessions: readonly [Session, Session],
  target: Target,
  sample: Sample,
): Promise<TracedDifference | null> {
  for (const s of sessions) await s.device.reset();
  const [left, right] = [await traced(sessions[0], target, sample), await traced(sessions[1], target, sample)];
  return differenceOf(left, right, sessions[0].image, [sessions[0].device.name, sessions[1].device.name]);
}

export type TracedDivergence = {
  readonly difference: TracedDifference;
  /** As small as still shows it. */
  readonly sample: readonly Float64Array[];
  /** The neuron that the first differing event is of; null where that is nobody's. */
  readonly neuron: (Place & { readonly step: number }) | null;
  readonly cone: Cone | null;
  readonly words: readonly WordPlace[];
};

/** Null where the sample alone, after a reset, does not show it. */
export async function findTracedDivergence(
  subject: { readonly network: Network; readonly target: Target; readonly image: Image; readonly seed: number },
  sessions: readonly [Session, Session],
  sample: Sample,
  options: { readonly trials: number },
): Promise<TracedDivergence | null> {
  const { network, target, image, seed } = subject;
  const shows = async (s: Sample): Promise<boolean> => (await compareFresh(sessions, target, s)) !== null;
  if (!(await shows(sample))) return null;
  const small = await shrinkSample(sample, shows, options);
  const difference = (await compareFresh(sessions, target, small)) as TracedDifference;
  await sessions[0].device.reset();
  const { trace } = await traced(sessions[0], target, small);
  const neuron = difference.first === null ? null : neuronOf(difference.first, trace, network, image, target);
  if (neuron === null) return { difference, sample: small, neuron, cone: null, words: [] };
  const { trains } = await networkWitness(network, target, seed)(small);
  const cone = coneOf(network, trains, neuron.pop, neuron.neuron, Math.min(neuron.step, network.steps - 1));
  const cores = decoded(target, image);
  const words = cores === null ? [] : wordsBehind(network, target, image, cores, neuron.pop, neuron.neuron, cone.arrivals);
  return { difference, sample: small, neuron, cone, words };
}

/** Whose event it is: the neuron that says so itself, or the one that the core dealt with last before it. */
function neuronOf(d: Difference, trace: Trace, network: Network, image: Image, target: Target): TracedDivergence["neuron"] {
  const says = (e: TraceEvent): boolean => e.event === spikeEvent || e.event === "potential-out";
  const event = says(d.event) ? d.event : trace.events.findLast((e) => says(e) && e.cycle <= d.cycle && (d.core < 0 || e.core === d.core));
  const place = event === undefined ? undefined : placesOf(image, network, target.chip.columns).get(`${event.core} ${event.a}`);
  return event === undefined || place === undefined ? null : { ...place, step: event.step };
}

/** For people. */
export function showTracedDivergence(
  { network, target, image }: { readonly network: Network; readonly target: Target; readonly image: Image },
  d: TracedDivergence,
): string {
  const { neuron, cone } = d;
  return [
    `input that shows it: ${showInput(network, d.sample)}`,
    ...d.difference.text.split("\n").map((l) => `  ${l}`),
    ...(neuron === null || cone === null
      ? ["no neuron's event stands before it in its core"]
      : [
          `the neuron of this event, or of the last one before it in its core: ${at(network.pops, neuron.pop).name}[${neuron.neuron}], in step ${neuron.step}`,
          ...showCone(network, cone),
          "words of the image behind it:",
          ...showWords(image, target, d.words),
        ]),
  ].join("\n");
}
