import { table } from "./entry.ts";

/** ReckOn: what a recurrent network must be to fit it. */
export const reckonErrors = table({
  "reckon-neuron": {
    severity: "error",
    message: (pop: string, what: string) => `${pop} cannot be ReckOn's neuron: ${what}`,
    explain:
      "ReckOn has one neuron: it leaks by a factor, fires at a threshold, and loses the threshold or all of its potential. It has no synaptic current, no noise and no negative spikes; what is read at the end is a leaky readout that never fires.",
    help: "train with leaky integrate-and-fire neurons without synaptic current (LIF in NIR), and read the answer from a leaky integrator (LI)",
  },
  "reckon-leak": {
    severity: "error",
    message: (pop: string, neuron: number, decay: number, low: number, high: number) =>
      `neuron ${neuron} of ${pop} keeps ${Number(decay.toPrecision(5))} of its potential in a step; ReckOn can keep ${Number(low.toPrecision(5))} to ${Number(high.toPrecision(5))}`,
    explain:
      "A leak factor has 12 bits of its own behind fixed leading ones: 0.875 to 0.99997, or 1 to 1.125. A leak that forgets more than an eighth in a step cannot be said; a readout's factor is a multiple of 1/128.",
    help: "train with slower leaks (a time constant of at least 7.5 steps), or run the network with smaller steps so that each forgets less",
  },
  "reckon-pair": {
    severity: "error",
    message: (pop: string, even: number, odd: number, what: string) =>
      `neurons ${even} and ${odd} of ${pop} share one word and differ in ${what}`,
    explain:
      "ReckOn's memory holds neurons 2p and 2p+1 in one word with one leak factor and one threshold. Thresholds that differ are made equal by scaling weights; leaks cannot be.",
    help: "give neighbouring neurons the same time constant, or order neurons so that equal ones are neighbours",
  },
  "reckon-shape": {
    severity: "error",
    message: (what: string, needed: number, available: number) => `the network has ${needed} ${what}; ReckOn has ${available}`,
    explain:
      "ReckOn is one core: 256 input lines, 256 neurons that all can see each other, and 16 readouts. There is no second one to cut a network into.",
    help: "train a smaller network, or choose a chip with more than one core",
  },
  "reckon-link": {
    severity: "error",
    message: (what: string) => `ReckOn has no such connection: ${what}`,
    explain:
      "Inputs reach neurons in the step in which they are sent; neurons reach neurons and readouts in the next step. There are no other paths, no other delays and no pooling.",
    help: "leave out delays and pooling; route inputs to readouts through neurons",
  },
  "reckon-input": {
    severity: "error",
    message: (pop: string, what: string) => `the input ${pop} sends ${what}; ReckOn's input lines carry single spikes`,
    explain:
      "An event on an input line is one spike; several in one step on one line count once. Numbers need a spike code, or lines for each bit or level.",
    help: "use an input code of spikes (events, or rate), or a conversion method with binary inputs",
  },
  "reckon-output": {
    severity: "error",
    message: (what: string) => `ReckOn cannot answer so: ${what}`,
    explain:
      "What leaves the chip at the end of a sample is the potential of up to 16 readouts, or the label. Spikes of neurons do not leave it.",
    help: "read the answer from one population that does not fire (a leaky integrator or a plain sum)",
  },
  "reckon-reset": {
    severity: "warning",
    message: (pop: string, percent: number) =>
      `${pop} loses its threshold after the leak, not before: each spike takes away ${Number(percent.toPrecision(2))} % more than the network says`,
    explain:
      "ReckOn leaks the whole potential and then subtracts the threshold. A network that subtracts first leaks less of it. The difference is one leak of one threshold for each spike.",
    help: "train with the subtraction in the next step (snnTorch's default), or with a reset to zero, which is the same in both",
  },
  "reckon-clipped": {
    severity: "warning",
    message: (memory: string, clipped: number, of: number) => `${clipped} of ${of} ${memory} weights are held at the end of their 8 bits`,
    explain:
      "Each of the three weight memories has one power of two for all its weights. Where neurons differ much in threshold or weights, the largest weights do not fit.",
    help: "train with weights of similar size in all neurons, or scale thresholds and weights together",
  },
  "reckon-settings": {
    severity: "error",
    message: (what: string) => `the image asks for ${what}, which the simulator does not have`,
    explain:
      "The simulator is exact for inference. Learning, noise, stochastic rounding, regression and the chip's own tick are not modelled.",
    help: "write 0 to registers 9, 10, 19, 21, 25, 30, 32 and 33, as the compiler does",
  },
  "recording-field": {
    severity: "error",
    message: (field: string, problem: string) => `the recording's ${field === "" ? "content" : field} cannot be used: ${problem}`,
    explain:
      "A recording of a chip's RTL is a JSON object with the chip's configuration, the stimulus and the answers, in fields of fixed names and sizes.",
    help: "compare the file with the recordings that are known to be right",
  },
});
