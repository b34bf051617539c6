import { sizeOf, showShape } from "../../base/tensor.ts";
import type { Node } from "../../ir/graph/types.ts";
import type { Pool } from "../../ir/network/types.ts";
import type { LinearMap } from "../linear/map.ts";
import { type Affine, bare, type Term } from "./affine.ts";
import { padsOfWindows } from "./linear-ops.ts";

export function isMaxPool(node: Node): boolean {
  return node.op === "max-pool" || node.op === "global-max-pool";
}

/** The windows of a max pooling over [C, …]; a sentence when they cannot be gated. */
export function windowsOf(node: Node, inShape: readonly number[], outShape: readonly number[], mode: Pool["mode"]): Pool | string {
  const spatial = inShape.slice(2);
  if (spatial.length < 1 || spatial.length > 2)
    return `its input ${showShape(inShape)} has ${spatial.length} spatial axes; one or two can be mapped`;
  const ones = spatial.map(() => 1);
  if (node.op === "global-max-pool") return { mode, size: spatial, stride: ones, pads: [...ones, ...ones].map(() => 0) };
  const list = (name: string): readonly number[] => (Array.isArray(node.attrs[name]) ? (node.attrs[name] as readonly number[]) : ones);
  if (list("dilations").some((d) => d !== 1)) return "its windows have holes (dilation)";
  const size = list("kernelShape");
  return { mode, size, stride: list("strides"), pads: padsOfWindows({ node, shapes: [inShape], constants: [null], outShape }, size) };
}

/**
 * Pools the spikes of every term. Max pooling works on each channel alone, so spikes
 * of several layers can be pooled apart where each brings channels of its own.
 */
export function gated(
  node: Node,
  inShape: readonly number[],
  outShape: readonly number[],
  x: Affine,
  spiking: (layer: number) => boolean,
  mode: "gate" | "or",
): Affine | string {
  const pool = windowsOf(node, inShape, outShape, mode);
  if (typeof pool === "string") return pool;
  if (x.bias !== null || x.terms.length === 0) return "something is added to the spikes before it";
  const out = bare(outShape);
  const taken = new Set<number>();
  const terms: Term[] = [];
  for (const t of x.terms) {
    if (t.pool !== null) return "its input is already the result of a max pooling";
    if (!spiking(t.from)) return "its input is no spikes but numbers";
    const [map, ...more] = t.chain;
    if (map === undefined) {
      if (x.terms.length > 1) return "its input is a sum of several layers";
      terms.push({ ...t, pool });
      continue;
    }
    const window = more.length === 0 ? channelsOnly(map, out) : null;
    if (window === null) return "its input is not the output of an activation";
    const [channel] = window.axes;
    for (let c = 0; c < (channel?.count ?? 0); c++) {
      const to = (channel?.offset ?? 0) + c;
      if (taken.has(to)) return "its input is a sum of several layers";
      taken.add(to);
    }
    terms.push({ ...t, pool, chain: [window] });
  }
  return { terms, bias: null, ended: null };
}

/** The same choice of channels on the pooled shape; null when the map does more than choose channels. */
function channelsOnly(map: LinearMap, out: readonly number[]): Extract<LinearMap, { kind: "window" }> | null {
  if (map.kind !== "window" || sizeOf(map.inShape.slice(1)) !== sizeOf(map.outShape.slice(1))) return null;
  const [channel, ...spatial] = map.axes;
  if (channel === undefined || !spatial.every((r, i) => r.begin === 0 && r.step === 1 && r.offset === 0 && r.count === map.inShape[1 + i]))
    return null;
  const rest = out.slice(1).map((count) => ({ begin: 0, step: 1, count, offset: 0 }));
  return { kind: "window", axes: [channel, ...rest], inShape: [map.inShape[0] ?? 1, ...out.slice(1)], outShape: out };
}
