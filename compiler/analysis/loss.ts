import { at } from "../base/bug.ts";
import { exchangeMaxPools } from "../convert/rewrite-max-pool.ts";
import type { ValueId } from "../ir/graph/types.ts";
import type { Context } from "../passes/pass.ts";
import { adviceFor } from "./advice.ts";
import { potentialLimits } from "./answer.ts";
import { type Coupling, measureCoupling } from "./coupling.ts";
import { idealize } from "./idealize.ts";
import { comparableOutput, type SpikingLayer, spikingLayers, type TracedLayer, tracedLayers } from "./layers.ts";
import { type LayerLoss, LayerSums } from "./layer-sums.ts";
import { layerwise, type Layerwise } from "./layerwise.ts";
import { ownPartsOf } from "./own.ts";
import { type ChipRung, chipRung, graphRung, networkRung, readingsIn, type Result, type Rung } from "./rungs.ts";
import type { Subject } from "./subject.ts";

/*
 * Where the accuracy went. One sample after the other goes through a chain of forms,
 * from the trained model to the chip, each with one flaw more than the one before:
 *
 *   model → pooling → clipping → quantization → residual | coupling → inputs → weights → saturation → timing
 *
 * What an answer, or a layer's value, changes from one form to the next is the part of that
 * flaw. Differences along a chain add up to the difference of its ends, so the parts
 * add up exactly to the total: in accuracy, and in every neuron of every layer.
 */

/** Samples, with labels or without. */
export type Data = {
  readonly count: number;
  readonly sample: (index: number) => Float32Array;
  readonly label: (index: number) => number | null;
};

export type LossOptions = {
  /** Samples from the first on, at most. */
  readonly limit: number;
  /** How many of them the chip runs; on the others it is taken to equal the network. */
  readonly chipLimit: number;
  /** Also give the layers their spikes one by one, and measure the accuracy after each. */
  readonly layerwise: boolean;
};

/** Plain data. Fractions, not percentages. */
export type Loss = {
  readonly model: string;
  readonly target: string;
  readonly steps: number;
  readonly samples: number;
  readonly chipSamples: number;
  /** What counts as right: the label, or, without labels, the first rung's answer. */
  readonly against: "labels" | "first rung";
  readonly accuracy: { readonly first: number; readonly last: number; readonly loss: number };
  readonly rungs: readonly RungLoss[];
  readonly layers: readonly LayerLoss[];
  readonly layerwise: Layerwise | null;
  /** For codes of digits: what silent steps and negative digits are for. */
  readonly coupling: Coupling | null;
  /** What may help against the parts that lose the most. */
  readonly advice: readonly string[];
  /** Layers of the converted network whose spikes cannot be read as numbers, or that no value of the model stands for. */
  readonly unread: readonly string[];
};

/** One form of the network, and what it lost against the one before. */
export type RungLoss = {
  /** Name of the part: `model`, `clipping`, … or the name of a pass. */
  readonly part: Part;
  readonly accuracy: number;
  readonly loss: number;
  /** Samples that were right before and are wrong now, and the other way round. */
  readonly broken: number;
  readonly repaired: number;
};

export type Part = string;

/** Six forms of the network run each of them. */
const couplingSamples = 20;

type Form = { readonly part: Part; readonly run: Rung };

/** Measures. Samples are independent, so the result does not depend on their order. */
export async function explainLoss(subject: Subject, data: Data, options: LossOptions, cx: Pick<Context, "progress">): Promise<Loss> {
  const { models, converted, legal } = subject;
  const traced = models === null ? [] : tracedLayers(models.lowered, converted);
  const layers: readonly SpikingLayer[] = models === null ? spikingLayers(converted) : traced;
  const output = models === null ? null : comparableOutput(models.lowered);
  const compares = models === null || output !== null;

  const coupled = layers.some((l) => l.reading.levels !== stepsOf(l));
  const spiking = networkRung(converted, layers, null, subject.seed, compares);
  const forms: Form[] = [
    ...modelForms(subject, traced, output),
    { part: coupled ? "coupling" : "residual", run: spiking.run },
    ...subject.stages.map((s) => ({ part: partOf(s.pass), run: networkRung(s.network, layers, null, subject.seed, compares).run })),
    { part: "saturation", run: networkRung(legal, layers, potentialLimits(subject.target.chip), subject.seed, compares).run },
  ];
  if (models === null) forms[0] = { ...at(forms, 0), part: "network" };
  const chip = await openChip(subject, layers, compares, options);
  const count = Math.min(options.limit, data.count);
  const chipCount = chip === null ? 0 : Math.min(options.chipLimit, count);

  const ownRung = models === null ? -1 : forms.findIndex((f) => f.run === spiking.run);
  const parts = [...forms.map((f) => f.part), ...(chip === null ? [] : ["timing"])];
  const sums = layers.map((l) => new LayerSums(l, parts));
  const answers = compares ? new LayerSums({ name: "answer", neurons: 0, reading: null }, parts) : null;
  const first = models === null || !options.layerwise ? null : layerwise(models.lowered, traced);
  const tally = new Tally(parts);
  const charges = readingsIn(converted, layers);

  for (let s = 0; s < count; s++) {
    const sample = data.sample(s);
    const results: Result[] = [];
    for (const f of forms) results.push(await f.run(sample));
    if (chip !== null) results.push(s < chipCount ? await chip.run(sample) : at(results, results.length - 1));
    const right = data.label(s) ?? null;
    tally.add(results, right);
    sums.forEach((sum, i) => {
      const rest = spiking.rests[i];
      const mine = ownRung < 0 || rest == null ? null : ownPartsOf(traced[i], charges[i] ?? null, results, ownRung, i, rest);
      sum.add(
        results.map((r) => r.values[i] ?? null),
        mine,
      );
    });
    answers?.add(
      results.map((r) => r.output),
      null,
    );
    first?.add(sample, at(results, results.length - 1), right ?? at(results, 0).class);
    cx.progress("following samples to the chip", s + 1, count);
  }
  await chip?.close();

  const rungs = tally.rungs;
  const ends = { first: at(rungs, 0).accuracy, last: at(rungs, rungs.length - 1).accuracy };
  return {
    model: subject.name,
    target: subject.target.chip.name,
    steps: converted.steps,
    samples: count,
    chipSamples: chipCount,
    against: tally.against,
    accuracy: { ...ends, loss: ends.first - ends.last },
    rungs,
    layers: [...sums, ...(answers === null ? [] : [answers])].map((s) => s.loss),
    layerwise:
      first?.finish(
        rungs.filter((r) => r.part === "model" || r.part === "pooling"),
        ends.last,
      ) ?? null,
    coupling: coupled ? await measureCoupling(converted, data, Math.min(count, couplingSamples), cx) : null,
    advice: adviceFor(rungs),
    unread: unreadIn(subject, layers),
  };
}

