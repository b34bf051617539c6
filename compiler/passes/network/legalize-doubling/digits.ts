import type { ChipSpec } from "../../../../targets/chip.ts";
import { at } from "../../../base/bug.ts";
import { numbersOf, type Tensor } from "../../../base/tensor.ts";
import { weightsOf } from "../../../ir/network/kernels/index.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import { placeMax } from "../../../ir/network/neurons/fire.ts";
import type { Link, Network, Param, Population, SpikeType } from "../../../ir/network/types.ts";
import { potentialBounds } from "../check-range/potential.ts";
import { drivesOf } from "../check-range/drives.ts";
import { incoming, isInput, settle } from "../edit.ts";
import { unitOf } from "../lower-neurons/unit.ts";
import { representable } from "../quantize-weights/gains.ts";
import { largestWeight } from "../quantize-weights/population.ts";
import { timesKernel, wholeTensor, type WeightWidth, widthOf } from "../strong.ts";

/*
 * Doubling taken out of the neuron and put into the payload. With L steps in the window, local step c and
 * K = 2^k, the doubled potential u is followed by
 *
 *   V(c) = K·u(c)·2^(L-1-c)
 *
 * which nothing has to double: u(c+1) = 2·(u(c) - R·s) + z gives
 *
 *   V(c+1) = V(c) - 2^(L-1-c)·K·R·s + 2^(L-2-c)·K·z
 *
 * A digit subtracts, and is compared with, K·R and K·θ times the place value 2^(L-1-c) of its step, and
 * is sent as that place value (unit.emit=digit). A digit of place 2^q that arrives where the listener's place
 * is 2^p has to be worth 2^(p-q)·K more: p - q is the same in every step, so it is a
 * factor of the link. k is chosen so that none is below 1 (docs/lesser-chips.md; the method:
 * digits sent as payloads 2^(T-k) against a threshold that is halved in every step).
 */

export type DigitsPlan = {
  /** Populations as they are without doubling, by id. */
  readonly pops: ReadonlyMap<number, Population>;
  readonly links: readonly Link[];
  /** Exponents of the populations' K. */
  readonly scale: ReadonlyMap<number, number>;
};

/** Why no network can send digits as payloads on this chip; null when the pass can try. */
export function noDigits(chip: ChipSpec): string | null {
  if (chip.unit["emit"]?.includes("digit") !== true || !chip.spikes.includes("graded")) return "they cannot send a digit's place value";
  if (chip.unit["leak"]?.includes("none") !== true) return "they cannot keep it either";
  return null;
}

type Refused = { readonly pop: Population; readonly why: string };

/** The whole network without doubling, or the first population that stands in the way and why. */
export function digitsFor(n: Network, doubling: ReadonlySet<number>, chip: ChipSpec | null): DigitsPlan | Refused {
  const general = chip === null ? null : noDigits(chip);
  const first = at(n.pops, [...doubling][0] ?? 0);
  if (general !== null) return { pop: first, why: general };
  const width = widthOf(chip);
  const into = incoming(n);
  const pops = new Map<number, Population>();
  const scale = new Map<number, number>();
  const factors = new Map<Link, number>();
  for (const id of doubling) {
    const pop = at(n.pops, id);
    const refuse = (why: string): Refused => ({ pop, why });
    if (pop.amplitude !== 1) return refuse("what its digits are worth is not in the weights yet");
    const unit = unitOf(pop, () => {});
    if (unit === null) return refuse("its numbers are not whole");
    const why = peculiar(n, pop, unit, chip);
    if (why !== null) return refuse(why);
    const exponents = at(into, id).map((l): [Link, number | null] => [l, exponentOf(n, l, doubling)]);
    const strange = exponents.find(([, e]) => e === null);
    if (strange !== undefined) return refuse(`${at(n.pops, strange[0].from).name} sends it what has no place value`);
    const k = scaleOf(
      pop,
      unit,
      exponents.map(([, e]) => e as number),
    );
    if (k === null) return refuse("its threshold cannot be divided by what its silent steps are worth");
    for (const [l, e] of exponents) factors.set(l, (e as number) + k);
    scale.set(id, k);
    pops.set(id, relieved(n, pop, unit, k));
  }
  const heard = n.links.find((l) => doubling.has(l.from) && !doubling.has(l.to));
  if (heard !== undefined) return { pop: at(n.pops, heard.from), why: `${at(n.pops, heard.to).name} hears its digits and does not double` };
  const links: Link[] = [];
  for (const l of n.links) {
    const strong = strengthened(l, 2 ** (factors.get(l) ?? 0), width);
    if (strong === null)
      return {
        pop: at(n.pops, l.to),
        why: `weights from ${at(n.pops, l.from).name} would be ${2 ** (factors.get(l) ?? 0)} times as large`,
      };
    links.push(strong);
  }
  const plan = { pops, links, scale };
  return tooFar(applyDigits(n, plan), doubling, chip) ?? plan;
}

export function applyDigits(n: Network, plan: DigitsPlan): Network {
  return settle({ ...n, pops: n.pops.map((p) => plan.pops.get(p.id) ?? p), links: plan.links });
}

