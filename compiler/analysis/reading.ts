import { spread } from "../base/tensor.ts";
import { neuronParams, neuronWords } from "../ir/network/neurons/index.ts";
import type { Network, Population } from "../ir/network/types.ts";

/*
 * How a population's spikes stand for numbers, read from the population itself:
 *
 *   value = unit · Σ place(t) · payload(t)
 *
 * Spike counts: every step counts 1, unit = θ / T, T levels. Digits: a step counts twice the
 * next one, unit = Δ, 2^T - 1 levels. Neurons reset by subtraction lose nothing, so
 * what is left of the potential tells the input that they did not send:
 *
 *   pre-activation = value + unit · (v(end) - v(start)) / resetValue
 */

export type Reading = {
  /** What one level is worth, per neuron. */
  readonly unit: Float64Array;
  /** The largest value, in levels. */
  readonly levels: number;
  /** Whether values can be negative, down to minus the largest. */
  readonly signed: boolean;
  readonly place: (step: number) => number;
  /** First step after the last one that counts. */
  readonly stop: number;
  /** Per neuron, to turn what is left of the potential into levels; null where neurons lose some of their charge. */
  readonly charge: { readonly resetValue: Float64Array; readonly initial: Float64Array } | null;
};

/** Null where a population's spikes stand for no number in one of these ways. `unit` is that of the same population before its amplitude was folded. */
export function readingOf(n: Network, p: Population, unit: Float64Array | null = null): Reading | null {
  const words = neuronWords(p);
  const stop = p.stop ?? n.steps;
  const steps = stop - p.start - p.silent;
  if (steps < 1 || !spiking.has(p.neuron.model) || (words["emit"] ?? "unit") !== "unit") return null;
  const digits = p.neuron.model === "tsa" || words["leak"] === "double";
  const levels = digits ? 2 ** steps - 1 : steps;
  const params = neuronParams(p);
  const leaks = p.neuron.model === "lif" || ["shift", "multiply"].includes(words["leak"] ?? "none");
  const lossy = leaks || (words["reset"] ?? "subtract") !== "subtract";
  return {
    unit: unit ?? spread(p.amplitude, p.shape).map((a) => (digits ? a : a / steps)),
    levels,
    signed: words["latch"] === "off" || words["negative"] === "free",
    place: digits ? (t) => 2 ** (stop - 1 - t) : () => 1,
    stop,
    charge:
      lossy || params["resetValue"] === undefined
        ? null
        : { resetValue: params["resetValue"], initial: spread(p.initial["v"] ?? 0, p.shape) },
  };
}

const spiking: ReadonlySet<string> = new Set(["if", "lif", "cuba", "tsa", "unit"]);

/** clip(floor(y + ½), lowest, highest), in levels. `sent` is kept where only the rounding of doubles at a tie speaks against it. */
export function exactLevel(r: Reading, y: number, sent: number): number {
  const lowest = r.signed ? -r.levels : 0;
  const clipped = Math.min(r.levels, Math.max(lowest, y));
  return Math.abs(sent - clipped) <= 0.5 + slack ? sent : Math.floor(clipped + 0.5);
}

const slack = 1e-9;
