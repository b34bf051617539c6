import { at } from "../../compiler/base/bug.ts";
import { diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { i32, numbersOf, sizeOf } from "../../compiler/base/tensor.ts";
import type { Link, Network } from "../../compiler/ir/network/types.ts";
import type { Context } from "../../compiler/passes/pass.ts";
import type { Variant } from "./variant.ts";

/*
 * Neurons without a bias get it as events that the host sends in every step: channels of the first input beside those of
 * the sample, each with a row of weights to all neurons, as many as the largest bias needs.
 *
 *   bias={9 -3}      channel 0 of x: {7 -3}   channel 1: {2 0}
 *
 * They come before the sample's events. On ODIN, whose potentials stop at 0, what inhibits comes after them.
 */
export function withBiases(n: Network, biases: ReadonlyMap<number, Int32Array>, variant: Variant, cx: Context): Network {
  const most = (sign: number): number => Math.max(0, ...[...biases.values()].flatMap((b) => Array.from(b, (x) => sign * x)));
  const [high, low] = [most(1), most(-1)];
  if (high === 0 && low === 0) return n;
  const code = n.inputs[0];
  if (code === undefined) throw new Failure([diagnostic("map-illegal", ["a bias in a network without inputs"], { at: n.name })]);
  const apart = variant.signBySource;
  const [up, down] = [Math.ceil(high / variant.weightMax), Math.ceil(low / -variant.weightMin)];
  const before = apart ? up : Math.max(up, down);
  const after = apart ? down : 0;

  /** What channel k of those before (or after) the sample's adds. */
  const part = (bias: number, k: number, sign: 1 | -1): number => {
    const limit = sign > 0 ? variant.weightMax : -variant.weightMin;
    return sign * bias <= 0 ? 0 : sign * Math.min(limit, Math.max(0, sign * bias - k * limit));
  };
  const p = at(n.pops, code.pop);
  const count = sizeOf(p.shape);
  const columns = before + count + after;
  const left = new Map(biases);
  const widened = (l: Link): Link => {
    if (l.from !== p.id || l.kernel.kind !== "dense") return l;
    const own = left.get(l.to);
    left.delete(l.to);
    const rows = sizeOf(at(n.pops, l.to).shape);
    const old = numbersOf(l.kernel.weight);
    const weights = new Int32Array(rows * columns);
    for (let r = 0; r < rows; r++) {
      const to = r * columns;
      for (let k = 0; k < before; k++) weights[to + k] = part(own?.[r] ?? 0, k, 1) + (apart ? 0 : part(own?.[r] ?? 0, k, -1));
      for (let c = 0; c < count; c++) weights[to + before + c] = old[r * count + c]!;
      for (let k = 0; k < after; k++) weights[to + before + count + k] = part(own?.[r] ?? 0, k, -1);
    }
    return { ...l, kernel: { kind: "dense", weight: i32([rows, columns], weights) } };
  };
  const links = n.links.map(widened);
  for (const [to, own] of left) {
    if (own.every((b) => b === 0)) continue;
    const rows = sizeOf(at(n.pops, to).shape);
    const none: Link = {
      from: p.id,
      to: at(n.pops, to).id,
      kernel: { kind: "dense", weight: i32([rows, count], new Int32Array(rows * count)) },
      pool: null,
      delay: 0,
      gain: null,
      origin: at(n.pops, to).origin,
    };
    links.push(widened(none));
  }
  cx.table(
    "biases",
    [...biases].map(([pop, b]) => ({
      population: at(n.pops, pop).name,
      least: Math.min(...b),
      most: Math.max(...b),
      "rows for all populations": before + after,
      "events a step": before + after,
    })),
  );
  const [, height, width] = p.shape;
  const image = p.shape.length === 3 && height !== undefined && width !== undefined ? { height, width } : {};
  const ones = { ...(before > 0 ? { before } : {}), ...(after > 0 ? { after } : {}), ...image };
  const inputs = n.inputs.map((c, k) => (k === 0 ? { ...c, params: { ...c.params, ...ones } } : c));
  return { ...n, pops: n.pops.map((q) => (q.id === p.id ? { ...q, shape: [columns] } : q)), links, inputs };
}