/** What a place value cannot stand for. */
function peculiar(n: Network, pop: Population, unit: Population, chip: ChipSpec | null): string | null {
  const words = neuronWords(unit);
  const silent = pop.neuron.model === "readout" || words["output"] === "yes";
  const bias = neuronParams(unit)["bias"];
  if (words["current"] === "on") return "its input passes through a synaptic current";
  if (words["update"] === "touched") return "it does not double in steps without input";
  if (words["boundary"] === "keep") return "it keeps its potential from sample to sample";
  if (words["reset"] === "set") return "a spike sets its potential";
  if (words["emit"] !== "unit") return "it sends more than its sign";
  // u > θ is u >= θ + 1, but not with place values before θ.
  if (chip?.unit["compare"]?.includes(words["compare"] ?? "ge") === false) return "its comparison has to be rewritten";
  if (words["noise"] !== "none") return "its comparison has noise, which would have to grow with the place value";
  if (words["biasAt"] === "every" && bias?.some((b) => b !== 0) === true) return "it has a bias in every step";
  const digits = lengthOf(n, pop) - pop.silent;
  if (!silent && (digits - 1 > placeMax || digits + 1 > (chip?.payload.bits ?? 16)))
    return `it has ${digits} digits, too many for a payload`;
  if (n.outputs.some((o) => o.pop === pop.id && o.code === "spikes")) return "its spikes are counted, and digits do not count alike";
  return null;
}

function stopOf(n: Network, p: Population): number {
  return p.stop ?? n.steps;
}

function lengthOf(n: Network, p: Population): number {
  return stopOf(n, p) - p.start;
}

/** Exponent of what one unit that the link delivers is worth to its doubling target, in K; null where that is not the same in every step. */
function exponentOf(n: Network, l: Link, doubling: ReadonlySet<number>): number | null {
  const [from, to] = [at(n.pops, l.from), at(n.pops, l.to)];
  if (doubling.has(l.from)) return stopOf(n, to) - stopOf(n, from) - l.delay;
  const once = n.inputs.some((c) => c.pop === l.from && c.code === "direct" && c.params["every"] === 0);
  return isInput(from) && once ? stopOf(n, to) - 1 - (from.start + l.delay) : null;
}

/** The least k with no factor below 1 and whole thresholds; null where there is none. */
function scaleOf(pop: Population, unit: Population, exponents: readonly number[]): number | null {
  const least = exponents.reduce((m, e) => Math.min(m, e), Infinity);
  const wanted = Number.isFinite(least) ? -least : 0;
  // An answer is read at the last place, as it is.
  if (pop.neuron.model === "readout" || neuronWords(unit)["output"] === "yes") return wanted <= 0 ? 0 : null;
  const { threshold, resetValue } = neuronParams(unit);
  let k = wanted;
  while (k < 0 && [threshold, resetValue].some((list) => list?.some((v) => !Number.isInteger(v * 2 ** k)) === true)) k++;
  return k;
}

/** The population in units of V. */
function relieved(n: Network, pop: Population, unit: Population, k: number): Population {
  const length = lengthOf(n, pop);
  const { v } = unit.initial;
  const clears = neuronWords(unit)["boundary"] === "clear";
  const initial: Population["initial"] = v === undefined || clears ? {} : { v: timesPower(v, length + k) };
  if (pop.neuron.model === "readout") {
    const { weighting: _doubling, ...params } = pop.neuron.params;
    return { ...pop, neuron: { model: "readout", params: scaledParams(params, { bias: length - 1 + k }) }, initial };
  }
  const { leak: _doubling, ...params } = unit.neuron.params;
  const spike: SpikeType = { kind: "graded", bits: length - pop.silent + 1, signed: true };
  // A reset that is not given follows the threshold, which is scaled alike.
  const scaled = scaledParams({ threshold: 1, ...params }, { threshold: k, resetValue: k, bias: length - 1 + k });
  const sends = neuronWords(unit)["output"] === "yes" ? {} : { emit: "digit" };
  return {
    ...unit,
    neuron: { model: "unit", params: { ...scaled, ...sends } },
    spike: "emit" in sends ? spike : unit.spike,
    stop: stopOf(n, pop),
    initial,
  };
}

function scaledParams(params: Readonly<Record<string, Param>>, by: Readonly<Record<string, number>>): Record<string, Param> {
  return Object.fromEntries(
    Object.entries(params).map(([name, v]) => [name, typeof v === "string" || by[name] === undefined ? v : timesPower(v, by[name])]),
  );
}

function timesPower(value: number | Tensor, exponent: number): number | Tensor {
  const factor = 2 ** exponent;
  if (factor === 1) return value;
  if (typeof value === "number") return value * factor + 0;
  return wholeTensor(
    value.shape,
    numbersOf(value).map((v) => v * factor + 0),
  );
}

/** A link that is worth so many times more: by its axons' gain if they have room, else by its weights; null if neither has. */
function strengthened(l: Link, factor: number, width: WeightWidth): Link | null {
  if (factor === 1) return l;
  const { gain } = l;
  if (width.axon.bits > 0) {
    const gains = gain === null || typeof gain === "number" ? Float64Array.of(gain ?? 1) : numbersOf(gain);
    if (gains.every((g) => representable(g * factor, width.axon))) return { ...l, gain: timesPower(gain ?? 1, Math.log2(factor)) };
  }
  const largest = weightsOf(l.kernel).reduce((m, w) => Math.max(m, Math.abs(w)), 0);
  return largest * factor <= largestWeight(width.bits) ? { ...l, kernel: timesKernel(l.kernel, factor) } : null;
}

/** The first population whose potential could leave the register, which would not be what doubling does there. */
function tooFar(n: Network, doubling: ReadonlySet<number>, chip: ChipSpec | null): Refused | null {
  const into = incoming(n);
  const range = 2 ** ((chip?.potential.bits ?? 24) - 1);
  for (const id of doubling) {
    const pop = at(n.pops, id);
    const unit = unitOf(pop, () => {});
    if (unit === null) return { pop, why: "its numbers are not whole" };
    const { low, high } = potentialBounds(unit, drivesOf(n, pop, at(into, id)), lengthOf(n, pop), -(2 ** 50), 2 ** 50);
    if (high >= range || low < -range) return { pop, why: `with the place values in it, its potential can reach ${Math.max(high, -low)}` };
  }
  return null;
}
