import { table } from "./entry.ts";

/** ODIN and tinyODIN. */
export const odinErrors = table({
  "odin-neuron-model": {
    severity: "error",
    message: (neuron: number) =>
      `neuron ${neuron} is visited, and its word has the phenomenological model or learning, which are not modelled`,
    explain:
      "ODIN has two neuron models and on-chip learning. The simulator is exact for leaky integrate-and-fire neurons with learning off; a memory word of zeros is a neuron of the other model. Every sweep visits all 256 neurons, so all 256 words must be written.",
    help: "write the word of every neuron, with model = 1 and learning = 0; unused ones disabled and with threshold 255",
  },
  "event-network": {
    severity: "error",
    message: (why: string) => `this is no network of event-driven neurons: ${why}`,
    explain:
      "Neurons of the model event-lif take one event at a time, and what an event causes is done before the next one. There are no steps between them that a delay could count, nor sums that a pool could look at.",
    help: "use event-lif for all neurons of a network, with plain links; compiling for odin or tinyodin does that",
  },
  "odin-neuron": {
    severity: "error",
    message: (pop: string, why: string, chip: string) => `${pop} ${why}, which ${chip} does not have`,
    explain:
      "A neuron of ODIN and tinyODIN adds a weight, compares, and goes back to 0 when it spikes. It has no multiplicative leak, no noise and no negative spikes.",
    help: "train without them: `bias=False`, reset to zero, a linear leak or none; an input that is always 1 can stand for a bias",
  },
  "odin-input": {
    severity: "error",
    message: (pop: string, kind: string) => `input ${pop} sends ${kind} payloads; the chip takes spikes`,
    explain: "An address event says which input spiked and nothing more.",
    help: "use binary samples, the input code `rate`, or several steps of binary events",
  },
  "odin-pool": {
    severity: "error",
    message: (link: string) => `${link} pools spikes, which the chip cannot`,
    explain: "Every spike is spread through its row of weights; nothing looks at several spikes together.",
    help: "use strided layers instead of pooling, or average pooling, which is a layer of weights",
  },
  "odin-threshold": {
    severity: "warning",
    message: (pop: string, threshold: number, most: number) =>
      `a threshold of ${pop} is ${threshold} units, the chip has ${most}; its weights were made smaller and rounded again`,
    explain:
      "Thresholds and weights are counted in one unit. With the finest weights the threshold does not fit its field, so the neuron's weights are scaled down, which costs precision.",
    help: "train with the chip's weight widths and a threshold within its range",
  },
  "odin-reset": {
    severity: "warning",
    message: (pop: string) => `${pop} subtracts its threshold when it spikes; the chip's neurons go back to 0 and lose what was above it`,
    explain:
      "The chip knows reset to zero only. A neuron that is far above its threshold after one event, which is rare with small weights, loses that part.",
    help: "train with reset to zero, or measure with `ganglion explain-loss`",
  },
  "odin-steps": {
    severity: "warning",
    message: (pop: string) => `${pop} compares once a step in the source; the chip compares after every event`,
    explain:
      "Networks with time steps add up a step's events before they compare. The chip compares after each event, so a neuron may spike on the way, or more than once in a step, and inhibition that comes later in the step comes too late.",
    help: "measure with `ganglion evaluate`; a network trained event by event has no such loss",
  },
  "odin-weight": {
    severity: "error",
    message: (link: string, weight: number, low: number, high: number) =>
      `${link} has a weight of ${weight}; the chip holds ${low} to ${high}`,
    explain: "Synapses have 3 bits and the sign of their source on ODIN, 4 bits in two's complement on tinyODIN.",
    help: "quantize-weights with the chip's bits, or train within the range",
  },
  "odin-full": {
    severity: "error",
    message: (what: string, needed: number, available: number) => `the network needs ${needed} ${what}, the chip has ${available}`,
    explain:
      "Sources and neurons share one space of 256 addresses as soon as neurons feed neurons: an input and a neuron cannot have the same row. On ODIN a source with weights of both signs needs two rows. A network of a single layer can use all 256 rows for inputs.",
    help: "use fewer inputs or neurons; on odin, weights of one sign for each source halve its rows",
  },
  "odin-counts": {
    severity: "warning",
    message: (pop: string, threshold: number) => `${pop} is answered by numbers of spikes, each worth ${threshold} units of its potential`,
    explain:
      "ODIN's potentials go from 0 to 255, too little for the sum of a sample and not below zero, so an output that was a potential counts spikes instead. Outputs that end below zero all count none.",
    help: "use more steps for finer counts; tinyodin has 12 bits and a sign",
  },
});
