import { at } from "../../../base/bug.ts";
import { dtypeFor, f64, make, numbersOf, sizeOf, spread, type Tensor } from "../../../base/tensor.ts";
import { mapWeights, weightsOf } from "../../../ir/network/kernels/index.ts";
import { neuronParams, neurons, type NeuronName, neuronWords } from "../../../ir/network/neurons/index.ts";
import { factorUnit } from "../../../ir/network/neurons/integrate.ts";
import type { Link, Param, Population } from "../../../ir/network/types.ts";
import { type AxonGain, representable, wholeGains } from "./gains.ts";
import { blocksOf, roundSums } from "./rounding.ts";
import { groupable, groupCount, groupOfWeight, separable } from "./groups.ts";
import { scaleFor } from "./scale.ts";
import { inUnits } from "./units.ts";

/** Widths that quantization works within. */
export type Widths = {
  readonly weightBits: number;
  /** Of weights that are whole already. */
  readonly wholeBits: number;
  readonly potentialBits: number;
  readonly payloadBits: number;
  readonly axon: AxonGain;
};

/** A link into the population, its weights real, with what its source's payload is worth already in them. */
export type Arrival = { readonly link: Link; readonly inShape: readonly number[] };

export type Quantized = {
  readonly pop: Population;
  readonly links: readonly Link[];
  /** Real value of one unit, per group. */
  readonly scale: Float64Array;
  readonly report: {
    readonly error: number;
    readonly rms: number;
    readonly signal: number;
    readonly clipped: number;
    readonly below: number;
  };
};

type Prepared = {
  readonly link: Link;
  readonly weights: Float64Array;
  readonly groupOf: (i: number) => number;
  readonly inShape: readonly number[];
  /** The link's gains in whole numbers, the real value of one of them, and the largest; null where it has none. */
  readonly gains: ReturnType<typeof wholeGains> | null;
};

/** Largest whole weight of so many bits: the range is symmetric, and 1 bit means -1 and +1. */
export function largestWeight(bits: number): number {
  return bits === 1 ? 1 : 2 ** (bits - 1) - 1;
}

/** Whether weights, gains and parameters are whole and in range already, so that a scale of 1 is exact. */
export function isWhole(p: Population, arrivals: readonly Arrival[], w: Widths): boolean {
  const most = largestWeight(w.wholeBits);
  // Whole weights may use the least number too, which quantization leaves out to stay symmetric.
  const least = w.wholeBits === 1 ? -1 : -most - 1;
  const fits = (v: number): boolean => Number.isInteger(v) && v >= least && v <= most && (w.wholeBits > 1 || v !== 0);
  const words = neuronWords(p);
  if (words["leak"] === "real" && neuronParams(p)["decay"]?.every((d) => d === 0 || d === 1) !== true) return false;
  if (words["rounding"] === "real" && neuronParams(p)["decayCurrent"]?.every((d) => d === 0 || d === 1) !== true) return false;
  const units = inUnits[p.neuron.model] ?? { params: [], states: [] };
  const params = units.params.flatMap((n) => (p.neuron.params[n] === undefined ? [] : [p.neuron.params[n] as number | Tensor]));
  const states = units.states.flatMap((n) => (p.initial[n] === undefined ? [] : [p.initial[n] as number | Tensor]));
  if ((words["noise"] ?? "none") !== "none" && neuronParams(p)["noiseWidth"]?.every((n) => Number.isInteger(Math.log2(n))) === false)
    return false;
  const whole = (v: number | Tensor): boolean => (typeof v === "number" ? Number.isInteger(v) : numbersOf(v).every(Number.isInteger));
  return (
    arrivals.every(({ link }) => weightsOf(link.kernel).every(fits) && gainNumbers(link).every((g) => representable(g, w.axon))) &&
    [...params, ...states].every(whole)
  );
}

function gainNumbers(l: Link): Float64Array {
  if (l.gain === null) return new Float64Array(0);
  return typeof l.gain === "number" ? Float64Array.of(l.gain) : numbersOf(l.gain);
}

