import { at } from "../../compiler/base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { f64, i32, numbersOf, sizeOf, type Tensor } from "../../compiler/base/tensor.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { Link, Network, Population } from "../../compiler/ir/network/types.ts";
import { driveOf } from "../../compiler/passes/network/bounds.ts";
import { incoming, isInput, linkPlace, placeOf } from "../../compiler/passes/network/edit.ts";
import { type Context, pass } from "../../compiler/passes/pass.ts";
import { linkName } from "../../compiler/ir/network/print.ts";

/** Thresholds are mantissas in units of 2^6, and so is what weights add. */
const unit = 64;
const unity = 4096;
const thresholdMost = 2 ** 17 - 1;
const registerMost = 2 ** 23 - 1;

/**
 * Puts units in the registers' scale: a population that fires counts in 64ths, so that its threshold is a mantissa, and
 * its weights get the exponent that makes them as large. Where the input of a step, the threshold or a bias would then not fit the
 * registers, it counts in 32nds, 16ths, … and thresholds are rounded. Potentials that are only read keep their scale.
 *
 *   unit(threshold=10 compare=ge bias=3)      ==>   unit(threshold=576 compare=gt bias=192)
 *   link x -> a dense i8[…]{…}                      link x -> a dense i8[…]{…} gain=64
 *
 * Without decays every potential is a multiple of 64, and at least 10 is more than 9. With a decay the potential
 * falls between, and the threshold stays: equality alone no longer fires. Decays then round finer than before, too.
 */
export const loihiRegisters = pass({
  name: "loihi-registers",
  on: "network",
  summary: "Scales units to Loihi's registers: thresholds and weights in units of 64, biases as mantissa and exponent.",
  keeps: "answers",
  options: {},
  run(network, _options, cx) {
    const problems: Diagnostic[] = [];
    const into = incoming(network);
    const scales = network.pops.map((p) => (isInput(p) || p.neuron.model !== "unit" ? null : scaleOf(network, p, at(into, p.id), cx)));
    const pops = network.pops.map((p, i) => (scales[i] === null ? p : scaled(p, at(scales, i) as number, cx, problems)));
    const links = network.links.map((l) => withGain(network, l, scales[l.to] ?? 1, cx, problems));
    if (problems.length > 0) throw new Failure(problems);
    const same = pops.every((p, i) => p === network.pops[i]) && links.every((l, i) => l === network.links[i]);
    return same ? network : { ...network, pops, links };
  },
});

/** The largest power of two up to 64 with which the worst input of a step, the thresholds and the biases fit their registers. */
function scaleOf(n: Network, p: Population, links: readonly Link[], cx: Context): number {
  if (neuronWords(p)["output"] === "yes") return 1;
  const drive = currentMost(n, p, links);
  const threshold = (neuronParams(p)["threshold"] ?? new Float64Array()).reduce((a, b) => Math.max(a, b), 0);
  const bias = (neuronParams(p)["bias"] ?? new Float64Array()).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const biasMost = biasRange(cx).most;
  let scale = unit;
  while (scale > 1 && (drive * scale > registerMost || threshold * scale > unit * thresholdMost || bias * scale > biasMost)) scale /= 2;
  return scale;
}

/** Mantissas of the thresholds: fires above 64 of them. */
function mantissas(thresholds: Float64Array, scale: number, least: boolean): Float64Array {
  return thresholds.map((t) => (least ? Math.ceil((t * scale) / unit) - 1 : Math.round((t * scale) / unit)));
}

