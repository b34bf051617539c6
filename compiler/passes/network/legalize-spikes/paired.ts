import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import type { Diagnostic } from "../../../base/diagnostic.ts";
import { id } from "../../../base/id.ts";
import { origin } from "../../../base/origin.ts";
import { sizeOf } from "../../../base/tensor.ts";
import type { outputCodes } from "../../../ir/codes/index.ts";
import type { Link, Network, Param, Population } from "../../../ir/network/types.ts";
import type { Context } from "../../pass.ts";
import { type Bounds, driveOf } from "../bounds.ts";
import { freshName, incoming, settle } from "../edit.ts";
import { oneKernel, type Part, partsOf, timesKernel, type WeightWidth, wholeTensor, widthOf } from "../strong.ts";
import { activeSteps, commonProblems, leakFactor, lowestPotential, sendsSigns, type Signed, signedOf, spikesProblem } from "./signed.ts";

/*
 * A neuron with signs as two without:
 *
 *   u = β·m + z          s = +1 if u >= θ, -1 if u < -θ' (and a +1 was sent), else 0          m = u - R·s
 *
 *   plus    p = u         fires if  p >= θ        takes R off itself
 *   minus   q = -u        fires if  q > θ'        takes R off itself
 *
 * Minus has every weight of plus with the other sign. What either sends has to be given to the
 * other: q = -u becomes -(u - R) = q + R after a +1, p becomes p + R after a -1. Such a
 * link takes one step, and by then the potential has been leaked, so it carries β·R:
 *
 *   p(t+1) = β·(p(t) - R·plus(t)) + z + β·R·minus(t) = β·(u - R·s) + z
 *
 * which is u(t+1), before that step's decision. So nothing is decided on a wrong potential, and
 * the pair is exact for every input, with β = 1, 2 or 0, whatever transport takes before
 * (all three populations are late by the same), as long as these links take one step.
 *
 * The latch. Minus may fire only after plus has. Its threshold is θ' + K, K being more than
 * -u can get while plus has not fired; and from the step after the first spike on, K is added
 * to q. It would not stay (it is leaked with q), so it is brought anew in every step by a third
 * population, `sent`, and that of the step before is taken back:
 *
 *   sent    w = u         fires if  w >= θ, in the same step as plus for the first time, and is then set so high that it fires in every step
 *   sent -> minus         K with delay 1,  -β·K with delay 2
 *
 * Where -u cannot exceed θ' before the first spike, there is no need of a latch.
 */

export type PairedPlan = {
  readonly signed: Signed;
  readonly factor: number;
  /** K; 0: no latch is needed. */
  readonly latch: number;
  /** Potential that `sent` is set to. */
  readonly set: number;
  readonly back: readonly Part[];
  readonly open: readonly Part[];
  readonly close: readonly Part[];
};

/** How each population with signs is divided; what cannot be is reported. */
export function planPairs(n: Network, chip: ChipSpec | null, report: (d: Diagnostic) => void): ReadonlyMap<number, PairedPlan> {
  const into = incoming(n);
  const plans = new Map<number, PairedPlan>();
  for (const p of n.pops) {
    if (!sendsSigns(p)) continue;
    const signed = signedOf(p, report);
    if (signed === null) continue;
    const problems = commonProblems(n, signed);
    const plan = problems.length > 0 ? problems : planOf(n, signed, driveOf(n, p, at(into, p.id)), chip);
    if (Array.isArray(plan)) for (const d of plan as readonly Diagnostic[]) report(d);
    else plans.set(p.id, plan as PairedPlan);
  }
  return plans;
}

function planOf(n: Network, s: Signed, drive: Bounds, chip: ChipSpec | null): PairedPlan | Diagnostic[] {
  const { pop, words } = s;
  const refuse = (why: string, help?: string): Diagnostic[] => [spikesProblem(pop, why, help)];
  if (chip !== null && !chip.weight.signed) return refuse(`a pair inhibits each other, and ${chip.name} has no negative weights`);
  if (chip !== null && chip.delayMin > 1)
    return refuse(`a pair has to hear of each other in the next step, and transport on ${chip.name} takes ${chip.delayMin}`);
  if (words["negative"] === "counted")
    return refuse(
      "it sends no more negative spikes than positive ones, which a pair cannot count",
      "convert without counted signs: latched or free ones can be paired, or dual-phase without signs",
    );
  if (words["reset"] === "set") return refuse("a spike sets its potential, and one of a pair cannot set the other's");
  const width = widthOf(chip);
  const factor = leakFactor(s);
  // Rounding toward zero is the same on both sides of it, so a pair that gives nothing back may leak like that.
  const alone = words["leak"] === "multiply" && words["reset"] === "none" && words["negative"] === "free";
  if (factor === null && alone) return { signed: s, factor: 0, latch: 0, set: 0, back: [], open: [], close: [] };
  if (factor === null) return refuse("its leak rounds, so that a reset which comes a step later is not the same");
  const back = partsOf(
    s.reset.map((r) => (words["reset"] === "none" ? 0 : factor * r)),
    width,
  );
  if (back === null) return refuse("what a spike takes away is too much for a synapse");
  if (words["negative"] !== "latched") return { signed: s, factor, latch: 0, set: 0, back, open: [], close: [] };
  return latched(n, s, factor, drive, back, width, chip);
}

