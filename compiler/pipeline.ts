import type { ChipSpec } from "../targets/chip.ts";
import type { Target } from "../targets/target.ts";
import { must } from "./base/bug.ts";
import { type Diagnostic, diagnostic, fail, Failure } from "./base/diagnostic.ts";
import { choose } from "./base/options.ts";
import { conversions } from "./convert/index.ts";
import { isSpiking } from "./convert/walk/neurons.ts";
import { sameCores } from "./ir/cores/same.ts";
import type { Cores } from "./ir/cores/types.ts";
import { verifyCores } from "./ir/cores/verify.ts";
import type { Graph } from "./ir/graph/types.ts";
import { verifyGraph } from "./ir/graph/verify.ts";
import type { Image } from "./ir/image/types.ts";
import { prepareNetwork } from "./ir/network/run.ts";
import type { Network } from "./ir/network/types.ts";
import { verifyNetwork } from "./ir/network/verify.ts";
import type { Budget, MappingOptions } from "./map/mapping.ts";
import { graphPipeline } from "./passes/graph/index.ts";
import type { Context, Kind, Of, Step } from "./passes/pass.ts";
import { runSteps, type Watcher } from "./passes/run.ts";

/*
 * The whole compiler on one screen:
 *
 *   Graph ─ graphPipeline ─▶ Graph ─ conversion ─▶ Network ─ the chip's legalization ─▶ Network ─ mapping ─▶ Cores ─ emit ─▶ Image
 *
 * It knows that there is a Target, not which.
 */

/** What is to be made, of whatever source. */
export type Job = {
  readonly target: Target;
  /** A name in the list of conversions, and its options as text. Not used for a source that is a Network already. */
  readonly method: string;
  readonly options: Readonly<Record<string, string>>;
  /** Samples of the graph's input, flattened. */
  readonly calibration: Iterable<Float32Array>;
  /** Options of passes by the pass's name, over those that the target chooses: `{ "quantize-weights": { bits: "4" } }`. */
  readonly passOptions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly mapping: MappingOptions;
};

/** Every artifact on the way, and what the image needs of the chip. */
export type Compiled = {
  /** The simplified graph; null when the source was a Network. */
  readonly graph: Graph | null;
  /** The graph whose values the populations of `converted` stand for: `graph`, or what the method made of it. Null when the source was a Network. */
  readonly lowered: Graph | null;
  readonly converted: Network;
  readonly legal: Network;
  readonly cores: Cores;
  readonly image: Image;
  readonly budget: readonly Budget[];
  readonly load: Load;
};

/** What loading the image takes over the chip's configuration link. */
export type Load = { readonly words: number; readonly bits: number; readonly seconds: number };

export const defaultMapping: MappingOptions = { partition: "tiles", place: "rows" };

/** A job from what must be said; the rest by default. */
export function job(said: Pick<Job, "target" | "method"> & Partial<Job>): Job {
  return { options: {}, calibration: [], passOptions: {}, mapping: defaultMapping, ...said };
}

/** Compiles. Throws a Failure with every diagnostic of the stage that found errors; nothing goes on past errors. */
export function compile(source: Graph | Network, job: Job, given: Context, watchers: readonly Watcher[] = []): Compiled {
  const { target } = job;
  // Samples can be gone through once, so those that are looked at again are kept on the way.
  const watch: Float32Array[] = [];
  if (target.wrapped !== undefined) job = { ...job, calibration: kept(job.calibration, watch) };
  const stage = gathering({ ...given, chip: target.chip });
  const { cx } = stage;

  const graph = source.kind === "graph" ? runSteps<"graph">(source, graphPipeline, cx, watchers) : null;
  stage.check(graph === null ? [] : verifyGraph(graph));

  let lowered: Graph | null = null;
  const converted =
    source.kind === "network"
      ? source
      : watched("convert", "network", watchers, source, () => {
          const made = convertBeside(graph ?? source, job, cx);
          lowered = made.lowered;
          return made.network;
        });
  stage.check(verifyNetwork(converted));

  const legal = legalize(converted, withRoom(converted, job, watch, cx), cx, watchers);
  stage.check(verifyNetwork(legal));
  stage.check([...wrapping(legal, target, watch), ...changed(converted, legal, watch)]);

  const cores = watched("map", "cores", watchers, legal, () => target.mapping.map(legal, target.chip, job.mapping, cx));
  stage.check(verifyCores(cores, target.chip));

  const image = target.emit(cores);
  stage.check([]);
  must(sameCores(target.decode(image), cores), "the decoded image is the cores that were emitted");

  return {
    graph,
    lowered,
    converted,
    legal,
    cores,
    image,
    budget: target.mapping.budget(cores, target.chip),
    load: loadOf(image, target.chip),
  };
}

/** Graph to Network by the job's method: calibration, then conversion. The graph is one that `graphPipeline` has simplified. */
export function convert(graph: Graph, job: Pick<Job, "method" | "options" | "calibration">, cx: Context): Network {
  return convertBeside(graph, job, cx).network;
}

/** The same, with the graph whose values the populations stand for. */
export function convertBeside(
  graph: Graph,
  job: Pick<Job, "method" | "options" | "calibration">,
  cx: Context,
): { readonly network: Network; readonly lowered: Graph } {
  const method = conversions[job.method];
  if (method === undefined) fail("name-unknown", ["method", job.method, null]);
  if (isSpiking(graph) && method.spiking !== true) fail("convert-neurons", []);
  const options = choose(`method ${method.name}`, method.options, job.options);
  const stats = method.calibrate(graph, job.calibration, options, cx);
  return { network: method.convert(graph, stats, options, cx), lowered: method.rewrite?.(graph, stats, options) ?? graph };
}

