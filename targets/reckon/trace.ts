import type { EventKind } from "../../runtime/trace/record.ts";

/*
 * What can be observed of ReckOn. A spike's step is that in which the potential reached the
 * threshold, which is the network's; the chip sees it in the next tick.
 */
export const reckonEvents = {
  stepBegin: { name: "step-begin", match: "exact", a: "step", b: null, help: "first clock of a step" },
  hostSend: { name: "host-send", match: "exact", a: "channel", b: null, help: "the host has sent an input event" },
  spikeOut: { name: "spike-out", match: "exact", a: "neuron", b: "payload", help: "first clock in which a neuron's rows are added" },
  stepReady: {
    name: "step-ready",
    match: "exact",
    a: "rows",
    b: null,
    help: "the ready pin is high again; rows of weights that were added",
  },
  hostReceive: { name: "host-receive", match: "exact", a: "line", b: "payload", help: "a readout's two bytes have left the chip" },
} as const satisfies Record<string, EventKind>;
