import { at } from "../../base/bug.ts";
import { sizeOf, spread } from "../../base/tensor.ts";
import { pooledShape, synapsesOf } from "../../ir/network/kernels/index.ts";
import { windowsOf } from "../../ir/network/pooling.ts";
import type { Link, Network, PopId } from "../../ir/network/types.ts";

/*
 * The cone of influence of a neuron at a step: every spike that reached it, or reached a neuron
 * whose spike did, back to the input. Potentials keep what came before, so spikes of all
 * earlier steps count.
 */

/** A spike that reached the neuron itself. */
export type Arrival = {
  readonly pop: PopId;
  readonly neuron: number;
  /** Step in which it was sent; it acts `delay` later. */
  readonly step: number;
  readonly payload: number;
  /** Index of the link. */
  readonly link: number;
  /** Weight times gain. */
  readonly weight: number;
};

export type Cone = {
  /** Latest first. */
  readonly arrivals: readonly Arrival[];
  /** Per population that has a part in it: neurons and spikes, from the input on. */
  readonly layers: readonly {
    readonly pop: PopId;
    readonly neurons: number;
    readonly spikes: number;
    readonly first: number;
    readonly last: number;
  }[];
  /** Per input population, the spikes of the cone: step and neuron. */
  readonly inputs: ReadonlyMap<PopId, readonly { readonly step: number; readonly neuron: number }[]>;
};

/** `trains`: payloads of every population, those of the inputs included. */
export function coneOf(network: Network, trains: ReadonlyMap<PopId, Float64Array>, pop: PopId, neuron: number, step: number): Cone {
  // The last step in which what arrives at a neuron matters; -1: never.
  const bound = network.pops.map((p) => new Int32Array(sizeOf(p.shape)).fill(-1));
  at(bound, pop)[neuron] = step;
  const visits = network.links.map((l) => visitorOf(network, l));
  const arrivals: Arrival[] = [];
  const found = network.pops.map((): { step: number; neuron: number }[] => []);
  for (let s = step; s >= 0; s--) {
    for (let p = network.pops.length - 1; p >= 0; p--) {
      const train = trains.get(p as PopId);
      const count = sizeOf(at(network.pops, p).shape);
      if (train === undefined) continue;
      for (let n = 0; n < count; n++) {
        const payload = train[s * count + n] ?? 0;
        if (payload === 0) continue;
        let inside = false;
        network.links.forEach((l, index) => {
          if (l.from !== p) return;
          const limits = at(bound, l.to);
          at(visits, index)(n, (target, weight) => {
            if (weight === 0 || at(limits, target) < s + l.delay) return;
            inside = true;
            if (l.to === pop && target === neuron) arrivals.push({ pop: p as PopId, neuron: n, step: s, payload, link: index, weight });
          });
        });
        if (!inside) continue;
        at(bound, p)[n] = Math.max(at(at(bound, p), n), s);
        at(found, p).push({ step: s, neuron: n });
      }
    }
  }
  return { arrivals, layers: layersOf(network, found), inputs: new Map(network.inputs.map((i) => [i.pop, at(found, i.pop)])) };
}

function layersOf(network: Network, found: readonly (readonly { readonly step: number; readonly neuron: number }[])[]): Cone["layers"] {
  return network.pops.flatMap((p) => {
    const list = at(found, p.id);
    if (list.length === 0) return [];
    const steps = list.map((s) => s.step);
    const neurons = new Set(list.map((s) => s.neuron)).size;
    const range = steps.reduce((r, s) => [Math.min(r[0], s), Math.max(r[1], s)] as const, [Infinity, -Infinity] as readonly [
      number,
      number,
    ]);
    return [{ pop: p.id, neurons, spikes: list.length, first: range[0], last: range[1] }];
  });
}

type Visitor = (source: number, visit: (target: number, weight: number) => void) => void;

/** What a spike of one source neuron adds, and where; a pooled one by its windows. */
export function visitorOf(network: Network, link: Link): Visitor {
  const from = at(network.pops, link.from).shape;
  const to = at(network.pops, link.to).shape;
  const inShape = pooledShape(link.pool, from);
  const gain = spread(link.gain ?? 1, inShape);
  const synapses = synapsesOf(link.kernel, inShape, to);
  const one: Visitor = (source, visit) => synapses(source, (target, weight) => visit(target, weight * at(gain, source)));
  if (link.pool === null) return one;
  const { start, window } = windowsOf(link.pool, from);
  return (source, visit) => {
    for (let k = at(start, source); k < at(start, source + 1); k++) one(at(window, k), visit);
  };
}
