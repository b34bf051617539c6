import { at } from "../../../base/bug.ts";
import { diagnostic, type Diagnostic } from "../../../base/diagnostic.ts";
import { dtypeFor, make, numbersOf, spread, type Tensor } from "../../../base/tensor.ts";
import { factorUnit } from "../../../ir/network/neurons/integrate.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import { spikeRange } from "../../../ir/network/spike.ts";
import type { Param, Population } from "../../../ir/network/types.ts";
import { placeOf } from "../edit.ts";

/*
 * One neuron model as a setting of `unit`. Each entry of the table is an equality
 * between two update rules on integers; what has no equal is a problem, with the reason.
 */

type Words = Readonly<Record<string, string>>;
type Setting = { readonly words: Words; readonly params: Readonly<Record<string, Param>> };
type Problems = { readonly rounding: boolean; readonly add: (why: string, help?: string) => void };

/**
 * The population with the model `unit`, or null after reporting why there is none.
 * `rounding` allows noise that is not the same draw by draw, only alike.
 */
export function unitOf(p: Population, report: (d: Diagnostic) => void, rounding = false): Population | null {
  const make = settings[p.neuron.model];
  if (make === undefined) return p;
  let good = true;
  const problems = {
    rounding,
    add: (why: string, help?: string) => {
      good = false;
      report(
        diagnostic("neuron-not-integer", [p.name, p.neuron.model, why], {
          at: placeOf(p),
          origin: p.origin,
          help: help === undefined ? undefined : [help],
        }),
      );
    },
  };
  const { words, params } = make(p, problems);
  for (const name of Object.keys(p.initial))
    if (name !== "v" && !isZero(p.initial[name]))
      problems.add(`its state variable ${name} starts at another value than 0`, "let it start at 0; the chip loads the potential only");
  const initial = p.initial["v"];
  if (initial !== undefined) requireIntegers("the initial potential", initial, problems);
  for (const [name, value] of Object.entries(params)) if (typeof value !== "string") requireIntegers(name, value, problems);
  if (!good) return null;
  return {
    ...p,
    neuron: { model: "unit", params: { ...params, ...withoutPresets(words) } },
    initial: initial === undefined || isZero(initial) ? {} : { v: initial },
  };
}

/** Words of the unit that the population would become, whether or not its numbers are whole yet. */
export function unitWords(p: Population): Words {
  const make = settings[p.neuron.model];
  return make === undefined ? neuronWords(p) : make(p, { rounding: true, add: () => {} }).words;
}

const settings: Readonly<Record<string, (p: Population, problems: Problems) => Setting>> = {
  if: (p, problems) => firing(p, problems),
  lif: (p, problems) => {
    const f = firing(p, problems);
    const leak = leakOf(p, problems);
    return { words: { ...f.words, ...leak.words }, params: { ...f.params, ...leak.params } };
  },
  cuba: (p, problems) => {
    const f = firing(p, problems);
    const leak = leakOf(p, problems);
    const current = currentOf(p, problems);
    return { words: { ...f.words, ...leak.words, ...current.words }, params: { ...f.params, ...leak.params, ...current.params } };
  },
  // u = 2*v + z, digits by sign, subtracted; the bias comes with the first input.
  tsa: (p) => ({
    words: { leak: "double", biasAt: "first", negative: neuronWords(p)["latch"] === "on" ? "latched" : "free" },
    params: kept(p, ["threshold", "resetValue", "bias"]),
  }),
  // Never fires: what a unit with output=yes sends is its potential, and reset=none keeps that whole.
  readout: (p) => ({
    words: {
      leak: neuronWords(p)["weighting"] === "doubling" ? "double" : "none",
      biasAt: neuronWords(p)["biasAt"] ?? "every",
      reset: "none",
    },
    params: kept(p, ["bias"]),
  }),
  integrator: (p, problems) => {
    const leak = leakOf(p, problems);
    const current = neuronWords(p)["current"] === "on" ? currentOf(p, problems) : { words: {}, params: {} };
    return {
      words: { reset: "none", ...leak.words, ...current.words },
      params: { ...kept(p, ["bias"]), ...leak.params, ...current.params },
    };
  },
  // The factor 0 forgets what was, and no spike takes anything away: u is the step's sum.
  relay: (p) => ({ words: { leak: "multiply", reset: "none", ...relayed(p) }, params: { leakArgument: 0, threshold: 1 } }),
};

/**
 * A relay's payload is the sum, kept in the spike type's range. So a sum of 1 or more is
 * sent, and one below 0 where the type has negative payloads; as itself, or as its sign
 * where that is all the type has room for.
 */
function relayed(p: Population): Words {
  const signed = spikeRange(p.spike).low < 0;
  return {
    ...(signed ? { negative: "free", negativeAt: "zero" } : {}),
    emit: p.spike.kind === "graded" ? "value" : "unit",
  };
}