/** A step of a spike count is one level; a step of digits is not. */
function stepsOf({ pop, reading }: SpikingLayer): number {
  return reading.stop - pop.start - pop.silent;
}

/** The trained model, and what it loses before anything spikes. */
function modelForms({ models }: Subject, traced: readonly TracedLayer[], output: ValueId | null): Form[] {
  if (models === null) return [];
  const { lowered } = models;
  // The same model with its activations before max pooling, where the populations are.
  const graph = exchangeMaxPools(models.graph);
  const byName = new Map(graph.values.map((v) => [v.name, v.id]));
  const produced = new Set([...graph.inputs, ...graph.nodes.flatMap((n) => n.outputs)]);
  const inModel = (name: string): ValueId | null => {
    const v = byName.get(name);
    return v !== undefined && produced.has(v) ? v : null;
  };
  const values = traced.map((l) => inModel(l.valueName));
  const clipped = idealize(lowered, traced, "clipped");
  const quantized = idealize(lowered, traced, "quantized");
  const rewritten = lowered.nodes.length !== graph.nodes.length || lowered.nodes.some((n, i) => n.op !== graph.nodes[i]?.op);
  return [
    { part: "model", run: graphRung(graph, values, output === null ? null : inModel(at(lowered.values, output).name)) },
    ...(rewritten
      ? [
          {
            part: "pooling",
            run: graphRung(
              lowered,
              traced.map((l) => l.value),
              output,
            ),
          },
        ]
      : []),
    { part: "clipping", run: graphRung(clipped.graph, traced.map(clipped.of), output) },
    { part: "quantization", run: graphRung(quantized.graph, traced.map(quantized.of), output) },
  ];
}

const partNames: Readonly<Record<string, Part>> = { "quantize-inputs": "inputs", "quantize-weights": "weights" };

function partOf(pass: string): Part {
  return partNames[pass] ?? pass;
}

async function openChip(
  { image, legal, target }: Subject,
  layers: readonly SpikingLayer[],
  compares: boolean,
  options: LossOptions,
): Promise<ChipRung | null> {
  return image === null || options.chipLimit === 0 ? null : chipRung(target, image, legal, layers, compares);
}

function unreadIn({ converted }: Subject, layers: readonly SpikingLayer[]): readonly string[] {
  const known = new Set(layers.map((l) => l.name));
  const read = new Set<number>([...converted.outputs.map((o) => o.pop), ...converted.inputs.map((i) => i.pop)]);
  return converted.pops.filter((p) => !read.has(p.id) && !known.has(p.name)).map((p) => p.name);
}

/** Counts right answers along the chain. */
class Tally {
  readonly #parts: readonly Part[];
  readonly #right: number[];
  readonly #broken: number[];
  readonly #repaired: number[];
  #samples = 0;
  #labelled = 0;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.#right = this.#parts.map(() => 0);
    this.#broken = this.#parts.map(() => 0);
    this.#repaired = this.#parts.map(() => 0);
  }

  add(results: readonly Result[], label: number | null): void {
    const wanted = label ?? at(results, 0).class;
    this.#samples++;
    if (label !== null) this.#labelled++;
    results.forEach((r, k) => {
      const [now, before] = [r.class === wanted, results[k - 1]?.class === wanted];
      if (now) this.#right[k] = at(this.#right, k) + 1;
      if (k > 0 && before && !now) this.#broken[k] = at(this.#broken, k) + 1;
      if (k > 0 && !before && now) this.#repaired[k] = at(this.#repaired, k) + 1;
    });
  }

  get against(): Loss["against"] {
    return this.#labelled > 0 ? "labels" : "first rung";
  }

  get rungs(): readonly RungLoss[] {
    const n = Math.max(1, this.#samples);
    return this.#parts.map((part, k) => ({
      part,
      accuracy: at(this.#right, k) / n,
      loss: k === 0 ? 0 : (at(this.#right, k - 1) - at(this.#right, k)) / n,
      broken: at(this.#broken, k),
      repaired: at(this.#repaired, k),
    }));
  }
}
