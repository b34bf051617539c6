import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, fail, Failure } from "../../../base/diagnostic.ts";
import { choice, integer, type Option } from "../../../base/options.ts";
import { f64, numbersOf, sizeOf, spread, type Tensor } from "../../../base/tensor.ts";
import { kernelRange, mapWeights } from "../../../ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import { spikeRange } from "../../../ir/network/spike.ts";
import type { Link, Network, OutputCode, Population } from "../../../ir/network/types.ts";
import { type Context, pass } from "../../pass.ts";
import { driveOf, sourceShape } from "../bounds.ts";
import { incoming, isInput, linkPlace, placeOf } from "../edit.ts";
import { unitOf, unitWords } from "../lower-neurons/unit.ts";
import { type AxonGain, wholeGains } from "./gains.ts";
import { type Arrival, type Choices, isWhole, type Quantized, quantizePopulation, type Widths } from "./population.ts";
import { inUnits, largestPayload, sendsValues } from "./units.ts";

/** Bits of single populations, by their names: `conv1:4+fc:6`. */
const bitsByName: Option<ReadonlyMap<string, number>> = {
  default: new Map(),
  help: "bits of the weights into single populations, which then do not follow `bits`: conv1:4+fc:6",
  domain: "NAME:BITS+NAME:BITS…",
  parse: (text) => {
    const pairs = text
      .split("+")
      .filter((part) => part !== "")
      .map((part) => /^(.+):(\d+)$/.exec(part));
    const list = pairs.map((m): [string, number] => [m?.[1] ?? "", Number(m?.[2])]);
    return list.every(([name, bits]) => name !== "" && bits >= 1 && bits <= 16) ? new Map(list) : null;
  },
  show: (map) => [...map].map(([name, bits]) => `${name}:${bits}`).join("+"),
};

/*
 * Makes the whole network integer. Each population gets one unit for everything
 * that meets in its neurons: the weights of all its links, bias, threshold, reset,
 * noise and initial state. Only their ratios matter, so the unit itself disappears; where
 * a potential is an answer, the unit goes into the output's scale, and where a potential
 * is sent as a value, into the weights that receive it.
 *
 *   pop a 2 binary if(threshold=1 reset=subtract)       pop a 2 binary if(threshold=254 reset=subtract)
 *   link x -> a dense f64[2x1]{0.5 -0.25}         ==>   link x -> a dense i8[2x1]{127 -64}
 *
 * per=group gives every output channel (or neuron, in a flat population) a unit of its
 * own. A unit that makes the threshold whole is preferred to a slightly finer one.
 */
export const quantizeWeights = pass({
  name: "quantize-weights",
  on: "network",
  summary: "Makes weights, thresholds, biases and potentials whole numbers.",
  keeps: "answers",
  options: {
    bits: integer(
      0,
      16,
      0,
      "bits of a weight; 0: 8, or the chip's most if that is less, and weights that are whole already stay as they are",
    ),
    of: bitsByName,
    per: choice(["group", "tensor"], "group", "one unit per output channel or flat neuron (group), or one per population (tensor)"),
    rounding: choice(
      ["auto", "sums", "nearest"],
      "auto",
      "nearest: each weight by itself; sums: some the other way, so that the sums of a row, and of what meets one channel, stay; auto: sums where potentials double, for there errors do too",
    ),
    clip: choice(
      ["max", "mse"],
      "max",
      "the largest weight decides the unit (max), or the least squared error does and outliers are clipped (mse)",
    ),
  },
  run(network, { bits, of, per, clip, rounding }, cx) {
    const widths = widthsFor(bits, cx);
    const problems = [...unready(network), ...unsigned(network, cx), ...unknown(network, of)];
    if (problems.length > 0) throw new Failure(problems);
    const state = new State(network, widths, of, { perGroup: per === "group", squares: clip === "mse", rounding }, cx);
    // Values first: what they are worth has to be known where they arrive.
    for (const p of network.pops) if (sendsValues(p)) state.quantize(p);
    for (const p of network.pops) if (!sendsValues(p)) state.quantize(p);
    return state.finish();
  },
});

