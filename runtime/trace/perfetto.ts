import type { TraceEvent } from "../device.ts";
import { kindsByName, showCore, type Trace } from "./record.ts";

/*
 * Chrome's trace event format (JSON), which ui.perfetto.dev and chrome://tracing open: one
 * track per core, with the step's integrate and update as spans and sends inside the update,
 * everything else as instants. Timestamps are microseconds of the chip's time.
 */

/** Events that begin and end a span of their core's track. */
const spans: Readonly<Record<string, { readonly name: string; readonly from: string }>> = {
  "step-quiet": { name: "step", from: "step-begin" },
  "update-begin": { name: "integrate", from: "integrate-begin" },
  "core-done": { name: "update", from: "update-begin" },
  "packet-send": { name: "send", from: "spike-out" },
};
/** Events that are the beginning of a span and nothing more. */
const openers = new Set(["step-begin", "integrate-begin", "update-begin"]);

export function* perfettoLines(trace: Trace): Generator<string> {
  const kinds = kindsByName(trace.kinds);
  const micros = (cycle: number): number => (cycle / trace.clockHz) * 1e6;
  const cores = [...new Set(trace.events.map((e) => e.core))].sort((p, q) => p - q);
  const records: object[] = cores.map((core) => ({
    ph: "M",
    name: "thread_name",
    pid: 0,
    tid: core + 1,
    args: { name: core < 0 ? "chip and host" : showCore(core, trace.columns) },
  }));
  yield '{"displayTimeUnit":"ns","traceEvents":[';
  let separator = "";
  const line = (record: object): string => {
    const text = separator + JSON.stringify(record);
    separator = ",\n";
    return text;
  };
  for (const r of records) yield line(r);
  /** Cycle of the last event of each name, by core. */
  const last = new Map<string, number>();
  for (const e of trace.events) {
    const span = spans[e.event];
    const begun = span === undefined ? undefined : last.get(`${e.core} ${span.from}`);
    if (span !== undefined && begun !== undefined) {
      yield line({
        ph: "X",
        name: span.name,
        pid: 0,
        tid: e.core + 1,
        ts: micros(begun),
        dur: micros(e.cycle) - micros(begun),
        args: argumentsOf(e, kinds),
      });
      // The next packet of the same neuron is made from here on.
      if (e.event === "packet-send") last.set(`${e.core} ${span.from}`, e.cycle + 1);
    } else if (!openers.has(e.event)) {
      yield line({ ph: "i", s: "t", name: e.event, pid: 0, tid: e.core + 1, ts: micros(e.cycle), args: argumentsOf(e, kinds) });
    }
    last.set(`${e.core} ${e.event}`, e.cycle);
    if (e.event === "potential-out") last.set(`${e.core} spike-out`, e.cycle);
  }
  yield "]}";
}

function argumentsOf(e: TraceEvent, kinds: ReturnType<typeof kindsByName>): Record<string, number> {
  const kind = kinds.get(e.event);
  const out: Record<string, number> = { cycle: e.cycle, step: e.step };
  if (kind?.a != null) out[kind.a] = e.a;
  if (kind?.b != null) out[kind.b] = e.b;
  return out;
}
