import { table } from "./entry.ts";

/** What PAICORE's crossbars and frames cannot hold. */
export const paicoreErrors = table({
  "paicore-destinations": {
    severity: "error",
    message: (pop: string) => `the spikes of ${pop} are an output and go to other neurons too; a neuron of this chip has one destination`,
    explain: "The neuron memory has room for one destination: a block of cores on the chip, or the host.",
    help: "read the potential of a last layer instead, or add a layer that only repeats these spikes for the host",
  },
  "paicore-fan-in": {
    severity: "error",
    message: (pop: string, axons: number, most: number, dendrites: number, has: number) =>
      `the neurons of ${pop} hear ${axons} axons (at most ${most}) and need ${dendrites} dendrites each; a core has ${has}`,
    explain:
      "A dendrite has 1,152 axons and one bit a weight. More axons and more bits take dendrites together; populations that share a source share their axons.",
    help: "fewer bits of weights (--weight-bits 4, 2), pooling before the layer, or a smaller network",
  },
  "paicore-frames": {
    severity: "error",
    message: (what: string) => `these are no configuration frames: ${what}`,
    explain: "A file of frames has 64-bit words: bare and little-endian, a NumPy array of them, or lines of 64 binary digits.",
    help: "give a config_all.bin, .npy or .txt as PAIBox or `ganglion compile` writes it",
  },
});
