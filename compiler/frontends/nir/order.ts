import { bug } from "../../base/bug.ts";
import type { Path } from "./paths.ts";

export type Order = {
  /** Names, each after everything that reaches it in the same step. */
  readonly names: readonly string[];
  /** Ways back to an earlier population: what they carry arrives a step later. */
  readonly feedback: ReadonlySet<Path>;
};

/**
 * Puts populations in the order in which one step computes them. A way that leads back,
 * as found by a depth-first walk from the first names on, is feedback. Ways that are delayed
 * anyway do not count.
 */
export function orderOf(names: readonly string[], paths: readonly Path[], delayOf: (p: Path) => number): Order {
  const direct = paths.filter((p) => delayOf(p) === 0);
  const feedback = feedbackOf(names, direct);
  const forward = direct.filter((p) => !feedback.has(p));
  const waiting = new Map(names.map((n) => [n, forward.filter((p) => p.to === n).length]));
  const out: string[] = [];
  // Of those whose sources are placed, the one that signals reach first; so inputs come first and layers stay in their order.
  for (const left = nearest(names, paths); left.length > 0; ) {
    const k = left.findIndex((n) => waiting.get(n) === 0);
    const name = left[k] ?? bug("the feedback that was found leaves no cycle");
    left.splice(k, 1);
    out.push(name);
    for (const p of forward) if (p.from === name) waiting.set(p.to, (waiting.get(p.to) ?? 0) - 1);
  }
  return { names: out, feedback };
}

function feedbackOf(names: readonly string[], direct: readonly Path[]): Set<Path> {
  const from = grouped(direct);
  const feedback = new Set<Path>();
  const open = new Set<string>();
  const done = new Set<string>();
  const visit = (name: string): void => {
    if (done.has(name)) return;
    open.add(name);
    for (const p of from.get(name) ?? []) {
      if (open.has(p.to)) feedback.add(p);
      else visit(p.to);
    }
    open.delete(name);
    done.add(name);
  };
  for (const n of names) visit(n);
  return feedback;
}

/** Names by how many ways lead to them from the first name on; what is not reached comes last. */
function nearest(names: readonly string[], paths: readonly Path[]): string[] {
  const from = grouped(paths);
  const seen = new Set<string>();
  for (const start of names) {
    const queue = [start];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(...(from.get(next) ?? []).map((p) => p.to));
    }
  }
  return [...seen].filter((n) => names.includes(n));
}

function grouped(paths: readonly Path[]): Map<string, Path[]> {
  const from = new Map<string, Path[]>();
  for (const p of paths) from.set(p.from, [...(from.get(p.from) ?? []), p]);
  return from;
}
