import { at } from "../../compiler/base/bug.ts";
import { type Diagnostic, diagnostic } from "../../compiler/base/diagnostic.ts";
import { sizeOf, spread } from "../../compiler/base/tensor.ts";
import { outputCodes } from "../../compiler/ir/codes/index.ts";
import { neuronParams, neuronWords } from "../../compiler/ir/network/neurons/index.ts";
import type { Link, Network, Population } from "../../compiler/ir/network/types.ts";
import { isInput, linkPlace, placeOf } from "../../compiler/passes/network/edit.ts";
import type { ChipSpec } from "../chip.ts";

/*
 * Everything in a network that ReckOn cannot be: all of it at once, each with its place.
 */

/** Leak factors in 1/32768: seven or eight in the high four bits, twelve bits of their own. */
const alphaLow = 0x7000;
const alphaHigh = 0x8fff;
const kappaHigh = 0xff;

/** A population that never fires and that an output reads. */
export function isReadout(n: Network, p: Population): boolean {
  return (p.neuron.model === "integrator" || p.neuron.model === "readout") && n.outputs.some((o) => o.pop === p.id);
}

/** Factor of the potential in a step, per neuron. */
export function decayOf(p: Population): Float64Array {
  return neuronParams(p)["decay"] ?? new Float64Array(sizeOf(p.shape)).fill(1);
}

const place = (p: Population) => ({ at: placeOf(p), origin: p.origin });

export function misfits(n: Network, chip: ChipSpec | null): Diagnostic[] {
  const neurons = n.pops.filter((p) => !isInput(p) && !isReadout(n, p));
  const readouts = n.pops.filter((p) => isReadout(n, p));
  const wrong = neurons.flatMap(neuronMisfits);
  return [
    ...sizes(n, neurons, readouts, chip),
    ...n.pops.filter(isInput).flatMap(inputMisfits),
    ...wrong,
    // How neurons go together is asked only of those that can be the chip's.
    ...(wrong.length > 0 ? [] : [...resetMisfits(neurons), ...pairMisfits(neurons)]),
    ...readouts.flatMap(readoutMisfits),
    ...kappaMisfits(readouts),
    ...n.links.flatMap((l) => linkMisfits(n, l)),
    ...outputMisfits(n, readouts),
  ];
}

function sizes(n: Network, neurons: readonly Population[], readouts: readonly Population[], chip: ChipSpec | null): Diagnostic[] {
  const count = (pops: readonly Population[]): number => pops.reduce((sum, p) => sum + sizeOf(p.shape), 0);
  const limit = (name: string, otherwise: number): number => {
    const found = chip?.own[name];
    return typeof found === "number" ? found : otherwise;
  };
  const list: readonly (readonly [string, number, number])[] = [
    ["input lines", count(n.pops.filter(isInput)), limit("inputs", 256)],
    ["neurons", count(neurons), limit("neurons", 256)],
    ["readouts", count(readouts), limit("readouts", 16)],
  ];
  return list.filter(([, used, most]) => used > most).map((row) => diagnostic("reckon-shape", [...row], { at: `network ${n.name}` }));
}

function inputMisfits(p: Population): Diagnostic[] {
  const out: Diagnostic[] = [];
  if (p.spike.kind !== "binary") out.push(diagnostic("reckon-input", [p.name, `${p.spike.kind} numbers`], place(p)));
  else if (p.amplitude !== 1) out.push(diagnostic("reckon-input", [p.name, "spikes that are worth something other than 1"], place(p)));
  return out;
}

/** What a model's settings must be; those that a model lacks are not asked for. */
const settings: Readonly<Record<string, string>> = { negative: "none", noise: "none", emit: "unit", boundary: "preload" };

function neuronMisfits(p: Population): Diagnostic[] {
  const no = (what: string): Diagnostic => diagnostic("reckon-neuron", [p.name, what], place(p));
  if (!["if", "lif", "cuba"].includes(p.neuron.model)) return [no(`its model is ${p.neuron.model}`)];
  const words = neuronWords(p);
  const params = neuronParams(p);
  const out: Diagnostic[] = [];
  for (const [word, wanted] of Object.entries(settings))
    if (words[word] !== undefined && words[word] !== wanted) out.push(no(`${word} is ${words[word]}`));
  if (params["decayCurrent"]?.some((d) => d !== 0)) {
    const slowest = params["decayCurrent"].reduce((a, b) => Math.max(a, b), 0);
    out.push(no(`it has a synaptic current that keeps ${Number(slowest.toPrecision(4))} of itself in a step`));
  }
  if (params["bias"]?.some((b) => b !== 0)) out.push(no("it has a bias"));
  if (Object.values(p.initial).some((v) => spread(v, p.shape).some((x) => x !== 0))) out.push(no("it begins with a potential"));
  if (params["threshold"]?.some((t) => !(t >= 0))) out.push(no("a threshold is below 0"));
  if (p.silent > 0) out.push(no(`it may not fire in its first ${p.silent} steps`));
  if (p.spike.kind !== "binary" || p.amplitude !== 1) out.push(no("its spikes are not worth 1"));
  return [...out, ...leakMisfits(p, 2 ** 15, alphaLow, alphaHigh)];
}

