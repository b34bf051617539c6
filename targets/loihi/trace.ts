import type { EventKind } from "../../runtime/trace/record.ts";

/** What can be observed. All of a step's events have the cycle in which it begins. */
export const loihiEvents = {
  step: { name: "step-begin", match: "exact", a: "step", b: null, help: "a step begins" },
  event: { name: "axon-event", match: "ordered", a: "axon", b: null, help: "an event acts on a core's input axon" },
  spikeOut: { name: "spike-out", match: "ordered", a: "neuron", b: "payload", help: "a compartment fires" },
  potentialOut: {
    name: "potential-out",
    match: "ordered",
    a: "neuron",
    b: "potential",
    help: "a potential is read at the end of its window",
  },
  lost: { name: "event-lost", match: "ordered", a: "axon", b: null, help: "an event for an axon or core that is not there" },
} as const satisfies Record<string, EventKind>;
