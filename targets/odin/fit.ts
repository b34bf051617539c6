import { at } from "../../compiler/base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { id } from "../../compiler/base/id.ts";
import { i32, numbersOf, sizeOf, spread, type Tensor, tensor } from "../../compiler/base/tensor.ts";
import { forEachSynapse } from "../../compiler/ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { Link, Network, OutputCode, Population } from "../../compiler/ir/network/types.ts";
import { isInput, linkPlace, placeOf } from "../../compiler/passes/network/edit.ts";
import { type Context, pass } from "../../compiler/passes/pass.ts";
import { withBiases } from "./biases.ts";
import type { Variant } from "./variant.ts";

/*
 * Writes whole-numbered integrate-and-fire neurons as the chip's, which take one event at a time:
 *
 *   pop a 3 binary if(threshold=40 reset=set)      pop a 3 binary event-lif(threshold=40 low=0 high=255 queue=32)
 *   link x -> a dense i8[3x2]{…} delay=1     ==>   link x -> a dense i32[3x2]{…}
 *
 * All kernels become dense. Biases become channels of the first input that spike in every step (biases.ts); where
 * a potential is the answer, they go into its offset, which costs nothing. On ODIN, where a source has one sign, a neuron with outgoing weights of
 * both signs becomes two neighbours with the same input, one for each sign; inputs get their two
 * rows in the mapping.
 */
export const fitEvents = (variant: Variant) =>
  pass({
    name: "fit-events",
    on: "network",
    summary: "Writes neurons and links as an event-driven chip has them.",
    keeps: "answers",
    options: {},
    run(network, _options, cx) {
      if (network.pops.every((p) => isInput(p) || p.neuron.model === "event-lif")) return network;
      const problems = misfits(network, cx);
      if (problems.length > 0) throw new Failure(problems);
      const fitting = new Fitting(network, variant, cx);
      const fitted = withBiases(fitting.network(), fitting.biases, variant, cx);
      return variant.signBySource ? splitSigns(fitted) : fitted;
    },
  });

/** What a spike is worth of an answer that is counted: enough that little is lost above it, and that there are many. */
const countThreshold = 32;

/** What the chip does not have and nothing here replaces. */
function misfits(n: Network, cx: Context): Diagnostic[] {
  const chip = cx.chip?.name ?? "the chip";
  const out: Diagnostic[] = [];
  for (const p of n.pops) {
    const place = { at: placeOf(p), origin: p.origin };
    if (isInput(p)) {
      if (p.spike.kind !== "binary" && !(p.spike.kind === "graded" && p.spike.bits === 1 && !p.spike.signed))
        out.push(diagnostic("odin-input", [p.name, p.spike.kind], place));
      continue;
    }
    for (const why of reasons(p)) out.push(diagnostic("odin-neuron", [p.name, why, chip], place));
  }
  for (const l of n.links)
    if (l.pool !== null)
      out.push(
        diagnostic("odin-pool", [`${at(n.pops, l.from).name} -> ${at(n.pops, l.to).name}`], { at: linkPlace(n, l), origin: l.origin }),
      );
  return out;
}

const possible: readonly string[] = ["if", "lif", "readout", "integrator"];

function reasons(p: Population): string[] {
  const { model } = p.neuron;
  if (!possible.includes(model)) return [`is a ${model}`];
  const params = neuronParams(p);
  const words = neuronWords(p);
  const out: string[] = [];
  const any = (name: string, neutral: number): boolean => params[name]?.some((x) => x !== neutral) === true;
  if (any("decay", 1)) out.push("leaks by a factor");
  if ((words["noise"] ?? "none") !== "none") out.push("has noise");
  if ((words["negative"] ?? "none") !== "none") out.push("sends negative spikes");
  if ((words["emit"] ?? "unit") !== "unit") out.push("sends values");
  if (words["weighting"] === "doubling") out.push("weights its steps");
  if (model === "if" || model === "lif") {
    if (words["reset"] === "none") out.push("is not reset");
    if (words["reset"] === "set" && any("resetValue", 0)) out.push("is reset to another number than 0");
  }
  return out;
}

class Fitting {
  readonly #n: Network;
  readonly #variant: Variant;
  readonly #cx: Context;
  /** By population: what its weights were multiplied with, per neuron; null: 1. */
  readonly #factor = new Map<number, Float64Array>();

  /** By population: what each step adds, in whole units. */
  readonly biases = new Map<number, Int32Array>();
  /** By population whose potential is an answer: what is in it that no event brought. */
  readonly #extra = new Map<number, Float64Array>();

  constructor(n: Network, variant: Variant, cx: Context) {
    this.#n = n;
    this.#variant = variant;
    this.#cx = cx;
  }

  network(): Network {
    const pops = this.#n.pops.map((p) =>
      isInput(p) ? { ...p, start: 0, stop: null, spike: { kind: "binary" } as const } : this.#neuron(p),
    );
    const links = this.#n.links.map((l) => this.#link(l));
    const outputs = this.#n.outputs.map((o) => this.#output(o));
    return { ...this.#n, pops, links, outputs };
  }

