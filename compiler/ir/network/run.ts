import { at, bug } from "../../base/bug.ts";
import { sizeOf, spread } from "../../base/tensor.ts";
import { encodeInput } from "../codes/index.ts";
import { isEventDriven, prepareEventRun } from "./event-run.ts";
import { fanOutOf, mapWeights, pooledShape, type Scatter, scatterOf } from "./kernels/index.ts";
import { type Bundle, placesOf, visitInOrder } from "./in-order.ts";
import { modelOf, neuronParams, neuronWords } from "./neurons/index.ts";
import type { Limits, Moment } from "./neurons/model.ts";
import { type Events, eventsFor, type Pooling, poolingOf } from "./pooling.ts";
import { spikeRange } from "./spike.ts";
import type { InputCode, Kernel, Link, Network, OutputCode, PopId, Population } from "./types.ts";

/*
 * The reference of what a network means: exact for integers up to 2^53, and the
 * witness that images are compared with. In every step, populations in order of id:
 *
 *   1. drive = for each link, in the network's order: events of its source from `delay`
 *      steps ago, pooled, times gain, times weight. Doubles, no limit.
 *   2. one step of the neuron model, if the population is active.
 *   3. its non-zero payloads, times amplitude, become the events of this step.
 *
 * Events are lists, so silent neurons cost no synapse; kernels lay out their weights
 * once (kernels/), and nothing is allocated while a sample runs, except trains.
 */

export type NetworkRun = {
  /** Per output: what the code read, times scale, plus offset. */
  readonly outputs: readonly Float64Array[];
  /** Per output: what the code read. */
  readonly raw: readonly Float64Array[];
  /** Per population: events sent. */
  readonly events: Float64Array;
  /** Synapses that an event passed. */
  readonly synapticEvents: number;
  /** Recorded populations: payloads [steps × neurons]. */
  readonly trains: ReadonlyMap<PopId, Float64Array>;
};

export type RunOptions = {
  /** Range of potentials and currents; unlimited by default. */
  readonly limits?: Limits;
  readonly record?: readonly PopId[];
  /** Seed of the neurons' noise. */
  readonly seed?: number;
  /** Called after each step of each active population. */
  readonly observe?: Observer;
};

/** Sees a population after its step: its payloads, and its potential (null in models without state). Both arrays are overwritten by the next step. */
export type Observer = (pop: PopId, step: number, payloads: Float64Array, potential: Float64Array | null) => void;

export type PreparedNetwork = {
  /** Runs one sample: one tensor per input, flattened. */
  readonly run: (sample: readonly ArrayLike<number>[]) => NetworkRun;
};

export const unlimited: Limits = { low: -Infinity, high: Infinity };

/** Lays out a verified network for running many samples. Only boundary=keep populations carry anything from one sample to the next. */
export function prepareNetwork(n: Network, options: RunOptions = {}): PreparedNetwork {
  if (isEventDriven(n)) return prepareEventRun(n, options);
  const limits = options.limits ?? unlimited;
  const seed = options.seed ?? 1;
  const places = placesOf(n.pops, (p) => sizeOf(p.shape));
  const pops = n.pops.map((p) => preparePop(n, p, places));
  const inputs = n.inputs.map((code) => ({ code, pop: at(n.pops, code.pop) }));
  const recorded = options.record ?? [];
  const { observe } = options;

  return {
    run(sample) {
      if (sample.length !== inputs.length) bug(`the network has ${inputs.length} inputs, ${sample.length} were given`);
      const counters = { events: new Float64Array(pops.length), synapses: 0 };
      const trains = new Map(recorded.map((p) => [p, new Float64Array(n.steps * at(pops, p).count)]));
      for (const p of pops) restart(p);
      for (let t = 0; t < n.steps; t++) {
        for (const p of pops) {
          const sent = at(p.history, t % p.history.length);
          sent.count = 0;
          const local = t - p.pop.start;
          if (local < 0 || t >= p.stop) continue;
          if (p.input !== null) encode(p, p.input, at(sample, p.inputIndex), local);
          else counters.synapses += gather(p, pops, t);
          const left = p.pop.stop === null ? 0 : p.stop - 1 - t;
          const moment = { local, left, step: t, mayFire: local >= p.pop.silent, limits, seed, touched: p.touched };
          const { inOrder } = p;
          p.step(p.count, p.state, p.drive, p.params, p.words, p.out, inOrder === null ? moment : { ...moment, inOrder }, p.range);
          counters.events[p.pop.id]! += send(p, sent);
          trains.get(p.pop.id)?.set(p.out, t * p.count);
          observe?.(p.pop.id, t, p.out, p.potential);
        }
      }
      const raw = n.outputs.map((o) => read(at(pops, o.pop), o));
      const outputs = n.outputs.map((o, i) => answer(at(raw, i), o, at(pops, o.pop).pop.shape));
      return { outputs, raw, events: counters.events, synapticEvents: counters.synapses, trains };
    },
  };
}

