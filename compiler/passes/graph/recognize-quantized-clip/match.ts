import { must } from "../../../base/bug.ts";
import { type Channels, combine } from "../channels.ts";
import type { Link } from "./chain.ts";

/** clip(a x + b, low, high) with a > 0. Closed under positive scaling, shifting and clipping. */
type Ramp = { readonly a: Channels; readonly b: Channels; readonly low: Channels; readonly high: Channels };

const one = (n: number): Channels => Float64Array.of(n);
const start: Ramp = { a: one(1), b: one(0), low: one(-Infinity), high: one(Infinity) };
const times = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);
const plus = (x: number, y: number): number => x + y;

function apply(r: Ramp, l: Exclude<Link, { kind: "round" }>): Ramp | null {
  switch (l.kind) {
    case "scale":
      if (l.by.some((v) => !(v > 0 && Number.isFinite(v)))) return null;
      return {
        a: combine(r.a, l.by, times),
        b: combine(r.b, l.by, times),
        low: combine(r.low, l.by, times),
        high: combine(r.high, l.by, times),
      };
    case "shift":
      return { ...r, b: combine(r.b, l.by, plus), low: combine(r.low, l.by, plus), high: combine(r.high, l.by, plus) };
    case "clip": {
      const into = (c: Channels): Channels => combine(combine(c, l.low, Math.max), l.high, Math.min);
      return { ...r, low: into(r.low), high: into(r.high) };
    }
  }
}

function ramp(links: readonly Link[]): Ramp | null {
  let r: Ramp | null = start;
  for (const l of links) {
    must(l.kind !== "round", "the links on each side of the rounding were separated");
    r = r === null ? null : apply(r, l);
  }
  return r;
}

/** A quantized clip: lambda per channel and the number of levels; or what keeps the chain from being one. */
export type Match = { readonly lambda: Channels; readonly levels: number } | { readonly why: string };

/*
 * Constants come as single precision: products of a few of them are right to about 1e-6.
 */
const close = 1e-4;
const near = (x: number, y: number): boolean => Math.abs(x - y) <= close * Math.max(1, Math.abs(y));

/**
 * Reads a chain with one rounding as y = c n + d, n = clip(floor(a x + b), low, high):
 *
 * A clip before the rounding goes behind it, since floor is monotone: floor(clip(u, l, h)) =
 * clip(floor(u), floor(l), floor(h)). A clip behind the scaling goes before it,
 * divided by c. An integer number of steps in d joins n. What is left is
 * lambda/L clip(floor(x L/lambda + 1/2), 0, L) when c = 1/a, b = 1/2, low = 0 and
 * high = L is a whole number; then lambda = c L.
 */
export function match(links: readonly Link[]): Match {
  const at = links.findIndex((l) => l.kind === "round");
  const rounding = links[at];
  must(rounding?.kind === "round", "the chain has a rounding");
  const before = ramp(links.slice(0, at));
  const after = ramp(links.slice(at + 1));
  if (before === null || after === null) return { why: "it multiplies with a number that is not positive" };
  const c = after.a;
  const steps = combine(after.b, c, (d, s) => d / s);
  const b = combine(before.b, steps, (x, s) => x + rounding.half + s);
  const bound = (inner: Channels, outer: Channels): { inner: Channels; outer: Channels } => ({
    inner: combine(inner, steps, (v, s) => Math.floor(v + rounding.half + close) + s),
    outer: combine(outer, c, (v, s) => v / s),
  });
  const lows = bound(before.low, after.low);
  const highs = bound(before.high, after.high);
  const into = (v: Channels): Channels => combine(combine(v, lows.outer, Math.max), highs.outer, Math.min);
  const low = into(lows.inner);
  const high = into(highs.inner);
  const levels = Math.round(high[0] ?? 0);
  if (steps.some((s) => !near(s, Math.round(s))))
    return { why: "it adds something that is not a whole number of steps behind the rounding" };
  if (low.some((l) => !near(l, 0))) return { why: low.some((l) => l < 0) ? "it lets negative numbers through" : "it does not begin at 0" };
  if (high.includes(Infinity)) return { why: "it has no upper end" };
  if (high.some((h) => !near(h, levels)) || levels < 1) return { why: "its upper end is not one whole number of steps" };
  if (b.some((v) => !near(v, 0.5)))
    return { why: `it shifts by ${Number(b.find((v) => !near(v, 0.5))?.toPrecision(4))} steps before rounding downward, not by 1/2` };
  if (combine(before.a, c, times).some((p) => !near(p, 1))) return { why: "it scales back by another factor than it scaled by" };
  return { lambda: c.map((s) => s * levels), levels };
}
