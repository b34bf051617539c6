import type { ChipSpec } from "../../targets/chip.ts";
import { at } from "../base/bug.ts";
import { type Diagnostic, diagnostic } from "../base/diagnostic.ts";
import type { Origin } from "../base/origin.ts";
import { numbersOf, sizeOf, spread } from "../base/tensor.ts";
import { missingNumbers, missingWords } from "../ir/network/features.ts";
import { neuronParams, neuronWords } from "../ir/network/neurons/index.ts";
import { linkName } from "../ir/network/print.ts";
import type { Link, Network, Population } from "../ir/network/types.ts";
import { splitGain, windowMax } from "./arrivals.ts";
import type { LinkForm } from "./link.ts";

/** Everything in a network that no word of the chip can hold, apart from sizes. */
export function illegalities(net: Network, forms: readonly LinkForm[], chip: ChipSpec): Diagnostic[] {
  const out: Diagnostic[] = [];
  const say = (what: string, origin: Origin | null): void => void out.push(diagnostic("map-illegal", [what], { origin }));
  for (const pop of net.pops) {
    if (pop.neuron.model === "input") checkInput(net, pop, chip, say);
    else checkPopulation(pop, chip, say, out);
  }
  for (const form of forms) checkLink(net, form, chip, say, out);
  const interval = intervalOf(net);
  if (interval > chip.stepsMax) say(`a sample takes ${interval} steps; the chip counts to ${chip.stepsMax}`, null);
  const lines = net.outputs.reduce((n, o) => n + sizeOf(at(net.pops, o.pop).shape), 0);
  if (lines > chip.outputs) out.push(diagnostic("map-outputs", [lines, chip.outputs]));
  return out;
}

type Say = (what: string, origin: Origin | null) => void;

function checkInput(net: Network, pop: Population, chip: ChipSpec, say: Say): void {
  if (net.outputs.some((o) => o.pop === pop.id)) say(`input ${pop.name} is an output too`, pop.origin);
  if (!net.inputs.some((i) => i.pop === pop.id)) say(`input ${pop.name} has no code`, pop.origin);
  checkSpike(pop, chip, say);
}

function checkSpike(pop: Population, chip: ChipSpec, say: Say): void {
  const { spike } = pop;
  if (!chip.spikes.includes(spike.kind)) say(`${pop.name} has ${spike.kind} spikes; the chip has ${chip.spikes.join(", ")}`, pop.origin);
  else if (spike.kind === "graded" && spike.bits > chip.payload.bits)
    say(`${pop.name} has payloads of ${spike.bits} bits; the chip has ${chip.payload.bits}`, pop.origin);
  if (spread(pop.amplitude, pop.shape).some((a) => a !== 1)) say(`a spike of ${pop.name} is not worth 1`, pop.origin);
}