function leakMisfits(p: Population, unit: number, low: number, high: number): Diagnostic[] {
  const decays = neuronParams(p)["decay"];
  const wrong = decays?.findIndex((d) => Math.round(d * unit) < low || Math.round(d * unit) > high) ?? -1;
  return wrong < 0 ? [] : [diagnostic("reckon-leak", [p.name, wrong, at(decays ?? [], wrong), low / unit, high / unit], place(p))];
}

/** One way of resetting for all, and the threshold is what a spike takes away. */
function resetMisfits(neurons: readonly Population[]): Diagnostic[] {
  const out: Diagnostic[] = [];
  const hard = neurons.some((p) => neuronWords(p)["reset"] === "set");
  for (const p of neurons) {
    const { reset } = neuronWords(p);
    const params = neuronParams(p);
    const no = (what: string): void => void out.push(diagnostic("reckon-neuron", [p.name, what], place(p)));
    if (reset !== "set" && reset !== "subtract") no(`its reset is ${reset ?? "none"}`);
    else if (hard !== (reset === "set")) no("other populations are reset in another way, and the chip has one for all");
    else if (hard && params["resetValue"]?.some((v) => v !== 0)) no("it is reset to a potential that is not 0");
    else if (!hard) out.push(...subtractMisfits(p));
  }
  return out;
}

/** The chip takes the threshold away after the leak, which is threshold / decay before it. */
function subtractMisfits(p: Population): Diagnostic[] {
  const { threshold, resetValue, decay } = neuronParams(p);
  let early = 0;
  for (let i = 0; i < (threshold?.length ?? 0); i++) {
    const [t, r, d] = [threshold?.[i] ?? 1, resetValue?.[i] ?? threshold?.[i] ?? 1, decay?.[i] ?? 1];
    if (Math.abs((r * d) / t - 1) < 1e-3) continue;
    if (Math.abs(r / t - 1) > 1e-3)
      return [diagnostic("reckon-neuron", [p.name, `a spike of neuron ${i} takes away ${r}, and its threshold is ${t}`], place(p))];
    early = Math.max(early, 100 * Math.abs(1 / d - 1));
  }
  return early === 0 ? [] : [diagnostic("reckon-reset", [p.name, early], place(p))];
}

function pairMisfits(neurons: readonly Population[]): Diagnostic[] {
  const list = neurons.flatMap((p) => {
    const decay = neuronParams(p)["decay"];
    return Array.from({ length: sizeOf(p.shape) }, (_, i) => ({ p, i, alpha: Math.round((decay?.[i] ?? 1) * 2 ** 15) }));
  });
  for (let n = 0; n + 1 < list.length; n += 2) {
    const [even, odd] = [at(list, n), at(list, n + 1)];
    if (even.alpha !== odd.alpha) return [diagnostic("reckon-pair", [even.p.name, even.i, odd.i, "their leaks"], place(even.p))];
  }
  return [];
}

function readoutMisfits(p: Population): Diagnostic[] {
  const no = (what: string): Diagnostic => diagnostic("reckon-neuron", [p.name, what], place(p));
  const words = neuronWords(p);
  const out: Diagnostic[] = [];
  if (words["current"] === "on") out.push(no("it has a synaptic current"));
  if (words["weighting"] === "doubling") out.push(no("it doubles its potential in each step"));
  if (Object.values(p.initial).some((v) => spread(v, p.shape).some((x) => x !== 0))) out.push(no("it begins with a potential"));
  return [...out, ...leakMisfits(p, 2 ** 7, 1, kappaHigh)];
}

/** The readouts share one factor. */
function kappaMisfits(readouts: readonly Population[]): Diagnostic[] {
  const [first] = readouts;
  const kappas = readouts.flatMap((p) => Array.from(decayOf(p), (d) => Math.round(d * 2 ** 7)));
  if (first === undefined || new Set(kappas).size <= 1) return [];
  return [diagnostic("reckon-neuron", [first.name, "readouts have different leaks, and the chip has one for all"], place(first))];
}

function linkMisfits(n: Network, l: Link): Diagnostic[] {
  const [from, to] = [at(n.pops, l.from), at(n.pops, l.to)];
  const name = `${from.name} -> ${to.name}`;
  const no = (what: string): Diagnostic[] => [diagnostic("reckon-link", [what], { at: linkPlace(n, l), origin: l.origin })];
  if (isInput(from) && isReadout(n, to)) return no(`${name} leads from an input to a readout`);
  if (isReadout(n, from)) return no(`${name} leads out of a readout`);
  if (l.pool !== null) return no(`${name} pools`);
  if (l.gain !== null && typeof l.gain !== "number") return no(`${name} has a gain for each source`);
  const twin = n.links.find((m) => m.from === l.from && m.to === l.to && m.delay !== l.delay);
  return twin === undefined
    ? []
    : no(`${name} is there twice, with ${Math.min(l.delay, twin.delay)} and ${Math.max(l.delay, twin.delay)} steps`);
}

function outputMisfits(n: Network, readouts: readonly Population[]): Diagnostic[] {
  const out: Diagnostic[] = [];
  for (const o of n.outputs) {
    const p = at(n.pops, o.pop);
    if (!readouts.includes(p)) out.push(diagnostic("reckon-output", [`${o.name} reads ${p.name}, which fires`], place(p)));
    else if (outputCodes[o.code as keyof typeof outputCodes]?.reads !== "potential")
      out.push(diagnostic("reckon-output", [`${o.name} counts spikes`], place(p)));
  }
  return out;
}
