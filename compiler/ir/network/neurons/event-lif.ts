import { bug } from "../../../base/bug.ts";
import type { NeuronModel } from "./model.ts";

/** The neuron of event-driven chips without time steps of their own. Networks of it run event by event: see ../event-run.ts. */
export const eventLifModel: NeuronModel = {
  name: "event-lif",
  summary: "Integrates one synaptic event at a time and compares after each; leaks only at the end of a step.",
  equation:
    "each event: v = clamp(v + w, low, high); if v >= threshold: spike, v = 0. End of a step: v moves toward 0 by leak and stops there.",
  source:
    "Frenkel et al., A 0.086-mm2 12.7-pJ/SOP 64k-synapse 256-neuron online-learning digital spiking neuromorphic processor, IEEE TBioCAS 13(1), 2019",
  params: {
    threshold: { help: "potential at which it spikes; 1 or more", default: 1 },
    leak: { help: "what a step's end takes from the potential", default: 0 },
    low: { help: "least potential", default: Number.MIN_SAFE_INTEGER },
    high: { help: "largest potential", default: Number.MAX_SAFE_INTEGER },
    queue: { help: "spikes that the chip can hold, the one that is being spread included; more are lost inside; 0: no limit", default: 0 },
  },
  words: {
    signs: {
      help: "an input's event is spread by all its weights together, or by those that excite and, after all that they cause, by those that inhibit",
      choices: ["together", "apart"],
    },
    output: { help: "yes: sends nothing, its potential is read", choices: ["no", "yes"] },
  },
  state: { v: { help: "membrane potential", reset: 0 } },
  step: () => bug("networks of event-lif neurons run event by event"),
};
