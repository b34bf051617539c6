import { showEntry } from "./log.ts";
import type { LogEntry } from "./types.ts";
import { sameWord } from "./word.ts";

/*
 * Two logs of the same tape: the first entry that differs, and what happened there. Cycles
 * count from the log's first mark, so that it does not matter how long programming took.
 */

/** `exact`: cycles too. `ordered`: what and in which order. A number: so many cycles early or late are no difference. */
export type CycleRule = "exact" | "ordered" | number;

export type LogDifference = {
  /** lost: expected and did not come; extra: came and was not expected; late (or early): came in another cycle; wrong: something else came; value: a word read back differs. */
  readonly kind: "lost" | "extra" | "late" | "wrong" | "value";
  /** Index of the entry in both logs, up to which they agree. */
  readonly index: number;
  readonly expected: LogEntry | null;
  readonly got: LogEntry | null;
  /** How many entries in a row were lost or are extra; cycles by which it came late (negative: early). */
  readonly amount: number;
  /** Marks before it. */
  readonly marks: number;
  /** Entries since the last of them, and the cycle of that mark in the expected log. */
  readonly since: number;
  readonly from: number;
  /** Of an event: how often the same word is expected between that mark and here. */
  readonly earlier: number;
  /** Lines just before, equal in both. */
  readonly before: readonly string[];
};

/** Entries looked ahead to tell a lost event from a wrong one. */
const lookAhead = 64;

/** Null where the logs agree. */
export function compareLogs(expected: readonly LogEntry[], got: readonly LogEntry[], rule: CycleRule, context = 6): LogDifference | null {
  const most = rule === "exact" ? 0 : rule === "ordered" ? Infinity : rule;
  const from = { expected: firstMark(expected), got: firstMark(got) };
  const length = Math.max(expected.length, got.length);
  for (let k = 0; k < length; k++) {
    const e = expected[k];
    const g = got[k];
    if (e !== undefined && g !== undefined && sameEntry(e, g)) {
      const late = g.cycle - from.got - (e.cycle - from.expected);
      if (Math.abs(late) <= most || e.kind === "end" || (e.kind === "read" && e.cycle <= from.expected)) continue;
      return describe("late", k, late, expected, got, context);
    }
    return describe(...classify(expected, got, k), expected, got, context);
  }
  return null;
}

/** Cycle of the first mark; 0 where there is none. */
function firstMark(log: readonly LogEntry[]): number {
  return log.find((e) => e.kind === "mark")?.cycle ?? 0;
}

/** Equal in all but the cycle. */
export function sameEntry(a: LogEntry, b: LogEntry): boolean {
  if (a.kind === "spike") return b.kind === "spike" && sameWord(a.word, b.word);
  if (a.kind === "mark") return b.kind === "mark" && a.id === b.id;
  if (a.kind === "read") return b.kind === "read" && a.space === b.space && a.address === b.address && sameWord(a.value, b.value);
  if (a.kind === "pin") return b.kind === "pin" && a.name === b.name && a.value === b.value;
  return b.kind === "end" && a.errors === b.errors;
}

function classify(
  expected: readonly LogEntry[],
  got: readonly LogEntry[],
  k: number,
): [kind: LogDifference["kind"], index: number, amount: number] {
  const e = expected[k];
  const g = got[k];
  if (g === undefined) return ["lost", k, expected.length - k];
  if (e === undefined) return ["extra", k, got.length - k];
  if (e.kind === "read" && g.kind === "read" && e.space === g.space && e.address === g.address) return ["value", k, 1];
  const lost = distance(expected, k, g);
  const extra = distance(got, k, e);
  if (lost > 0 && (extra === 0 || lost <= extra)) return ["lost", k, lost];
  if (extra > 0) return ["extra", k, extra];
  return ["wrong", k, 1];
}

/** How far behind `k` an entry like `wanted` stands, without leaving the stretch between two marks; 0: nowhere near. */
function distance(log: readonly LogEntry[], k: number, wanted: LogEntry): number {
  for (let d = 0; d <= lookAhead && k + d < log.length; d++) {
    const e = log[k + d] as LogEntry;
    if (sameEntry(e, wanted)) return d;
    if (e.kind === "mark") return 0;
  }
  return 0;
}

function describe(
  kind: LogDifference["kind"],
  index: number,
  amount: number,
  expected: readonly LogEntry[],
  got: readonly LogEntry[],
  context: number,
): LogDifference {
  const marks = expected.slice(0, index).findLastIndex((e) => e.kind === "mark");
  const entry = expected[index]?.kind === "spike" ? expected[index] : got[index];
  const same = (e: LogEntry): boolean => entry?.kind === "spike" && e.kind === "spike" && sameWord(e.word, entry.word);
  return {
    kind,
    index,
    expected: expected[index] ?? null,
    got: got[index] ?? null,
    amount,
    marks: expected.slice(0, index).filter((e) => e.kind === "mark").length,
    since: index - marks - 1,
    from: expected[marks]?.cycle ?? 0,
    earlier: expected.slice(marks + 1, index).filter(same).length,
    before: expected.slice(Math.max(0, index - context), index).map(showEntry),
  };
}

/** The difference as lines, for people. */
export function showLogDifference(d: LogDifference, expectedName = "expected", gotName = "log"): string {
  const width = Math.max(expectedName.length, gotName.length);
  const line = (e: LogEntry | null): string => (e === null ? "(nothing more)" : showEntry(e));
  return [
    ...d.before.map((l) => `${"".padEnd(width)}   ${l}`),
    `${expectedName.padEnd(width)} - ${line(d.expected)}`,
    `${gotName.padEnd(width)} + ${line(d.got)}`,
  ].join("\n");
}
