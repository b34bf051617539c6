import { at } from "../../compiler/base/bug.ts";
import type { TraceEvent } from "../device.ts";
import { kindsByName, type Trace } from "./record.ts";
import { lineWriter } from "./text.ts";

/*
 * The first difference of two traces of the same chip. Events are compared core by core: those
 * whose kind is `exact` in everything, those that are `ordered` in everything but the
 * cycle, each sort in its own order. The first difference is the one with the lowest cycle.
 */

export type Difference = {
  readonly core: number;
  /** The lines that differ; null where a trace has no more events of this core. */
  readonly left: string | null;
  readonly right: string | null;
  /** The event itself: the left one, or the right one where there is no other. */
  readonly event: TraceEvent;
  readonly cycle: number;
  /** Lines of the same core just before, equal in both traces. */
  readonly before: readonly string[];
};

/** Null when the traces agree. `context`: how many lines before the difference are given. */
export function firstDifference(left: Trace, right: Trace, context = 8): Difference | null {
  const differences: Difference[] = [];
  const a = split(left);
  const b = split(right);
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const found = differenceOf(a.get(key) ?? [], b.get(key) ?? [], left, context, key.startsWith("exact"));
    if (found !== null) differences.push(found);
  }
  // In the same cycle a core says more than the chip (core -1), whose events follow from its cores'.
  const rank = (d: Difference): number => (d.core < 0 ? Infinity : d.core);
  return differences.sort((p, q) => p.cycle - q.cycle || Number(rank(p) > rank(q)) - Number(rank(p) < rank(q)))[0] ?? null;
}

/** Events by sort and core. */
function split(trace: Trace): Map<string, TraceEvent[]> {
  const kinds = kindsByName(trace.kinds);
  const out = new Map<string, TraceEvent[]>();
  for (const e of trace.events) {
    const key = `${kinds.get(e.event)?.match ?? "exact"} ${e.core}`;
    const list = out.get(key);
    if (list === undefined) out.set(key, [e]);
    else list.push(e);
  }
  return out;
}

function differenceOf(
  left: readonly TraceEvent[],
  right: readonly TraceEvent[],
  trace: Trace,
  context: number,
  exact: boolean,
): Difference | null {
  const k = firstUnequal(left, right, exact);
  if (k === null) return null;
  const line = lineWriter(trace);
  const l = left[k] ?? null;
  const r = right[k] ?? null;
  const event = at(
    [l, r].filter((e) => e !== null),
    0,
  );
  return {
    core: event.core,
    event,
    left: l === null ? null : line(l),
    right: r === null ? null : line(r),
    cycle: Math.min(l?.cycle ?? Infinity, r?.cycle ?? Infinity),
    before: left.slice(Math.max(0, k - context), k).map(line),
  };
}

function firstUnequal(left: readonly TraceEvent[], right: readonly TraceEvent[], exact: boolean): number | null {
  for (let k = 0; k < Math.max(left.length, right.length); k++) {
    const l = left[k];
    const r = right[k];
    if (l === undefined || r === undefined) return k;
    if (l.event !== r.event || l.step !== r.step || l.a !== r.a || l.b !== r.b || (exact && l.cycle !== r.cycle)) return k;
  }
  return null;
}

/** The difference as text, for people. */
export function showDifference(d: Difference, leftName: string, rightName: string): string {
  const width = Math.max(leftName.length, rightName.length);
  return [
    ...d.before.map((l) => `${"".padEnd(width)}   ${l}`),
    `${leftName.padEnd(width)} - ${d.left ?? "(nothing more)"}`,
    `${rightName.padEnd(width)} + ${d.right ?? "(nothing more)"}`,
  ].join("\n");
}
