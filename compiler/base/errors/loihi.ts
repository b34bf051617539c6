import { table } from "./entry.ts";

/** What Loihi's compartments and synapses cannot hold. */
export const loihiErrors = table({
  "loihi-neuron": {
    severity: "error",
    message: (pop: string, why: string) => `the neurons of ${pop} cannot be compartments of Loihi: ${why}`,
    explain:
      "A compartment has a current and a potential, each with a decay of 0 to 1, fires above its threshold and is set to zero by a spike (or, with a second compartment or on the second generation, loses what the spike takes).",
    help: "choose a method or options whose neurons reset by subtraction or to zero, or another chip",
  },
  "loihi-gain": {
    severity: "error",
    message: (link: string, gain: number, shift: number) =>
      `link ${link} multiplies spikes by ${gain}; weights have an exponent, which shifts them by up to ${shift} bits`,
    explain: "Synapses of one group share an exponent of two. There is no other gain on an axon.",
    help: "fold what a spike is worth into the weights: --pass fold-amplitude:into=unshared",
  },
  "loihi-threshold": {
    severity: "warning",
    message: (pop: string, count: number, grain: number) =>
      `${count} thresholds of ${pop} are rounded to multiples of ${grain}: its input is too large for a finer scale`,
    explain:
      "A threshold is a mantissa in units of 64 of the potential's register. Potentials are scaled so that this is exact, unless the input of one step would then overflow the current's 24 bits.",
    help: "nothing, if the rounding is small beside the threshold; smaller weights or inputs (--weight-bits, --input-bits) make the input smaller",
  },
  "loihi-bias": {
    severity: "warning",
    message: (pop: string, count: number, most: number) =>
      `${count} biases of ${pop} are rounded, by at most ${most}: a bias is a mantissa of 13 bits and an exponent`,
    explain:
      "Biases up to 4,095 (in units of the potential's register, or of 64 of them where there is a threshold) are exact; larger ones lose low bits.",
    help: "nothing, if the rounding is small beside the threshold; smaller weights (--weight-bits) make biases smaller too",
  },
  "loihi-current": {
    severity: "error",
    message: (pop: string, most: number, has: number) => `the current of ${pop} can reach ${most}; its register wraps at ${has}`,
    explain: "Currents have 24 bits and wrap. The bound is that of all inputs firing in every step.",
    help: "fewer bits of weights (--weight-bits), or a faster decay of the current",
  },
});