/** What the models that fire have in common with the unit. */
function firing(p: Population, problems: Problems): Setting {
  const words = neuronWords(p);
  const { compare = "ge", reset = "subtract", negative = "none", biasAt = "every", emit = "unit", noise = "none" } = words;
  const params = kept(p, ["threshold", "resetValue", "bias"]);
  const shared = { compare, reset, negative, biasAt, emit };
  const at0 = negative === "none" ? "threshold" : negativeAt(p, problems);
  if (negative !== "none" && reset !== "none" && differs(p, "negativeReset", "resetValue"))
    problems.add(
      "its negative spikes reset by another amount than its positive ones",
      "give both one amount; the chip has one for both signs",
    );
  if (noise === "none" || given(p, "noiseWidth").every((w) => w === 0)) return { words: { ...shared, negativeAt: at0 }, params };
  // Whole numbers pass a threshold with the noise's fraction exactly when they pass without it, if equality counts.
  if (!problems.rounding && (noise !== "uniform" || compare !== "ge"))
    problems.add(`its noise (${noise}, compare ${compare}) is not that of an integer neuron`);
  return {
    words: { ...shared, negativeAt: at0, noise },
    params: { ...params, noiseBits: noiseBits(p, problems), noiseKey: whole(p, given(p, "noiseKey")) },
  };
}

function negativeAt(p: Population, problems: Problems): string {
  const negative = given(p, "negativeThreshold");
  if (negative.every((v) => v === 0)) return "zero";
  const threshold = given(p, "threshold");
  if (!negative.every((v, i) => v === threshold[i]))
    problems.add(
      "its negative threshold is neither its threshold nor 0",
      "give it one of the two; the chip has one threshold for both signs, or 0 for negative spikes",
    );
  return "threshold";
}

function noiseBits(p: Population, problems: Problems): number | Tensor {
  const bits = given(p, "noiseWidth").map((w) => Math.log2(w));
  if (!bits.every((b) => Number.isInteger(b) && b >= 0)) problems.add("its noise width is not a power of two");
  return whole(p, bits);
}

function differs(p: Population, one: string, other: string): boolean {
  const [a, b] = [given(p, one), given(p, other)];
  return a.some((v, i) => v !== b[i]);
}

/** decay as the chip has it: none, m/4096 toward zero, or v - (v >> k). */
function leakOf(p: Population, problems: Problems): Setting {
  const decay = given(p, "decay");
  if (decay.every((d) => d === 1)) return { words: { leak: "none" }, params: {} };
  if (neuronWords(p)["leak"] === "shift") {
    return {
      words: { leak: "shift" },
      params: {
        leakArgument: whole(
          p,
          decay.map((d) => -Math.log2(1 - d)),
        ),
      },
    };
  }
  const forgets = decay.every((d) => d === 0);
  if (neuronWords(p)["leak"] !== "multiply" && !forgets) problems.add("its potential decays without rounding");
  return {
    words: { leak: "multiply" },
    params: {
      leakArgument: whole(
        p,
        decay.map((d) => Math.round(d * factorUnit)),
      ),
    },
  };
}

/** A synaptic current whose decay is m/4096 toward zero. */
function currentOf(p: Population, problems: Problems): Setting {
  const decay = given(p, "decayCurrent");
  const rounded = neuronWords(p)["rounding"] === "multiply" || decay.every((d) => d === 0 || d === 1);
  if (!rounded) problems.add("its current decays without rounding");
  const m = whole(
    p,
    decay.map((d) => Math.round(d * factorUnit)),
  );
  return { words: { current: "on" }, params: { currentDecay: m } };
}

/** A parameter per neuron, defaults resolved. */
function given(p: Population, name: string): Float64Array {
  return neuronParams(p)[name] ?? new Float64Array(0);
}

/** Parameters that keep their name and meaning; what is not given keeps following its default. */
function kept(p: Population, names: readonly string[]): Record<string, Param> {
  return Object.fromEntries(names.flatMap((n) => (p.neuron.params[n] === undefined ? [] : [[n, p.neuron.params[n] as Param]])));
}

/** One number where all agree, else one per neuron. */
function whole(p: Population, values: Float64Array): number | Tensor {
  const first = at(values, 0);
  if (values.every((v) => v === first)) return first;
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const dtype = dtypeFor(low, high);
  const data = make[dtype](values.length);
  data.set(values);
  return { dtype, shape: p.shape, data } as Tensor;
}

function requireIntegers(name: string, value: number | Tensor, problems: Problems): void {
  const numbers = typeof value === "number" ? [value] : numbersOf(value);
  for (const v of numbers) {
    if (Number.isInteger(v)) continue;
    problems.add(`${name} is ${v}`);
    return;
  }
}

function isZero(value: number | Tensor | undefined): boolean {
  return value === undefined || spread(value, typeof value === "number" ? [1] : value.shape).every((v) => v === 0);
}

/** Words that say what the unit does anyway are left out, so that the text stays short. */
function withoutPresets(words: Words): Words {
  const preset: Words = {
    leak: "none",
    compare: "ge",
    reset: "subtract",
    negative: "none",
    negativeAt: "threshold",
    biasAt: "every",
    emit: "unit",
    noise: "none",
  };
  return Object.fromEntries(Object.entries(words).filter(([k, v]) => preset[k] !== v));
}
