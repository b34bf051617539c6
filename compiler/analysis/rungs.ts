import { openSession } from "../../runtime/session.ts";
import { at } from "../base/bug.ts";
import { f32, numbersOf, sizeOf, tensor, tensorFrom } from "../base/tensor.ts";
import { prepareGraph } from "../ir/graph/run.ts";
import type { Graph, ValueId } from "../ir/graph/types.ts";
import type { Image } from "../ir/image/types.ts";
import type { Limits } from "../ir/network/neurons/model.ts";
import { prepareNetwork } from "../ir/network/run.ts";
import type { Network, PopId } from "../ir/network/types.ts";
import type { Target } from "../../targets/target.ts";
import { classOf, classOfScores, inputTensor } from "./answer.ts";
import type { SpikingLayer } from "./layers.ts";
import { type Reading, readingOf } from "./reading.ts";

/* Rungs: one sample through one form of the network, with the value of every layer. */

export type Result = {
  readonly class: number;
  /** Per layer, in the model's numbers; null where this form has no such layer. Overwritten by the rung's next run. */
  readonly values: readonly (Float64Array | null)[];
  /** What is answered, where the forms answer in the same numbers. */
  readonly output: Float64Array | null;
};

export type Rung = (sample: Float32Array) => Promise<Result>;

/** A graph; `values` says where each layer's value is, and `output` which one the answer is. */
export function graphRung(g: Graph, values: readonly (ValueId | null)[], output: ValueId | null): Rung {
  const keep = [...new Set([...values, output].filter((v) => v !== null))];
  const prepared = prepareGraph(g, keep);
  const place = new Map(keep.map((v, i) => [v, i]));
  return async (sample) => {
    const { outputs, kept } = prepared.run([inputTensor(g, sample)]);
    const valueOf = (v: ValueId | null): Float64Array | null => (v === null ? null : numbersOf(at(kept, place.get(v) ?? -1)));
    return { class: classOf(g, at(outputs, 0)), values: values.map(valueOf), output: valueOf(output) };
  };
}

/** The graph with the first `count` layers' values given, of those that are there. */
export function graphFrom(g: Graph, layers: readonly ValueId[]): (sample: Float32Array, values: readonly Float64Array[]) => number {
  const prepared = prepareGraph(g);
  const replaced = layers.map((v) => g.inputs.indexOf(v));
  return (sample, values) => {
    const inputs = g.inputs.map((v, i) =>
      i === 0
        ? inputTensor(g, sample)
        : tensorFrom(at(g.values, v).dtype, at(g.values, v).shape, new Float32Array(sizeOf(at(g.values, v).shape))),
    );
    values.forEach((numbers, k) => {
      const i = at(replaced, k);
      const { shape, dtype } = at(g.values, at(g.inputs, i));
      inputs[i] = dtype === "f64" ? tensor("f64", shape, numbers) : f32(shape, numbers);
    });
    return classOf(g, at(prepared.run(inputs).outputs, 0));
  };
}

export type NetworkRung = {
  readonly run: Rung;
  /** Per layer: the potential after the last step that counts, of the latest run. */
  readonly rests: readonly (Float64Array | null)[];
};

