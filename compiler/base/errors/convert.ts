import { table } from "./entry.ts";

/** From a trained network to a spiking one. */
export const convertErrors = table({
  "convert-unsupported": {
    severity: "error",
    message: (op: string, why: string) => `${op} cannot become part of a spiking network: ${why}`,
    explain:
      "A spiking network is made of layers of neurons and of linear connections between them. Activations become neurons; convolutions, matrix products, sums, averages, slices and the like become connections. Everything else has to be removed, folded or trained differently.",
    help: "train the model with supported layers, or remove this one; `ganglion list methods` says what each method takes",
  },
  "convert-leaky-relu": {
    severity: "error",
    message: (alpha: number) => `leaky-relu (slope ${alpha}) lets negative values through, which neurons with positive spikes cannot send`,
    explain: "The spike count of a neuron stands for a value that is not negative. A leaky ReLU needs negative spikes of another size, which these methods do not have.",
    help: "fine-tune the model with ReLU (a few epochs usually restore the accuracy), or fold the layer away if its slope is 0",
  },
  "convert-max-pool": {
    severity: "error",
    message: () => "max pooling has no exact counterpart for spike counts",
    explain:
      "The maximum of several spike counts is only known when all spikes have come. `--max-pool gate` passes, in every step, the spikes of the input that has spiked most so far; `--max-pool average` puts average pooling in its place and scales it to fit. Both lose some accuracy, and the loss is measured and reported. With one step (`--steps 1`) max pooling of spikes is their OR, which is exact.",
    help: "give --max-pool gate or --max-pool average, or train with average pooling or strided convolutions",
  },
  "convert-max-pool-source": {
    severity: "error",
    message: (why: string) => `this max pooling cannot be gated: ${why}`,
    explain: "A gate compares spikes, so the values that are pooled must come from an activation (or be followed by one, then the two are exchanged).",
    help: "put the activation before the pooling, or give --max-pool average",
  },
  "convert-max-pool-inexact": {
    severity: "warning",
    message: (way: string, error: string) => `max pooling is approximated (${way}); on calibration samples its output is off by ${error} of its size`,
    explain: "Max pooling has no exact counterpart for spike counts. The relative error of the pooled values, as a root mean square over calibration samples, says how rough the approximation is; `evaluate` measures what it costs in accuracy.",
    help: "compare the accuracies that `evaluate` reports; train with average pooling if the loss is too large",
  },
  "convert-relu-in-qcfs": {
    severity: "error",
    message: () => "this ReLU has no learned clip, which the method qcfs takes its threshold from",
    explain: "QCFS networks are trained with the activation λ/L·clip(floor(xL/λ+½),0,L); λ becomes the threshold. A plain ReLU has none.",
    help: "train with the QCFS activation, use --method rate, or give --fallback rate to calibrate the threshold of such layers",
  },
  "convert-clip": {
    severity: "error",
    message: (low: number, high: number) => `a clip to ${low} … ${high} is not an activation that spikes can carry`,
    explain: "Spike counts stand for values from 0 up, so a clip must begin at 0 and end above it: ReLU6 is clip(0, 6).",
    help: "train with ReLU or with a clip that begins at 0",
  },
  "convert-batch": {
    severity: "error",
    message: (shape: string) => `a value of shape ${shape} has more than one sample in its first dimension`,
    explain: "A network is converted for one sample at a time. The first dimension of every value must be the batch, of size 1.",
    help: "export the model with a batch of 1",
  },
  "convert-inputs": {
    severity: "error",
    message: (count: number) => `the model has ${count} inputs; calibration data gives one`,
    explain: "Calibration and evaluation read one tensor per sample.",
    help: "export the model with a single input",
  },
  "convert-synapses": {
    severity: "error",
    message: (from: string, to: string, most: number) => `the connection from ${from} to ${to} would be a list of more than ${most} synapses`,
    explain:
      "Linear layers without an activation between them are joined into one connection. Where the joined map is no convolution any more (padding in the middle, reordered axes, transposed convolutions), it becomes a list of single synapses, and this one is too long.",
    help: "put an activation between these layers, or for average pooling give --average-pool neurons",
  },
  "convert-no-samples": {
    severity: "error",
    message: () => "there are no calibration samples, and this method needs some",
    explain: "Thresholds are chosen from the activations of the trained network on example data; a few dozen training samples are enough.",
    help: "give --calibration DATA",
  },
  "convert-no-statistics": {
    severity: "error",
    message: (layer: string) => `there are no statistics of layer ${layer}`,
    explain: "The thresholds of this layer must come from calibration samples, and the statistics given were made without samples or for another model.",
    help: "give --calibration DATA, or calibrate again with the same model and options",
  },
  "convert-not-finite": {
    severity: "error",
    message: (layer: string) => `layer ${layer} computes numbers that are not finite on calibration data`,
    explain: "NaN or infinity in the activations means that the data does not fit the model (a missing preprocessing step, usually) or that its weights are damaged.",
    help: "check --scale, --mean and --std, and the model in its training framework",
  },
  "convert-input-range": {
    severity: "warning",
    message: (low: number, high: number) => `the range of the input is not known; ${low} … ${high} is assumed`,
    explain: "The chip's input is quantized over a range of values. It comes from calibration samples or from the option inputRange; without either, images from 0 to 1 are assumed.",
    help: "give --calibration DATA, or inputRange=LOW:HIGH",
  },
  "convert-dropped": {
    severity: "note",
    message: (op: string) => `${op} at the output is left to the reader of the answers`,
    explain: "Softmax and sigmoid do not change which class wins; the network's answers are the numbers before them (logits). Argmax is taken by whoever reads the answers.",
    help: "nothing needs to be done",
  },
  "convert-steps-differ": {
    severity: "note",
    message: (steps: number, levels: readonly number[]) => `the network runs for ${steps} steps; its activations were trained with ${levels.join(", ")} levels`,
    explain: "With as many steps as levels, spike counts are the quantized activations. Fewer steps are coarser; more steps are finer and approach the network without quantization.",
    help: `nothing needs to be done; give --steps to choose another number`,
  },
  "convert-silent-layer": {
    severity: "warning",
    message: (layer: string) => `no neuron of layer ${layer} is active on calibration data`,
    explain: "All calibrated activations of the layer are zero, so its threshold is arbitrary. Usually the samples are too few or not preprocessed as in training.",
    help: "calibrate with more samples and check the preprocessing",
  },
});
