import type { TraceEvent } from "../device.ts";
import { type EventKind, kindsByName, showCore, type Trace } from "./record.ts";

/*
 * The text form of a trace: one line per event, sorted, so that two traces can be compared
 * with any tool. RTL benches print the same lines.
 *
 *   c00001042 core(3,1) spike-out       neuron=17 payload=1
 *   c00001043 core(3,1) packet-send     to=core(4,1) axon=9
 */

/** Every line, without the end of line. */
export function* traceLines(trace: Trace): Generator<string> {
  const line = lineWriter(trace);
  for (const e of trace.events) yield line(e);
}

/** Writes one event of a trace. */
export function lineWriter(trace: Pick<Trace, "kinds" | "columns">): (e: TraceEvent) => string {
  const kinds = kindsByName(trace.kinds);
  const width = Math.max(...[...kinds.keys()].map((name) => name.length));
  const field = (label: string | null | undefined, value: number): string =>
    label === null || label === undefined ? "" : ` ${label}=${label === "to" ? showCore(value, trace.columns) : value}`;
  return (e) => {
    const kind: EventKind | undefined = kinds.get(e.event);
    const place = e.core < 0 ? "chip" : showCore(e.core, trace.columns);
    return `c${String(e.cycle).padStart(8, "0")} ${place} ${e.event.padEnd(width)}${field(kind?.a, e.a)}${field(kind?.b, e.b)}`.trimEnd();
  };
}
