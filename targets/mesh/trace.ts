import type { EventKind } from "../../runtime/trace/record.ts";

/*
 * What can be observed of a mesh chip, in the simulator and in RTL. `exact`: cycle and
 * order are compared; `ordered`: only the order within the core.
 *
 * An event of the whole chip has core -1. The cycle of an event is the one in which it happens as
 * README.md, section Time, counts; work that is done is seen in the first cycle after it.
 */
export const meshEvents = {
  stepBegin: { name: "step-begin", match: "exact", a: "step", b: null, help: "first cycle of a step" },
  stepQuiet: { name: "step-quiet", match: "exact", a: "step", b: null, help: "first cycle at whose beginning everything is quiet" },
  integrateBegin: { name: "integrate-begin", match: "exact", a: "events", b: null, help: "a core begins the step" },
  eventTake: { name: "event-take", match: "ordered", a: "axon", b: "payload", help: "a core takes a stored event" },
  updateBegin: { name: "update-begin", match: "exact", a: "slots", b: null, help: "first cycle of the update" },
  spikeOut: { name: "spike-out", match: "exact", a: "neuron", b: "payload", help: "a neuron was updated and sends a payload" },
  potentialOut: {
    name: "potential-out",
    match: "exact",
    a: "neuron",
    b: "potential",
    help: "a neuron of an output profile sends its potential",
  },
  packetSend: {
    name: "packet-send",
    match: "exact",
    a: "to",
    b: "axon",
    help: "a core puts a packet into its injection FIFO; for the host, axon is the output line",
  },
  coreDone: { name: "core-done", match: "exact", a: null, b: null, help: "a core has finished the step" },
  eventStore: { name: "event-store", match: "exact", a: "axon", b: "payload", help: "a packet enters the core's event memory" },
  packetLost: {
    name: "packet-lost",
    match: "exact",
    a: "axon",
    b: "payload",
    help: "a packet reached an unused axon or a core that is not enabled",
  },
  hostSend: { name: "host-send", match: "exact", a: "to", b: "axon", help: "the host puts a packet into the west input of router (0,0)" },
  hostReceive: { name: "host-receive", match: "exact", a: "line", b: "payload", help: "a packet reaches the host" },
} as const satisfies Record<string, EventKind>;
