import { at } from "../../compiler/base/bug.ts";
import { prepareNetwork } from "../../compiler/ir/network/run.ts";
import type { Network } from "../../compiler/ir/network/types.ts";

/** Potentials of so many bits do not wrap. */
const wide = 48;

/**
 * Runs samples with the chip's potentials and with wide ones. Everything before the first population whose spikes
 * differ is the same, so that population is the one that wrapped; what comes after it only hears of it.
 */
export function wrapped(legal: Network, samples: readonly Float32Array[]): ReadonlyMap<string, number> {
  if (legal.inputs.length !== 1) return new Map();
  const free: Network = {
    ...legal,
    pops: legal.pops.map((p) =>
      p.neuron.model === "ranc" ? { ...p, neuron: { ...p.neuron, params: { ...p.neuron.params, bits: wide } } } : p,
    ),
  };
  const record = legal.pops.map((p) => p.id);
  const [own, other] = [prepareNetwork(legal, { record }), prepareNetwork(free, { record })];
  const out = new Map<string, number>();
  for (const s of samples) {
    const [a, b] = [own.run([s]).trains, other.run([s]).trains];
    const first = firstStep(legal, a, b);
    if (first !== null) out.set(first, (out.get(first) ?? 0) + 1);
  }
  return out;
}

/** The population whose spikes differ in the earliest step, and of several the first. */
function firstStep(n: Network, a: ReadonlyMap<number, Float64Array>, b: ReadonlyMap<number, Float64Array>): string | null {
  let best: { readonly name: string; readonly step: number } | null = null;
  for (const p of n.pops) {
    const [x, y] = [a.get(p.id), b.get(p.id)];
    if (x === undefined || y === undefined) continue;
    const differs = x.findIndex((v, i) => v !== at(y, i));
    const step = Math.floor(differs / (x.length / n.steps));
    if (differs >= 0 && (best === null || step < best.step)) best = { name: p.name, step };
  }
  return best?.name ?? null;
}