function widthsFor(bits: number, cx: Context): Widths {
  const chip = cx.chip;
  return {
    weightBits: bits > 0 ? bits : Math.min(8, chip?.weight.bitsMax ?? 8),
    wholeBits: bits > 0 ? bits : (chip?.weight.bitsMax ?? 8),
    potentialBits: chip?.potential.bits ?? 24,
    payloadBits: chip?.payload.bits ?? 16,
    axon: chip === null || chip.gain.bits === 0 ? { bits: 8, shiftMax: 7 } : chip.gain,
  };
}

/** What an earlier pass should have removed. */
function unready(n: Network): Diagnostic[] {
  return n.pops.flatMap((p) => {
    const place = { at: placeOf(p), origin: p.origin };
    if (p.amplitude !== 1) return [diagnostic("amplitude-left", [p.name, "quantize-weights"], place)];
    if (p.spike.kind === "analog" && (isInput(p) || !sendsValues(p))) return [diagnostic("analog-left", [p.name], place)];
    const late = sendsValues(p) ? n.links.filter((l) => l.to === p.id && l.from >= p.id && sendsValues(at(n.pops, l.from))) : [];
    return late.map((l) => diagnostic("relay-order", [p.name], { at: linkPlace(n, l), origin: l.origin }));
  });
}

function unknown(n: Network, of: ReadonlyMap<string, number>): Diagnostic[] {
  const names = new Set(n.pops.map((p) => p.name));
  return [...of.keys()]
    .filter((k) => !names.has(k))
    .map((k) => diagnostic("name-unknown", ["population", k, null], { at: `network ${n.name}` }));
}

function unsigned(n: Network, cx: Context): Diagnostic[] {
  const chip = cx.chip;
  if (chip === null || chip.weight.signed) return [];
  return n.links.flatMap((l) =>
    kernelRange(l.kernel).low < 0
      ? [diagnostic("weights-unsigned", [at(n.pops, l.to).name, chip.name], { at: linkPlace(n, l), origin: l.origin })]
      : [],
  );
}

/** What the options say. */
type Chosen = Pick<Choices, "perGroup" | "squares"> & { readonly rounding: "auto" | "sums" | "nearest" };

/** The network while its populations become whole one after another. */
class State {
  readonly #network: Network;
  readonly #widths: Widths;
  readonly #bitsOf: ReadonlyMap<string, number>;
  readonly #choices: Chosen;
  readonly #cx: Context;
  readonly #pops: Population[];
  readonly #links = new Map<Link, Link>();
  readonly #into: readonly (readonly Link[])[];
  /** Real value of one unit of each population, per group; null: unchanged. */
  readonly #scale: (Float64Array | null)[];
  readonly #rows: Record<string, string | number>[] = [];

  constructor(network: Network, widths: Widths, bitsOf: ReadonlyMap<string, number>, choices: Chosen, cx: Context) {
    this.#network = network;
    this.#widths = widths;
    this.#bitsOf = bitsOf;
    this.#choices = choices;
    this.#cx = cx;
    this.#pops = network.pops.slice();
    this.#into = incoming(network);
    this.#scale = network.pops.map(() => null);
  }