  #neuron(p: Population): Population {
    const { low, high, thresholdMax, queue } = this.#variant;
    const params = neuronParams(p);
    const words = neuronWords(p);
    const counts = this.#counted(p);
    const spikes = p.neuron.model === "if" || p.neuron.model === "lif" || counts;
    const count = sizeOf(p.shape);
    const place = { at: placeOf(p), origin: p.origin };
    const threshold = counts
      ? new Float64Array(count).fill(countThreshold)
      : spikes
        ? params["threshold"]!.map((t) => Math.max(1, words["compare"] === "gt" ? Math.floor(t) + 1 : Math.ceil(t)))
        : new Float64Array(count).fill(this.#never);
    const initial = Float64Array.from(spread(p.initial["v"] ?? 0, p.shape));
    if (counts) {
      initial.fill(countThreshold / 2);
      this.#cx.report(diagnostic("odin-counts", [p.name, countThreshold], place));
    } else if (spikes) {
      const most = Math.max(...threshold);
      if (most > thresholdMax) {
        this.#cx.report(diagnostic("odin-threshold", [p.name, most, thresholdMax], place));
        const factor = threshold.map((t) => Math.min(1, thresholdMax / t));
        this.#factor.set(p.id, factor);
        threshold.forEach((t, i) => {
          threshold[i] = Math.min(t, thresholdMax);
          initial[i] = initial[i]! * factor[i]!;
        });
      }
      if (words["reset"] !== "set") this.#cx.report(diagnostic("odin-reset", [p.name], place));
      this.#cx.report(diagnostic("odin-steps", [p.name], place));
    }
    const bias = params["bias"] ?? new Float64Array(count);
    const steps = this.#n.steps;
    const first = words["biasAt"] === "first";
    if (!spikes) {
      // In the middle of the range, where the range begins at 0 and an answer may be negative.
      const middle = low < 0 || initial.some((x) => x !== 0) ? 0 : (this.#never - 1) / 2;
      initial.forEach((x, i) => {
        initial[i] = x + middle;
      });
      this.#extra.set(
        p.id,
        bias.map((b) => b * (first ? 1 : steps) - middle),
      );
    } else {
      const own = bias.map((b, i) => Math.round(b * (this.#factor.get(p.id)?.[i] ?? 1)));
      if (!first) this.biases.set(p.id, Int32Array.from(own));
      else
        own.forEach((b, i) => {
          initial[i] = initial[i]! + b;
        });
    }
    const v = initial.map((x, i) => Math.min(threshold[i]! - 1, Math.max(low, Math.round(x))));
    return {
      ...p,
      neuron: {
        model: "event-lif",
        params: {
          threshold: compact(threshold),
          low,
          high,
          queue,
          ...(this.#variant.signBySource ? { signs: "apart" } : {}),
          ...(spikes ? {} : { output: "yes" }),
        },
      },
      initial: v.some((x) => x !== 0) ? { v: compact(v) } : {},
      spike: { kind: "binary" },
      start: 0,
      silent: 0,
      stop: null,
    };
  }

  /** Whether an answer that is a potential becomes a number of spikes: on ODIN, where potentials end at 0 and 255. */
  #counted(p: Population): boolean {
    return this.#variant.low === 0 && p.neuron.model === "readout" && this.#n.outputs.some((o) => o.pop === p.id && o.code === "potential");
  }

  /** The threshold of a neuron whose potential is an answer: out of reach on tinyODIN, the largest on ODIN. */
  get #never(): number {
    return this.#variant.low < 0 ? this.#variant.high + 1 : this.#variant.thresholdMax;
  }

  #link(l: Link): Link {
    const [from, to] = [at(this.#n.pops, l.from), at(this.#n.pops, l.to)];
    const [columns, rows] = [sizeOf(from.shape), sizeOf(to.shape)];
    const weights = new Int32Array(rows * columns);
    const factor = this.#factor.get(l.to);
    const gain = l.gain === null ? null : spread(l.gain, from.shape);
    for (let s = 0; s < columns; s++)
      forEachSynapse(l.kernel, from.shape, to.shape, s, (target, weight) => {
        const w = weight * (gain?.[s] ?? 1) * (factor?.[target] ?? 1);
        weights[target * columns + s] = weights[target * columns + s]! + Math.round(w);
      });
    for (const w of weights) this.#checkWeight(w, l);
    return { ...l, kernel: { kind: "dense", weight: i32([rows, columns], weights) }, gain: null, delay: 0 };
  }

  #checkWeight(w: number, l: Link): void {
    const { weightMin, weightMax } = this.#variant;
    if (w >= weightMin && w <= weightMax) return;
    const name = `${at(this.#n.pops, l.from).name} -> ${at(this.#n.pops, l.to).name}`;
    throw new Failure([diagnostic("odin-weight", [name, w, weightMin, weightMax], { at: linkPlace(this.#n, l), origin: l.origin })]);
  }

  /** Spikes are counted: a spike is worth what it was. Potentials are in smaller units where weights were scaled. */
  #output(o: OutputCode): OutputCode {
    if (o.code !== "potential") return o;
    const p = at(this.#n.pops, o.pop);
    const { shape } = p;
    if (this.#counted(p))
      return {
        ...o,
        code: "spikes",
        scale: tensor(
          "f64",
          shape,
          spread(o.scale, shape).map((x) => x * countThreshold),
        ),
      };
    const factor = this.#factor.get(o.pop);
    const extra = this.#extra.get(o.pop);
    const scale = spread(o.scale, shape).map((x, i) => x / (factor?.[i] ?? 1));
    const offset = spread(o.offset, shape).map((x, i) => x + (extra?.[i] ?? 0) * scale[i]!);
    const fits = (t: Float64Array, before: number | Tensor): number | Tensor =>
      t.every((x, i) => x === spread(before, shape)[i]) ? before : tensor("f64", shape, t);
    return { ...o, scale: fits(scale, o.scale), offset: fits(offset, o.offset) };
  }
}

/** One number where all are the same. */
export function compact(numbers: ArrayLike<number>): number | Tensor {
  const first = numbers[0] ?? 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] !== first) return i32([numbers.length], Int32Array.from(numbers));
  return first;
}

/** Doubles neurons whose outgoing weights have both signs: the first of each pair excites, the second inhibits. */
function splitSigns(n: Network): Network {
  const doubled = n.pops.map((p) => (isInput(p) ? null : mixedNeurons(n, p)));
  if (doubled.every((d) => d === null)) return n;
  const places = n.pops.map((p, i) => (doubled[i] == null ? null : pairPlaces(p, at(doubled, i)!)));
  const pops = n.pops.map((p, i) => (places[i] == null ? p : doubledPop(p, at(places, i)!)));
  const links = n.links.map((l) => doubledLink(n, l, places[l.from] ?? null, places[l.to] ?? null));
  return { ...n, pops, links };
}

/** Which neurons have outgoing weights of both signs; null when none has, or when the population is read. */
function mixedNeurons(n: Network, p: Population): Uint8Array | null {
  const count = sizeOf(p.shape);
  const signs = new Uint8Array(count);
  for (const l of n.links) {
    if (l.from !== p.id || l.kernel.kind !== "dense") continue;
    numbersOf(l.kernel.weight).forEach((w, k) => {
      signs[k % count] = signs[k % count]! | (w > 0 ? 1 : w < 0 ? 2 : 0);
    });
  }
  const mixed = signs.map((s) => (s === 3 ? 1 : 0));
  if (!mixed.includes(1)) return null;
  if (n.outputs.some((o) => o.pop === p.id))
    throw new Failure([
      diagnostic("map-illegal", [`${p.name} is read and has weights of both signs to other neurons`], { at: placeOf(p), origin: p.origin }),
    ]);
  return mixed;
}

/** Per new neuron: the old one, and the signs that it carries (0: both, as it has only one). */
type Place = { readonly old: number; readonly sign: -1 | 0 | 1 };

function pairPlaces(p: Population, mixed: Uint8Array): Place[] {
  return Array.from({ length: sizeOf(p.shape) }, (_, old): Place[] =>
    mixed[old] === 1
      ? [
          { old, sign: 1 },
          { old, sign: -1 },
        ]
      : [{ old, sign: 0 }],
  ).flat();
}

function doubledPop(p: Population, places: readonly Place[]): Population {
  const pick = (value: number | Tensor | string): number | Tensor | string => {
    if (typeof value !== "object") return value;
    const all = spread(value, p.shape);
    return compact(places.map(({ old }) => all[old]!));
  };
  const params = Object.fromEntries(Object.entries(p.neuron.params).map(([k, v]) => [k, pick(v)]));
  const initial = Object.fromEntries(Object.entries(p.initial).map(([k, v]) => [k, pick(v) as number | Tensor]));
  return { ...p, id: id<"population">(p.id), shape: [places.length], neuron: { ...p.neuron, params }, initial };
}

function doubledLink(n: Network, l: Link, from: readonly Place[] | null, to: readonly Place[] | null): Link {
  if ((from === null && to === null) || l.kernel.kind !== "dense") return l;
  const columns = sizeOf(at(n.pops, l.from).shape);
  const sources = from ?? Array.from({ length: columns }, (_, old): Place => ({ old, sign: 0 }));
  const targets = to ?? Array.from({ length: sizeOf(at(n.pops, l.to).shape) }, (_, old): Place => ({ old, sign: 0 }));
  const old = numbersOf(l.kernel.weight);
  const weights = new Int32Array(sources.length * targets.length);
  targets.forEach((t, r) => {
    sources.forEach((s, c) => {
      const w = old[t.old * columns + s.old]!;
      weights[r * sources.length + c] = s.sign === 0 || Math.sign(w) === s.sign ? w : 0;
    });
  });
  return { ...l, kernel: { kind: "dense", weight: i32([targets.length, sources.length], weights) } };
}