/** A link into a population, laid out. */
type Arrival = {
  readonly from: PopId;
  /** Number of the source's first neuron among all of its model. */
  readonly place: number;
  readonly delay: number;
  readonly pooling: Pooling | null;
  /** Events after the gain; null when there is no gain. */
  readonly scaled: { readonly gain: Float64Array; readonly events: Events } | null;
  readonly scatter: Scatter;
  readonly fanOut: Int32Array;
  /** Marks the neurons that an event reaches, each event counting 1; only for update=touched. */
  readonly touch: { readonly scatter: Scatter; readonly ones: Float64Array } | null;
};

type Prepared = {
  readonly pop: Population;
  readonly count: number;
  readonly stop: number;
  readonly step: ReturnType<typeof modelOf>["step"];
  readonly params: Readonly<Record<string, Float64Array>>;
  readonly words: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, Float64Array>>;
  readonly initial: Readonly<Record<string, Float64Array>>;
  /** Potential that the code `potential` reads; null in models without state. */
  readonly potential: Float64Array | null;
  readonly drive: Float64Array;
  readonly out: Float64Array;
  /** Sum of payloads, kept only where an output reads it. */
  readonly total: Float64Array | null;
  readonly touched: Float64Array | null;
  readonly amplitude: number | Float64Array;
  readonly range: { readonly low: number; readonly high: number };
  readonly arrivals: readonly Arrival[];
  /** Events of the last steps, as many as the longest delay needs, by step modulo length. */
  readonly history: readonly Events[];
  /** For models that add source by source: what this step brings, filled by `gather`. */
  readonly bundles: Bundle[] | null;
  readonly inOrder: NonNullable<Moment["inOrder"]> | null;
  readonly input: InputCode | null;
  readonly inputIndex: number;
};

function preparePop(n: Network, pop: Population, places: readonly number[]): Prepared {
  const model = modelOf(pop);
  const count = sizeOf(pop.shape);
  const words = neuronWords(pop);
  const touched = words["update"] === "touched" ? new Float64Array(count) : null;
  const state = Object.fromEntries(Object.keys(model.state).map((k) => [k, new Float64Array(count)]));
  const initial = Object.fromEntries(Object.entries(model.state).map(([k, s]) => [k, spread(pop.initial[k] ?? s.reset, pop.shape)]));
  const longest = n.links.reduce((d, l) => (l.from === pop.id ? Math.max(d, l.delay) : d), 0);
  const inputIndex = n.inputs.findIndex((c) => c.pop === pop.id);
  const drive = new Float64Array(count);
  const bundles: Bundle[] | null = model.inOrder === true ? [] : null;
  return {
    pop,
    count,
    stop: pop.stop ?? n.steps,
    step: model.step,
    params: neuronParams(pop),
    words,
    state,
    initial,
    potential: state[Object.keys(model.state)[0] ?? ""] ?? null,
    drive,
    bundles,
    inOrder: bundles === null ? null : (visit) => visitInOrder(bundles, drive, visit),
    out: new Float64Array(count),
    total: n.outputs.some((o) => o.pop === pop.id && o.code === "spikes") ? new Float64Array(count) : null,
    touched,
    amplitude: typeof pop.amplitude === "number" ? pop.amplitude : spread(pop.amplitude, pop.shape),
    range: spikeRange(pop.spike),
    arrivals: n.links
      .filter((l) => l.to === pop.id)
      .map((l) => prepareLink(l, at(n.pops, l.from), pop, touched !== null, at(places, l.from))),
    history: Array.from({ length: longest + 1 }, () => eventsFor(count)),
    input: n.inputs[inputIndex] ?? null,
    inputIndex,
  };
}

