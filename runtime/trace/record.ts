import type { TraceEvent, TraceSink } from "../device.ts";

/*
 * Traces: what was observed, in which cycle. A device's kinds of events come as a table, so
 * that text, waveforms and comparison need not know the device.
 */

/** What a and b mean is their label; the label `to` stands for a core or the host. */
export type EventKind = {
  readonly name: string;
  /** How two devices are compared: cycle and order, or only the order within the core. */
  readonly match: "exact" | "ordered";
  readonly a: string | null;
  readonly b: string | null;
  readonly help: string;
};
export type EventKinds = Readonly<Record<string, EventKind>>;

export type Trace = {
  readonly kinds: EventKinds;
  /** Cores are numbered row by row: y * columns + x; -1 is the chip or the host. */
  readonly columns: number;
  readonly clockHz: number;
  /** By cycle, then core, then as reported. */
  readonly events: readonly TraceEvent[];
  /** Events beyond the limit, which were not kept. */
  readonly dropped: number;
};

/** Keeps up to `limit` events. `finish` sorts them. */
export function recorder(
  kinds: EventKinds,
  columns: number,
  clockHz: number,
  limit = 10_000_000,
): { readonly sink: TraceSink; readonly finish: () => Trace } {
  const events: TraceEvent[] = [];
  let dropped = 0;
  return {
    sink: (e) => {
      if (events.length < limit) events.push(e);
      else dropped++;
    },
    finish: () => ({ kinds, columns, clockHz, events: sortEvents(events), dropped }),
  };
}

/** By cycle, then core; events of the same cycle and core stay in the order in which they were reported. */
export function sortEvents(events: readonly TraceEvent[]): TraceEvent[] {
  return [...events].sort((p, q) => p.cycle - q.cycle || p.core - q.core);
}

/** The kind of each event name. */
export function kindsByName(kinds: EventKinds): ReadonlyMap<string, EventKind> {
  return new Map(Object.values(kinds).map((k) => [k.name, k]));
}

/** `core(3,1)`, or `host` for -1. */
export function showCore(core: number, columns: number): string {
  return core < 0 ? "host" : `core(${core % columns},${Math.floor(core / columns)})`;
}
