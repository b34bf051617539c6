import type { ChipSpec } from "../../../targets/chip.ts";
import { at } from "../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../base/diagnostic.ts";
import { missingWords } from "../../ir/network/features.ts";
import type { Network, Population } from "../../ir/network/types.ts";
import { type Step, step } from "../pass.ts";
import { payloads } from "./bounds.ts";
import { checkRange } from "./check-range/pass.ts";
import { isInput, linkPlace, placeOf } from "./edit.ts";
import { foldAmplitude } from "./fold-amplitude/pass.ts";
import { weightCount } from "./fold-amplitude/storage.ts";
import { legalizeDoubling, noDoubling } from "./legalize-doubling/pass.ts";
import { legalizeInputs } from "./legalize-inputs/pass.ts";
import { legalizePools } from "./legalize-pools/pass.ts";
import { legalizeReset } from "./legalize-reset/pass.ts";
import { legalizeSettings } from "./legalize-settings/pass.ts";
import { legalizeSpikes } from "./legalize-spikes/pass.ts";
import { lowerDelays } from "./lower-delays/pass.ts";
import { lowerNeurons } from "./lower-neurons/pass.ts";
import { unitWords } from "./lower-neurons/unit.ts";
import { quantizeInputs } from "./quantize-inputs/pass.ts";
import { quantizeWeights } from "./quantize-weights/pass.ts";
import { removeUnread } from "./remove-unread/pass.ts";
import { spikeInputs } from "./spike-inputs/pass.ts";
import { splitFanIn } from "./split-fan-in/pass.ts";
import { unrollStaticInput } from "./unroll-static-input/pass.ts";

/** Models that can be written as the configurable unit. */
const lowerable: readonly string[] = ["if", "lif", "cuba", "tsa", "readout", "integrator", "relay", "unit"];

/**
 * The passes that make a network fit a chip that is known as data only, in order. Those
 * that replace what a chip lacks are there only where it lacks it.
 * Throws at once, with every reason, if the chip lacks what nothing can replace.
 */
export function legalSteps(network: Network, chip: ChipSpec): readonly Step<"network">[] {
  const problems = lacking(network, chip);
  if (problems.length > 0) throw new Failure(problems);
  const has = (word: string, ...choices: readonly string[]): boolean => choices.every((c) => chip.unit[word]?.includes(c) === true);
  const where = (lacks: boolean, s: Step<"network">): Step<"network">[] => (lacks ? [s] : []);
  return [
    step(removeUnread),
    // The input code, which has to be known before inputs become whole.
    ...where(!has("current", "on") || !has("reset", "subtract"), step(unrollStaticInput)),
    // Bits of numbers need gains: without, every bit of an input takes one from the weights.
    ...where(!chip.spikes.includes("graded") && chip.gain.bits === 0, step(spikeInputs)),
    step(quantizeInputs),
    // What an input's unit is worth has to be an amplitude before amplitudes are folded,
    // and everything has to be in the weights before they are rounded, once.
    step(foldAmplitude, { into: "auto" }),
    step(quantizeWeights),
    // On whole numbers, for what is added has to agree with them exactly; signs first, because the
    // others see what they have become.
    ...where(!signed(chip), step(legalizeSpikes)),
    ...where(!chip.spikes.includes("ternary") || !chip.spikes.includes("graded"), step(legalizeInputs)),
    ...where(!chip.pools.includes("or") || !chip.pools.includes("and"), step(legalizePools)),
    // Before resets, of which companions know only what they amount to.
    ...where(!has("leak", "double"), step(legalizeDoubling)),
    ...where(!has("reset", "subtract"), step(legalizeReset)),
    ...where(!whole(chip), step(legalizeSettings)),
    // Partial sums are proven with whole weights, and their relays need a step of their own.
    step(splitFanIn),
    step(lowerDelays),
    ...(chip.neurons.includes("unit") ? [has("update", "touched") ? step(lowerNeurons) : step(lowerNeurons, { touched: "false" })] : []),
    // Readouts and relays are units only now.
    ...where(!whole(chip), step(legalizeSettings)),
    step(checkRange),
  ];
}

/** Whether neurons of the chip can send +1 and -1. */
function signed(chip: ChipSpec): boolean {
  return chip.spikes.includes("ternary") && ["free", "latched", "counted"].every((w) => chip.unit["negative"]?.includes(w) === true);
}

/** Settings of neurons that can be replaced by others; a chip that has them all needs nothing of that. */
const replaceable: Readonly<Record<string, readonly string[]>> = {
  compare: ["ge", "gt"],
  biasAt: ["every", "first"],
  boundary: ["preload", "clear"],
  negativeAt: ["threshold", "zero"],
};

