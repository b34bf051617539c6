import { at } from "../../../base/bug.ts";
import { id } from "../../../base/id.ts";
import { origin } from "../../../base/origin.ts";
import { numbersOf, type Tensor } from "../../../base/tensor.ts";
import { neuronWords } from "../../../ir/network/neurons/index.ts";
import { spikeRange } from "../../../ir/network/spike.ts";
import type { Kernel, Link, Network, Population, SpikeType } from "../../../ir/network/types.ts";
import { freshName, settle } from "../edit.ts";
import { oneKernel, type Part, timesKernel, wholeTensor } from "../strong.ts";

/**
 * A neuron that sends a part of another's potential u: it holds sign·u - offset and sends
 * that, kept in low … high. Parts lie end to end, so that the parts of all companions,
 * with their signs, sum to u:
 *
 *   u = clamp(u, -2^15, 2^15 - 1) + clamp(u - (2^15 - 1), 0, 2^16 - 1) + … - clamp(-u - 2^15, 0, 2^16 - 1) - …
 */
export type Companion = {
  readonly sign: 1 | -1;
  readonly offset: number;
  readonly low: number;
  readonly high: number;
  readonly spike: SpikeType;
};

/** Companions that cover low … high with payloads of so many bits; null where that takes more than `most`. Without signed payloads the middle takes two. */
export function companionsFor(
  low: number,
  high: number,
  payload: { readonly bits: number; readonly signed: boolean },
  most: number,
): readonly Companion[] | null {
  const out: Companion[] = [];
  const whole: SpikeType = { kind: "graded", bits: payload.bits, signed: false };
  let [up, down] = [0, 0];
  if (payload.signed) {
    const spike: SpikeType = { kind: "graded", bits: payload.bits, signed: true };
    const range = spikeRange(spike);
    out.push({ sign: 1, offset: 0, low: range.low, high: range.high, spike });
    [up, down] = [range.high, -range.low];
  }
  const { high: part } = spikeRange(whole);
  for (; up < high; up += part) {
    out.push({ sign: 1, offset: up, low: 0, high: part, spike: whole });
    if (out.length > most) return null;
  }
  for (; down < -low; down += part) {
    out.push({ sign: -1, offset: down, low: 0, high: part, spike: whole });
    if (out.length > most) return null;
  }
  return out;
}

export type DoublingPlan = {
  readonly pop: Population;
  /** The same as a unit. */
  readonly unit: Population;
  /** -R and -2R, as links can hold them. */
  readonly once: readonly Part[];
  readonly twice: readonly Part[];
  readonly companions: readonly Companion[];
};

export function applyCompanions(n: Network, plans: ReadonlyMap<number, DoublingPlan>): Network {
  const taken = new Set(n.pops.map((p) => p.name));
  let next = n.pops.length;
  const made = new Map(
    [...plans].map(([pop, plan]) => [
      pop,
      plan.companions.map((c) => ({
        ...c,
        pop: companionOf(plan.unit, c, next++, freshName(taken, `${plan.pop.name}.value`)),
      })),
    ]),
  );
  const pops = n.pops.flatMap((p) => {
    const plan = plans.get(p.id);
    return plan === undefined ? [p] : [relieved(plan), ...(made.get(p.id) ?? []).map((c) => c.pop)];
  });
  const links = n.links.flatMap((l): Link[] => [
    l,
    ...(made.get(l.to) ?? []).map((c) => ({ ...l, to: c.pop.id, kernel: timesKernel(l.kernel, c.sign) })),
  ]);
  for (const [from, plan] of plans) {
    const companions = made.get(from) ?? [];
    const self = at(n.pops, from);
    const ends = [{ pop: self, sign: 1, parts: plan.once }, ...companions.map((c) => ({ pop: c.pop, sign: c.sign, parts: plan.twice }))];
    for (const to of ends) {
      for (const c of companions) links.push(joined(c.pop, to.pop, { kind: "one", weight: c.sign * to.sign }, null));
      for (const part of to.parts)
        links.push(joined(self, to.pop, timesKernel(oneKernel(part.numbers, plan.pop.shape), to.sign), part.gain));
    }
  }
  return settle({ ...n, pops, links });
}

function joined(from: Population, to: Population, kernel: Kernel, gain: number | null): Link {
  return { from: from.id, to: to.id, kernel, pool: null, delay: 1, gain, origin: to.origin };
}

/** The population itself, which keeps its potential; what doubling did to the initial one is in it. */
function relieved({ pop, unit }: DoublingPlan): Population {
  if (pop.neuron.model === "readout") {
    const { weighting: _doubling, ...params } = pop.neuron.params;
    return { ...pop, neuron: { model: "readout", params }, initial: initialOf(pop, 2, 0) };
  }
  const { leak: _doubling, ...params } = unit.neuron.params;
  return { ...unit, neuron: { model: "unit", params }, initial: initialOf(unit, 2, 0) };
}

function companionOf(unit: Population, c: Companion, next: number, name: string): Population {
  const words = neuronWords(unit);
  const { bias } = unit.neuron.params;
  const negative = c.low < 0 ? { negative: "free", negativeAt: "zero" } : {};
  return {
    ...unit,
    id: id<"population">(next),
    name,
    neuron: {
      model: "unit",
      params: {
        threshold: 1,
        reset: "none",
        emit: "value",
        ...negative,
        ...(words["biasAt"] === "first" ? { biasAt: "first" } : {}),
        ...(bias === undefined || typeof bias === "string" ? {} : { bias: scaled(bias, c.sign, 0) }),
      },
    },
    spike: c.spike,
    silent: 0,
    initial: initialOf(unit, 2 * c.sign, c.offset),
    origin: origin(`potential of ${unit.name}`, unit.origin),
  };
}

/** factor·v - offset, for the v that the population starts with. */
function initialOf(unit: Population, factor: number, offset: number): Population["initial"] {
  const clears = neuronWords(unit)["boundary"] === "clear";
  const v = scaled(clears ? 0 : (unit.initial["v"] ?? 0), factor, offset);
  return v === 0 ? {} : { v };
}

function scaled(value: number | Tensor, factor: number, offset: number): number | Tensor {
  if (typeof value === "number") return value * factor - offset + 0;
  return wholeTensor(
    value.shape,
    numbersOf(value).map((v) => v * factor - offset + 0),
  );
}
