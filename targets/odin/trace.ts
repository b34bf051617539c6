import type { EventKind } from "../../runtime/trace/record.ts";

/** What can be observed at the pins; an event's cycle is the rising edge after which it is seen. */
export const odinEvents = {
  offer: { name: "event-offer", match: "exact", a: "word", b: null, help: "the host offers an event" },
  spike: { name: "spike-out", match: "exact", a: "neuron", b: "payload", help: "the chip asks the host to take an output event" },
  drained: { name: "event-drained", match: "exact", a: "word", b: null, help: "everything that the event caused is done" },
} as const satisfies Readonly<Record<string, EventKind>>;
