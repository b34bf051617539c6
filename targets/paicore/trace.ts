import type { EventKind } from "../../runtime/trace/record.ts";

/** What can be observed. Only the order of steps means something: the chip's timing is not public. The whole chip is core -1. */
export const paicoreEvents = {
  step: { name: "step-begin", match: "ordered", a: "step", b: null, help: "a step begins" },
  axon: { name: "axon", match: "ordered", a: "axon", b: null, help: "an event acts on a core's axon" },
  spikeOut: { name: "spike-out", match: "ordered", a: "neuron", b: "payload", help: "a neuron fires" },
  potentialOut: { name: "potential-out", match: "ordered", a: "neuron", b: "potential", help: "a test frame reads a potential" },
  lost: {
    name: "event-lost",
    match: "ordered",
    a: "axon",
    b: null,
    help: "an event reached a core outside its ticks, or one that is not configured",
  },
} as const satisfies Record<string, EventKind>;