function scaled(p: Population, scale: number, cx: Context, problems: Diagnostic[]): Population {
  const words = neuronWords(p);
  const params = neuronParams(p);
  const column = (name: string): Float64Array => params[name] ?? new Float64Array();
  const place = { at: placeOf(p), origin: p.origin };
  const reads = words["output"] === "yes";
  const refuse = (why: string): void => void problems.push(diagnostic("loihi-neuron", [p.name, why], place));
  if (!reads && words["reset"] === "none") refuse("a spike leaves their potential as it is");
  if (!reads && words["reset"] === "set" && column("resetValue").some((v) => v !== 0))
    refuse("a spike sets their potential to other than 0");
  if (words["leak"] === "multiply" && column("leakArgument").some((m) => m > unity)) refuse("their potential grows by itself");
  if (words["current"] === "on" && column("currentDecay").some((m) => m > unity)) refuse("their current grows by itself");
  const whole = words["leak"] === "none" && (words["current"] === "off" || column("currentDecay").every((m) => m === 0 || m === unity));
  const coarse = reads ? [] : [...column("threshold")].filter((t) => (t * scale) % unit !== 0);
  if (coarse.length > 0) cx.report(diagnostic("loihi-threshold", [p.name, coarse.length, unit / scale], place));
  const { values, changed, most } = representable(
    column("bias").map((b) => b * scale),
    cx,
  );
  if (changed > 0) cx.report(diagnostic("loihi-bias", [p.name, changed, most / scale], place));
  return {
    ...p,
    neuron: {
      model: "unit",
      params: {
        ...p.neuron.params,
        ...words,
        compare: "gt",
        threshold: reads
          ? unit * thresholdMost
          : gathered(mantissas(column("threshold"), scale, words["compare"] === "ge" && whole).map((t) => unit * t)),
        resetValue: reads ? 0 : gathered(column("resetValue").map((r) => unit * Math.round((r * scale) / unit))),
        bias: gathered(values),
        leakArgument: gathered(column("leakArgument")),
        currentDecay: gathered(column("currentDecay")),
      },
    },
    initial: p.initial["v"] === undefined ? p.initial : { ...p.initial, v: times(p.initial["v"], scale) },
  };
}

function times(value: number | Tensor, factor: number): number | Tensor {
  return typeof value === "number"
    ? value * factor
    : f64(
        value.shape,
        numbersOf(value).map((v) => v * factor),
      );
}

/** One number when all are equal, else a tensor. */
function gathered(values: Float64Array): number | Tensor {
  const first = values[0] ?? 0;
  return values.every((v) => v === first) ? first : i32([values.length], values);
}

/** Mantissas of biases (half: below it), their largest exponent, and the largest bias that both give. */
function biasRange(cx: Context): { readonly half: number; readonly exponent: number; readonly most: number } {
  const half = 2 ** (Number(cx.chip?.own["biasBits"] ?? 13) - 1);
  const exponent = Number(cx.chip?.own["biasExponentMax"] ?? 7);
  return { half, exponent, most: (half - 1) * 2 ** exponent };
}

/** Exponent with which a bias is a mantissa times 2^exponent, the smallest. */
function exponentOf(bias: number, cx: Context): number {
  const { half, exponent: most } = biasRange(cx);
  for (let e = 0; e < most; e++) {
    const mantissa = Math.round(bias / 2 ** e);
    if (mantissa >= -half && mantissa < half) return e;
  }
  return most;
}

function representable(
  biases: Float64Array,
  cx: Context,
): { readonly values: Float64Array; readonly changed: number; readonly most: number } {
  let changed = 0;
  let most = 0;
  const values = biases.map((b) => {
    const grain = 2 ** exponentOf(b, cx);
    const near = Math.round(b / grain) * grain;
    if (near !== b) changed++;
    most = Math.max(most, Math.abs(near - b));
    return near;
  });
  return { values, changed, most };
}

function withGain(n: Network, l: Link, factor: number, cx: Context, problems: Diagnostic[]): Link {
  if (factor === 1 && l.gain === null) return l;
  const gains = l.gain === null ? [factor] : typeof l.gain === "number" ? [l.gain * factor] : [...numbersOf(l.gain)].map((g) => g * factor);
  const most = cx.chip?.gain.shiftMax ?? 13;
  const wrong = gains.find((g) => !Number.isInteger(Math.log2(g)) || g < 1 || g > 2 ** most);
  if (wrong !== undefined) {
    const name = linkName(at(n.pops, l.from).name, at(n.pops, l.to).name);
    problems.push(diagnostic("loihi-gain", [name, wrong / factor, most - Math.log2(factor)], { at: linkPlace(n, l), origin: l.origin }));
    return l;
  }
  if (factor === 1) return l;
  return { ...l, gain: l.gain === null || typeof l.gain === "number" ? at(gains, 0) : f64(l.gain.shape, gains) };
}