export type Choices = {
  readonly perGroup: boolean;
  /** Whether the least squared error of the weights decides, rather than the largest weight. */
  readonly squares: boolean;
  /** Whether sums of weights are kept rather than each rounded to the nearest. */
  readonly sums: boolean;
  /** Whether the potential doubles in every step, and with it the error of a bias in the first. */
  readonly doubled: boolean;
  /** A lower bound of the unit (0: none), for populations that send values. */
  readonly least: number;
  /** How far the potential can go; finer weights than 8 bits give way to it. */
  readonly span: number;
};

/** Quantizes one population with everything that leads into it. */
export function quantizePopulation(p: Population, arrivals: readonly Arrival[], w: Widths, c: Choices): Quantized {
  const noisy = (neuronWords(p)["noise"] ?? "none") !== "none";
  const alone = c.perGroup && !noisy && c.least === 0 && arrivals.every((a) => separable(a.link.kernel, a.inShape, p.shape));
  const groups = groupCount(p.shape, alone);
  const prepared = arrivals.map((a) => prepare(a, p, groups, w));
  const scale = scales(p, prepared, groups, w, c);
  // Equal scales are one scale, and kernels that are one number stay so.
  if (groups > 1 && scale.every((s) => s === scale[0]))
    return quantizePopulation(p, arrivals, w, { ...c, perGroup: false, least: scale[0] ?? 0 });
  const report = { error: 0, rms: 0, signal: 0, clipped: 0, below: 0 };
  const gained = prepared.some((a) => a.gains !== null);
  const links = prepared.map((a) => quantizeLink(a, scale, gained, w, c.sums, report));
  const pop = quantizeNeuron(p, scale, report);
  return { pop, links, scale, report };
}

function prepare(a: Arrival, p: Population, groups: number, w: Widths): Prepared {
  const kernel = groupable(a.link.kernel, a.inShape, groups);
  const gains = gainNumbers(a.link);
  return {
    link: { ...a.link, kernel },
    weights: weightsOf(kernel),
    groupOf: groupOfWeight(kernel, p.shape, groups),
    inShape: a.inShape,
    gains: gains.length === 0 ? null : wholeGains(gains, w.axon),
  };
}

function scales(p: Population, arrivals: readonly Prepared[], groups: number, w: Widths, c: Choices): Float64Array {
  const { squares, least, span } = c;
  const most = largestWeight(w.weightBits);
  const gained = arrivals.some((a) => a.gains !== null);
  const unclipped = new Float64Array(groups);
  const lists: number[][] = Array.from({ length: groups }, () => []);
  for (const a of arrivals) {
    // One unit of this link's whole gains takes part in the product; a link without gains may be shifted, if others are finer.
    const worth = a.gains === null ? (gained ? 2 ** -w.axon.shiftMax : 1) : a.gains.unit;
    for (let i = 0; i < a.weights.length; i++) {
      const g = a.groupOf(i);
      const v = at(a.weights, i);
      unclipped[g] = Math.max(at(unclipped, g), (Math.abs(v) * worth) / most);
      if (squares && !gained) at(lists, g).push(v);
    }
  }
  const needs = parameterNeeds(p, groups);
  const { noise, even } = needs;
  return unclipped.map((u, g) => {
    const unit = scaleFor({
      unclipped: Math.max(u, Math.min(span / 2 ** (w.potentialBits - 1), (u * most) / 127)),
      weights: squares && !gained ? Float64Array.from(at(lists, g)) : null,
      most,
      threshold: at(needs.threshold, g),
      even,
      bias: c.sums && c.doubled ? at(needs.bias, g) : null,
      noise,
      parameters: at(needs.largest, g),
      room: 2 ** (w.potentialBits - 2),
    });
    return unit >= least ? unit : coarser(u * most, least);
  });
}

/** The least unit not below `least` of which the largest weight is a multiple, so that equal weights (an average) stay exact. */
function coarser(weight: number, least: number): number {
  const k = Math.floor(weight / least);
  return k >= 1 ? weight / k : least;
}

type Needs = { threshold: (number | null)[]; bias: (number | null)[]; largest: Float64Array; noise: number; even: boolean };

