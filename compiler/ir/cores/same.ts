import type { Cores } from "./types.ts";

/**
 * Whether two Cores are equal in all that hardware can see: everything but the
 * origins, which are there for people. Numbers compare by value, typed arrays by content.
 */
export function sameCores(a: Cores, b: Cores): boolean {
  return same(a, b);
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (ArrayBuffer.isView(a) || Array.isArray(a)) return sameList(a as unknown as ArrayLike<unknown>, b as ArrayLike<unknown>);
  const keys = Object.keys(a).filter((k) => k !== "origin");
  const others = Object.keys(b).filter((k) => k !== "origin");
  return keys.length === others.length && keys.every((k) => same((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]));
}

function sameList(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.constructor !== b.constructor || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}
