import { at } from "../../../base/bug.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { neuronWords } from "../../../ir/network/neurons/index.ts";
import { placeMax } from "../../../ir/network/neurons/fire.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { type Bounds, driveOf } from "../bounds.ts";
import { isInput } from "../edit.ts";

/**
 * Bounds of a population's input: one for all steps, or, where digits arrive, one for each local step, because
 * a digit is worth half of the one before it and an input that comes once does not come again.
 */
export function drivesOf(n: Network, p: Population, links: readonly Link[]): readonly Bounds[] {
  if (!links.some((l) => sendsDigits(at(n.pops, l.from))) && !sendsDigits(p)) return [driveOf(n, p, links)];
  const count = sizeOf(p.shape);
  const steps = (p.stop ?? n.steps) - p.start;
  const out = Array.from({ length: steps }, () => ({ low: new Float64Array(count), high: new Float64Array(count) }));
  for (const l of links) {
    const { low, high } = driveOf(n, p, [l]);
    out.forEach((bounds, c) => {
      const part = partOf(n, l, p.start + c - l.delay);
      if (part === 0) return;
      for (let i = 0; i < count; i++) {
        bounds.low[i] = at(bounds.low, i) + part * at(low, i);
        bounds.high[i] = at(bounds.high, i) + part * at(high, i);
      }
    });
  }
  return out;
}

/** How much of the most that the link's source ever sends it can send in step t. */
function partOf(n: Network, l: Link, t: number): number {
  const from = at(n.pops, l.from);
  const stop = from.stop ?? n.steps;
  if (t < from.start + from.silent || t >= stop) return 0;
  if (sendsDigits(from)) return 2 ** (Math.min(placeMax, stop - 1 - t) - Math.min(placeMax, stop - 1 - from.start - from.silent));
  const once = isInput(from) && n.inputs.some((c) => c.pop === from.id && c.code === "direct" && c.params["every"] === 0);
  return once && t > from.start ? 0 : 1;
}

export function sendsDigits(p: Population): boolean {
  return p.neuron.model === "unit" && neuronWords(p)["emit"] === "digit" && neuronWords(p)["output"] !== "yes";
}
