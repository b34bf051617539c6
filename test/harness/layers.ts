import { at } from "../../compiler/base/bug.ts";
import { numbersOf, sizeOf, spread } from "../../compiler/base/tensor.ts";
import type { Activation, Layer, Layered } from "../../compiler/convert/layers.ts";
import { kernels, pooledShape, synapsesOf } from "../../compiler/ir/network/kernels/index.ts";
import type { Kernel, Pool } from "../../compiler/ir/network/types.ts";

/**
 * Evaluates layers with real numbers instead of spikes: the activation itself in
 * every neuron, the maximum in every gated window. This is what spike counts
 * approach with many steps, and what a lowered graph must agree with. Gives the
 * outputs in order.
 */
export function evaluateLayers(layered: Layered, sample: ArrayLike<number>): readonly Float64Array[] {
  const values: Float64Array[] = [];
  for (const l of layered.layers) values.push(l.kind === "input" ? Float64Array.from(sample) : evaluate(l, layered, values));
  return layered.layers.filter((l) => l.kind === "output").map((l) => at(values, l.index));
}

function evaluate(l: Layer, layered: Layered, values: readonly Float64Array[]): Float64Array {
  const z = l.bias === null ? new Float64Array(sizeOf(l.shape)) : l.bias.slice();
  for (const w of l.ways) {
    const source = at(layered.layers, w.from).shape;
    const x = w.pool === null ? at(values, w.from) : maxima(at(values, w.from), w.pool, source);
    const visit = synapsesOf(w.kernel, w.pool === null ? source : pooledShape(w.pool, source), l.shape);
    x.forEach((value, i) => {
      if (value !== 0) visit(i, (target, weight) => void (z[target] = at(z, target) + value * weight));
    });
  }
  return l.activation === null ? z : apply(l.activation, z, l.shape);
}

/** The largest value of each window, or zero. */
function maxima(values: Float64Array, pool: Pool, shape: readonly number[]): Float64Array {
  const sum: Extract<Kernel, { kind: "pool" }> = { kind: "pool", weight: 1, size: pool.size, stride: pool.stride, pads: pool.pads };
  const out = kernels.pool.outShape(sum, shape);
  const most = new Float64Array(sizeOf(out));
  const visit = kernels.pool.visitor(sum, shape, out);
  values.forEach((value, s) => {
    visit(s, (target) => void (most[target] = Math.max(at(most, target), value)));
  });
  return most;
}

function apply(a: Activation, z: Float64Array, shape: readonly number[]): Float64Array {
  switch (a.kind) {
    case "relu":
    case "mean":
      return z.map((x) => Math.max(x, 0));
    case "clip":
      return z.map((x) => Math.min(Math.max(x, 0), a.high));
    case "quantized": {
      const lambda =
        typeof a.lambda === "number"
          ? spread(a.lambda, shape)
          : spread(a.lambda, [a.lambda.data.length, sizeOf(shape) / numbersOf(a.lambda).length]);
      return z.map(
        (x, i) => (at(lambda, i) / a.levels) * Math.min(Math.max(Math.floor((x * a.levels) / at(lambda, i) + 0.5), 0), a.levels),
      );
    }
  }
}