  quantize(p: Population): void {
    if (isInput(p)) return;
    const arrivals = at(this.#into, p.id).map((l) => this.#arrival(l));
    const values = sendsValues(p);
    const analog = p.spike.kind === "analog";
    const named = this.#bitsOf.get(p.name);
    const widths = named === undefined ? this.#widths : { ...this.#widths, weightBits: named, wholeBits: named };
    const whole = isWhole(p, arrivals, widths);
    // A payload that counts in whole units already keeps them where it can.
    const least = !values || (whole && !analog) ? 0 : analog ? this.#leastUnit(p, arrivals) : this.#leastUnitOfGraded(p, arrivals);
    if (whole && least <= 1) {
      this.#checkWidths(p);
      const noise = this.#withNoise(p);
      this.#pops[p.id] = analog ? graded(noise, this.#widths) : noise;
      arrivals.forEach((a, i) => {
        const before = at(at(this.#into, p.id), i);
        if (a.link !== before) this.#links.set(before, a.link);
      });
      return;
    }
    const { perGroup, squares, rounding } = this.#choices;
    const doubled = unitWords(p)["leak"] === "double";
    const sums = rounding === "sums" || (rounding === "auto" && doubled);
    const choices = { perGroup: perGroup && !values, squares, sums, doubled, least, span: this.#span(p, arrivals) };
    const q = quantizePopulation(p, arrivals, widths, choices);
    this.#pops[p.id] = this.#withNoise(analog ? graded(q.pop, this.#widths) : q.pop);
    q.links.forEach((l, i) => {
      this.#links.set(at(at(this.#into, p.id), i), l);
    });
    this.#scale[p.id] = q.scale;
    this.#check(p, q);
    this.#rows.push(rowFor(p, q));
  }

  /** The link with its source's unit in the weights, when the source sends values in units. */
  #arrival(l: Link): Arrival {
    const source = at(this.#network.pops, l.from);
    const carried = sendsValues(source) ? (this.#scale[l.from]?.[0] ?? 1) : 1;
    const link = carried === 1 ? l : { ...l, kernel: mapWeights(l.kernel, (w) => w * carried) };
    return { link, inShape: sourceShape(this.#network, l) };
  }

  /** The least unit at which the population's values fit a payload. */
  #leastUnit(p: Population, arrivals: readonly Arrival[]): number {
    const { low, high } = this.#worst(p, arrivals);
    return Math.max(high, -low) / largestPayload(this.#widths.payloadBits);
  }

  /**
   * The same for payloads that were graded before. In another unit their range would be
   * another: that changes nothing only where no input reaches it. (What is unsigned
   * ends at 0 in every unit.)
   */
  #leastUnitOfGraded(p: Population, arrivals: readonly Arrival[]): number {
    const range = spikeRange(p.spike);
    const { low, high } = this.#worst(p, arrivals);
    const place = { at: placeOf(p), origin: p.origin };
    if (p.neuron.model !== "relay") fail("payload-unit", [p.name, range.low, range.high, null], place);
    if (high > range.high || (range.low < 0 && low < range.low))
      fail("payload-unit", [p.name, range.low, range.high, high > range.high ? high : low], place);
    return Math.max(high / range.high, range.low < 0 ? low / range.low : 0);
  }

  /** The least and the greatest input that a neuron of the population can have in one step. */
  #worst(p: Population, arrivals: readonly Arrival[]): { low: number; high: number } {
    const links = arrivals.map((a) => a.link);
    const drive = driveOf({ ...this.#network, pops: this.#pops }, p, links);
    let [low, high] = [0, 0];
    for (let i = 0; i < drive.low.length; i++) [low, high] = [Math.min(low, at(drive.low, i)), Math.max(high, at(drive.high, i))];
    return { low, high };
  }

  /** How far the potential can go by input alone: what an answer sums up over the sample, or a few steps' worth of a neuron that spikes. */
  #span(p: Population, arrivals: readonly Arrival[]): number {
    const { low, high } = this.#worst(p, arrivals);
    const most = Math.max(high, -low);
    if (p.neuron.model !== "readout") return 4 * most;
    const steps = (p.stop ?? this.#network.steps) - p.start;
    return most * (neuronWords(p)["weighting"] === "doubling" ? 2 ** Math.min(steps, 31) : steps);
  }

  /** Integer noise differs from the real one by rounding, so the neuron becomes the one that has it; where it is below a unit it goes. */
  #withNoise(p: Population): Population {
    const words = neuronWords(p);
    if ((words["noise"] ?? "none") === "none" || p.neuron.model === "unit") return p;
    const width = neuronParams(p)["noiseWidth"]?.[0] ?? 0;
    if (width < 1) return { ...p, neuron: { ...p.neuron, params: { ...p.neuron.params, noise: "none", noiseWidth: 0 } } };
    if (words["noise"] === "uniform" && words["compare"] === "ge") return p;
    return unitOf(p, this.#cx.report, true) ?? p;
  }

  #check(p: Population, q: Quantized): void {
    if (q.report.below > 0) this.#cx.report(diagnostic("threshold-lost", [p.name, q.report.below], { at: placeOf(p), origin: p.origin }));
    this.#checkWidths(q.pop);
  }

  /** Parameters in whole units have to fit where potentials do. */
  #checkWidths(p: Population): void {
    const units = inUnits[p.neuron.model] ?? { params: [], states: [] };
    const { potentialBits } = this.#widths;
    const most = 2 ** (potentialBits - 1);
    const bad = (name: string, value: number | Tensor | undefined): Diagnostic[] => {
      const numbers = value === undefined ? [] : typeof value === "number" ? [value] : numbersOf(value);
      const wide = numbers.find((v) => v < -most || v >= most);
      return wide === undefined
        ? []
        : [diagnostic("parameter-range", [p.name, name, wide, potentialBits], { at: placeOf(p), origin: p.origin })];
    };
    const params = units.params.flatMap((n) => bad(n, p.neuron.params[n] as number | Tensor | undefined));
    const problems = [...params, ...units.states.flatMap((n) => bad(`initial ${n}`, p.initial[n]))];
    if (problems.length > 0) throw new Failure(problems);
  }

  finish(): Network {
    const n = this.#network;
    if (this.#links.size === 0 && this.#scale.every((s) => s === null) && this.#pops.every((p, i) => p === n.pops[i])) return n;
    this.#cx.table("quantize-weights", this.#rows);
    const gains = n.links.flatMap((l) => (this.#links.has(l) && l.gain !== null ? [gainRow(n, l, l.gain, this.#widths.axon)] : []));
    if (gains.length > 0) this.#cx.table("axon gains", gains);
    return { ...n, pops: this.#pops, links: n.links.map((l) => this.#links.get(l) ?? l), outputs: n.outputs.map((o) => this.#output(o)) };
  }

  /** A potential counts in units; so does a value that is sent. */
  #output(o: OutputCode): OutputCode {
    const p = at(this.#network.pops, o.pop);
    const scale = this.#scale[o.pop];
    if (scale === null || scale === undefined || (o.code === "spikes" && !sendsValues(p))) return o;
    if (scale.length === 1 && typeof o.scale === "number") return { ...o, scale: o.scale * at(scale, 0) };
    const perNeuron = typeof o.scale !== "number" && o.scale.data.length === sizeOf(p.shape);
    const shape = perNeuron ? p.shape : [scale.length];
    const units = perNeuron ? spread(f64([scale.length], scale), p.shape) : scale;
    const given = spread(o.scale, shape);
    return {
      ...o,
      scale: f64(
        shape,
        units.map((s, i) => s * at(given, i)),
      ),
    };
  }
}

/** How the gains that stay on axons were rounded. */
function gainRow(n: Network, l: Link, gain: number | Tensor, axon: AxonGain): Record<string, string | number> {
  const real = typeof gain === "number" ? Float64Array.of(gain) : numbersOf(gain);
  const whole = wholeGains(real, axon);
  let [error, size] = [0, 0];
  real.forEach((g, i) => {
    error += (g - at(whole.gains, i) * whole.unit) ** 2;
    size += g * g;
  });
  return {
    link: `${at(n.pops, l.from).name} -> ${at(n.pops, l.to).name}`,
    gains: real.length,
    bits: axon.bits,
    "largest whole": whole.most,
    "relative rms error": error === 0 ? "exact" : digits(Math.sqrt(error / size)),
  };
}

function graded(p: Population, w: Widths): Population {
  return { ...p, spike: { kind: "graded", bits: w.payloadBits, signed: true } };
}

function rowFor(p: Population, q: Quantized): Record<string, string | number> {
  const thresholds = neuronParams(q.pop)["threshold"];
  let [low, high] = [Infinity, 0];
  for (const s of q.scale) [low, high] = [Math.min(low, s), Math.max(high, s)];
  const { error, rms, signal, clipped } = q.report;
  return {
    population: p.name,
    scales: q.scale.length,
    "scale min": digits(low),
    "scale max": digits(high),
    threshold: thresholds?.[0] ?? "",
    "max error": digits(error),
    "relative rms error": digits(signal === 0 ? 0 : Math.sqrt(rms / signal)),
    "SNR dB": rms === 0 ? "exact" : Number((10 * Math.log10(signal / rms)).toFixed(1)),
    clipped,
  };
}

function digits(v: number): number {
  return Number(v.toPrecision(4));
}
