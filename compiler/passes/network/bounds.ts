import { at } from "../../base/bug.ts";
import { numbersOf, sizeOf, spread } from "../../base/tensor.ts";
import { outShape, pooledShape, synapsesOf } from "../../ir/network/kernels/index.ts";
import { placeMax } from "../../ir/network/neurons/fire.ts";
import { neuronWords } from "../../ir/network/neurons/index.ts";
import { spikeRange } from "../../ir/network/spike.ts";
import type { Kernel, Link, Network, Population } from "../../ir/network/types.ts";
import { incoming, isInput } from "./edit.ts";

/*
 * How large the input of one step can get. A link delivers at most one payload of
 * each source in a step, so the extremes are sums over the fan-in of the better of
 * weight * lowest and weight * highest payload.
 */

/** Least and greatest input of each neuron in one step; both include 0, because a source may be silent. */
export type Bounds = { readonly low: Float64Array; readonly high: Float64Array };

/** Payloads a population can send: its spike type, narrowed by what its neuron can do. */
export function payloads(p: Population): { readonly low: number; readonly high: number } {
  const range = spikeRange(p.spike);
  if (isInput(p) || p.neuron.model === "relay") return range;
  if (p.neuron.model === "readout") return { low: 0, high: 0 };
  const words = neuronWords(p);
  if (words["output"] === "yes") return { low: 0, high: 0 };
  if (words["emit"] === "value") return range;
  const most = words["emit"] === "digit" ? 2 ** Math.min(placeMax, (p.stop ?? 0) - 1 - p.start - p.silent) : 1;
  const signed = p.neuron.model === "tsa" || (words["negative"] ?? "none") !== "none";
  return { low: signed ? -most : 0, high: words["emit"] === "count" ? range.high : most };
}

/** What one spike of the link's pooled source can be worth before the weight: payload range, amplitude and gain. */
function reach(source: Population, l: Link, shape: readonly number[]): Bounds {
  const { low, high } = l.pool === null ? payloads(source) : { low: 0, high: 1 };
  const gain = factors(source, l, shape);
  const count = sizeOf(shape);
  const out = { low: new Float64Array(count), high: new Float64Array(count) };
  for (let i = 0; i < count; i++) {
    const a = low === 0 ? 0 : low * at(gain, i);
    const b = high === 0 ? 0 : high * at(gain, i);
    out.low[i] = Math.min(0, a, b);
    out.high[i] = Math.max(0, a, b);
  }
  return out;
}

function factors(source: Population, l: Link, shape: readonly number[]): Float64Array {
  const gain = spread(l.gain ?? 1, shape);
  // Behind a pool only a gain per layer or channel is allowed, which spreads over the pooled shape as well.
  const amplitude = spread(source.amplitude, l.pool === null ? source.shape : shape);
  return gain.map((g, i) => g * at(amplitude, i));
}

/** Shape of the link's source behind its pool. */
export function sourceShape(n: Network, l: Link): readonly number[] {
  const shape = at(n.pops, l.from).shape;
  return l.pool === null ? shape : pooledShape(l.pool, shape);
}

/** Adds what one link can deliver to the bounds of its target. */
export function addLink(n: Network, l: Link, into: { readonly low: Float64Array; readonly high: Float64Array }): void {
  const shape = sourceShape(n, l);
  const target = at(n.pops, l.to).shape;
  const { low, high } = reach(at(n.pops, l.from), l, shape);
  if (l.kernel.kind === "dense") {
    addDense(numbersOf(l.kernel.weight), low, high, into);
    return;
  }
  const whole = uniformConv(l.kernel, low, high, shape);
  if (whole !== null) {
    addWhole(whole, outShape(l.kernel, shape), into);
    return;
  }
  const visit = synapsesOf(l.kernel, shape, target);
  for (let s = 0; s < low.length; s++) {
    const a = at(low, s);
    const b = at(high, s);
    if (a === 0 && b === 0) continue;
    visit(s, (t, w) => {
      if (w === 0) return; // A source without bounds times 0 would be NaN.
      into.low[t] = at(into.low, t) + (w > 0 ? w * a : w * b);
      into.high[t] = at(into.high, t) + (w > 0 ? w * b : w * a);
    });
  }
}

function addDense(weight: Float64Array, low: Float64Array, high: Float64Array, into: Bounds): void {
  const inputs = low.length;
  for (let t = 0; t < into.low.length; t++) {
    let least = 0;
    let most = 0;
    for (let s = 0; s < inputs; s++) {
      const w = weight[t * inputs + s] as number;
      if (w > 0) {
        least += w * (low[s] as number);
        most += w * (high[s] as number);
      } else if (w < 0) {
        least += w * (high[s] as number);
        most += w * (low[s] as number);
      }
    }
    into.low[t] = at(into.low, t) + least;
    into.high[t] = at(into.high, t) + most;
  }
}

/**
 * Bounds per output channel of a shared convolution whose sources all reach alike
 * within a channel, with every tap inside the map. Border positions have fewer
 * taps, so this holds for all positions, and it needs no walk over the synapses.
 */
function uniformConv(k: Kernel, low: Float64Array, high: Float64Array, shape: readonly number[]): Bounds | null {
  if (k.kind !== "conv" || !k.shared) return null;
  const channels = at(shape, 0);
  const plane = low.length / channels;
  if (!low.every((v, i) => v === low[i - (i % plane)]) || !high.every((v, i) => v === high[i - (i % plane)])) return null;
  const weight = numbersOf(k.weight);
  const [outputs, perGroup] = [at(k.weight.shape, 0), at(k.weight.shape, 1)];
  const taps = sizeOf(k.weight.shape.slice(2));
  const out = { low: new Float64Array(outputs), high: new Float64Array(outputs) };
  const groupOutputs = outputs / k.groups;
  for (let o = 0, i = 0; o < outputs; o++) {
    const first = Math.floor(o / groupOutputs) * perGroup;
    let [least, most] = [0, 0];
    for (let c = first; c < first + perGroup; c++) {
      const a = at(low, c * plane);
      const b = at(high, c * plane);
      for (const end = i + taps; i < end; i++) {
        const w = weight[i] as number;
        if (w > 0) {
          least += w * a;
          most += w * b;
        } else if (w < 0) {
          least += w * b;
          most += w * a;
        }
      }
    }
    out.low[o] = least;
    out.high[o] = most;
  }
  return out;
}

function addWhole(whole: Bounds, shape: readonly number[], into: Bounds): void {
  const plane = into.low.length / at(shape, 0);
  for (let t = 0; t < into.low.length; t++) {
    const c = Math.floor(t / plane);
    into.low[t] = at(into.low, t) + at(whole.low, c);
    into.high[t] = at(into.high, t) + at(whole.high, c);
  }
}

/** Bounds of one step's input of every population. */
export function driveBounds(n: Network): readonly Bounds[] {
  const into = incoming(n);
  return n.pops.map((p) => driveOf(n, p, at(into, p.id)));
}

/** Bounds of one step's input of one population. */
export function driveOf(n: Network, p: Population, links: readonly Link[]): Bounds {
  const count = sizeOf(p.shape);
  const bounds = { low: new Float64Array(count), high: new Float64Array(count) };
  for (const l of links) addLink(n, l, bounds);
  return bounds;
}