function checkPopulation(pop: Population, chip: ChipSpec, say: Say, out: Diagnostic[]): void {
  if (!chip.neurons.includes(pop.neuron.model)) {
    say(`${pop.name} has the neuron model ${pop.neuron.model}; the chip has ${chip.neurons.join(", ")}`, pop.origin);
    return;
  }
  checkSpike(pop, chip, say);
  const words = neuronWords(pop);
  if (words["emit"] !== "unit" && pop.spike.kind !== "graded")
    say(`${pop.name} emits a ${words["emit"]}, but its spikes are ${pop.spike.kind}`, pop.origin);
  if (words["emit"] === "unit" && words["negative"] !== "none" && pop.spike.kind === "binary")
    say(`${pop.name} can send -1, but its spikes are binary`, pop.origin);
  if (pop.stop !== null && pop.stop <= pop.start)
    say(`${pop.name} is never active: it stops at step ${pop.stop} and starts at ${pop.start}`, pop.origin);
  for (const state of Object.keys(pop.initial))
    if (state !== "v" && spread(pop.initial[state] ?? 0, pop.shape).some((x) => x !== 0))
      say(`${pop.name} starts with ${state} other than 0`, pop.origin);
  for (const m of [...missingWords(words, chip), ...missingNumbers(neuronParams(pop), spread(pop.initial["v"] ?? 0, pop.shape), chip)])
    say(`${pop.name} needs ${m.setting}; the chip has ${m.has}`, pop.origin);
  const half = 2 ** (chip.potential.bits - 1);
  const factor = 2 ** (chip.decay.fraction + 1) - 1;
  const ranges: Readonly<Record<string, readonly [number, number]>> = {
    leakArgument: [0, factor],
    currentDecay: [0, factor],
    noiseBits: [0, 31],
    noiseKey: [0, 2 ** 24 - 1],
  };
  const values = { ...neuronParams(pop), "initial potential": spread(pop.initial["v"] ?? 0, pop.shape) };
  for (const [key, list] of Object.entries(values)) {
    const [low, high] = ranges[key] ?? [-half, half - 1];
    const wrong = list.findIndex((v) => !Number.isInteger(v) || v < low || v > high);
    if (wrong >= 0)
      out.push(diagnostic("map-range", [`${key} of ${pop.name}[${wrong}]`, at(list, wrong), low, high], { origin: pop.origin }));
  }
}

function checkLink(net: Network, form: LinkForm, chip: ChipSpec, say: Say, out: Diagnostic[]): void {
  const { link } = form;
  const name = nameOfLink(net, link);
  const { weight } = link.kernel;
  const list = typeof weight === "number" ? [weight] : numbersOf(weight);
  const fraction = list.find((w) => !Number.isInteger(w));
  if (fraction !== undefined) say(`link ${name} has the weight ${fraction}; weights are integers`, link.origin);
  else if (form.bits > chip.weight.bitsMax)
    say(`link ${name} needs weights of ${form.bits} bits; the chip has up to ${chip.weight.bitsMax}`, link.origin);
  const most = chip.delayMin + chip.core.delayMax;
  if (link.delay < chip.delayMin || link.delay > most)
    say(`link ${name} has delay ${link.delay}; the chip has ${chip.delayMin} to ${most}`, link.origin);
  const gains = link.gain === null ? [] : typeof link.gain === "number" ? [link.gain] : numbersOf(link.gain);
  const gain = gains.find((g) => splitGain(g, chip) === null);
  if (gain !== undefined)
    say(`link ${name} has the gain ${gain}, which is no ${chip.gain.bits}-bit integer shifted by up to ${chip.gain.shiftMax}`, link.origin);
  checkPool(link, name, chip, say, out);
  if (form.conv === null && chip.lists.length === 0 && !(chip.sharedKernels && form.list?.single === true))
    say(`link ${name} has a weight for each synapse (${link.kernel.kind}); the chip has shared kernels only`, link.origin);
}

function checkPool(link: Link, name: string, chip: ChipSpec, say: Say, out: Diagnostic[]): void {
  if (link.pool === null) return;
  const { mode, size } = link.pool;
  if (!chip.pools.includes(mode)) say(`link ${name} pools with ${mode}; the chip has ${chip.pools.join(", ")}`, link.origin);
  const window = sizeOf(size);
  if (window > windowMax(mode))
    out.push(diagnostic("map-pool-window", [name, window, mode, windowMax(mode)], { at: `link ${name}`, origin: link.origin }));
}

export function nameOfLink(net: Network, link: Link): string {
  return linkName(at(net.pops, link.from).name, at(net.pops, link.to).name);
}

/** Steps from one sample's start to the next's: no spike of one sample may arrive in the next one's window of its target. */
export function intervalOf(net: Network): number {
  let interval = net.steps;
  for (const link of net.links) {
    const lastSent = (at(net.pops, link.from).stop ?? net.steps) - 1;
    interval = Math.max(interval, lastSent + link.delay - at(net.pops, link.to).start + 1);
  }
  return interval;
}
