import { at } from "../../base/bug.ts";
import { numbersOf, sizeOf } from "../../base/tensor.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { pooledShape, forEachSynapse } from "../../ir/network/kernels/index.ts";
import type { Statistics } from "../calibrate.ts";
import type { Layer, Layered } from "../layers.ts";
import { calibrated, chooseThresholds, type Threshold } from "../thresholds.ts";
import { compact } from "../walk/linear-ops.ts";

/**
 * The largest value λ of each spiking layer. A trained clip is taken as it is; what a
 * maximum is made of has the scale of what it compares, so that its weights in LSBs are ±1;
 * all others come from calibration.
 */
export function chooseScales(
  layered: Layered,
  stats: Statistics,
  ofMaxTree: (l: Layer) => boolean,
  report: (d: Diagnostic) => void,
): ReadonlyMap<number, Threshold> {
  return chooseThresholds(
    layered,
    (l, sources, add) => {
      if (l.activation?.kind === "quantized") return { theta: l.activation.lambda, from: "learned" };
      return (ofMaxTree(l) ? inherited(l, layered, sources) : null) ?? calibrated(l, stats, add);
    },
    report,
  );
}

/** The scale of the sources, neuron by neuron; null where the layer does more than compare spikes. */
function inherited(l: Layer, layered: Layered, sources: readonly (Threshold | null)[]): Threshold | null {
  const theta = new Float64Array(sizeOf(l.shape));
  for (const [i, w] of l.ways.entries()) {
    const source = sources[i];
    if (source === undefined || source === null) return null;
    const { shape } = at(layered.layers, w.from);
    const own = spreadOver(source, sizeOf(shape));
    const inShape = w.pool === null ? shape : pooledShape(w.pool, shape);
    let plain = true;
    for (let s = 0; s < own.length; s++) {
      forEachSynapse(w.kernel, inShape, l.shape, s, (target, weight) => {
        plain &&= weight === 0 || Math.abs(weight) === 1;
        if (weight !== 0) theta[target] = Math.max(at(theta, target), at(own, s));
      });
    }
    if (!plain) return null;
  }
  return { theta: compact(theta, l.graphShape), from: "sources" };
}

/** One number per neuron; channels are the graph's, whose order the population keeps. */
function spreadOver({ theta }: Threshold, count: number): Float64Array {
  if (typeof theta === "number") return new Float64Array(count).fill(theta);
  const numbers = numbersOf(theta);
  return Float64Array.from({ length: count }, (_, i) => at(numbers, Math.floor((i * numbers.length) / count)));
}
