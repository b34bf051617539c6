import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { f64, numbersOf, sizeOf, spread, type Tensor } from "../../base/tensor.ts";
import type { Node } from "../../ir/graph/types.ts";
import { fanInOf, pooledShape } from "../../ir/network/kernels/index.ts";
import type { Kernel, Pool } from "../../ir/network/types.ts";
import { append, type Chain } from "../linear/chain.ts";
import { isIdentity, kernelMap, type LinearMap, scaleMap } from "../linear/map.ts";
import { type Affine, bare, type Term } from "./affine.ts";
import type { Draft } from "./walk.ts";

/*
 * Gains of spikes (Real Spike, ATIF): a constant that multiplies a spike map belongs to its
 * source, not to the kernel it meets later, so that it can be stored where it costs least.
 * It stays apart as long as nothing but other constants has happened to the spikes:
 *
 *   conv(a * z)            one term: source z, gain a, chain [conv]
 *   a1*z1 + a2*z2          two terms
 *   (1 - z2) * (a1*z1)     a1*z1 - a1*(z1 and z2)
 */

/** A gain of the value's elements. */
type Gain = number | Tensor;

/** The number of every element, or one number where they agree. */
export function timesGain(a: Gain, b: Gain): Gain {
  if (typeof a === "number" && typeof b === "number") return a * b;
  return elementwise(a, b, (x, y) => x * y);
}

function elementwise(a: Gain, b: Gain, f: (x: number, y: number) => number): Gain {
  const shape = typeof a === "number" ? (b as Tensor).shape : a.shape;
  const [x, y] = [a, b].map((g) => (typeof g === "number" ? new Float64Array(sizeOf(shape)).fill(g) : numbersOf(g)));
  const values = (x ?? new Float64Array(0)).map((v, i) => f(v, at(y ?? [], i)));
  return values.every((v) => v === values[0]) ? at(values, 0) : f64(shape, values);
}

export function gainOf(t: Term): Gain {
  return t.gain ?? 1;
}

export function everyGain(g: Gain, holds: (x: number) => boolean): boolean {
  return typeof g === "number" ? holds(g) : numbersOf(g).every(holds);
}

const isZero = (g: Gain): boolean => everyGain(g, (x) => x === 0);

/** The terms behind more maps; scalings of bare spikes become gains. */
export function behindGains(
  terms: readonly Term[],
  maps: readonly LinearMap[],
  label: Node | null,
  spiking: (layer: number) => boolean,
): Term[] {
  return terms.flatMap((t) => {
    let gain = gainOf(t);
    let taken = 0;
    if (t.chain.length === 0 && spiking(t.from)) {
      for (const m of maps) {
        if (!isIdentity(m) && (m.kind !== "kernel" || m.kernel.kind !== "one")) break;
        if (m.kind === "kernel" && m.kernel.kind === "one") gain = timesGain(gain, elements(m.kernel.weight, m.inShape));
        taken++;
      }
    }
    if (isZero(gain)) return [];
    return [{ ...t, gain, chain: maps.slice(taken).reduce<Chain>(append, t.chain), label: label ?? t.label }];
  });
}

/** A scaling's weight as one number, or one per element of its shape. */
function elements(weight: Gain, shape: readonly number[]): Gain {
  return typeof weight === "number" ? weight : f64(shape, spread(weight, shape));
}

/** Terms of the same bare spikes are one term. */
export function mergeTerms(terms: readonly Term[]): Term[] {
  const out: Term[] = [];
  for (const t of terms) {
    const same = out.findIndex((o) => o.from === t.from && o.pool === t.pool && o.chain.length === 0 && t.chain.length === 0);
    const other = out[same];
    if (other === undefined) out.push(t);
    else out[same] = { ...other, gain: elementwise(gainOf(other), gainOf(t), (x, y) => x + y) };
  }
  return out.filter((t) => !isZero(gainOf(t)));
}

/** Makes the layer of neurons that spike where both do. */
export type MakeAnd = (a: Term, b: Term) => Term;

/**
 * (c + sum a_i s_i) * (d + sum b_j r_j), with an AND for every pair of spikes; s*s is s.
 * A sentence where a factor is not made of bare spikes.
 */
export function productOf(a: Affine, b: Affine, shape: readonly number[], and: MakeAnd): Term[] | string {
  const [x, y] = [a, b].map((side) => side.terms.every((t) => t.chain.length === 0));
  if (!x || !y) return "it multiplies two values that both depend on the input; only spikes themselves can be combined so (AND)";
  const factor = (bias: Tensor | null): Gain => (bias === null ? 0 : elements(f64(bare(bias.shape), numbersOf(bias)), bare(shape)));
  const single = (terms: readonly Term[], bias: Tensor | null): Term[] =>
    terms.map((t) => ({ ...t, gain: timesGain(gainOf(t), uniform(factor(bias))) }));
  const pairs = a.terms.flatMap((s) =>
    b.terms.map((r): Term => {
      const gain = timesGain(gainOf(s), gainOf(r));
      return s.from === r.from && s.pool === r.pool ? { ...s, gain } : { ...and(s, r), gain };
    }),
  );
  return mergeTerms([...single(a.terms, b.bias), ...single(b.terms, a.bias), ...pairs]);
}

