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
    explain:
      "The spike count of a neuron stands for a value that is not negative. A leaky ReLU needs negative spikes of another size, which these methods do not have.",
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
    explain:
      "A gate compares spikes, so the values that are pooled must come from an activation (or be followed by one, then the two are exchanged).",
    help: "put the activation before the pooling, or give --max-pool average",
  },
  "convert-max-pool-inexact": {
    severity: "warning",
    message: (way: string, error: string) =>
      `max pooling is approximated (${way}); on calibration samples its output is off by ${error} of its size`,
    explain:
      "Max pooling has no exact counterpart for spike counts. The relative error of the pooled values, as a root mean square over calibration samples, says how rough the approximation is; `evaluate` measures what it costs in accuracy.",
    help: "compare the accuracies that `evaluate` reports; if the loss is too large, take more --steps (a gate gets better with them), --method css, which computes the maximum, or train with average pooling",
  },
  "convert-relu-in-qcfs": {
    severity: "error",
    message: (method: string) => `this ReLU has no learned clip, which the method ${method} takes its threshold from`,
    explain:
      "Networks for qcfs and dual-phase are trained with the activation λ/L·clip(floor(xL/λ+½),0,L); λ becomes the threshold. A plain ReLU has none.",
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
    message: (from: string, to: string, most: number) =>
      `the connection from ${from} to ${to} would be a list of more than ${most} synapses`,
    explain:
      "Linear layers without an activation between them are joined into one connection. Where the joined map is no convolution any more (padding in the middle, reordered axes, transposed convolutions), it becomes a list of single synapses, and this one is too long.",
    help: "put an activation between these layers, or for average pooling give --average-pool neurons",
  },
  "convert-no-samples": {
    severity: "error",
    message: () => "there are no calibration samples, and this method needs some",
    explain:
      "Thresholds (and in dual-phase, potentials and weights) are chosen from the activations of the trained network on example data; for thresholds a few dozen training samples are enough.",
    help: "give --calibration DATA",
  },
  "convert-no-statistics": {
    severity: "error",
    message: (layer: string) => `there are no statistics of layer ${layer}`,
    explain:
      "The thresholds of this layer must come from calibration samples, and the statistics given were made without samples or for another model.",
    help: "give --calibration DATA, or calibrate again with the same model and options",
  },
  "convert-other-statistics": {
    severity: "error",
    message: (what: string, given: number | string, wanted: number | string) =>
      `the calibration was made for ${what} ${given}, and ${wanted} is asked for`,
    explain:
      "Phase II of the method dual-phase fits potentials and weights to one number of steps and one kind of spikes; they are of no use for another.",
    help: "calibrate again with the options of the conversion",
  },
  "convert-not-finite": {
    severity: "error",
    message: (layer: string) => `layer ${layer} computes numbers that are not finite on calibration data`,
    explain:
      "NaN or infinity in the activations means that the data does not fit the model (a missing preprocessing step, usually) or that its weights are damaged.",
    help: "check --scale, --mean and --std, and the model in its training framework",
  },
  "convert-input-range": {
    severity: "warning",
    message: (low: number, high: number) => `the range of the input is not known; ${low} … ${high} is assumed`,
    explain:
      "The chip's input is quantized over a range of values. It comes from calibration samples or from the option inputRange; without either, images from 0 to 1 are assumed.",
    help: "give --calibration DATA, or inputRange=LOW:HIGH",
  },
  "convert-dropped": {
    severity: "note",
    message: (op: string) => `${op} at the output is left to the reader of the answers`,
    explain:
      "Softmax and sigmoid do not change which class wins; the network's answers are the numbers before them (logits). Argmax is taken by whoever reads the answers.",
    help: "nothing needs to be done",
  },
  "convert-steps-differ": {
    severity: "note",
    message: (steps: number, levels: readonly number[]) =>
      `the network runs for ${steps} steps; its activations were trained with ${levels.join(", ")} levels`,
    explain:
      "With as many steps as levels, spike counts are the quantized activations. Fewer steps are coarser; more steps are finer and approach the network without quantization.",
    help: `nothing needs to be done; give --steps to choose another number`,
  },
  "convert-silent-layer": {
    severity: "warning",
    message: (layer: string) => `no neuron of layer ${layer} is active on calibration data`,
    explain:
      "All calibrated activations of the layer are zero, so its threshold is arbitrary. Usually the samples are too few or not preprocessed as in training.",
    help: "calibrate with more samples and check the preprocessing",
  },
  "convert-max-pool-padding": {
    severity: "error",
    message: () => "this max pooling pads with zeros what may be negative",
    explain:
      "Padding does not take part in a maximum. In values that are not negative, zeros in its place change nothing, and that is how spikes have it; among negative values a zero would win.",
    help: "put the activation before the pooling, or pool without padding",
  },
  "convert-input-digits": {
    severity: "note",
    message: () => "the input is turned into digits, because other spikes enter the layers that read it",
    explain:
      "In canonic signed spikes an input can come whole in the first step only where nothing else enters, for the digits of other layers take T steps. So here neurons of its own turn each number of the input into digits, as with `--input digits`.",
    help: "nothing needs to be done",
  },
  "convert-neurons": {
    severity: "error",
    message: () => "the model is a spiking network already, which this method does not convert",
    explain:
      "The file describes integrate-and-fire neurons: comparisons with a threshold whose potentials are inputs and outputs of the model. Such a network runs as it is. The conversion methods turn activations of ordinary networks into neurons.",
    help: "leave --method out and give --steps T (method as-is); for a network trained with noise and a single step, use --method noise --steps N",
  },
  "convert-state-used": {
    severity: "error",
    message: (op: string) => `${op} reads a neuron's potential, which only the neuron itself can do`,
    explain:
      "On a chip a potential never leaves its neuron, except at the end of a sample when it is the answer. A model in which another operation reads a potential, or reads it before the comparison, has no counterpart.",
    help: "let the last layer be linear, without neurons, and average its output over the steps",
  },
  "convert-no-neurons": {
    severity: "error",
    message: () => "the model has no spiking neurons",
    explain:
      "Without a method, or with the method as-is, the file itself has to describe spiking neurons: one time step with the potentials as inputs and outputs, in which a potential is compared with a threshold.",
    help: "choose a method that converts the model (`ganglion list methods`), or export the spiking network with its neurons",
  },
  "convert-steps-missing": {
    severity: "error",
    message: () => "the file describes one time step and does not say how many there are",
    explain:
      "A spiking network is trained for a number of steps T, over which its last layer is averaged. A file with one step does not hold that number.",
    help: "give --steps T, the number of steps that the network was trained with",
  },
  "convert-mixed": {
    severity: "error",
    message: (what: string) => `this ${what} stands between spiking neurons, and its values are no spikes`,
    explain:
      "In a spiking network every value that goes from layer to layer is a spike, times a constant. A ReLU or clip of another value has no counterpart on a chip.",
    help: "replace the activation by a spiking neuron and train again",
  },
  "convert-noise-in-file": {
    severity: "error",
    message: () => "the file holds the noise of a single-step training",
    explain:
      "A network trained with one step and noise in the place of the potential is deployed without that noise, over several steps. How, is part of the training: leak, reset, threshold, initial potential, and mean and deviation of the noise belong together.",
    help: "give --method noise --steps N; the descriptor is read from the file, or from --descriptor",
  },
  "convert-noise-missing": {
    severity: "error",
    message: (missing: readonly string[]) => `it is not known how this network was trained and is to be run: ${missing.join(", ")}`,
    explain:
      "A network trained with one step and noise converts without loss only into the neurons that the noise stood for. So leak, reset (soft or hard) and threshold of the neurons, and mean (mu) and standard deviation (sigma) of the noise have to be known; a file of weights does not show them. The initial potential v0 follows mu where it is not given.",
    help: "write the descriptor into the file's metadata under ganglion.noise when exporting (docs/recipes/noise_single_step.py), give it with --descriptor FILE, or give --leak, --reset, --theta, --mu and --sigma",
  },
  "convert-noise-descriptor": {
    severity: "error",
    message: (why: string) => `the descriptor of the noise cannot be read: ${why}`,
    explain:
      'The descriptor is a JSON object: {"train": {"mu": 0.5, "sigma": 0.3}, "deploy": {"leak": 1, "reset": "soft", "theta": 1, "v0": 0.5, "compare": ">=", "noise": "none", "T": 8}, "input": "direct", "readout": "mean"}. T, v0, compare, noise, input and readout may be left out.',
    help: "correct the descriptor in the model's metadata, or give another one with --descriptor FILE",
  },
  "convert-noise-place": {
    severity: "error",
    message: (why: string) => `this noise cannot be taken out: ${why}`,
    explain:
      "Noise in the place of a potential is added to the current of a neuron, times a constant, right before the comparison. Noise anywhere else is part of what the model computes.",
    help: "export the model in evaluation mode without this noise, or add it before the comparison",
  },
  "convert-noise-state": {
    severity: "error",
    message: () => "the model's neurons have potentials already, so no noise stands for them",
    explain:
      "The method noise gives a network that was trained with a single step the potentials that it was trained without. This file describes neurons with states.",
    help: "leave --method out: the network runs as it is",
  },
  "convert-noise-differs": {
    severity: "warning",
    message: (what: string, file: number, descriptor: number) =>
      `the noise in the file has the ${what} ${Number(file.toPrecision(4))}, and the descriptor says ${descriptor}`,
    explain:
      "The descriptor decides how the network is run, and what is guaranteed is computed from it. If the file was trained with other noise, the guarantee does not hold.",
    help: "correct the descriptor, or --mu, --sigma and --theta",
  },
  "convert-noise-mismatch": {
    severity: "warning",
    message: (why: string) => `training noise and deployment do not match: ${why}`,
    explain:
      "The noise stood for the potential that a neuron carries from step to step. With reset by subtraction and no leak that potential lies evenly between 0 and the threshold: the best normal noise has the mean theta/2 and the deviation 0.3*theta, and the neurons start at that mean. A mismatch can cost many points of accuracy; the mean matters more than the shape.",
    help: "start the potential at the noise's mean (--v0), run with the leak and reset that the noise stood for, or train again with matching noise",
  },
  "convert-noise-case": {
    severity: "note",
    message: (name: string, title: string, guarantee: string) => `case ${name}, ${title}: ${guarantee}`,
    explain:
      "A: memoryless replicas, exact in expectation at any depth. B: soft reset without leak and uniform noise, exact for each layer while currents stay within 0 and the threshold. C: the same with normal noise, off by a stated bound. None: leaky or hard-reset neurons, of which nothing is proven.",
    help: "docs/conversion/noise.md derives the cases",
  },
});
