import { at } from "../../base/bug.ts";
import type { Context } from "../../base/context.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { Layer, Layered } from "../layers.ts";
import { ErrorSums, type LayerErrors } from "./errors.ts";
import { layerRun } from "./layer-run.ts";
import { type Adjusted, type Spiking, withLayers } from "./spiking.ts";
import type { Recorded } from "./targets.ts";
import { pooledTrains, spikeTrain, stillTrain, type Train } from "./trains.ts";

/*
 * One way through the network, layer by layer in order: a layer is adjusted with all earlier
 * ones adjusted and spiking already, then run over all samples, and what it sends is the input
 * of the later ones. Trains are dropped once their last reader is done, so that memory holds
 * a few layers and not all.
 */

/** What adjusting one layer may look at. */
export type LayerTask = {
  readonly layer: Layer;
  readonly layered: Layered;
  readonly neurons: Spiking["neurons"][number];
  readonly steps: number;
  /** Per way, per sample: what arrives behind the way's pooling. */
  readonly arrivals: readonly (readonly Train[])[];
  /** Per sample: the layer's values in the trained network. */
  readonly targets: readonly Float32Array[];
  /** Indices of samples to learn from, and to judge by. */
  readonly training: readonly number[];
  readonly validation: readonly number[];
};

export type Adjust = (task: LayerTask, cx: Context) => Adjusted;

export type Swept = {
  readonly spiking: Spiking;
  /** Answers to the validation samples, the outputs one after another. */
  readonly answers: readonly Float64Array[];
  /** Of layers with neurons, on the validation samples. */
  readonly errors: readonly LayerErrors[];
};

/** Leaves a layer as it is. */
export const unchanged: Adjust = ({ layer, neurons }) => ({ layer, neurons });

export function sweep(what: string, s: Spiking, data: Recorded, adjust: Adjust, cx: Context): Swept {
  const { layered, steps } = s;
  const sent: (readonly Train[] | null)[] = layered.layers.map(() => null);
  const adjusted: Adjusted[] = [];
  const errors: LayerErrors[] = [];
  const answers = data.validation.map((): number[] => []);
  for (const layer of layered.layers) {
    if (layer.kind === "input") {
      sent[layer.index] = data.samples.map(stillTrain);
      adjusted.push({ layer, neurons: null });
      continue;
    }
    const arrivals = layer.ways.map((w) => pooledTrains(at(sent, w.from) as readonly Train[], w.pool, at(layered.layers, w.from).shape));
    const task = {
      layer,
      layered,
      neurons: at(s.neurons, layer.index),
      steps,
      arrivals,
      targets: at(data.targets, layer.index),
      training: data.training,
      validation: data.validation,
    };
    const done = adjust(task, cx);
    adjusted.push(done);
    const readers = layered.layers.filter((l) => l.ways.some((w) => w.from === layer.index));
    const found = runAll(task, done);
    if (done.neurons !== null) errors.push(found.errors);
    if (readers.length > 0) sent[layer.index] = found.trains;
    if (layer.kind === "output") answers.forEach((a, i) => a.push(...at(found.outputs, i)));
    forget(layer.index, layered, sent);
    cx.progress(`${what}, layer by layer`, layer.index, layered.layers.length - 1);
  }
  return { spiking: withLayers(s, adjusted), answers: answers.map((a) => Float64Array.from(a)), errors };
}

/** The adjusted layer over all samples: what it sends, and its outputs and errors on the validation samples. */
function runAll(
  task: LayerTask,
  { layer, neurons }: Adjusted,
): { trains: readonly Train[]; outputs: readonly (readonly number[])[]; errors: LayerErrors } {
  const run = layerRun(layer, task.layered, task.steps);
  const bias = layer.bias ?? new Float64Array(sizeOf(layer.shape));
  const sums = new ErrorSums(layer.name);
  const judged = new Set(task.validation);
  const outputs: number[][] = [];
  const trains = task.targets.map((target, sample): Train => {
    const output = run.run(
      task.arrivals.map((a) => at(a, sample)),
      neurons,
      bias,
    );
    if (judged.has(sample)) {
      if (neurons !== null) sums.add(neurons, run.course, task.steps, target);
      else outputs.push([...output]);
    }
    return neurons === null ? silence : spikeTrain(run.course.payload, task.steps, neurons.theta);
  });
  return { trains, outputs, errors: sums.means() };
}

const silence: Train = { still: true, start: new Int32Array(2), index: new Int32Array(0), value: new Float64Array(0) };

/** Drops the trains that no layer after this one reads. */
function forget(done: number, layered: Layered, sent: (readonly Train[] | null)[]): void {
  for (let i = 0; i <= done; i++) if (!layered.layers.some((l) => l.index > done && l.ways.some((w) => w.from === i))) sent[i] = null;
}