function uniform(g: Gain): Gain {
  return typeof g === "number" ? g : everyGain(g, (x) => x === Number(g.data[0])) ? Number(g.data[0]) : g;
}

/** Makes the layer of neurons that spike where the sum of unit spikes reaches a number, one for each. */
export type MakeAll = (sum: Term, shape: readonly number[], need: Tensor) => Term;

/**
 * The maximum over windows of a*s: a times the OR of the spikes where a > 0, a times their AND where a < 0.
 * So a channel's spikes must be worth the same everywhere. A window that reaches into the padding still has
 * its AND over what is inside, which takes neurons that count.
 */
export function pooledGains(t: Term, shape: readonly number[], makeAll: MakeAll): Term[] {
  const pool = t.pool;
  const gain = gainOf(t);
  if (pool === null || gain === 1) return [t];
  const channels = channelsOf(gain, shape);
  if (channels === null)
    fail("convert-max-pool-source", ["its spikes are worth different amounts within a channel, and the largest of them is no spike"]);
  const pooled = pooledShape(pool, shape);
  const where = (holds: (x: number) => boolean): Gain =>
    timesGain(
      f64(
        pooled,
        spread(
          f64(
            [channels.length],
            channels.map((a) => (holds(a) ? a : 0)),
          ),
          pooled,
        ),
      ),
      1,
    );
  const positive: Term = { ...t, gain: where((a) => a > 0) };
  const negative: Term = { ...t, gain: where((a) => a < 0) };
  const all: Term = pool.pads.every((p) => p === 0)
    ? { ...negative, pool: { ...pool, mode: "and" } }
    : { ...negative, ...counted(t, pool, shape, pooled, makeAll) };
  return [positive, ...(isZero(negative.gain ?? 0) ? [] : [all])].filter((x) => !isZero(gainOf(x)));
}

/** The AND over the inside of padded windows, as neurons that count. */
function counted(t: Term, pool: Pool, shape: readonly number[], pooled: readonly number[], makeAll: MakeAll): Pick<Term, "from" | "pool"> {
  const sum: Kernel = { kind: "pool", weight: 1, size: pool.size, stride: pool.stride, pads: pool.pads };
  const need = f64(pooled, fanInOf(sum, shape, pooled));
  const { from } = makeAll({ ...t, gain: 1, pool: null, chain: [kernelMap(sum, shape, pooled)] }, pooled, need);
  return { from, pool: null };
}

/** The gain of each channel; null when a channel has several. */
function channelsOf(g: Gain, shape: readonly number[]): Float64Array | null {
  const channels = shape[0] ?? 1;
  if (typeof g === "number") return new Float64Array(channels).fill(g);
  const numbers = numbersOf(g);
  const per = numbers.length / channels;
  const first = Float64Array.from({ length: channels }, (_, c) => at(numbers, c * per));
  return numbers.every((x, i) => x === first[Math.floor(i / per)]) ? first : null;
}

/** The gain in the coarsest form that says it: a number, one per channel, or one per element. */
function coarse(g: Gain, shape: readonly number[]): Gain {
  const channels = channelsOf(g, shape);
  if (channels === null) return g;
  return channels.every((a) => a === channels[0]) ? at(channels, 0) : f64([channels.length], channels);
}

function sameGain(a: Gain, b: Gain): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.data.length === b.data.length && a.data.every((x, i) => x === b.data[i]);
}

/**
 * Where all of a layer's spikes are worth the same on every way, that is the layer's amplitude and
 * stays apart. Where ways differ, each gain goes into its own kernel as far as the kernel can take it.
 */
export function settleGains(drafts: readonly Draft[]): readonly Draft[] {
  const shapeBehind = (t: Term): readonly number[] =>
    t.pool === null ? at(drafts, t.from).shape : pooledShape(t.pool, at(drafts, t.from).shape);
  const first = new Map<number, Gain>();
  const differ = new Set<number>();
  for (const t of drafts.flatMap((d) => d.terms)) {
    const gain = coarse(gainOf(t), shapeBehind(t));
    const other = first.get(t.from);
    if (other === undefined) first.set(t.from, gain);
    else if (!sameGain(other, gain)) differ.add(t.from);
    // Behind a pool a gain per element is no amplitude.
    if (t.pool !== null && typeof gain !== "number" && gain.data.length > (at(drafts, t.from).shape[0] ?? 1)) differ.add(t.from);
  }
  const settle = (t: Term): Term => {
    const gain = coarse(gainOf(t), shapeBehind(t));
    if (!differ.has(t.from) || gain === 1) return { ...t, gain };
    const chain = [scaleMap(gain, shapeBehind(t)), ...t.chain].reduce<Chain>(append, []);
    return chain.length <= Math.max(1, t.chain.length) ? { ...t, chain, gain: 1 } : { ...t, gain };
  };
  return drafts.map((d) => ({ ...d, terms: d.terms.map(settle) }));
}
