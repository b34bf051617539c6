import type { TraceEvent } from "../device.ts";
import { kindsByName, type Trace } from "./record.ts";

/*
 * Value Change Dump (IEEE 1364-2005, section 18), as GTKWave reads it: a scope for each core, in
 * it an event variable for each kind of event and a register for each of its numbers. One cycle is one
 * time unit, rounded to a nanosecond.
 */

type Signals = { readonly event: string; readonly a: string | null; readonly b: string | null };

export function* vcdLines(trace: Trace): Generator<string> {
  const kinds = kindsByName(trace.kinds);
  const period = Math.max(1, Math.round(1e9 / trace.clockHz));
  const signals = new Map<string, Signals>();
  let count = 0;
  yield "$timescale 1 ns $end";
  for (const [core, names] of namesByCore(trace.events)) {
    yield `$scope module ${core < 0 ? "chip" : `core_${core % trace.columns}_${Math.floor(core / trace.columns)}`} $end`;
    for (const name of names) {
      const kind = kinds.get(name);
      const variable = name.replaceAll("-", "_");
      const own: Signals = {
        event: identifier(count++),
        a: kind?.a == null ? null : identifier(count++),
        b: kind?.b == null ? null : identifier(count++),
      };
      yield `$var event 1 ${own.event} ${variable} $end`;
      if (own.a !== null) yield `$var integer 32 ${own.a} ${variable}_${kind?.a} $end`;
      if (own.b !== null) yield `$var integer 32 ${own.b} ${variable}_${kind?.b} $end`;
      signals.set(`${core} ${name}`, own);
    }
    yield "$upscope $end";
  }
  yield "$enddefinitions $end";
  let time = -1;
  for (const e of trace.events) {
    if (e.cycle !== time) {
      time = e.cycle;
      yield `#${time * period}`;
    }
    yield* changes(e, signals.get(`${e.core} ${e.event}`));
  }
}

function* changes(e: TraceEvent, s: Signals | undefined): Generator<string> {
  if (s === undefined) return;
  if (s.a !== null) yield `b${(e.a >>> 0).toString(2)} ${s.a}`;
  if (s.b !== null) yield `b${(e.b >>> 0).toString(2)} ${s.b}`;
  yield `1${s.event}`;
}

/** Names of the events of each core, cores in order. */
function namesByCore(events: readonly TraceEvent[]): [number, string[]][] {
  const found = new Map<number, Set<string>>();
  for (const e of events) {
    let names = found.get(e.core);
    if (names === undefined) {
      names = new Set();
      found.set(e.core, names);
    }
    names.add(e.event);
  }
  return [...found].sort(([p], [q]) => p - q).map(([core, names]) => [core, [...names].sort()]);
}

/** A short identifier of printable characters, `!` to `~`. */
function identifier(index: number): string {
  const base = 94;
  let rest = index;
  let out = "";
  do {
    out += String.fromCharCode(33 + (rest % base));
    rest = Math.floor(rest / base);
  } while (rest > 0);
  return out;
}
