import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../../base/diagnostic.ts";
import { sizeOf } from "../../../base/tensor.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Context } from "../../pass.ts";
import { clockOf } from "../clock.ts";
import { freshName, incoming, isInput, linkPlace, placeOf, settle } from "../edit.ts";
import { fanKernel, partsOf, wholeTensor, widthOf } from "../strong.ts";
import { activeSteps, commonProblems, leakFactor, sendsSigns, type Signed, signedOf, spikesProblem } from "./signed.ts";

/*
 * Codes of T digits in a network of canonic signed spikes, sent as binary digits instead:
 *
 *   steps 0 … T-1     the neuron takes the T digits of its sources and sends nothing:  y = Σ 2^(T-k) z_k + b
 *   steps T … 2T-1    greedily, the most significant digit first:  u = 2m,  s = [u + h >= W],  m = u - W·s
 *
 * which sends clip(floor(y/Δ + ½), 0, 2^T - 1), Δ being what the last digit is worth, W = 2^T·Δ,
 * and h half of Δ, doubled with the potential: the codes of the quantized network with 2^T - 1
 * levels, and those of the signed network wherever that has no wrong code. (Sent earlier, binary
 * digits cannot be taken back, and many codes come out wrong; that form is not offered.) A layer
 * takes T steps instead of n, so T·(L+1) in all instead of T + n·L. Only a layer that gets its
 * input at once, in the first step, need not wait and keeps its n.
 *
 * h need not be whole, but what it is compared with is, so its whole part does: R/2^s, with R
 * the reset (2^n·Δ) and s = n (T in a layer that does not wait), in the first deciding step, and in
 * each later one the next binary digit of that quotient, as the potential is doubled.
 * Clocks bring them, one neuron for each of those steps.
 */

/** A layer whose codes are to be sent as binary digits. */
type Coded = {
  readonly signed: Signed;
  readonly digits: number;
  /** Steps before the first digit: T, or what they were where all input comes in the first step. */
  readonly wait: number;
  /** s: the first deciding step adds R / 2^s. */
  readonly shift: number;
};

export type StorePlan = { readonly digits: number; readonly layers: ReadonlyMap<number, Coded> };

/** Null after reporting why the network is not one of codes. */
export function planStore(n: Network, report: (d: Diagnostic) => void): StorePlan | null {
  const layers = new Map<number, Coded>();
  let fine = true;
  const bad = (d: Diagnostic): void => {
    fine = false;
    report(d);
  };
  for (const p of n.pops) {
    if (!sendsSigns(p)) continue;
    const signed = signedOf(p, bad);
    if (signed === null) continue;
    const problems = [...commonProblems(n, signed), ...notCoded(n, signed)];
    for (const d of problems) bad(d);
    const digits = activeSteps(n, p) - p.silent;
    const once = n.links.every((l) => l.to !== p.id || comesAtOnce(n, l));
    layers.set(p.id, { signed, digits, wait: once ? p.silent : digits, shift: once ? digits : p.silent });
  }
  const digits = [...layers.values()][0]?.digits ?? 0;
  for (const { signed, digits: own } of layers.values())
    if (own !== digits) bad(spikesProblem(signed.pop, `it sends codes of ${own} digits, and another layer of ${digits}`));
  for (const p of n.pops)
    if (hears(n, p, layers) && !layers.has(p.id) && !isReader(p))
      bad(spikesProblem(p, "it hears digits but neither sends digits nor sums them up by doubling"));
  if (fine) for (const l of n.links) if (isTimed(n, l, layers)) checkTiming(n, l, layers, bad);
  for (const o of n.outputs)
    if (layers.has(o.pop)) bad(spikesProblem(at(n.pops, o.pop), "its digits are counted as an answer, which forgets their places"));
  return fine && layers.size > 0 ? { digits, layers } : null;
}

function notCoded(n: Network, s: Signed): Diagnostic[] {
  const { pop, words } = s;
  const out: string[] = [];
  if (leakFactor(s) !== 2) out.push("it does not double its potential, so its spikes are not digits of a code");
  if (words["negative"] !== "latched") out.push("its codes can be negative, and binary digits cannot say that");
  if (words["reset"] !== "subtract" || s.reset.some((r) => r <= 0)) out.push("it does not subtract what a digit is worth");
  if (words["biasAt"] !== "first" && s.bias.some((b) => b !== 0)) out.push("its bias comes in every step");
  if (s.initial.some((v) => v !== 0)) out.push("it does not begin at 0");
  if (activeSteps(n, pop) <= pop.silent) out.push("it sends nothing");
  return out.map((why) => spikesProblem(pop, why));
}

/** Whether all that passes the link is sent in the first step. */
function comesAtOnce(n: Network, l: Link): boolean {
  const code = n.inputs.find((c) => c.pop === l.from);
  return code?.code === "direct" && code.params["every"] === 0;
}

function isReader(p: Population): boolean {
  const words = neuronWords(p);
  return p.neuron.model === "readout"
    ? words["weighting"] === "doubling"
    : p.neuron.model === "unit" && words["leak"] === "double" && words["output"] === "yes";
}

function hears(n: Network, p: Population, layers: ReadonlyMap<number, Coded>): boolean {
  return n.links.some((l) => l.to === p.id && layers.has(l.from));
}

/** Whether digits pass the link, or meet what passes it. */
function isTimed(n: Network, l: Link, layers: ReadonlyMap<number, Coded>): boolean {
  return layers.has(l.from) || layers.has(l.to) || hears(n, at(n.pops, l.to), layers);
}

/** First step in which the population's digits leave. */
function firstOf(p: Population): number {
  return isInput(p) ? p.start : p.start + p.silent;
}