function latched(
  n: Network,
  s: Signed,
  factor: number,
  drive: Bounds,
  back: readonly Part[],
  width: WeightWidth,
  chip: ChipSpec | null,
): PairedPlan | Diagnostic[] {
  const lowest = lowestPotential(s, factor, drive.low, activeSteps(n, s.pop));
  const excess = lowest.reduce((most, low, i) => Math.max(most, -low - at(s.negative, i)), 0);
  if (excess === 0) return { signed: s, factor, latch: 0, set: 0, back, open: [], close: [] };
  if (factor === 0) return [spikesProblem(s.pop, "it keeps no potential and yet remembers whether it has fired")];
  const latch = roundUp(excess, width);
  const set = s.threshold.reduce((m, t, i) => Math.max(m, 1 + Math.abs(t) - at(drive.low, i) + Math.abs(at(s.bias, i))), 0);
  const most = 2 ** ((chip?.potential.bits ?? 24) - 1) - 1;
  const open = partsOf(Float64Array.of(latch), width);
  const close = partsOf(Float64Array.of(-factor * latch), width);
  // A doubled potential that is held at the end of its range still fires rightly if there is room for twice the input and twice the threshold.
  const room =
    factor === 1
      ? latch + largest(s.negative)
      : 2 * (factor * latch + latch + worst(drive) + factor * largest(s.reset)) + 2 * (latch + largest(s.negative));
  if (open === null || close === null || room > most || set > most) {
    const why = `before its first positive spike its potential can fall to ${lowest.reduce((a, b) => Math.min(a, b), 0)}, too deep to hold back the negative half of a pair`;
    return [
      spikesProblem(
        s.pop,
        why,
        "use fewer steps or weight bits, a chip with wider weights or gains on its axons, or legalize-spikes:form=store-and-fire",
      ),
    ];
  }
  return { signed: s, factor, latch, set, back, open, close };
}

/** The least number not below x that needs few links: a widest weight times a power of two. */
function roundUp(x: number, width: WeightWidth): number {
  let step = 1;
  while (Math.ceil(x / step) > 2 ** (width.bits - 2) && step < 2 ** 30) step *= 2;
  return Math.ceil(x / step) * step;
}

function largest(list: Float64Array): number {
  return list.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
}

function worst(drive: Bounds): number {
  return Math.max(largest(drive.low), largest(drive.high));
}

/** The three parts of a divided population; ids are given by the caller. */
type Pair = { readonly plus: Population; readonly minus: Population; readonly sent: Population | null };

export function applyPairs(n: Network, plans: ReadonlyMap<number, PairedPlan>, cx: Context): Network {
  const taken = new Set(n.pops.map((p) => p.name));
  let next = n.pops.length;
  const fresh = (p: Population, suffix: string, over: Partial<Population>): Population => ({
    ...p,
    spike: { kind: "binary" },
    origin: origin(`${suffix} half of ${p.name}`, p.origin),
    ...over,
    id: id<"population">(next++),
    name: freshName(taken, `${p.name}.${suffix}`),
  });
  const pairs = new Map([...plans].map(([pop, plan]) => [pop, pairOf(plan, fresh, cx.chip)]));
  const sums = new Map<number, Population>();
  for (const o of n.outputs) {
    const pair = pairs.get(o.pop);
    if (pair !== undefined && !sums.has(o.pop)) sums.set(o.pop, sumOf(at(n.pops, o.pop), fresh));
  }
  const pops = n.pops.flatMap((p) => {
    const pair = pairs.get(p.id);
    if (pair === undefined) return [p];
    return [pair.plus, pair.minus, pair.sent, sums.get(p.id)].filter((x): x is Population => x !== null && x !== undefined);
  });
  const links = [
    ...n.links.flatMap((l) => dividedLink(l, pairs)),
    ...[...plans].flatMap(([pop, plan]) => crossLinks(plan, pairs.get(pop) as Pair)),
    ...[...sums].flatMap(([pop, sum]) => sumLinks(pairs.get(pop) as Pair, sum)),
  ];
  const outputs = n.outputs.map((o) => {
    const sum = sums.get(o.pop);
    return sum === undefined ? o : { ...o, pop: sum.id, code: potentialCode };
  });
  cx.table("legalize-spikes", [...plans.values()].map(rowOf));
  return settle({ ...n, pops, links, outputs });
}

