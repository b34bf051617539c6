import { at } from "../../base/bug.ts";
import type { Context } from "../../base/context.ts";
import { Random } from "../../base/random.ts";
import type { Layer } from "../layers.ts";
import { compact } from "../walk/linear-ops.ts";
import { Adam, type Parameter, parameter } from "./adam.ts";
import { groupsOf, type Potential } from "./initial-potential.ts";
import { type LayerRun, layerRun } from "./layer-run.ts";
import { losses } from "./losses.ts";
import type { Neurons } from "./spiking.ts";
import type { Adjust, LayerTask } from "./sweep.ts";
import { backThroughTime, type Errors, errorsOf } from "./through-time.ts";
import { meanSize, stepOf, type Train } from "./trains.ts";

/*
 * Phase IIb: one layer's weights, bias, initial potentials and the slope of its surrogate are
 * fitted so that its T steps on recorded spike trains give what the trained network has there.
 * Only this layer learns; currents that come through fixed ways (identity shortcuts, pooling)
 * enter as they are. Potentials and biases are in units of the threshold, weights in units of
 * threshold per event, so that one learning rate fits every layer. Cosine schedule; an epoch
 * that does not make the loss on the validation samples less is taken back and the next one
 * is more careful, for the more steps there are, the finer the changes that help.
 * Wang et al., IEEE TNNLS 36(2):3189.
 */

export type TrainingOptions = {
  readonly loss: "kl" | "mse";
  readonly lr: number;
  readonly epochs: number;
  readonly patience: number;
  readonly potential: Potential;
};

const batch = 32;
const slopeAtFirst = 2.5;
const slopeLeast = 0.1;

/** The learning rate is divided by this after an epoch that did not help. */
const cautionStep = 3;

export function layerTraining(options: TrainingOptions): Adjust {
  return (task, cx) => new LayerTraining(task, options).train(new Random(cx.seed + task.layer.index), cx);
}

class LayerTraining {
  readonly #task: LayerTask;
  readonly #options: TrainingOptions;
  readonly #run: LayerRun;
  readonly #errors: Errors;
  readonly #gradient: Float64Array;
  /** Threshold of each neuron; where there is none, how large answers are. */
  readonly #unit: Float64Array;
  readonly #weights: readonly (Parameter | null)[];
  readonly #bias: Parameter;
  readonly #biasGroups: Int32Array;
  readonly #initial: Parameter | null;
  readonly #initialGroups: Int32Array;
  readonly #slope = parameter(Float64Array.of(slopeAtFirst), 1);

  constructor(task: LayerTask, options: TrainingOptions) {
    const { layer, layered, neurons, steps, arrivals, targets } = task;
    this.#task = task;
    this.#options = options;
    this.#run = layerRun(layer, layered, steps);
    const { count, ways } = this.#run;
    this.#errors = errorsOf(count, steps);
    this.#gradient = new Float64Array(count);
    this.#unit = neurons?.theta ?? new Float64Array(count).fill(sizeOfValues(targets));
    const unit = this.#unit.reduce((a, b) => a + b, 0) / count;
    this.#weights = ways.map((w, i) => (w.trained === null ? null : parameter(w.trained.weights, unit / meanSize(at(arrivals, i)))));
    this.#biasGroups = groupsOf(layer, biasPer(layer));
    this.#bias = parameter(inGroups(layer.bias ?? new Float64Array(count), this.#unit, this.#biasGroups), 1);
    this.#initialGroups = groupsOf(layer, options.potential);
    this.#initial = neurons === null ? null : parameter(inGroups(neurons.initial, neurons.theta, this.#initialGroups), 1);
  }

