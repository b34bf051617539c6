import { at } from "../../base/bug.ts";
import { id } from "../../base/id.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network, OutputCode } from "../../ir/network/types.ts";
import { dynamics, timed } from "./assemble.ts";
import { isRight, largestCode, resetOf } from "./code.ts";
import { type CodedLayer, codedLayers, digitsOf } from "./coded.ts";
import { prepareReference } from "./reference.ts";

/** How well a layer's digits say what they should, over a set of samples. */
export type CodeReport = {
  readonly layer: string;
  readonly neurons: number;
  readonly silent: number;
  /** Fraction of codes that are not clip(floor(y + ½), 0, 2^T - 1) of the layer's own input y: temporal coupling. */
  readonly wrong: number;
  /** Fraction of codes that differ from the network's without time: wrong ones here, and what wrong ones before have led to. */
  readonly differs: number;
  /** Root mean square of that difference, in LSBs. */
  readonly rms: number;
};

/**
 * Runs the spiking network and compares every code of every layer, with what the layer
 * should have made of the digits it got, and with the network without time (reference.ts).
 * For networks that `assembleCss` made, before delays are lowered and weights rounded.
 */
export function measureCodes(n: Network, samples: Iterable<Float32Array>): readonly CodeReport[] {
  const layers = codedLayers(n).filter((l) => l.kind === "coded");
  const rests = layers.map((l): OutputCode => ({ name: `rest of ${l.pop.name}`, pop: l.pop.id, code: "potential", scale: 1, offset: 0 }));
  const run = prepareNetwork({ ...n, outputs: rests }, { record: layers.map((l) => l.pop.id) });
  const reference = prepareReference(n);
  const sums = layers.map(() => ({ wrong: 0, differs: 0, squares: 0 }));
  let count = 0;
  for (const x of samples) {
    count++;
    const { raw, trains } = run.run([x]);
    const { codes } = reference.run([x]);
    layers.forEach((l, k) => {
      const code = codesIn(trains.get(l.pop.id) ?? new Float64Array(0), l);
      const wanted = codes.get(l.pop.id) ?? code;
      const rest = at(raw, k);
      const sum = at(sums, k);
      const most = largestCode(l.digits);
      const least = l.relu ? 0 : -most;
      for (let i = 0; i < l.count; i++) {
        const p = at(code, i);
        const d = p - at(wanted, i);
        if (!isRight(p, at(rest, i) / (at(l.lsb, i) * resetOf(l.silent)), least, most)) sum.wrong++;
        if (d !== 0) sum.differs++;
        sum.squares += d * d;
      }
    });
  }
  return layers.map((l, k) => {
    const { wrong, differs, squares } = at(sums, k);
    const all = Math.max(1, count * l.count);
    return {
      layer: l.pop.name,
      neurons: l.count,
      silent: l.silent,
      wrong: wrong / all,
      differs: differs / all,
      rms: Math.sqrt(squares / all),
    };
  });
}

/** Codes from a train of payloads, [steps × neurons]. */
function codesIn(train: Float64Array, l: CodedLayer): Float64Array {
  const code = new Float64Array(l.count);
  const first = l.pop.start + l.silent;
  for (let k = 0; k < l.digits; k++) {
    const from = (first + k) * l.count;
    for (let i = 0; i < l.count; i++) code[i] = 2 * at(code, i) + at(train, from + i);
  }
  return code;
}

/** The same network with other silent steps, or with binary digits: to show what they are for. `silentOf` is asked about every layer that has digits to wait for. */
export function variant(
  n: Network,
  change: { readonly silentOf?: (layer: CodedLayer) => number; readonly spikes?: "ternary" | "binary"; readonly phi?: number },
): Network {
  const { spikes = "ternary", phi = 1 / 2 } = change;
  const layers = codedLayers(n);
  const pops = n.pops.map((p, i) => {
    const l = at(layers, i);
    if (l.kind !== "coded") return p;
    const waits = l.arrivals.some((a) => at(layers, a.from).kind === "coded");
    const silent = waits ? (change.silentOf?.(l) ?? l.silent) : l.silent;
    const { bias } = p.neuron.params;
    return { ...p, ...dynamics(p.amplitude, silent, phi, spikes, l.relu ? "on" : "off", bias === undefined ? {} : { bias }) };
  });
  return timed({ ...n, pops: pops.map((p, i) => ({ ...p, id: id<"population">(i) })) }, digitsOf(n));
}
