import { table } from "./entry.ts";

/** Grids of crossbar cores with four weights a neuron and one destination a neuron. */
export const rancErrors = table({
  "ranc-bill": {
    severity: "note",
    message: (cores: number, inputs: number, axons: number, neurons: number, slots: number) =>
      `${cores} cores: ${inputs} inputs take ${axons} axons, ${neurons} neurons take ${slots} places`,
    explain:
      'A neuron has four weights, chosen by the type of the axon, so an input with other weights takes several axons; and a neuron has one destination, so it is there once for each axon that it has to reach. The table "axon bill" of the report says it by population.',
    help: "fewer weight bits take fewer axons: two values of one sign 1, ternary weights 2, three bits 3, four bits 4",
  },
  "ranc-weights": {
    severity: "error",
    message: (pop: string, bits: number) => `the weights of one neuron of ${pop} are too different for four weights of ${bits} bits`,
    explain:
      "Each weight is written as a sum of a neuron's four weights, some of them several times. Wide ranges with both signs take so many that they were given up.",
    help: "quantize with fewer bits (`quantize-weights:bits=4`), or a chip file with wider weights",
  },
  "ranc-fan-in": {
    severity: "error",
    message: (pop: string, needed: number, available: number) =>
      `one neuron of ${pop} needs ${needed} axons for its inputs; a core has ${available}`,
    explain:
      "All inputs of a neuron arrive in its core. A sum over more inputs than a core has axons cannot be split exactly, because parts of it would have to pass a threshold each.",
    help: "use fewer weight bits: --weight-bits 2 takes 2 axons for each input where 3 take 3; or train a network of blocks in which a neuron sees a part of the layer before it, as docs/recipes/ranc_mnist.py does",
  },
  "ranc-fan-out": {
    severity: "error",
    message: (pop: string, needed: number, available: number) =>
      `one neuron of ${pop} has ${needed} destinations, so many copies of it; a core has room for ${available} neurons`,
    explain:
      "A neuron sends to one axon of one core. One that has to reach more is there several times in its core, once for each axon. Targets cut into many cores, and weights that take many axons, multiply.",
    help: "use fewer weight bits, or make the next layer smaller",
  },
  "ranc-neuron": {
    severity: "error",
    message: (pop: string, why: string) => `${pop} has no equal among the chip's neurons: ${why}`,
    explain:
      "The chip's neuron adds its input and a constant, compares with a threshold, and subtracts that threshold or sets a value. It has no other leak, reset or sign, and no silent period.",
    help: "use `if` neurons that subtract their threshold or reset to a value, or `lif` neurons with decay 0, which forget",
  },
  "ranc-window": {
    severity: "error",
    message: (pop: string, why: string) => `${pop} cannot be active all the time: ${why}`,
    explain:
      "Neurons of the chip run in every tick. A population with a window is only equal to that where what it does outside the window reaches nobody.",
    help: "let all populations run to the end of the sample",
  },
  "ranc-wraps": {
    severity: "warning",
    message: (neuron: string, value: number, bits: number, others: number) =>
      `the potential of ${neuron} can reach ${value}, beyond ${bits} bits${others > 0 ? ` (and those of ${others} other neurons of the population)` : ""}; it then wraps`,
    explain:
      "Potentials keep their low bits only: beyond the largest number comes the smallest. The bound is a worst case over all inputs. The network that is run here wraps as the chip does; what was trained did not. Below, a negative threshold keeps potentials from it as far as one step's input allows.",
    help: "nothing, if the accuracy of `ganglion evaluate` is right: the bound is for the worst of all inputs, and on calibration samples it was tried; else fewer weight bits (--weight-bits 2), neurons that forget (decay 0), or a chip file with wider potentials",
  },
  "ranc-counts": {
    severity: "note",
    message: (output: string, threshold: number, bias: number) =>
      `output ${output} is counted in spikes, each worth ${threshold}; a bias of ${bias} a step keeps negative answers visible`,
    explain:
      "The chip's pins show spikes and no potentials. A population whose potential was to be read gets a threshold and sends a spike for each time that fits into it. The answer is that count; it is rounded, and ends at one spike a step.",
    help: "run more steps for finer answers, or train outputs that spike",
  },
  "ranc-files": {
    severity: "error",
    message: (what: string) => `these are no memory files or simulator file of the design: ${what}`,
    explain:
      "A configuration is a pair csram_ccc.mem and tc_ccc.mem for each core, or the simulator's JSON with cores, neurons and connections.",
    help: "give all files of one folder, with the parameters that they were made for",
  },
});