/** The code of the answers that were sums of signed spikes. */
const potentialCode: keyof typeof outputCodes = "potential";

function rowOf({ signed, latch, back, open, close }: PairedPlan): Record<string, string | number> {
  const neurons = sizeOf(signed.pop.shape);
  return {
    population: signed.pop.name,
    form: "paired",
    neurons,
    "neurons after": neurons * (latch > 0 ? 3 : 2),
    latch,
    "links between": 2 * back.length + open.length + close.length,
    keeps: "every spike",
  };
}

type Fresh = (p: Population, suffix: string, over: Partial<Population>) => Population;

function pairOf({ signed, latch, set }: PairedPlan, fresh: Fresh, chip: ChipSpec | null): Pair {
  const { pop, words, bias, initial, negative } = signed;
  const { negative: _signs, negativeAt: _where, ...params } = pop.neuron.params;
  const unit = (over: Record<string, Param>): Population["neuron"] => ({ model: "unit", params: { ...params, ...over } });
  const starts = initial.some((v) => v !== 0);
  const mirrored = (list: Float64Array): Param =>
    compact(
      list.map((v) => -v + 0),
      pop.shape,
    );
  // `set` is the plain way; subtracting a negative amount is the same to a neuron that is to fire for ever,
  // and what a spike adds can be told to others where the potential has to be doubled from outside.
  const sets = chip?.unit["reset"]?.includes("set") !== false;
  const doubles = words["leak"] !== "double" || chip?.unit["leak"]?.includes("double") !== false;
  const high: Record<string, Param> = sets && doubles ? { reset: "set", resetValue: set } : { reset: "subtract", resetValue: -set };
  return {
    plus: fresh(pop, "plus", { neuron: unit({}) }),
    minus: fresh(pop, "minus", {
      neuron: unit({
        threshold: compact(
          negative.map((t) => t + latch),
          pop.shape,
        ),
        resetValue: words["reset"] === "none" ? 0 : (compact(signed.reset, pop.shape) as number),
        compare: "gt",
        ...(bias.some((b) => b !== 0) ? { bias: mirrored(bias) } : {}),
      }),
      initial: starts ? { v: mirrored(initial) as number } : {},
    }),
    sent: latch === 0 ? null : fresh(pop, "sent", { neuron: unit(high) }),
  };
}

function compact(numbers: Float64Array, shape: readonly number[]): number | ReturnType<typeof wholeTensor> {
  const first = at(numbers, 0);
  return numbers.every((v) => v === first) ? first : wholeTensor(shape, numbers);
}

/** Counts positive spikes less negative ones. */
function sumOf(p: Population, fresh: Fresh): Population {
  return fresh(p, "sum", {
    neuron: { model: "readout", params: {} },
    initial: {},
    silent: 0,
    origin: origin(`sum of the signs of ${p.name}`, p.origin),
  });
}

/** A link to both ends' halves. */
function dividedLink(l: Link, pairs: ReadonlyMap<number, Pair>): Link[] {
  const from = pairs.get(l.from);
  const to = pairs.get(l.to);
  if (from === undefined && to === undefined) return [l];
  const sources: [Link["from"], number][] =
    from === undefined
      ? [[l.from, 1]]
      : [
          [from.plus.id, 1],
          [from.minus.id, -1],
        ];
  const targets: [Link["to"], number][] =
    to === undefined
      ? [[l.to, 1]]
      : [
          [to.plus.id, 1],
          [to.minus.id, -1],
        ];
  if (to?.sent) targets.push([to.sent.id, 1]);
  return sources.flatMap(([s, a]) => targets.map(([t, b]): Link => ({ ...l, from: s, to: t, kernel: timesKernel(l.kernel, a * b) })));
}

function crossLinks(plan: PairedPlan, { plus, minus, sent }: Pair): Link[] {
  const { shape } = plan.signed.pop;
  const join = (from: Population, to: Population, parts: readonly Part[], delay: number): Link[] =>
    parts.map((part) => ({
      from: from.id,
      to: to.id,
      kernel: part.numbers.length === 1 ? { kind: "one", weight: at(part.numbers, 0) } : oneKernel(part.numbers, shape),
      pool: null,
      delay,
      gain: part.gain,
      origin: from.origin,
    }));
  return [
    ...join(plus, minus, plan.back, 1),
    ...join(minus, plus, plan.back, 1),
    ...(sent === null ? [] : [...join(sent, minus, plan.open, 1), ...join(sent, minus, plan.close, 2)]),
  ];
}

function sumLinks({ plus, minus }: Pair, sum: Population): Link[] {
  const to = (from: Population, weight: number): Link => ({
    from: from.id,
    to: sum.id,
    kernel: { kind: "one", weight },
    pool: null,
    delay: 0,
    gain: null,
    origin: sum.origin,
  });
  return [to(plus, 1), to(minus, -1)];
}
