import { table } from "./entry.ts";

/** Mapping: what a chip cannot hold, or cannot say. */
export const mapErrors = table({
  "map-strategy-unknown": {
    severity: "error",
    message: (kind: string, name: string, known: readonly string[]) => `there is no ${kind} strategy "${name}"; known: ${known.join(", ")}`,
    explain:
      "Populations are cut and given to cores by a partition strategy, and cores get places on the chip by a placement strategy, both chosen by name.",
    help: "choose one of the known strategies",
  },
  "map-illegal": {
    severity: "error",
    message: (what: string) => `the chip cannot say this: ${what}`,
    explain:
      "Mapping takes a network that the chip's legalization has made fit: integers only, neuron models that the chip has, delays that it can keep. This network still has something that no word of the chip can hold.",
    help: "run the chip's legalization first (`ganglion compile` does), or change the network",
  },
  "map-pool-window": {
    severity: "error",
    message: (link: string, window: number, mode: string, most: number) =>
      `${link} pools windows of ${window} inputs (${mode}); an axon takes up to ${most}`,
    explain:
      "An axon that pools keeps something for each input of its window, and has room for so many. Max pooling without padding whose windows do not overlap is cut into smaller ones; others are left as they are.",
    help: "give --max-pool average or --method css, or train with smaller windows",
  },
  "answers-lost": {
    severity: "error",
    message: (alike: number, samples: number) =>
      `as the chip runs it, the network names the class of the converted one on ${alike} of ${samples} calibration samples only`,
    explain:
      "Weights of few bits, potentials of few bits and answers that are counted each cost accuracy, and here too much. Chips whose potentials wrap are tried with calibration samples, because the worst of all inputs says little.",
    help: "more steps (--steps 64), more weight bits (--weight-bits N, as far as the axons reach), or a network that is trained for the chip, as docs/recipes/ranc_mnist.py does; where a warning names thresholds that are lost, look for single weights far above the rest: batch normalization of inputs that never change makes them",
  },
  "potential-wraps": {
    severity: "error",
    message: (pop: string, count: number, samples: number, bits: number) =>
      `potentials of ${pop} pass the end of ${bits} bits and wrap on ${count} of ${samples} calibration samples; what the network then answers means nothing`,
    explain:
      "Potentials keep their low bits only, so that beyond the largest number comes the smallest. Calibration samples were run with the chip's potentials and with wide ones, and spikes differed. Where the bits of weights are not given, those of such a population are made 2 first.",
    help: "fewer weight bits (--weight-bits 2) or steps (--steps N), higher thresholds (--threshold max), or a chip file that extends this one with wider potentials: potential: { bits: { value: 12 bits, source: … } }",
  },
  "map-range": {
    severity: "error",
    message: (what: string, value: number, low: number, high: number) =>
      `${what} is ${value}; the chip holds integers from ${low} to ${high}`,
    explain: "A parameter does not fit its field in the chip's words, or is no integer.",
    help: "quantize with fewer bits, or scale the layer",
  },
  "map-core-limit": {
    severity: "error",
    message: (object: string, resource: string, needed: number, available: number) =>
      `${object} needs ${needed} ${resource} in one core even in its smallest useful tiles; a core has ${available}`,
    explain:
      "Populations are cut into tiles until each fits a core. What a single neuron needs cannot be cut further: its source neurons each need an axon, its weights need synapse memory, and its spikes a route to every tile they reach.",
    help: "make the layer smaller, use fewer weight bits, or choose a chip with larger cores",
  },
  "map-fan-out": {
    severity: "error",
    message: (object: string, needed: number, available: number) =>
      `a neuron of ${object} must reach ${needed} axons; the chip lets one neuron reach ${available}`,
    explain:
      "A spike is sent once to every axon in every core where the neuron has a target. Targets cut into many tiles, or several links, add up.",
    help: "use fewer weight bits so that its targets need fewer tiles, or put a relay population between",
  },
  "map-chip-full": {
    severity: "error",
    message: (chip: string, needed: number, available: number) => `the network needs ${needed} cores; ${chip} has ${available}`,
    explain:
      "Each population was cut into tiles that fit a core, and there are more tiles than cores. The notes say which populations take most, and what would help by how much.",
    help: "choose a larger chip, fewer weight bits, or a smaller network",
  },
  "map-events": {
    severity: "warning",
    message: (cores: number, most: number, available: number) =>
      `event memories may overflow in ${cores} cores: up to ${most} events can wait in one, which holds ${available}`,
    explain:
      "Every event waits in the event memory of its core until its step; with long delays, and with pools, many can wait at the same time. The cores are cut such that this cannot overflow, but this network then does not fit the chip. If so many neurons do spike, the chip comes to a standstill, which the simulator reports.",
    help: "choose a larger chip or one with a larger core.events, or shorten skip connections over many layers",
  },
  "map-outputs": {
    severity: "error",
    message: (needed: number, available: number) => `the outputs need ${needed} lines; the chip has ${available}`,
    explain: "Every neuron of an output population has a line to the host; lines are numbered with so many bits.",
    help: "read out fewer neurons",
  },
  "cores-invalid": {
    severity: "error",
    message: (what: string) => `the cores contradict themselves: ${what}`,
    explain:
      "A .cores text, or a mapping, says something that cannot be: an index outside its list, a slot twice, a row longer than its core.",
    help: "correct the text; if a mapping made it, please report it",
  },
  "cores-limit": {
    severity: "error",
    message: (object: string, resource: string, used: number, available: number) =>
      `${object} uses ${used} ${resource}; the chip has ${available}`,
    explain: "The cores do not fit the chip that they are checked against.",
    help: "map the network for this chip again",
  },
  "cores-feature": {
    severity: "error",
    message: (object: string, what: string, chip: string) => `${object} uses ${what}, which ${chip} does not have`,
    explain:
      "The cores were mapped for a chip that can do more than the one they are checked against: its description leaves out a kind of spike, a setting of the neuron, a mode of axons or a kind of row.",
    help: "compile the network for this chip again; its legalization replaces what can be replaced",
  },
});