/** What the parameters of the neurons ask of the scale, per group. */
function parameterNeeds(p: Population, groups: number): Needs {
  const units = inUnits[p.neuron.model] ?? { params: [], states: [] };
  const params = neuronParams(p);
  const words = neuronWords(p);
  const plane = sizeOf(p.shape) / groups;
  const largest = new Float64Array(groups);
  const lists = [
    ...units.params.map((n) => params[n] ?? new Float64Array(0)),
    ...units.states.map((s) => spread(p.initial[s] ?? 0, p.shape)),
  ];
  for (const list of lists)
    for (let i = 0; i < list.length; i++)
      largest[Math.floor(i / plane)] = Math.max(at(largest, Math.floor(i / plane)), Math.abs(at(list, i)));
  // Digits are worth what they take away, so there it is the amount that should be whole; the threshold is only where they are decided.
  const decisive = params[p.neuron.model === "tsa" ? "resetValue" : "threshold"];
  const common = (list: Float64Array | undefined, g: number): number | null => {
    const own = list?.subarray(g * plane, (g + 1) * plane);
    const first = own?.[0];
    return first !== undefined && own?.every((t) => t === first) === true ? first : null;
  };
  const threshold = Array.from({ length: groups }, (_, g): number | null => {
    const t = common(decisive, g);
    return t !== null && t > 0 ? t : null;
  });
  const bias = Array.from({ length: groups }, (_, g): number | null => common(params["bias"], g));
  const initial = spread(p.initial["v"] ?? 0, p.shape);
  const halves = p.neuron.model === "tsa" ? params["threshold"] : initial;
  const even = decisive?.every((t, i) => t === 2 * (halves?.[i] ?? 0)) === true;
  const noise = (words["noise"] ?? "none") === "none" ? 0 : (params["noiseWidth"]?.[0] ?? 0);
  return { threshold, bias, largest, noise, even };
}

function quantizeLink(
  a: Prepared,
  scale: Float64Array,
  gained: boolean,
  w: Widths,
  sums: boolean,
  report: { error: number; rms: number; signal: number; clipped: number },
): Link {
  const most = largestWeight(w.weightBits);
  const shift = gained && a.gains === null ? shiftOf(a, scale, most) : 1;
  const unit = a.gains?.unit ?? 1;
  const stepOf = (i: number): number => (at(scale, a.groupOf(i)) * shift) / unit;
  // Behind gains the inputs of a row are not alike.
  const blocks = sums && a.gains === null && w.weightBits > 1 ? blocksOf(a.link.kernel, a.inShape) : null;
  const summed =
    blocks === null
      ? null
      : roundSums(
          a.weights.map((v, i) => v / stepOf(i)),
          blocks,
          most,
        );
  const kernel = mapWeights(
    a.link.kernel,
    (v, i) => {
      const step = stepOf(i);
      const nearest = w.weightBits === 1 ? (v < 0 ? -1 : 1) : Math.round(v / step);
      const rounded = summed === null || Math.abs(nearest) > most ? nearest : at(summed, i);
      const whole = Math.min(most, Math.max(-most, rounded)) + 0; // + 0 turns -0 into 0.
      const error = Math.abs(v - whole * step);
      report.error = Math.max(report.error, error);
      report.rms += error * error;
      report.signal += v * v;
      if (whole !== rounded) report.clipped++;
      return whole;
    },
    dtypeFor(-most, most),
  );
  if (a.gains === null) return { ...a.link, kernel, gain: shift === 1 ? null : shift };
  return { ...a.link, kernel, gain: wholeGain(a.link, a.gains.gains) };
}

/** The least power of two at which a link without gains is not clipped, where another link made the scale finer. */
function shiftOf(a: Prepared, scale: Float64Array, most: number): number {
  let ratio = 1;
  for (let i = 0; i < a.weights.length; i++) ratio = Math.max(ratio, Math.abs(at(a.weights, i)) / (at(scale, a.groupOf(i)) * most));
  return 2 ** Math.ceil(Math.log2(ratio) - 1e-9);
}

function wholeGain(l: Link, gains: Float64Array): number | Tensor | null {
  if (typeof l.gain === "number") return gains[0] === 1 ? null : at(gains, 0);
  if (l.gain === null) return null;
  return wholeTensor(l.gain.shape, gains);
}

