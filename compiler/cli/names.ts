import { fail } from "../base/diagnostic.ts";

/** The entry of a named list; an unknown name is the user's mistake and gets the nearest known one. */
export function lookUp<T>(kind: string, name: string, list: Readonly<Record<string, T>>): T {
  if (!Object.hasOwn(list, name)) fail("name-unknown", [kind, name, nearest(name, Object.keys(list))]);
  return list[name] as T;
}

/** The known name closest to what was written, if any is close. */
export function nearest(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const k of known) {
    const distance = editDistance(name, k);
    if (distance < bestDistance) {
      best = k;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** `NAME:key=value,key=value` as a name and its options. A key alone is a flag. */
export function parseNamed(text: string): { name: string; given: Record<string, string> } {
  const colon = text.indexOf(":");
  if (colon < 0) return { name: text, given: {} };
  const pairs = text
    .slice(colon + 1)
    .split(",")
    .filter((p) => p !== "");
  const given = pairs.map((p): [string, string] => {
    const equals = p.indexOf("=");
    return equals < 0 ? [p, ""] : [p.slice(0, equals), p.slice(equals + 1)];
  });
  return { name: text.slice(0, colon), given: Object.fromEntries(given) };
}