  train(random: Random, cx: Context): ReturnType<Adjust> {
    const { lr, epochs, patience } = this.#options;
    const parameters = [...this.#weights, this.#bias, this.#initial, this.#task.neurons === null ? null : this.#slope].filter(
      (p) => p !== null,
    );
    const adam = new Adam(parameters);
    const restore = (): void => parameters.forEach((p, i) => p.value.set(at(best.values, i)));
    let best = { loss: this.#judge(), values: parameters.map((p) => p.value.slice()) };
    for (let epoch = 0, since = 0, caution = 1; epoch < epochs && since < patience; epoch++) {
      const rate = ((caution * lr) / 2) * (1 + Math.cos((Math.PI * epoch) / epochs));
      const order = shuffled(this.#task.training, random);
      for (let k = 0; k < order.length; k += batch) this.#learn(order.slice(k, k + batch), adam, rate);
      const loss = this.#judge();
      if (loss < best.loss) {
        best = { loss, values: parameters.map((p) => p.value.slice()) };
        since = 0;
      } else {
        restore();
        since++;
        caution /= cautionStep;
      }
      cx.progress(`IIb, training layer ${this.#task.layer.name}`, epoch + 1, epochs);
    }
    restore();
    return this.#adjusted();
  }

  /** The layer with the parameters as they are. */
  #adjusted(): ReturnType<Adjust> {
    const { layer } = this.#task;
    const ways = layer.ways.map((w, i) => ({ ...w, kernel: at(this.#run.ways, i).trained?.kernel() ?? w.kernel }));
    return { layer: { ...layer, ways, bias: this.#biases() }, neurons: this.#neurons() };
  }

  #biases(): Float64Array {
    return this.#unit.map((u, i) => u * this.#bias.value[this.#biasGroups[i]!]!);
  }

  #neurons(): Neurons | null {
    const [old, initial] = [this.#task.neurons, this.#initial];
    return old === null || initial === null
      ? null
      : { ...old, initial: old.theta.map((u, i) => u * initial.value[this.#initialGroups[i]!]!) };
  }

  /** Mean loss on the validation samples. */
  #judge(): number {
    const [neurons, bias] = [this.#neurons(), this.#biases()];
    const { validation } = this.#task;
    return validation.reduce((sum, s) => sum + this.#lossOf(s, this.#trains(s), neurons, bias), 0) / Math.max(1, validation.length);
  }

  #trains(sample: number): readonly Train[] {
    return this.#task.arrivals.map((a) => at(a, sample));
  }

  /** Runs the layer on a sample; leaves ∂L/∂y in the gradient. */
  #lossOf(sample: number, trains: readonly Train[], neurons: Neurons | null, bias: Float64Array): number {
    const output = this.#run.run(trains, neurons, bias);
    return losses[this.#options.loss](at(this.#task.targets, sample), output, this.#unit, this.#gradient);
  }

  #learn(samples: readonly number[], adam: Adam, rate: number): void {
    const [neurons, bias] = [this.#neurons(), this.#biases()];
    for (const s of samples) {
      const trains = this.#trains(s);
      this.#lossOf(s, trains, neurons, bias);
      this.#backward(trains, neurons);
    }
    adam.step(rate);
    this.#slope.value[0] = Math.max(slopeLeast, this.#slope.value[0]!);
  }

  /** Adds one sample's part to every gradient. */
  #backward(trains: readonly Train[], neurons: Neurons | null): void {
    const { steps, count, course } = this.#run;
    const errors = this.#errors;
    if (neurons === null) {
      for (let k = 0; k < errors.drive.length; k++) errors.drive[k] = this.#gradient[k % count]! / steps;
      errors.total.set(this.#gradient);
    } else {
      this.#slope.gradient[0]! += backThroughTime(neurons, this.#slope.value[0]!, steps, course, this.#gradient, errors);
    }
    const same = this.#run.still(trains);
    this.#run.ways.forEach((way, i) => {
      const [trained, p, train] = [way.trained, at(this.#weights, i), at(trains, i)];
      if (trained === null || p === null) return;
      if (same) trained.collect(train, ...stepOf(train, 0), errors.total, p.gradient);
      else
        for (let t = 0; t < steps; t++)
          trained.collect(train, ...stepOf(train, t), errors.drive.subarray(t * count, (t + 1) * count), p.gradient);
    });
    for (let i = 0; i < count; i++) {
      this.#bias.gradient[this.#biasGroups[i]!]! += errors.total[i]! * this.#unit[i]!;
      if (this.#initial !== null) this.#initial.gradient[this.#initialGroups[i]!]! += errors.initial[i]! * this.#unit[i]!;
    }
  }
}

/** Convolutions have one bias per channel, and training keeps it so. */
function biasPer(layer: Layer): Potential {
  if (layer.bias === null) return "channel";
  const short = compact(layer.bias, layer.shape);
  return typeof short === "number" || short.data.length === layer.shape[0] ? "channel" : "neuron";
}

/** One number per group, in units: the first of the group's, which is every one's where groups are what they were made of, else their mean. */
function inGroups(values: Float64Array, unit: Float64Array, groups: Int32Array): Float64Array {
  const sums = new Float64Array(at(groups, groups.length - 1) + 1);
  const sizes = new Float64Array(sums.length);
  values.forEach((v, i) => {
    sums[groups[i]!]! += v / unit[i]!;
    sizes[groups[i]!]!++;
  });
  return sums.map((s, g) => s / sizes[g]!);
}

/** Mean absolute value; 1 when all are zero. */
function sizeOfValues(values: readonly Float32Array[]): number {
  let [sum, count] = [0, 0];
  for (const v of values) {
    for (const x of v) sum += Math.abs(x);
    count += v.length;
  }
  return sum > 0 ? sum / count : 1;
}

function shuffled(list: readonly number[], random: Random): number[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const k = random.int(0, i);
    [out[i], out[k]] = [out[k]!, out[i]!];
  }
  return out;
}