/** Digits of all sources that are worth the same must meet in the same step: the first of each in the target's first. */
function checkTiming(n: Network, l: Link, layers: ReadonlyMap<number, Coded>, bad: (d: Diagnostic) => void): void {
  const [from, to] = [at(n.pops, l.from), at(n.pops, l.to)];
  if (l.from >= l.to || firstOf(from) + l.delay !== to.start || (!layers.has(l.from) && !isInput(from)))
    bad(diagnostic("spikes-not-aligned", [from.name, to.name], { at: linkPlace(n, l), origin: l.origin }));
}

export function applyStore(n: Network, { digits, layers }: StorePlan, cx: Context): Network {
  const starts = schedule(n, layers);
  const problems: Diagnostic[] = [];
  const taken = new Set(n.pops.map((p) => p.name));
  const rounding: Link[] = [];
  const pops: Population[] = [];
  let next = n.pops.length;
  for (const p of n.pops) {
    const coded = layers.get(p.id);
    const start = at(starts, p.id);
    if (coded === undefined) {
      pops.push(isInput(p) ? p : { ...p, start, stop: hears(n, p, layers) ? start + digits : p.stop });
      continue;
    }
    const layer = storing(coded, start, cx.chip);
    if ("code" in layer) {
      problems.push(layer);
      continue;
    }
    for (let k = 0; k < digits; k++) {
      const parts = partsOf(roundingAt(coded, k), widthOf(cx.chip));
      if (parts === null) problems.push(spikesProblem(p, "what its last digit is worth is too much for a synapse"));
      if (parts === null || parts.length === 0) continue;
      const step = start + coded.wait + k;
      const clock = clockOf(
        { id: next++, name: freshName(taken, `${p.name}.half`), start: step, stop: step + 1, why: `rounding of ${p.name}` },
        cx.chip,
      );
      pops.push(clock);
      for (const part of parts)
        rounding.push({
          from: clock.id,
          to: p.id,
          kernel: fanKernel(part.numbers, p.shape),
          pool: null,
          delay: 0,
          gain: part.gain,
          origin: clock.origin,
        });
    }
    pops.push(layer);
  }
  if (problems.length > 0) throw new Failure(problems);
  const links = n.links.map((l): Link => {
    const delay = isTimed(n, l, layers) ? at(starts, l.to) - firstDigit(n, l, starts, layers) : l.delay;
    return delay === l.delay ? l : { ...l, delay };
  });
  const steps = Math.max(n.steps, ...pops.map((p) => p.stop ?? 0));
  cx.table(
    "legalize-spikes",
    [...layers.values()].map((c) => rowOf(c, n.steps, steps)),
  );
  return settle({ ...n, steps, pops, links: [...links, ...rounding] });
}

/** What is added before the k-th decision: the whole part of R/2^s, then its binary digits. */
function roundingAt({ signed, shift }: Coded, k: number): Float64Array {
  return signed.reset.map((r) => Math.floor((r * 2 ** k) / 2 ** shift) - (k === 0 ? 0 : 2 * Math.floor((r * 2 ** (k - 1)) / 2 ** shift)));
}

function rowOf({ signed, wait, digits, shift }: Coded, before: number, after: number): Record<string, string | number> {
  const neurons = sizeOf(signed.pop.shape);
  const clocks = Array.from({ length: digits }, (_, k) => roundingAt({ signed, wait, digits, shift }, k)).filter((list) =>
    list.some((v) => v !== 0),
  ).length;
  return {
    population: signed.pop.name,
    form: "store-and-fire",
    neurons,
    "neurons after": neurons + clocks,
    silent: `${signed.pop.silent} -> ${wait}`,
    steps: `${before} -> ${after}`,
    keeps: "codes floor(y + 1/2)",
  };
}

/** Step in which the first digit (or the only step of an input) leaves for the link. */
function firstDigit(n: Network, l: Link, starts: readonly number[], layers: ReadonlyMap<number, Coded>): number {
  const from = at(n.pops, l.from);
  return isInput(from) ? from.start : at(starts, l.from) + (layers.get(l.from)?.wait ?? 0);
}

/** Start of each population: once its latest source begins to send. */
function schedule(n: Network, layers: ReadonlyMap<number, Coded>): readonly number[] {
  const into = incoming(n);
  const starts: number[] = [];
  for (const p of n.pops) {
    const sources = at(into, p.id).filter((l) => isTimed(n, l, layers));
    starts.push(isInput(p) || sources.length === 0 ? p.start : Math.max(...sources.map((l) => firstDigit(n, l, starts, layers))));
  }
  return starts;
}

function storing({ signed, digits, wait }: Coded, start: number, chip: ChipSpec | null): Population | Diagnostic {
  const { pop, reset } = signed;
  const { negative: _signs, negativeAt: _where, ...params } = pop.neuron.params;
  const worth = reset.map((r) => r * 2 ** (wait - pop.silent));
  const most = 2 ** ((chip?.potential.bits ?? 24) - 1) - 1;
  const highest = worth.reduce((a, b) => Math.max(a, b), 0);
  if (2 * highest > most)
    return diagnostic("parameter-range", [pop.name, "what the first digit takes away", highest, chip?.potential.bits ?? 24], {
      at: placeOf(pop),
      origin: pop.origin,
    });
  const value = worth.every((w) => w === worth[0]) ? at(worth, 0) : wholeTensor(pop.shape, worth);
  return {
    ...pop,
    neuron: { model: "unit", params: { ...params, compare: "ge", threshold: value, resetValue: value } },
    spike: { kind: "binary" },
    start,
    silent: wait,
    stop: start + wait + digits,
  };
}
