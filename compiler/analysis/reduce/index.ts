import { at } from "../../base/bug.ts";
import { sizeOf } from "../../base/tensor.ts";
import { sampleLength } from "../../ir/codes/index.ts";
import type { Network, PopId } from "../../ir/network/types.ts";
import { verifyNetwork } from "../../ir/network/verify.ts";
import { shrink, shrinkSample } from "../divergence/shrink.ts";
import { asList, type Shown, withLinks, withNeurons, withPops, withSteps, withSynapses } from "./edit.ts";

/*
 * The smallest network and sample that still show something: steps, populations, links, neurons,
 * synapses and the sample's numbers are taken away while it is still seen, again and again until
 * nothing can go.
 */

export type Shows = (shown: Shown) => Promise<boolean>;

export type ReduceOptions = {
  /** How often `shows` may be asked. */
  readonly trials: number;
  readonly progress?: (asked: number, size: string) => void;
};

export async function reduceNetwork(start: Shown, shows: Shows, options: ReduceOptions): Promise<Shown> {
  const asker = new Asker(shows, options);
  let best = start;
  for (let before = Infinity; sizeOfShown(best) < before && asker.left > 0; ) {
    before = sizeOfShown(best);
    for (const part of [steps, pops, links, neurons, synapses, numbers]) best = await part(best, asker);
  }
  return best;
}

/** What is left, as one number: every part that can go counts one. */
function sizeOfShown({ network: n, sample }: Shown): number {
  const neurons = n.pops.reduce((sum, p) => sum + sizeOf(p.shape), 0);
  const synapses = n.links.reduce((sum, l) => sum + (l.kernel.kind === "sparse" ? sizeOf(l.kernel.weight.shape) : 1), 0);
  return (
    n.steps + n.pops.length + n.links.length + neurons + synapses + sample.reduce((sum, s) => sum + s.filter((v) => v !== 0).length, 0)
  );
}

class Asker {
  left: number;
  readonly #shows: Shows;
  readonly #options: ReduceOptions;
  constructor(shows: Shows, options: ReduceOptions) {
    this.left = options.trials;
    this.#shows = shows;
    this.#options = options;
  }

  /** Whether a smaller one is a network at all and still shows it. */
  readonly ask = async (shown: Shown | null): Promise<boolean> => {
    if (shown === null || this.left <= 0 || !sound(shown)) return false;
    this.left--;
    const { network: n } = shown;
    this.#options.progress?.(this.#options.trials - this.left, `${n.pops.length} populations, ${n.links.length} links, ${n.steps} steps`);
    return this.#shows(shown);
  };
}

/** A network that its rules allow, with inputs, outputs and a sample of the right length. */
function sound({ network: n, sample }: Shown): boolean {
  if (n.inputs.length === 0 || n.outputs.length === 0) return false;
  if (verifyNetwork(n).some((d) => d.severity === "error")) return false;
  return n.inputs.every((i, k) => {
    const p = at(n.pops, i.pop);
    return sample[k]?.length === sampleLength(i.code, sizeOf(p.shape), (p.stop ?? n.steps) - p.start, i.params);
  });
}

type Part = (shown: Shown, asker: Asker) => Promise<Shown>;

/** Halves, then one less, as long as it goes. */
const steps: Part = async (shown, { ask }) => {
  let best = shown;
  for (let cut = Math.floor(best.network.steps / 2); cut >= 1; cut = Math.floor(cut / 2)) {
    for (let smaller = withSteps(best, best.network.steps - cut); smaller !== null && (await ask(smaller)); ) {
      best = smaller;
      smaller = withSteps(best, best.network.steps - cut);
    }
  }
  return best;
};

const pops: Part = async (shown, asker) => {
  const all = shown.network.pops.map((p) => p.id);
  const make = (kept: readonly PopId[]): Shown => withPops(shown, new Set(kept));
  return make(await shrink(all, (kept) => asker.ask(make(kept)), { trials: asker.left }));
};

const links: Part = async (shown, asker) => {
  const make = (kept: Network["links"]): Shown => ({ ...shown, network: withLinks(shown.network, kept) });
  return make(await shrink(shown.network.links, (kept) => asker.ask(make(kept)), { trials: asker.left }));
};

const neurons: Part = async (shown, asker) => {
  let best = shown;
  for (const { id } of shown.network.pops) {
    const base = best;
    const all = Array.from({ length: sizeOf(at(base.network.pops, id).shape) }, (_, i) => i);
    const kept = await shrink(all, (some) => asker.ask(some.length === 0 ? null : withNeurons(base, id, some)), { trials: asker.left });
    if (kept.length < all.length) best = withNeurons(base, id, kept) ?? base;
  }
  return best;
};

/** More than this many synapses are left to the neurons they are between. */
const mostSynapses = 4096;

const synapses: Part = async (shown, asker) => {
  let best = shown;
  for (let k = 0; k < best.network.links.length; k++) {
    const list = asList(best.network, k);
    const { kernel } = at(list.links, k);
    const count = kernel.kind === "sparse" ? sizeOf(kernel.weight.shape) : 0;
    if (count < 2 || count > mostSynapses || !(await asker.ask({ ...best, network: list }))) continue;
    const all = Array.from({ length: count }, (_, i) => i);
    const make = (some: readonly number[]): Shown => ({ ...best, network: withSynapses(list, k, some) });
    const kept = await shrink(all, (some) => asker.ask(some.length === 0 ? null : make(some)), { trials: asker.left });
    if (kept.length < count) best = make(kept);
  }
  return best;
};

const numbers: Part = async (shown, asker) => ({
  ...shown,
  sample: await shrinkSample(shown.sample, (sample) => asker.ask({ ...shown, sample }), { trials: asker.left }),
});
