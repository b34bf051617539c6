import { at } from "../../../base/bug.ts";
import { numbersOf, sizeOf, spread } from "../../../base/tensor.ts";
import { synapsesOf } from "../../../ir/network/kernels/index.ts";
import type { Link, Network, Population } from "../../../ir/network/types.ts";
import { payloads, sourceShape } from "../bounds.ts";

/** The neuron as `conv1[3,0,7]`. */
export function neuronName(p: Population, index: number): string {
  const place: number[] = [];
  let rest = index;
  for (let axis = p.shape.length - 1; axis >= 0; axis--) {
    place.unshift(rest % at(p.shape, axis));
    rest = Math.floor(rest / at(p.shape, axis));
  }
  return `${p.name}[${place.join(",")}]`;
}

/**
 * Which sources have to send what to give the neuron its greatest (up) or least input:
 * those with the largest shares by name, the others by number.
 */
export function witness(n: Network, links: readonly Link[], target: Population, neuron: number, up: boolean): string {
  const shares: { name: string; payload: number; share: number }[] = [];
  for (const l of links) {
    const source = at(n.pops, l.from);
    const shape = sourceShape(n, l);
    const { low, high } = l.pool === null ? payloads(source) : { low: 0, high: 1 };
    const gain = spread(l.gain ?? 1, shape);
    for (const [s, w] of weightsInto(l, shape, target, neuron)) {
      const worth = w * at(gain, s) * (up ? 1 : -1);
      const payload = worth > 0 ? high : low;
      if (worth * payload === 0) continue;
      const pooled = l.pool === null ? neuronName(source, s) : `a window of ${source.name}`;
      shares.push({ name: pooled, payload, share: worth * payload });
    }
  }
  shares.sort((a, b) => b.share - a.share);
  const named = shares.slice(0, 4).map((s) => `${s.name} = ${s.payload}`);
  const others = shares.length - named.length;
  return named.join(", ") + (others > 0 ? ` and ${others} more at the end of their ranges` : "");
}

/** Sources and weights of one neuron. */
function weightsInto(l: Link, shape: readonly number[], target: Population, neuron: number): [number, number][] {
  const out: [number, number][] = [];
  const sources = sizeOf(shape);
  if (l.kernel.kind === "dense") {
    const row = numbersOf(l.kernel.weight).subarray(neuron * sources, (neuron + 1) * sources);
    return Array.from(row, (w, s): [number, number] => [s, w]);
  }
  const visit = synapsesOf(l.kernel, shape, target.shape);
  for (let s = 0; s < sources; s++) {
    visit(s, (t, w) => {
      if (t === neuron) out.push([s, w]);
    });
  }
  return out;
}