function prepareLink(l: Link, from: Population, to: Population, marks: boolean, place: number): Arrival {
  const inShape = pooledShape(l.pool, from.shape);
  return {
    from: l.from,
    place,
    delay: l.delay,
    pooling: l.pool === null ? null : poolingOf(l.pool, from.shape),
    scaled: l.gain === null || l.gain === 1 ? null : { gain: spread(l.gain, inShape), events: eventsFor(sizeOf(inShape)) },
    scatter: scatterOf(l.kernel, inShape, to.shape),
    fanOut: fanOutOf(l.kernel, inShape, to.shape),
    touch: marks ? { scatter: scatterOf(presence(l.kernel), inShape, to.shape), ones: new Float64Array(sizeOf(inShape)).fill(1) } : null,
  };
}

/** 1 for each weight that is not zero. */
function presence(kernel: Kernel): Kernel {
  return mapWeights(kernel, (w) => (w === 0 ? 0 : 1));
}

/** State and events as before the first step of a sample. */
function restart(p: Prepared): void {
  if (p.words["boundary"] !== "keep") for (const [k, s] of Object.entries(p.state)) s.set(p.initial[k]!);
  for (const e of p.history) e.count = 0;
  for (const a of p.arrivals) a.pooling?.restart();
  p.total?.fill(0);
}

function encode(p: Prepared, code: InputCode, sample: ArrayLike<number>, local: number): void {
  if (!encodeInput(code.code, code.params, p.pop.spike, sample, local, p.drive)) p.drive.fill(0);
}

/** Fills the drive of one population for step t; returns the synapses passed. */
function gather(p: Prepared, pops: readonly Prepared[], t: number): number {
  let synapses = 0;
  p.drive.fill(0);
  p.touched?.fill(0);
  if (p.bundles !== null) p.bundles.length = 0;
  for (const a of p.arrivals) {
    if (a.delay > t) continue;
    const source = pops[a.from]!;
    let events = source.history[(t - a.delay) % source.history.length]!;
    if (a.pooling !== null) events = a.pooling.apply(events);
    if (events.count === 0) continue;
    if (a.scaled !== null) events = scale(events, a.scaled.gain, a.scaled.events);
    if (p.bundles === null) a.scatter(events.count, events.index, events.value, p.drive);
    else p.bundles.push({ first: a.place, events, scatter: a.scatter });
    for (let e = 0; e < events.count; e++) synapses += a.fanOut[events.index[e]!]!;
    if (a.touch !== null) a.touch.scatter(events.count, events.index, a.touch.ones, p.touched!);
  }
  return synapses;
}

function scale(from: Events, gain: Float64Array, to: Events): Events {
  to.count = from.count;
  for (let e = 0; e < from.count; e++) {
    const i = from.index[e]!;
    to.index[e] = i;
    to.value[e] = from.value[e]! * gain[i]!;
  }
  return to;
}

/** Lists the non-zero payloads as events; returns how many there are. */
function send(p: Prepared, sent: Events): number {
  const { count, out, amplitude, total } = p;
  const { index, value } = sent;
  let k = 0;
  for (let i = 0; i < count; i++) {
    const payload = out[i]!;
    if (payload === 0) continue;
    index[k] = i;
    value[k++] = payload;
  }
  sent.count = k;
  if (total !== null) for (let e = 0; e < k; e++) total[index[e]!]! += value[e]!;
  if (typeof amplitude !== "number") for (let e = 0; e < k; e++) value[e] = value[e]! * amplitude[index[e]!]!;
  else if (amplitude !== 1) for (let e = 0; e < k; e++) value[e] = value[e]! * amplitude;
  return k;
}

/** What the output code reads. Adding 0 turns -0 into 0. */
function read(p: Prepared, o: OutputCode): Float64Array {
  const from = o.code === "potential" ? p.potential : p.total;
  if (from === null) bug(`output ${o.name} reads the ${o.code} of ${p.pop.name}, which has none`);
  return from.map((x) => x + 0);
}

function answer(raw: Float64Array, o: OutputCode, shape: readonly number[]): Float64Array {
  const scales = spread(o.scale, shape);
  const offsets = spread(o.offset, shape);
  return raw.map((x, i) => x * scales[i]! + offsets[i]!);
}
