import type { EventKind } from "../../runtime/trace/record.ts";

/*
 * What can be observed of a RANC grid. Cycles are clocks; those of `exact` events are the RTL's.
 * The chip as a whole is core -1.
 */
export const rancEvents = {
  tick: { name: "tick", match: "exact", a: "step", b: null, help: "the clock that samples the tick" },
  spikeOut: { name: "spike-out", match: "exact", a: "neuron", b: "payload", help: "a neuron fired: its potential is written back" },
  wait: { name: "wait", match: "exact", a: "clocks", b: null, help: "a neuron that fired waits for room in the router" },
  store: { name: "event-store", match: "exact", a: "axon", b: "delay", help: "a packet enters the core's scheduler" },
  hostSend: { name: "host-send", match: "exact", a: "axon", b: "delay", help: "the grid takes a packet of the host" },
  hostReceive: { name: "host-receive", match: "exact", a: "line", b: "payload", help: "a packet leaves the output cell" },
  reload: { name: "reload", match: "ordered", a: "step", b: null, help: "a sample begins: memories as configured" },
} as const satisfies Record<string, EventKind>;
