import { at } from "../base/bug.ts";
import { weightsOf } from "../ir/network/kernels/index.ts";
import type { Network } from "../ir/network/types.ts";
import type { Context } from "../passes/pass.ts";
import { type Job, legalize } from "../pipeline.ts";
import { type Judged, measureNetwork } from "./measure.ts";
import { first, lowest } from "./search.ts";

/* Bits of weights: the fewest for all, and then, layer by layer, the fewest that this one can do with. */

export type BitsReport = {
  /** Every width tried for all weights: down from the usual one, or up where that loses too much. */
  readonly tried: readonly { readonly bits: number; readonly accuracy: number; readonly within: boolean }[];
  /** The fewest for all; null when not even the most keep the loss. */
  readonly chosen: number | null;
  readonly perLayer: PerLayer | null;
};

export type PerLayer = {
  readonly layers: readonly { readonly layer: string; readonly weights: number; readonly bits: number }[];
  /** With these widths together. */
  readonly accuracy: number;
  /** Bits of all weights together, and with the one width for all. */
  readonly total: number;
  readonly uniform: number;
  /** The widths as an option: `--option quantize-weights:of=…`. */
  readonly option: string;
};

/** What weights have when nothing is said. */
const usualBits = 8;

/** Rounds the network's weights to fewer and fewer bits, as long as `keeps` accepts the accuracy. */
export async function fewestBits(
  converted: Network,
  job: Job,
  judged: Judged,
  keeps: (accuracy: number) => boolean,
  perLayer: boolean,
  cx: Context,
): Promise<BitsReport> {
  const tried: { bits: number; accuracy: number; within: boolean }[] = [];
  const accuracyOf = (what: string, options: Readonly<Record<string, string>>): number => {
    const passOptions = { ...job.passOptions, "quantize-weights": { ...job.passOptions["quantize-weights"], ...options } };
    const network = legalize(converted, { ...job, passOptions }, cx);
    return measureNetwork(network, job.target, judged, cx.seed, (done) => cx.progress(what, done, judged.samples.length)).accuracy;
  };
  const { bitsMin, bitsMax } = job.target.chip.weight;
  const passes = async (bits: number): Promise<boolean> => {
    const accuracy = accuracyOf(`${bits}-bit weights`, { bits: String(bits) });
    tried.push({ bits, accuracy, within: keeps(accuracy) });
    return keeps(accuracy);
  };
  const usual = Math.min(usualBits, bitsMax);
  const chosen = (await lowest(bitsMin, usual, passes)) ?? (await first(usual + 1, bitsMax, passes));
  if (chosen === null || !perLayer) return { tried, chosen, perLayer: null };
  const accuracy = at(
    tried.filter((t) => t.bits === chosen),
    0,
  ).accuracy;
  return { tried, chosen, perLayer: greedy(converted, chosen, accuracy, bitsMin, accuracyOf, keeps) };
}

/** The layer with the most weights first: one bit less there saves the most. */
function greedy(
  converted: Network,
  bits: number,
  reached: number,
  bitsMin: number,
  accuracyOf: (what: string, options: Readonly<Record<string, string>>) => number,
  keeps: (accuracy: number) => boolean,
): PerLayer {
  const layers = layersOf(converted).map((l) => ({ ...l, bits }));
  const show = (): string => layers.map((l) => `${l.layer}:${l.bits}`).join("+");
  let accuracy = reached;
  for (const l of [...layers].sort((a, b) => b.weights - a.weights)) {
    while (l.bits > bitsMin) {
      l.bits--;
      const now = accuracyOf(`${l.layer} with ${l.bits}-bit weights`, { bits: String(bits), of: show() });
      if (!keeps(now)) {
        l.bits++;
        break;
      }
      accuracy = now;
    }
  }
  const sum = (of: (l: (typeof layers)[number]) => number): number => layers.reduce((s, l) => s + l.weights * of(l), 0);
  return { layers, accuracy, total: sum((l) => l.bits), uniform: sum(() => bits), option: `quantize-weights:bits=${bits},of=${show()}` };
}

/** Populations with weights into them. */
function layersOf(n: Network): { layer: string; weights: number }[] {
  return n.pops.flatMap((p) => {
    const weights = n.links.filter((l) => l.to === p.id).reduce((sum, l) => sum + weightsOf(l.kernel).length, 0);
    return weights === 0 ? [] : [{ layer: p.name, weights }];
  });
}