/** A network. Layers are found by the names of their populations; what one level is worth is known from before amplitudes were folded. */
export function networkRung(
  n: Network,
  layers: readonly SpikingLayer[],
  limits: Limits | null,
  seed: number,
  compares: boolean,
): NetworkRung {
  const readings = readingsIn(n, layers);
  const values = readings.map((r) => (r === null ? null : new Float64Array(r.unit.length)));
  const rests = readings.map((r) => (r?.charge == null ? null : new Float64Array(r.unit.length)));
  const layerOf = new Map<PopId, number>();
  layers.forEach((l, i) => {
    const pop = n.pops.find((p) => p.name === l.name);
    if (pop !== undefined && readings[i] !== null) layerOf.set(pop.id, i);
  });
  const observe = (pop: PopId, step: number, payloads: Float64Array, potential: Float64Array | null): void => {
    const i = layerOf.get(pop);
    if (i === undefined) return;
    const r = readings[i] as Reading;
    count(values[i] as Float64Array, payloads, r.place(step));
    if (potential !== null && step === r.stop - 1) rests[i]?.set(potential);
  };
  const prepared = prepareNetwork(n, { seed, observe, ...(limits === null ? {} : { limits }) });
  return {
    rests,
    run: async (sample) => {
      for (const v of values) v?.fill(0);
      const { outputs } = prepared.run([sample]);
      readings.forEach((r, i) => r !== null && scale(values[i] as Float64Array, r.unit));
      return { class: classOfScores(at(outputs, 0)), values, output: compares ? at(outputs, 0) : null };
    },
  };
}

function count(into: Float64Array, payloads: Float64Array, place: number): void {
  for (let i = 0; i < into.length; i++) {
    const payload = payloads[i] as number;
    if (payload !== 0) into[i] = (into[i] as number) + payload * place;
  }
}

function scale(values: Float64Array, unit: Float64Array): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * (unit[i] as number);
}

/** How the layers' populations are read in a later form of the network; null where a pass put others in their place. */
export function readingsIn(n: Network, layers: readonly SpikingLayer[]): readonly (Reading | null)[] {
  const byName = new Map(n.pops.map((p) => [p.name, p]));
  return layers.map((l) => {
    const pop = byName.get(l.name);
    const reading = pop === undefined || sizeOf(pop.shape) !== l.neurons ? null : readingOf(n, pop, l.reading.unit);
    return reading !== null && reading.levels === l.reading.levels ? reading : null;
  });
}

export type ChipRung = {
  readonly run: Rung;
  readonly close: () => Promise<void>;
};

/** The chip's simulator on the image. Spikes are observed and put back where they belong by the image's map. */
export async function chipRung(
  target: Target,
  image: Image,
  legal: Network,
  layers: readonly SpikingLayer[],
  compares: boolean,
): Promise<ChipRung> {
  const readings = readingsIn(legal, layers);
  const values = readings.map((r) => (r === null ? null : new Float64Array(r.unit.length)));
  const places = placesOf(image, target, layers);
  const spike = target.events["spikeOut"]?.name;
  const session = await openSession(target.simulate(), image);
  const carries = legal.pops.some((p) => p.neuron.params["boundary"] === "keep");
  let first = 0;
  session.device.trace((e) => {
    const place = e.event === spike ? places.get(e.core)?.[e.a] : undefined;
    if (place === undefined) return;
    const into = values[place.layer];
    if (into != null) into[place.neuron] = at(into, place.neuron) + e.b * (readings[place.layer] as Reading).place(e.step - first);
  });
  return {
    close: () => session.close(),
    run: async (sample) => {
      if (!carries) await session.device.reset();
      for (const v of values) v?.fill(0);
      first = session.device.now().step;
      const { answers } = await session.run([sample]);
      readings.forEach((r, i) => r !== null && scale(values[i] as Float64Array, r.unit));
      return { class: classOfScores(at(answers, 0)), values, output: compares ? at(answers, 0) : null };
    },
  };
}

type Place = { readonly layer: number; readonly neuron: number };

/** Which neuron of which layer sits in each slot of each core. */
function placesOf(image: Image, target: Target, layers: readonly SpikingLayer[]): ReadonlyMap<number, readonly (Place | undefined)[]> {
  const layerOf = new Map(layers.map((l, i) => [l.name, i]));
  return new Map(
    (image.map?.cores ?? []).map((core) => {
      const slots: Place[] = [];
      for (const g of core.groups) {
        const layer = layerOf.get(g.pop);
        if (layer !== undefined) g.indices.forEach((neuron, k) => (slots[g.first + k] = { layer, neuron }));
      }
      return [core.y * target.chip.columns + core.x, slots];
    }),
  );
}
