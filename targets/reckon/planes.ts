import { at } from "../../compiler/base/bug.ts";
import { sizeOf, tensor } from "../../compiler/base/tensor.ts";
import { forEachSynapse } from "../../compiler/ir/network/kernels/index.ts";
import type { InputCode, Link, Network, Population } from "../../compiler/ir/network/types.ts";
import { pass } from "../../compiler/passes/pass.ts";

/*
 * Whole numbers from the host as spikes: a line for each bit, worth 2^b of the weight. The weights are real numbers
 * still, so nothing has to fit yet; `fit-reckon` rounds them with all others.
 */
export const inputLines = pass({
  name: "input-lines",
  on: "network",
  summary: "Sends an input that is a whole number as one line for each of its bits.",
  keeps: "spikes",
  options: {},
  run(network, _options, cx) {
    const split = new Map<number, Planes>();
    for (const code of network.inputs) {
      const p = at(network.pops, code.pop);
      if (p.spike.kind === "graded") split.set(p.id, planesOf(p, p.spike.bits, p.spike.signed));
    }
    if (split.size === 0) return network;
    cx.table(
      "input-lines",
      [...split].map(([pop, planes]) => {
        const p = at(network.pops, pop);
        return { input: p.name, channels: sizeOf(p.shape), bits: planes.values.length, lines: sizeOf(p.shape) * planes.values.length };
      }),
    );
    return {
      ...network,
      pops: network.pops.map((p): Population => {
        const planes = split.get(p.id);
        return planes === undefined ? p : { ...p, shape: planes.shape, spike: { kind: "binary" } };
      }),
      inputs: network.inputs.map((code): InputCode => {
        const planes = split.get(code.pop);
        return planes === undefined
          ? code
          : { ...code, params: { ...code.params, planes: planes.values.length, least: planes.least, area: planes.area } };
      }),
      links: network.links.map((l) => {
        const planes = split.get(l.from);
        return planes === undefined ? l : throughLines(network, l, planes);
      }),
    };
  },
});

/** What each bit of a payload is worth; bit b of channel c is channel c * bits + b. */
type Planes = { readonly values: readonly number[]; readonly least: number; readonly area: number; readonly shape: readonly number[] };

function planesOf(p: Population, bits: number, signed: boolean): Planes {
  const values = Array.from({ length: bits }, (_, b) => (signed && b === bits - 1 ? -(2 ** b) : 2 ** b));
  const shape = p.shape.map((d, i) => (i === 0 ? d * bits : d));
  return { values, least: signed ? -(2 ** (bits - 1)) : 0, area: sizeOf(p.shape.slice(1)), shape };
}

function throughLines(n: Network, l: Link, { values, area }: Planes): Link {
  const [from, to] = [at(n.pops, l.from), at(n.pops, l.to)];
  // What cannot be a matrix is refused with everything else.
  if (l.pool !== null || (l.gain !== null && typeof l.gain !== "number")) return l;
  const [sources, targets] = [sizeOf(from.shape), sizeOf(to.shape)];
  const weights = new Float64Array(targets * sources * values.length);
  for (let s = 0; s < sources; s++)
    forEachSynapse(l.kernel, from.shape, to.shape, s, (t, w) => {
      values.forEach((v, b) => {
        const line = (Math.floor(s / area) * values.length + b) * area + (s % area);
        const k = t * sources * values.length + line;
        weights[k] = at(weights, k) + w * v;
      });
    });
  return { ...l, kernel: { kind: "dense", weight: tensor("f64", [targets, sources * values.length], weights) } };
}