/** Writes units in the registers' scale as compartments, in mantissas and exponents. */
export const loihiNeurons = pass({
  name: "loihi-neurons",
  on: "network",
  summary: "Writes units as Loihi's compartments, with mantissas, exponents and decays.",
  keeps: "answers",
  options: {},
  run(network, _options, cx) {
    const into = incoming(network);
    const problems: Diagnostic[] = [];
    const pops = network.pops.map((p) => {
      if (isInput(p) || p.neuron.model !== "unit") return p;
      problems.push(...currentProblems(network, p, at(into, p.id)));
      return compartments(p, cx);
    });
    if (problems.length > 0) throw new Failure(problems);
    return pops.every((p, i) => p === network.pops[i]) ? network : { ...network, pops };
  },
});

function compartments(p: Population, cx: Context): Population {
  const words = neuronWords(p);
  const params = neuronParams(p);
  const column = (name: string): Float64Array => params[name] ?? new Float64Array();
  const exponents = column("bias").map((b) => exponentOf(b, cx));
  const output = words["output"] === "yes";
  return {
    ...p,
    neuron: {
      model: "loihi",
      params: {
        reset: words["reset"] === "subtract" && !output ? "subtract" : "set",
        output: output ? "yes" : "no",
        threshold: gathered(column("threshold").map((t) => t / unit)),
        subtract: words["reset"] === "subtract" && !output ? gathered(column("resetValue").map((r) => r / unit)) : 0,
        du: words["current"] === "on" ? gathered(column("currentDecay").map((m) => unity - m)) : unity,
        dv: words["leak"] === "multiply" ? gathered(column("leakArgument").map((m) => unity - m)) : 0,
        bias: gathered(column("bias").map((b, i) => b / 2 ** at(exponents, i))),
        biasExponent: gathered(exponents),
      },
    },
  };
}

/** Currents wrap: the worst of all inputs, in every step in which it can come, has to fit. */
function currentProblems(n: Network, p: Population, links: readonly Link[]): Diagnostic[] {
  const most = currentMost(n, p, links);
  return most <= registerMost
    ? []
    : [diagnostic("loihi-current", [p.name, Math.ceil(most), registerMost], { at: placeOf(p), origin: p.origin })];
}

/** Largest magnitude that a current of the population can reach. */
function currentMost(n: Network, p: Population, links: readonly Link[]): number {
  const keep =
    neuronWords(p)["current"] === "on" ? (neuronParams(p)["currentDecay"] ?? new Float64Array()) : new Float64Array(sizeOf(p.shape));
  const steps = (p.stop ?? n.steps) - p.start;
  const worst = new Float64Array(sizeOf(p.shape));
  for (const l of links) {
    const { low, high } = driveOf(n, p, [l]);
    const times = Math.min(steps, stepsOf(n, at(n.pops, l.from)));
    for (let i = 0; i < worst.length; i++) {
      const kept = at(keep, i) / unity;
      worst[i] = at(worst, i) + Math.max(-at(low, i), at(high, i)) * (kept >= 1 ? times : Math.min(1 / (1 - kept), times));
    }
  }
  return worst.reduce((a, b) => Math.max(a, b), 0);
}

/** In how many steps a population can send: an input that is only shown sends in its first. */
function stepsOf(n: Network, p: Population): number {
  const input = n.inputs.find((i) => i.pop === p.id);
  return input?.code === "direct" && input.params["every"] === 0 ? 1 : (p.stop ?? n.steps) - p.start;
}