/** The passes that make a network fit the job's chip. */
export function legalize(
  network: Network,
  job: Pick<Job, "target" | "passOptions">,
  cx: Context,
  watchers: readonly Watcher[] = [],
): Network {
  return runSteps<"network">(network, withOptions(job.target.legalize(network), job.passOptions), cx, watchers);
}

/** Calibration samples on which potentials are watched. */
const watchedSamples = 25;

/** Of so many of them a wrapped potential is an error. */
const wrappedMost = 0.25;

/**
 * The job with fewer weight bits for populations whose potentials are seen to wrap on calibration samples: each bit less
 * makes their unit twice as coarse, and potentials half as large. Only on chips that wrap, and where the user did not choose the bits.
 */
function withRoom(converted: Network, job: Job, samples: readonly Float32Array[], cx: Context): Job {
  const { target } = job;
  const chosen = job.passOptions["quantize-weights"] ?? {};
  if (target.wrapped === undefined || samples.length === 0 || chosen["of"] !== undefined || chosen["bits"] !== undefined) return job;
  const silent: Context = { ...cx, report: () => undefined, table: () => undefined };
  const bits = new Map<string, number>();
  let tried = job;
  // The first population that wraps hides what those after it do, so each is seen in its turn.
  for (let round = 0; round <= converted.pops.length; round++) {
    const seen = target.wrapped(legalize(converted, tried, silent), samples);
    const worst = [...seen].filter(([name]) => !bits.has(name) && converted.pops.some((p) => p.name === name));
    if (worst.length === 0) break;
    for (const [name] of worst) bits.set(name, leastBits);
    const of = [...bits].map(([name, b]) => `${name}:${b}`).join("+");
    tried = { ...job, passOptions: { ...job.passOptions, "quantize-weights": { ...chosen, of } } };
  }
  if (bits.size > 0)
    cx.table(
      "room for potentials",
      [...bits].map(([population, b]) => ({ population, "weight bits": b, why: "wrapped on calibration samples with more" })),
    );
  return tried;
}

/** Weights of -1, 0 and 1. */
const leastBits = 2;

/** The samples, the first of which are also put into `into`. */
function* kept(samples: Iterable<Float32Array>, into: Float32Array[]): Generator<Float32Array> {
  for (const s of samples) {
    if (into.length < watchedSamples) into.push(s.slice());
    yield s;
  }
}

/** Populations whose potentials wrap on too many calibration samples for the answers to mean anything. */
function wrapping(legal: Network, target: Target, samples: readonly Float32Array[]): Diagnostic[] {
  if (target.wrapped === undefined || samples.length === 0) return [];
  return [...target.wrapped(legal, samples)]
    .filter(([, count]) => count > wrappedMost * samples.length)
    .map(([name, count]) =>
      diagnostic("potential-wraps", [name, count, samples.length, target.chip.potential.bits], { at: `pop ${name}` }),
    );
}

/** Of so many watched samples the classes have to be the same, or the chip's network is another one. */
const alikeLeast = 0.6;

/** Answers of the legal network beside those of the converted one, where both name a class. */
function changed(converted: Network, legal: Network, samples: readonly Float32Array[]): Diagnostic[] {
  if (samples.length === 0 || converted.inputs.length !== 1 || legal.inputs.length !== 1) return [];
  const [before, after] = [prepareNetwork(converted), prepareNetwork(legal)];
  let alike = 0;
  for (const s of samples) {
    const [a, b] = [before.run([s]).outputs[0], after.run([s]).outputs[0]];
    if (a === undefined || b === undefined || a.length < 2 || a.length !== b.length) return [];
    if (largest(a) === largest(b)) alike++;
  }
  return alike < alikeLeast * samples.length ? [diagnostic("answers-lost", [alike, samples.length], { at: `network ${legal.name}` })] : [];
}

function largest(values: Float64Array): number {
  return values.reduce((best, v, i) => (v > (values[best] ?? 0) ? i : best), 0);
}

/** Words and time to load an image; untouched words are not written. */
export function loadOf(image: Image, chip: ChipSpec): Load {
  let words = 0;
  let bits = 0;
  for (const s of image.sections) {
    words += s.words.length;
    bits += s.words.length * s.wordBits;
  }
  return { words, bits, seconds: bits / chip.loadBitsPerSecond };
}

/** The target's steps with the user's options over them. */
function withOptions(steps: readonly Step<"network">[], given: Job["passOptions"]): readonly Step<"network">[] {
  for (const name of Object.keys(given)) if (!steps.some((s) => s.name === name)) fail("pass-unused", [name, steps.map((s) => s.name)]);
  return steps.map((s) => {
    const mine = given[s.name];
    return mine === undefined ? s : s.over(mine);
  });
}

/** A lowering as the watchers see it: a step that always changes something. */
function watched<K extends Kind>(name: string, on: K, watchers: readonly Watcher[], before: Of<Kind>, work: () => Of<K>): Of<K> {
  const seen: Step = { name, on, text: name, keeps: "answers", run: work } as unknown as Step;
  for (const w of watchers) w.before?.(seen, before);
  const out = work();
  for (const w of watchers) w.after?.(seen, out, true);
  return out;
}

/** Remembers what a stage reported, so that the next one does not start past errors. */
function gathering(given: Context): { cx: Context; check: (more: readonly Diagnostic[]) => void } {
  const errors: Diagnostic[] = [];
  const report = (d: Diagnostic) => {
    if (d.severity === "error") errors.push(d);
    given.report(d);
  };
  return {
    cx: { ...given, report },
    check: (more) => {
      errors.push(...more.filter((d) => d.severity === "error"));
      if (errors.length > 0) throw new Failure(errors);
    },
  };
}
