import { table } from "./entry.ts";

export const networkErrors = table({
  // verify and parse
  "population-unknown": {
    severity: "error",
    message: (name: string) => `there is no population "${name}"`,
    explain: "A link, code or output of a .snet text names a population that the text does not declare with `input` or `pop`.",
    help: "declare the population, or correct the name",
  },
  "steps-invalid": {
    severity: "error",
    message: (steps: number) => `a network takes at least one step, not ${steps}`,
    explain: "`steps` is the number of time steps of one sample, every pipeline delay included. It is a positive integer.",
    help: "give the number of steps after the network's name: `network NAME steps 8`",
  },
  "population-id": {
    severity: "error",
    message: (index: number, id: number) => `population ${index} has the id ${id}`,
    explain:
      "Ids are dense: the population at place i of the list has id i. A pass that removes or inserts populations has to number them again.",
    help: "this is a mistake of the pass that made the network; run with --verify-each to find which",
  },
  "name-repeated": {
    severity: "error",
    message: (kind: string, name: string) => `two ${kind} are called "${name}"`,
    explain: "Populations are known by their names in text, reports and files, and outputs likewise; so names are unique.",
    help: "rename one of them",
  },
  "shape-invalid": {
    severity: "error",
    message: (shape: string) => `[${shape}] is not the shape of a population`,
    explain: "A population is [N], [C,L] or [C,H,W], each a positive integer.",
    help: "reshape the population; links only need the numbers of elements to agree",
  },
  "neuron-unknown": {
    severity: "error",
    message: (model: string, known: readonly string[]) => `there is no neuron model "${model}"; there are ${known.join(", ")}`,
    explain:
      "The neuron model of a population is one of the table in compiler/ir/network/neurons/index.ts; `ganglion list neurons` prints it.",
    help: "use one of the known models",
  },
  "parameter-unknown": {
    severity: "error",
    message: (owner: string, name: string, known: readonly string[]) =>
      `${owner} has no parameter "${name}"${known.length > 0 ? `; it has ${known.join(", ")}` : ""}`,
    explain:
      "Neuron models and input codes declare the parameters, words and state variables they have. Anything else would be ignored, so it is refused.",
    help: "correct the name, or leave it out",
  },
  "parameter-value": {
    severity: "error",
    message: (owner: string, name: string, why: string) => `${owner}: ${name} ${why}`,
    explain: "Parameters are numbers, one for the population, per channel or per neuron; words are one of the choices of their model.",
    help: "see the parameters of the model with `ganglion explain`",
  },
  "number-count": {
    severity: "error",
    message: (what: string, found: number, shape: string) =>
      `${what} has ${found} numbers, which fit neither the population, its channels nor the neurons of [${shape}]`,
    explain: "A tensor that belongs to a population has one number, one per channel, or one per neuron.",
    help: "give a single number or a tensor of a fitting size",
  },
  "number-not-finite": {
    severity: "error",
    message: (what: string, value: number) => `${what} contains ${value}`,
    explain:
      "NaN and infinities have no place in a network: no chip holds them, and one of them spreads to every neuron downstream. They usually come from a division by a zero variance or scale.",
    help: "look at the layer's weights in the model that was imported or converted",
  },
  "spike-type": {
    severity: "error",
    message: (why: string) => `the spike type does not fit: ${why}`,
    explain:
      "Binary spikes carry 0 or 1, ternary ones -1, 0 or 1, graded ones an integer of so many bits. A neuron that sends negative, counted or valued spikes needs a type that can hold them.",
    help: "change the population's spike type or the neuron's words",
  },
  "neuron-rule": {
    severity: "error",
    message: (why: string) => why,
    explain:
      "Some settings of a neuron contradict each other, so that its behaviour would depend on the order in which conditions are looked at.",
    help: "change one of the settings named",
  },
  "window-invalid": {
    severity: "error",
    message: (why: string) => `the population's window is wrong: ${why}`,
    explain:
      "A population is active in steps start <= t < stop; it may be silent for its first `silent` active steps. All are integers, and the window lies within the network's steps.",
    help: "correct start, silent or stop, or raise the network's steps",
  },
  "link-end": {
    severity: "error",
    message: (id: number, count: number) => `the link leads to population ${id} of ${count}`,
    explain: "Both ends of a link, code or output are ids of populations.",
    help: "this is a mistake of the pass that made the network; run with --verify-each to find which",
  },
  "link-into-input": {
    severity: "error",
    message: (name: string) => `a link leads into the input ${name}`,
    explain: "Spikes of an input population come from its code only; it has no neurons that could take input.",
    help: "lead the link into a population with a neuron model",
  },
  "kernel-misfit": {
    severity: "error",
    message: (kind: string, why: string) => `the ${kind} kernel does not fit: ${why}`,
    explain: "The weight's shape, groups and window of a kernel must agree with the shape of its source (after pooling).",
    help: "compare the kernel with the shape of its source",
  },
  "pool-misfit": {
    severity: "error",
    message: (why: string) => `the pool does not fit: ${why}`,
    explain:
      "Pools combine binary spikes over windows of each channel; the windows must fit the source's map, and with or and and all inputs of a window are worth the same.",
    help: "compare the pool with the source population",
  },
  "link-shape": {
    severity: "error",
    message: (made: string, wanted: string) => `the link makes [${made}], its target is [${wanted}]`,
    explain:
      "What a kernel makes of its source and the target population must have the same number of elements; they are matched in row-major order.",
    help: "correct the target's shape or the kernel's stride and pads",
  },
  "delay-invalid": {
    severity: "error",
    message: (delay: number) => `a delay of ${delay} is not a number of steps`,
    explain: "A link delivers what its source sent `delay` steps ago: 0 within the same step, 1 in the next, and so on.",
    help: "give an integer that is not negative",
  },
  "cycle-without-delay": {
    severity: "error",
    message: (names: readonly string[]) => `links without delay form a cycle: ${names.join(" -> ")}`,
    explain:
      "A delay of 0 means within the same step. In a cycle of such links every population would have to be updated before every other.",
    help: "give one link of the cycle a delay of at least 1",
  },
  "link-backwards": {
    severity: "error",
    message: (from: string, to: string) => `a link without delay leads back from ${from} to ${to}`,
    explain: "Populations are updated in the order of their ids; a link without delay must lead from an earlier to a later one.",
    help: "declare the source before the target, or give the link a delay",
  },
  "code-unknown": {
    severity: "error",
    message: (kind: string, code: string, known: readonly string[]) => `there is no ${kind} code "${code}"; there are ${known.join(", ")}`,
    explain:
      "Input codes turn samples into spikes, output codes spikes or potentials into answers; the tables are in compiler/ir/codes/index.ts.",
    help: "use one of the known codes",
  },
  "input-code": {
    severity: "error",
    message: (why: string) => why,
    explain:
      "Every population of the model `input` has exactly one input code, no other has one, and codes are listed in the order of their populations.",
    help: "write `code NAME(…)` on the `input` line",
  },
  "output-unreadable": {
    severity: "error",
    message: (code: string, why: string) => `the code ${code} cannot read it: ${why}`,
    explain: "`potential` reads the first state variable, so the model must have one; `spikes` sums what the population sends.",
    help: "choose the other output code or another neuron model",
  },

  // Folding gains.
  "gain-needs-unshared": {
    severity: "error",
    message: (source: string, shape: string) =>
      `the spikes of ${source} (${shape}) are worth something else in every position, which a shared kernel cannot hold`,
    explain:
      "A gain per neuron (an element-wise Real Spike coefficient) makes the weights of a convolution differ from position to position. Kept shared, the kernel would be wrong everywhere but in one place.",
    help: "use into=auto, into=unshared (a kernel per position) or into=axon-gain (the chip multiplies)",
  },
  "gain-needs-lists": {
    severity: "error",
    message: (source: string, shape: string) =>
      `the spikes of ${source} (${shape}) are worth something else in every position, and the chip has neither rows for unshared kernels nor gains on axons`,
    explain:
      "A gain per neuron needs a weight for every synapse, or a multiplier for every axon. The chip's description has shared kernels only (lists is empty), and gain bits 0.",
    help: "train one gain per channel or layer, which a shared kernel takes, or choose a chip with dense or sparse rows or with axon gains",
  },
  "gain-unshared-too-large": {
    severity: "error",
    message: (source: string, shape: string) =>
      `a kernel per position for the gains of ${source} (${shape}) would have more than 268 million weights`,
    explain:
      "Folding a gain per neuron gives each output position a kernel of its own, about height times width as many weights as before.",
    help: "leave the gains on the axons with into=axon-gain, on a chip that has them",
  },
  "gain-no-axon": {
    severity: "error",
    message: (source: string) => `the gains of ${source} cannot stay on axons: the chip's axons have no gain`,
    explain: "into=axon-gain and into=axon-shift leave a multiplier on each axon. The chip's description says gain bits 0.",
    help: "use into=auto, which unshares the kernel on such a chip",
  },
  "gain-behind-pool": {
    severity: "error",
    message: (source: string, mode: string) =>
      `the spikes of ${source} are worth something else in every position, and pass a pool (${mode})`,
    explain:
      "A pool combines the spikes of a window into one. That one spike would be worth what the spike that caused it is worth, so it is no longer one number, and no weight can hold it. Gains per layer or channel have no such problem.",
    help: "train with one gain per channel in front of a max pool, or pool by average",
  },

  // Quantization.
  "input-range": {
    severity: "error",
    message: (pop: string, low: number, high: number) => `input ${pop} has no finite range of values (low ${low}, high ${high})`,
    explain:
      "An analog input is sent to a chip as whole numbers, so the range of its values must be known to choose the size of a unit. The parameters low and high of the input code say it.",
    help: "give the input code the range of the samples, such as low=0 high=1",
  },
  "input-analog-code": {
    severity: "error",
    message: (pop: string, code: string) => `input ${pop} sends real numbers by the code ${code}, which has no scale`,
    explain: "Only the code direct can turn real numbers into whole payloads; the others send spikes as they are.",
    help: "use the code direct, or make the population binary, ternary or graded",
  },
  "analog-left": {
    severity: "error",
    message: (pop: string) => `${pop} sends real numbers, which no chip can carry`,
    explain: "Weights and thresholds can only be made whole numbers when what multiplies them is one already.",
    help: "run quantize-inputs first",
  },
  "amplitude-left": {
    severity: "error",
    message: (pop: string, pass: string) => `the spikes of ${pop} are worth something else than 1, and ${pass} needs them to be worth 1`,
    explain:
      "Amplitudes (Real Spike coefficients, input scales) have to be in the weights before the weights are quantized or spikes are relayed.",
    help: "run fold-amplitude first",
  },
  "relay-order": {
    severity: "error",
    message: (pop: string) => `${pop} passes on values that depend on a later population's values`,
    explain:
      "The scale of a population that sends values follows from the scales of those it listens to. Around a loop, or against the order of the populations, there is no such scale.",
    help: "let populations that send values come before those that read them, without loops among them",
  },
  "weights-unsigned": {
    severity: "error",
    message: (pop: string, chip: string) => `${pop} has negative weights, and ${chip} has none`,
    explain: "The chip's weights are unsigned. Inhibition would need a neuron or axon type that subtracts.",
    help: "choose a chip with signed weights",
  },
  "threshold-lost": {
    severity: "warning",
    message: (pop: string, count: number) => `${count} neurons of ${pop} have a threshold below one unit of their weights`,
    explain:
      "The weights are so much larger than the threshold that, once the weights are whole numbers of so many bits, the threshold lies between 0 and 1. It becomes 1, which is too high.",
    help: "use more weight bits, clip=mse, or check the scale of that layer",
  },
  "parameter-range": {
    severity: "error",
    message: (pop: string, name: string, value: number, bits: number) =>
      `${name} of ${pop} is ${value}, which does not fit the ${bits} bits of a potential`,
    explain: "Thresholds, biases, resets and initial potentials are stored with the width of a potential.",
    help: "quantize with fewer weight bits, or choose a chip with wider potentials",
  },

  // Ranges.
  "accumulator-overflow": {
    severity: "error",
    message: (neuron: string, sum: number, bits: number) => `the input of ${neuron} can reach ${sum} in one step, beyond ${bits} bits`,
    explain:
      "The sum of one step's input is collected in a register that wraps, so it must be proven never to overflow. Here it can, if the sources named in the note fire together.",
    help: "use fewer weight bits, or split the fan-in",
  },
  "payload-unit": {
    severity: "error",
    message: (pop: string, low: number, high: number, reached: number | null) =>
      `the payloads of ${pop} are whole numbers ${low} to ${high}, ${reached === null ? "a potential that its weights cannot be rounded for" : `a range that its input can pass (${Number(reached.toPrecision(4))})`}`,
    explain:
      "Weights that are not whole, or too wide, are made whole by counting in another unit. A population that sends its potential as a graded payload clamps it at the ends of the payload's range; in another unit the range would be another, and so would the results. Only a relay whose input cannot reach the range may change its unit.",
    help: "make the spike type analog, so that quantization chooses unit and range, or give whole weights of fewer bits",
  },
  "potential-saturates": {
    severity: "note",
    message: (held: readonly (readonly [population: string, neurons: number])[]) =>
      `in the worst case potentials reach the end of their range and are held there: ${counted(held)}`,
    explain:
      "The sum of the worst of all inputs does not fit the register, which then holds the end of its range. Chip, simulator and the network's run with limits do the same, so nothing disagrees; only unlimited arithmetic could send other spikes, and only if the neuron comes back from there within the sample. Real samples are usually far from the bound, most of all below zero.",
    help: "nothing, if the accuracy of `ganglion evaluate` is right; else fewer weight bits leave more room",
  },
  "answer-saturates": {
    severity: "warning",
    message: (read: readonly string[], held: readonly (readonly [population: string, neurons: number])[]) =>
      `in the worst case the potential that is the answer (${read.join(", ")}) reaches the end of its range and is held there: ${counted(held)}`,
    explain:
      "The answer is read from a potential, and the sum of the worst of all inputs does not fit its register, which then holds the end of its range. Two answers that are both held look alike, and the choice between them is lost. The bound is a worst case over all inputs, and real samples may be far from it.",
    help: "use fewer weight bits or fewer steps, or read spikes instead of the potential; compare accuracies with `ganglion evaluate`",
  },
  "potential-wraps": {
    severity: "error",
    message: (neuron: string, value: number, step: number, others: number) =>
      `the potential of ${neuron} can pass the end of its range, ${value}, in local step ${step}${others > 0 ? ` (and ${others} other neurons of the population theirs)` : ""}`,
    explain:
      "The chip's potentials wrap: beyond the largest number comes the smallest, and the neuron's result is meaningless. The bound is a worst case over all inputs.",
    help: "use fewer weight bits, or a chip whose potentials saturate",
  },

  // Time.
  "delay-cycle": {
    severity: "error",
    message: (path: string, has: number, needs: number) => `the cycle ${path} takes ${has} steps, and transport alone takes ${needs}`,
    explain:
      "Each link takes at least the chip's delay. Running populations later can give time to any path, but not to a cycle, whose steps are part of what the network computes.",
    help: "train the network with a delay of one step for each link of the cycle",
  },
  "delay-too-long": {
    severity: "error",
    message: (delay: number, most: number) => `a delay of ${delay} steps is more than the chip's ${most}, and relays cannot make it`,
    explain:
      "Relays are chains of delays between the chip's least and greatest, and these two are so close that not every length can be made.",
    help: "choose a chip with longer axon delays",
  },
  "network-steps": {
    severity: "error",
    message: (steps: number, most: number) => `with its pipeline the network takes ${steps} steps, and the chip counts to ${most}`,
    explain: "Step counters on the chip have a limited width.",
    help: "convert with fewer steps",
  },

  // Fan-in.
  "fan-in-too-large": {
    severity: "error",
    message: (neuron: string, sum: string, bits: number) =>
      `the inputs of ${neuron} cannot be split into partial sums of ${bits} bits: the smallest part reaches ${sum}`,
    explain:
      "A neuron with more inputs than a core can hold is split into partial sums that travel as graded spikes. A partial sum must fit a payload, and here not even a single source's does.",
    help: "use fewer weight or input bits, or choose a chip with wider payloads",
  },
  "fan-in-graded": {
    severity: "error",
    message: (pop: string, sources: number, axons: number) =>
      `${pop} has neurons with ${sources} inputs, a core has ${axons}, and the chip has no graded spikes for partial sums`,
    explain: "A neuron with more inputs than a core can hold is split into partial sums that travel as graded spikes.",
    help: "choose a chip with graded spikes or larger cores",
  },

  // Replacing what a chip lacks.
  "spikes-not-binary": {
    severity: "error",
    message: (pop: string, why: string) => `${pop} cannot do without negative spikes: ${why}`,
    explain:
      "On a chip without negative spikes, a population that sends them becomes a pair that holds each other's potentials equal, or waits for whole codes and sends binary digits. Both are exact, and both need certain neurons; docs/lesser-chips.md says which.",
    help: "choose a conversion with binary spikes (rate, qcfs, dual-phase without signs), or a chip with ternary spikes",
  },
  "spikes-not-aligned": {
    severity: "error",
    message: (from: string, to: string) => `the digits of ${from} do not meet the first step of ${to}`,
    explain:
      "A code is read with the most significant digit first, and the potential that takes it is doubled in every step. So the first digit of every source has to arrive in the first step of its target; the network given does not say so, and what its digits are worth is unknown.",
    help: "use form=paired, which asks nothing about timing, or run the pass before lower-delays",
  },

  "input-planes-weight": {
    severity: "error",
    message: (input: string, planes: number, weight: number, bits: number) =>
      `the ${planes} bits of ${input} need weights up to ${weight}, beyond the chip's ${bits} bits, and its axons have no gains for them`,
    explain:
      "On a chip with binary spikes, each bit of an input has a channel of its own, and what the bit is worth is a gain on the axon or, without gains, in the weight. The highest bit makes the weights that much larger.",
    help: "send evenly spaced spikes instead (leave out spike-inputs:form=planes), or use fewer bits: --input-bits N and --weight-bits M with N + M no more than the chip's weight bits",
  },
  "reset-not-outside": {
    severity: "error",
    message: (pop: string, why: string) =>
      `${pop} needs its potential reset by subtraction, which the chip does not do, and no synapse can do it: ${why}`,
    explain:
      "A neuron can take its reset from a synapse of its own that arrives in the next step, before that step's decision. What it takes away then has been leaked once, so the leak must be exact, and the spike must say how much.",
    help: "choose a chip whose neurons subtract, or a network without leak (or with doubling) that sends unit spikes",
  },
  "setting-not-replaced": {
    severity: "error",
    message: (pop: string, setting: string, chip: string, has: string) => `${pop} needs ${setting}; ${chip} has ${has}`,
    explain:
      "The chip's description lists the settings of its neurons. Some can be replaced by others without changing a spike; this one cannot.",
    help: "choose a chip that has it, or a conversion that does without; docs/lesser-chips.md lists what is replaced and how",
  },
  "static-input-kept": {
    severity: "error",
    message: (pop: string, why: string) => `the synaptic current of ${pop} cannot be replaced by sending the input in every step: ${why}`,
    explain:
      "A current that never decays replays an input that came once. The same input sent in every step has the same effect, if nothing else enters the current and no step misses it.",
    help: "convert with input=direct, or choose a chip whose neurons have a synaptic current",
  },

  // Legality for a chip.
  "neuron-not-integer": {
    severity: "error",
    message: (pop: string, model: string, why: string) => `${pop} (${model}) cannot be written as an integer neuron: ${why}`,
    explain:
      "The chip's configurable neuron computes with whole numbers only, in the way its README says. The pass that writes neurons in that form never rounds; quantize-weights does.",
    help: "run quantize-weights first",
  },
  "chip-lacks-spikes": {
    severity: "error",
    message: (pop: string, kind: string, chip: string, has: string) => `${pop} sends ${kind} spikes, and ${chip} carries ${has}`,
    explain: "The packets of a chip have room for certain payloads only.",
    help: "choose a chip that carries them, or a conversion that needs only what the chip has (rate or dual-phase for binary spikes)",
  },
  "chip-lacks-doubling": {
    severity: "error",
    message: (pop: string, chip: string, why: string) =>
      `${pop} doubles its potential in every step, the neurons of ${chip} cannot, and ${why}`,
    explain:
      "Codes with the most significant digit first are read by doubling. A chip without it can do the same where a neuron can send a digit as its place value and multiply its threshold by that (unit.emit digit), or send its potential as a payload (unit.emit value, graded spikes) and hear itself one step later; the pass legalize-doubling does either.",
    help: "choose a chip that doubles (unit.leak) or sends place values or potentials (unit.emit), use fewer bits of weights or inputs where a range is too wide, or a conversion whose spikes all count the same: --method rate, qcfs or dual-phase",
  },
  "chip-lacks-lists": {
    severity: "error",
    message: (link: string, kind: string, weights: number, chip: string) =>
      `${link} has a weight for each synapse (${kind}, ${weights} weights), and ${chip} has shared kernels only`,
    explain:
      "An unshared or sparse kernel needs rows that hold weights for one source. Where it is a shared kernel times a gain for each neuron, the gain can stay on the axon of a chip that has gains (fold-amplitude:into=axon-gain).",
    help: "use the gains of the chip's axons (fold-amplitude:into=axon-gain) if it has them, train gains per channel, or choose a chip with dense or sparse rows",
  },
  "chip-lacks-neuron": {
    severity: "error",
    message: (pop: string, model: string, chip: string) =>
      `${pop} needs the neuron model ${model}, which ${chip} can neither run nor imitate`,
    explain:
      "The chip's description lists its neuron models. Models that can be written as the configurable unit run wherever that is listed.",
    help: "choose a chip whose neurons have it, or a conversion that uses another model",
  },
  "chip-lacks-pool": {
    severity: "error",
    message: (link: string, mode: string, chip: string) => `${link} pools by ${mode}, which ${chip} cannot`,
    explain: "Pooling of spikes happens at the axons, and the chip's description lists which kinds they have.",
    help: "of a trained model, convert with --max-pool average (read the accuracy), or train with average pooling or strides; else choose a chip that has it",
  },
  "chip-lacks-payload": {
    severity: "error",
    message: (pop: string, has: number, bits: number) => `${pop} sends payloads of ${has} bits, and the chip's have ${bits}`,
    explain: "The chip's packets carry payloads of a limited width.",
    help: "quantize the input with fewer bits",
  },
});

/** `conv1 (3136 neurons), fc (10)`, the longest lists cut. */
function counted(held: readonly (readonly [population: string, neurons: number])[]): string {
  const shown = held.slice(0, 8).map(([name, neurons], i) => `${name} (${neurons}${i > 0 ? "" : neurons === 1 ? " neuron" : " neurons"})`);
  return shown.join(", ") + (held.length > 8 ? ` and ${held.length - 8} more populations` : "");
}