/** The numbers as the smallest integer tensor that holds them. */
export function wholeTensor(shape: readonly number[], numbers: Float64Array): Tensor {
  let [low, high] = [0, 0];
  for (const v of numbers) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const dtype = dtypeFor(low, high);
  const data = make[dtype](numbers.length);
  data.set(numbers);
  return { dtype, shape, data } as Tensor;
}

/** The neuron's parameters and initial state in whole units, and decays as the chip multiplies. */
function quantizeNeuron(p: Population, scale: Float64Array, report: { below: number }): Population {
  const units = inUnits[p.neuron.model] ?? { params: [], states: [] };
  const model = neurons[p.neuron.model as NeuronName];
  const params: Record<string, Param> = { ...p.neuron.params };
  for (const name of units.params) {
    // What is not given follows another parameter, or has the model's number, which is real too.
    const value = params[name] ?? model.params[name]?.default ?? Number.NaN;
    if (typeof value === "string" || (typeof value === "number" && (Number.isNaN(value) || value === 0))) continue;
    const positive = name === "threshold";
    if (positive)
      report.below = spread(value, p.shape).reduce((n, t, i) => n + (t > 0 && t / at(scale, groupOfNeuron(i, p, scale)) < 0.5 ? 1 : 0), 0);
    params[name] = inUnitsOf(value, p, scale, positive);
  }
  const initial = { ...p.initial };
  for (const name of units.states) {
    const value = initial[name];
    if (value !== undefined) initial[name] = inUnitsOf(value, p, scale, false);
  }
  return { ...p, neuron: { ...p.neuron, params: withWholeDecays(p, params) }, initial };
}

function groupOfNeuron(i: number, p: Population, scale: Float64Array): number {
  return Math.floor((i * scale.length) / sizeOf(p.shape));
}

/** value / scale, rounded; a positive threshold stays at least 1. Stays one number, or one per channel, where it can. */
function inUnitsOf(value: number | Tensor, p: Population, scale: Float64Array, positive: boolean): number | Tensor {
  const numbers = typeof value === "number" ? Float64Array.of(value) : numbersOf(value);
  const perNeuron = numbers.length === sizeOf(p.shape) && numbers.length > scale.length;
  const count = Math.max(numbers.length, scale.length);
  const whole = Float64Array.from({ length: count }, (_, i) => {
    const v = at(numbers, Math.floor((i * numbers.length) / count));
    const r = Math.round(v / at(scale, Math.floor((i * scale.length) / count))) + 0;
    return positive && v > 0 ? Math.max(1, r) : r;
  });
  if (whole.every((v) => v === whole[0])) return at(whole, 0);
  return wholeTensor(perNeuron && typeof value !== "number" ? value.shape : [count], whole);
}

/** decay → m/4096 where it is none already; a power of two below 1/4096 away from 1 as a shift. */
function withWholeDecays(p: Population, params: Record<string, Param>): Record<string, Param> {
  const words = neuronWords(p);
  const all = neuronParams(p);
  if (words["leak"] === "real" && all["decay"]?.every((d) => d === 1) === false) {
    const shifts = all["decay"].every((d) => isShift(d) && !Number.isInteger(d * factorUnit));
    params["leak"] = shifts ? "shift" : "multiply";
    if (!shifts) params["decay"] = roundedDecay(params["decay"] ?? 1);
  }
  if (words["rounding"] === "real" && all["decayCurrent"]?.every((d) => d === 0 || d === 1) === false) {
    params["rounding"] = "multiply";
    params["decayCurrent"] = roundedDecay(params["decayCurrent"] ?? 0);
  }
  return params;
}

function isShift(d: number): boolean {
  return d < 1 && Number.isInteger(Math.log2(1 - d)) && Math.log2(1 - d) >= -23;
}

function roundedDecay(d: Param): Param {
  if (typeof d === "string") return d;
  const round = (v: number): number => Math.round(v * factorUnit) / factorUnit;
  return typeof d === "number" ? round(d) : f64(d.shape, numbersOf(d).map(round));
}
