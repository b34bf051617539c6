import { at } from "../../../base/bug.ts";
import { spread } from "../../../base/tensor.ts";
import { neuronParams, neuronWords } from "../../../ir/network/neurons/index.ts";
import type { Population } from "../../../ir/network/types.ts";
import type { Bounds } from "../bounds.ts";

/**
 * Whether a unit may rest in steps that bring it no input. It may when such a step
 * changes nothing: no bias, current, noise or leak, no silent steps in which a
 * potential could pile up, and no state above a threshold at a step's end: not the
 * initial one, not the one after a reset by value, and after a reset by subtraction
 * only if one step's input cannot exceed what a spike takes away.
 */
export function mayRest(p: Population, drive: Bounds): boolean {
  const words = neuronWords(p);
  const params = neuronParams(p);
  if (words["current"] === "on" || words["noise"] !== "none" || p.silent > 0) return false;
  if (params["bias"]?.some((b) => b !== 0) !== false) return false;
  if (forgets(words, params)) return words["output"] !== "yes" && params["threshold"]?.every((t) => t > 0) === true;
  if (words["leak"] !== "none") return false;
  if (words["output"] === "yes" && words["reset"] === "none") return true;
  if (words["reset"] === "none") return false;
  return settled(p, words, params, drive);
}

/** A relay: nothing is left of an earlier step. */
function forgets(words: Readonly<Record<string, string>>, params: Readonly<Record<string, Float64Array>>): boolean {
  return words["leak"] === "multiply" && params["leakArgument"]?.every((m) => m === 0) === true;
}

function settled(
  p: Population,
  words: Readonly<Record<string, string>>,
  params: Readonly<Record<string, Float64Array>>,
  drive: Bounds,
): boolean {
  const threshold = params["threshold"] ?? new Float64Array(0);
  const amount = params["resetValue"] ?? new Float64Array(0);
  const initial = spread(p.initial["v"] ?? 0, p.shape);
  const signed = words["negative"] !== "none";
  const quiet = (v: number, i: number): boolean => {
    const t = at(threshold, i);
    const below = words["negativeAt"] === "zero" ? 0 : -t;
    return (words["compare"] === "gt" ? v <= t : v < t) && (!signed || v >= below);
  };
  for (let i = 0; i < threshold.length; i++) {
    if (!quiet(at(initial, i), i)) return false;
    if (words["reset"] === "set") {
      if (!quiet(at(amount, i), i)) return false;
    } else if (words["emit"] !== "unit" || at(drive.high, i) > at(amount, i) || (signed && -at(drive.low, i) > at(amount, i))) return false;
    else if (at(amount, i) < 0 || (signed && at(amount, i) > at(threshold, i))) return false;
  }
  return true;
}
