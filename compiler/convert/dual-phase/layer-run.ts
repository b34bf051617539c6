import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import { pooledShape } from "../../ir/network/kernels/index.ts";
import type { Layer, Layered } from "../layers.ts";
import type { Neurons } from "./spiking.ts";
import { type Course, courseOf, integrateAndFire } from "./through-time.ts";
import { stepOf, type Train } from "./trains.ts";
import { type WayKernel, wayKernel } from "./way.ts";

/** One layer over all steps of a sample, given what its sources send. */
export type LayerRun = {
  readonly count: number;
  readonly steps: number;
  readonly course: Course;
  readonly ways: readonly WayKernel[];
  /** Whether everything that comes in is the same in every step. */
  readonly still: (trains: readonly Train[]) => boolean;
  /** Runs one sample: one train per way. Gives the layer's output: θ/T·Σs of spiking layers, the mean drive of others; overwritten by the next run. */
  readonly run: (trains: readonly Train[], neurons: Neurons | null, bias: Float64Array) => Float64Array;
};

export function layerRun(layer: Layer, layered: Layered, steps: number): LayerRun {
  const count = sizeOf(layer.shape);
  const course = courseOf(count, steps);
  const output = new Float64Array(count);
  const ways = layer.ways.map((w) => {
    const from = at(layered.layers, w.from).shape;
    return wayKernel(w.kernel, w.pool === null ? from : pooledShape(w.pool, from), layer.shape);
  });
  const still = (trains: readonly Train[]): boolean => trains.every((t) => t.still);

  function fillDrive(trains: readonly Train[]): void {
    course.drive.fill(0);
    const same = still(trains);
    for (let t = 0; t < (same ? 1 : steps); t++) {
      const drive = course.drive.subarray(t * count, (t + 1) * count);
      ways.forEach((w, i) => {
        const train = trains[i]!;
        w.add(train, ...stepOf(train, t), drive);
      });
    }
    if (same) for (let t = 1; t < steps; t++) course.drive.copyWithin(t * count, 0, count);
  }

  return {
    count,
    steps,
    course,
    ways,
    still,
    run(trains, neurons, bias) {
      fillDrive(trains);
      if (neurons !== null) {
        integrateAndFire(neurons, bias, steps, course);
        for (let i = 0; i < count; i++) output[i] = (neurons.theta[i]! * course.fired[i]!) / steps;
        return output;
      }
      course.charge.fill(0);
      for (let k = 0; k < course.drive.length; k++) course.charge[k % count]! += course.drive[k]! + bias[k % count]!;
      for (let i = 0; i < count; i++) output[i] = course.charge[i]! / steps;
      return output;
    },
  };
}
