import type { ChipSpec } from "../../../targets/chip.ts";
import { at } from "../../base/bug.ts";
import { type Diagnostic, diagnostic, Failure } from "../../base/diagnostic.ts";
import type { Network, Population } from "../../ir/network/types.ts";
import { type Step, step } from "../pass.ts";
import { checkRange } from "./check-range/pass.ts";
import { isInput, linkPlace, placeOf } from "./edit.ts";
import { foldAmplitude } from "./fold-amplitude/pass.ts";
import { lowerDelays } from "./lower-delays/pass.ts";
import { lowerNeurons } from "./lower-neurons/pass.ts";
import { quantizeInputs } from "./quantize-inputs/pass.ts";
import { quantizeWeights } from "./quantize-weights/pass.ts";
import { removeUnread } from "./remove-unread/pass.ts";
import { splitFanIn } from "./split-fan-in/pass.ts";

/** Models that can be written as the configurable unit. */
const lowerable: readonly string[] = ["if", "lif", "cuba", "tsa", "readout", "relay", "unit"];

/**
 * The passes that make a network fit a chip that is known as data only, in order.
 * Throws at once, with every reason, if the chip lacks what the network is made of.
 */
export function legalSteps(network: Network, chip: ChipSpec): readonly Step<"network">[] {
  const problems = lacking(network, chip);
  if (problems.length > 0) throw new Failure(problems);
  return [
    step(removeUnread),
    step(quantizeInputs),
    // What an input's unit is worth has to be an amplitude before amplitudes are folded,
    // and everything has to be in the weights before they are rounded, once.
    step(foldAmplitude, { into: "auto" }),
    step(quantizeWeights),
    // Partial sums are proven with whole weights, and their relays need a step of their own.
    step(splitFanIn),
    step(lowerDelays),
    ...(chip.neurons.includes("unit") ? [step(lowerNeurons)] : []),
    step(checkRange),
  ];
}

/** Everything in the network that the chip does not have. */
export function lacking(network: Network, chip: ChipSpec): Diagnostic[] {
  return [...network.pops.flatMap((p) => [...lackingSpikes(p, chip), ...lackingNeuron(p, chip)]), ...lackingPools(network, chip)];
}

function lackingSpikes(p: Population, chip: ChipSpec): Diagnostic[] {
  const place = { at: placeOf(p), origin: p.origin };
  // Real numbers are made whole by the passes; what they become then is graded.
  const kind = p.spike.kind === "analog" ? "graded" : p.spike.kind;
  if (!chip.spikes.includes(kind)) return [diagnostic("chip-lacks-spikes", [p.name, kind, chip.name, chip.spikes.join(", ")], place)];
  if (p.spike.kind !== "graded" || p.spike.bits <= chip.payload.bits) return [];
  return [diagnostic("chip-lacks-payload", [p.name, p.spike.bits, chip.payload.bits], place)];
}

function lackingNeuron(p: Population, chip: ChipSpec): Diagnostic[] {
  const { model } = p.neuron;
  if (isInput(p) || chip.neurons.includes(model) || (chip.neurons.includes("unit") && lowerable.includes(model))) return [];
  return [diagnostic("chip-lacks-neuron", [p.name, model, chip.name], { at: placeOf(p), origin: p.origin })];
}

function lackingPools(network: Network, chip: ChipSpec): Diagnostic[] {
  return network.links.flatMap((l) => {
    if (l.pool === null || chip.pools.includes(l.pool.mode)) return [];
    const name = `${at(network.pops, l.from).name} -> ${at(network.pops, l.to).name}`;
    return [diagnostic("chip-lacks-pool", [name, l.pool.mode, chip.name], { at: linkPlace(network, l), origin: l.origin })];
  });
}