function whole(chip: ChipSpec): boolean {
  const words = Object.entries(replaceable).every(([word, choices]) => choices.every((c) => chip.unit[word]?.includes(c) === true));
  return words && ["bias", "initial"].every((n) => chip.perNeuron.includes(n));
}

/** Everything in the network that the chip does not have and that no pass can replace. */
export function lacking(network: Network, chip: ChipSpec): Diagnostic[] {
  return [
    ...network.pops.flatMap((p) => [...lackingSpikes(p, chip), ...lackingNeuron(p, chip), ...lackingSettings(p, chip)]),
    ...lackingPools(network, chip),
    ...lackingKernels(network, chip),
  ];
}

function lackingSpikes(p: Population, chip: ChipSpec): Diagnostic[] {
  const place = { at: placeOf(p), origin: p.origin };
  // Real numbers are made whole by the passes; what they become then is graded.
  const kind = p.spike.kind === "analog" ? "graded" : p.spike.kind;
  // Inputs are split into binary planes, signs into pairs; what is left of the others has one sign.
  if (isInput(p) || kind === "ternary" || (p.neuron.model === "readout" && payloads(p).high === 0)) return tooWide(p, chip, place);
  if (!chip.spikes.includes(kind)) return [diagnostic("chip-lacks-spikes", [p.name, kind, chip.name, chip.spikes.join(", ")], place)];
  return tooWide(p, chip, place);
}

/** Payloads wider than the chip's, unless they are those of an input that is split. */
function tooWide(p: Population, chip: ChipSpec, place: { at: string; origin: Population["origin"] }): Diagnostic[] {
  if (p.spike.kind !== "graded" || p.spike.bits <= chip.payload.bits || (isInput(p) && !chip.spikes.includes("graded"))) return [];
  return [diagnostic("chip-lacks-payload", [p.name, p.spike.bits, chip.payload.bits], place)];
}

/** Words for which there is no other setting, nor a pass that does without. */
const needed: readonly string[] = ["leak", "noise", "emit"];

function lackingSettings(p: Population, chip: ChipSpec): Diagnostic[] {
  if (isInput(p) || !lowerable.includes(p.neuron.model)) return [];
  const words = unitWords(p);
  const asked = Object.fromEntries(needed.map((w) => [w, words[w] ?? ""]).filter(([, v]) => v !== ""));
  const place = { at: placeOf(p), origin: p.origin };
  return missingWords(asked, chip).flatMap((m) => {
    if (m.setting !== "leak=double") return [diagnostic("setting-not-replaced", [p.name, m.setting, chip.name, m.has], place)];
    const why = noDoubling(chip);
    return why === null ? [] : [diagnostic("chip-lacks-doubling", [p.name, chip.name, why], place)];
  });
}

function lackingNeuron(p: Population, chip: ChipSpec): Diagnostic[] {
  const { model } = p.neuron;
  if (isInput(p) || chip.neurons.includes(model) || (chip.neurons.includes("unit") && lowerable.includes(model))) return [];
  return [diagnostic("chip-lacks-neuron", [p.name, model, chip.name], { at: placeOf(p), origin: p.origin })];
}

function lackingPools(network: Network, chip: ChipSpec): Diagnostic[] {
  return network.links.flatMap((l) => {
    if (l.pool === null || l.pool.mode !== "gate" || chip.pools.includes(l.pool.mode)) return [];
    const name = `${at(network.pops, l.from).name} -> ${at(network.pops, l.to).name}`;
    return [diagnostic("chip-lacks-pool", [name, l.pool.mode, chip.name], { at: linkPlace(network, l), origin: l.origin })];
  });
}

/** Kernels with a weight for each synapse on a chip whose rows are all shared; a dense kernel is shared by all positions of its source, of which there is one window. */
function lackingKernels(network: Network, chip: ChipSpec): Diagnostic[] {
  if (chip.lists.length > 0) return [];
  return network.links.flatMap((l) => {
    if (l.kernel.kind !== "sparse" && (l.kernel.kind !== "conv" || l.kernel.shared)) return [];
    const name = `${at(network.pops, l.from).name} -> ${at(network.pops, l.to).name}`;
    return [
      diagnostic("chip-lacks-lists", [name, l.kernel.kind, weightCount(l.kernel), chip.name], {
        at: linkPlace(network, l),
        origin: l.origin,
      }),
    ];
  });
}
