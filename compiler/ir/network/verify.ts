import { type Diagnostic, diagnostic, type Place } from "../../base/diagnostic.ts";
import { numbersOf, sizeOf, type Tensor } from "../../base/tensor.ts";
import { inputCodes, outputCodes } from "../codes/index.ts";
import { kernelProblem, outShape, pooledShape, poolProblem, weightsOf } from "./kernels/index.ts";
import { neuronParams, neurons, neuronWords } from "./neurons/index.ts";
import { placeMax } from "./neurons/fire.ts";
import type { NeuronModel } from "./neurons/model.ts";
import { linkName } from "./print.ts";
import { spikeRange } from "./spike.ts";
import type { InputCode, Link, Network, OutputCode, Pool, Population } from "./types.ts";

/*
 * What a network must obey, of whatever stage:
 *
 *   network      at least one step; ids are dense; names of populations and of outputs are unique
 *   population   shape of 1 to 3 positive axes; a known model; every parameter, word and state
 *                variable known to it and of a fitting size; window within the steps
 *   numbers      no NaN, no infinity; tensors have one number, one per channel or one per neuron
 *   spikes       graded bits 1 … 32; negative spikes need a type with negative payloads, counted
 *                and valued ones a graded or analog one
 *   neurons      thresholds of both signs do not overlap; counted spikes have a positive threshold;
 *                digits have a last step, at most 14 before it, and room in the payload
 *   links        ends exist, none leads into an input; kernel and pool fit the source; numbers of
 *                elements agree (row-major order is enough); pools have binary sources, and for
 *                or and and one amplitude per channel
 *   time         delays are not negative; without delay only from a lower id to a higher
 *   events       event-lif neurons are only among inputs and themselves, without delays, pools and gains
 *   codes        known, one for each input population, in their order; outputs can be read
 *
 * Not checked here: that a network is integer, or fits a chip; that is the target's `legal`.
 */

type Report = (d: Diagnostic) => void;

/** Everything that is wrong with the network; empty when nothing is. */
export function verifyNetwork(n: Network): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (d) => found.push(d);
  if (!Number.isInteger(n.steps) || n.steps < 1) report(diagnostic("steps-invalid", [n.steps]));
  verifyNames(
    "populations",
    n.pops.map((p) => p.name),
    report,
  );
  verifyNames(
    "outputs",
    n.outputs.map((o) => o.name),
    report,
  );
  n.pops.forEach((p, i) => {
    if (p.id !== i) report(diagnostic("population-id", [i, p.id], placeOf(p)));
    verifyPopulation(n, p, report);
  });
  verifyEvents(n, report);
  const linksBefore = found.length;
  for (const l of n.links) verifyLink(n, l, report);
  if (found.length === linksBefore) verifyOrder(n, report);
  verifyInputs(n, report);
  for (const o of n.outputs) verifyOutput(n, o, report);
  return found;
}

function placeOf(p: Population): Place {
  return { at: `population ${p.name}`, origin: p.origin };
}

function verifyNames(kind: string, names: readonly string[], report: Report): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) report(diagnostic("name-repeated", [kind, name]));
    seen.add(name);
  }
}

// Populations

function verifyPopulation(n: Network, p: Population, report: Report): void {
  const place = placeOf(p);
  if (p.shape.length < 1 || p.shape.length > 3 || p.shape.some((d) => !Number.isInteger(d) || d < 1)) {
    report(diagnostic("shape-invalid", [p.shape.join(",")], place));
    return;
  }
  verifyWindow(n, p, report);
  verifyNumbers("amplitude", p.amplitude, p.shape, place, report);
  if (p.spike.kind === "graded" && (!Number.isInteger(p.spike.bits) || p.spike.bits < (p.spike.signed ? 2 : 1) || p.spike.bits > 32)) {
    report(diagnostic("spike-type", [`${p.spike.bits} bits; graded spikes have 1 to 32, signed ones at least 2`], place));
  }
  const model: NeuronModel | undefined = Object.hasOwn(neurons, p.neuron.model)
    ? neurons[p.neuron.model as keyof typeof neurons]
    : undefined;
  if (model === undefined) {
    report(diagnostic("neuron-unknown", [p.neuron.model, Object.keys(neurons)], place));
    return;
  }
  if (verifyParams(p, model, report)) verifyFiring(p, report);
}

function verifyWindow(n: Network, p: Population, report: Report): void {
  const why = windowFault(n.steps, p);
  if (why !== null) report(diagnostic("window-invalid", [why], placeOf(p)));
}

function windowFault(steps: number, p: Population): string | null {
  if (!Number.isInteger(p.start) || p.start < 0) return `it cannot start in step ${p.start}`;
  if (p.start >= steps) return `it starts in step ${p.start}, the network has ${steps}`;
  if (!Number.isInteger(p.silent) || p.silent < 0) return `it cannot be silent for ${p.silent} steps`;
  if (p.stop === null) return null;
  if (!Number.isInteger(p.stop) || p.stop <= p.start) return `it stops in step ${p.stop} and starts in step ${p.start}`;
  return p.stop > steps ? `it stops in step ${p.stop}, the network has ${steps}` : null;
}

/** Whether parameters, words and initial state are in order. */
function verifyParams(p: Population, model: NeuronModel, report: Report): boolean {
  const place = placeOf(p);
  const faults: Diagnostic[] = [];
  const fault: Report = (d) => faults.push(d);
  for (const [name, value] of Object.entries(p.neuron.params)) {
    const word = Object.hasOwn(model.words, name) ? model.words[name] : undefined;
    if (word !== undefined) {
      if (typeof value !== "string" || !word.choices.includes(value))
        fault(diagnostic("parameter-value", [model.name, name, `must be one of ${word.choices.join(", ")}`], place));
    } else if (!Object.hasOwn(model.params, name)) {
      fault(diagnostic("parameter-unknown", [model.name, name, [...Object.keys(model.params), ...Object.keys(model.words)]], place));
    } else if (typeof value === "string") {
      fault(diagnostic("parameter-value", [model.name, name, `must be a number, not "${value}"`], place));
    } else {
      verifyNumbers(name, value, p.shape, place, fault);
    }
  }
  for (const [name, value] of Object.entries(p.initial)) {
    if (!Object.hasOwn(model.state, name))
      fault(diagnostic("parameter-unknown", [`the state of ${model.name}`, name, Object.keys(model.state)], place));
    else verifyNumbers(`initial ${name}`, value, p.shape, place, fault);
    if (model.name === "unit" && name !== "v")
      fault(diagnostic("parameter-value", ["the state of unit", name, "cannot be preset: chips preload the potential only"], place));
  }
  for (const d of faults) report(d);
  return faults.length === 0;
}

/** A number, or as many as fit the shape; all finite. */
function verifyNumbers(what: string, value: number | Tensor, shape: readonly number[], place: Place, report: Report): void {
  if (typeof value !== "number") {
    const count = value.data.length;
    if (count !== 1 && count !== shape[0] && count !== sizeOf(shape))
      report(diagnostic("number-count", [what, count, shape.join(",")], place));
  }
  verifyFinite(what, value, place, report);
}

function verifyFinite(what: string, value: number | Tensor | Float64Array, place: Place, report: Report): void {
  const numbers =
    typeof value === "number"
      ? [value]
      : value instanceof Float64Array
        ? value
        : value.dtype === "f32" || value.dtype === "f64"
          ? numbersOf(value)
          : [];
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isFinite(numbers[i])) continue;
    report(diagnostic("number-not-finite", [what, numbers[i]!], place));
    return;
  }
}

/** The rules between a neuron's words, its numbers and its spike type. */
function verifyFiring(p: Population, report: Report): void {
  const place = placeOf(p);
  const words = neuronWords(p);
  const { low } = spikeRange(p.spike);
  const signed = p.neuron.model === "tsa" || (words["negative"] ?? "none") !== "none";
  const emit = words["emit"] ?? "unit";
  if (signed && low >= 0)
    report(
      diagnostic("spike-type", [`${p.neuron.model} neurons with negative spikes on a ${p.spike.kind} population without them`], place),
    );
  if (emit !== "unit" && (p.spike.kind === "binary" || p.spike.kind === "ternary"))
    report(diagnostic("spike-type", [`emit=${emit} on a ${p.spike.kind} population`], place));
  const params = neuronParams(p);
  const threshold = params["threshold"];
  if (threshold === undefined) return;
  const negative = words["negativeAt"] === "zero" ? new Float64Array(threshold.length) : (params["negativeThreshold"] ?? threshold);
  if (signed && threshold.some((t, i) => t + negative[i]! < 0)) {
    report(diagnostic("neuron-rule", ["a potential can be at the threshold and below the negative one at once"], place));
  }
  if (emit === "count" && threshold.some((t) => t <= 0))
    report(diagnostic("neuron-rule", ["emit=count divides by the threshold, which is not positive"], place));
  if (emit === "digit") verifyDigits(p, report);
}

/** A digit's payload needs a last step to count from, and room for the first one. */
function verifyDigits(p: Population, report: Report): void {
  const place = placeOf(p);
  if (p.stop === null) {
    report(diagnostic("neuron-rule", ["emit=digit counts the steps that follow, and the population's window has no end"], place));
    return;
  }
  const left = p.stop - 1 - p.start - p.silent;
  const { high } = spikeRange(p.spike);
  if (left > placeMax)
    report(diagnostic("neuron-rule", [`emit=digit has places up to 2^${placeMax}, and ${left} steps follow the first digit`], place));
  else if (2 ** left > high)
    report(
      diagnostic(
        "spike-type",
        [`emit=digit with a first digit of ${2 ** left} on a ${p.spike.kind} population with payloads to ${high}`],
        place,
      ),
    );
}

// Links

function linkPlace(n: Network, l: Link): Place {
  return { at: `link ${linkName(n.pops[l.from]?.name ?? String(l.from), n.pops[l.to]?.name ?? String(l.to))}`, origin: l.origin };
}

function verifyLink(n: Network, l: Link, report: Report): void {
  const place = linkPlace(n, l);
  const [from, to] = [n.pops[l.from], n.pops[l.to]];
  if (from === undefined) report(diagnostic("link-end", [l.from, n.pops.length], place));
  if (to === undefined) report(diagnostic("link-end", [l.to, n.pops.length], place));
  if (!Number.isInteger(l.delay) || l.delay < 0) report(diagnostic("delay-invalid", [l.delay], place));
  if (from === undefined || to === undefined) return;
  if (to.neuron.model === "input") report(diagnostic("link-into-input", [to.name], place));
  verifyFinite("weight", weightsOf(l.kernel), place, report);
  const pool = l.pool === null ? null : poolFault(l.pool, from);
  if (pool !== null) {
    report(diagnostic("pool-misfit", [pool], place));
    return;
  }
  const source = pooledShape(l.pool, from.shape);
  if (l.gain !== null) verifyNumbers("gain", l.gain, source, place, report);
  const fault = kernelProblem(l.kernel, source);
  if (fault !== null) {
    report(diagnostic("kernel-misfit", [l.kernel.kind, fault], place));
    return;
  }
  const made = outShape(l.kernel, source);
  const fits = l.kernel.kind === "sparse" ? sizeOf(made) <= sizeOf(to.shape) : sizeOf(made) === sizeOf(to.shape);
  if (!fits) report(diagnostic("link-shape", [made.join(","), to.shape.join(",")], place));
}

function poolFault(pool: Pool, from: Population): string | null {
  if (from.spike.kind !== "binary") return `${pool.mode} needs binary spikes, ${from.name} sends ${from.spike.kind} ones`;
  const perNeuron = typeof from.amplitude !== "number" && from.amplitude.data.length > (from.shape[0] ?? 1);
  if (pool.mode !== "gate" && perNeuron) return `${from.name} has an amplitude per neuron, and ${pool.mode} forgets which neuron spiked`;
  return poolProblem(pool, from.shape);
}

/** Event-driven neurons are among themselves, and nothing between them takes a step. */
function verifyEvents(n: Network, report: Report): void {
  if (!n.pops.some((p) => p.neuron.model === "event-lif")) return;
  for (const p of n.pops) {
    if (p.neuron.model !== "input" && p.neuron.model !== "event-lif")
      report(diagnostic("event-network", [`${p.name} is a ${p.neuron.model} among event-lif neurons`], placeOf(p)));
    else if (p.neuron.model === "event-lif" && (p.start > 0 || p.silent > 0))
      report(diagnostic("event-network", [`${p.name} does not listen and spike from step 0 on`], placeOf(p)));
  }
  for (const l of n.links) {
    if (l.delay > 0 || l.pool !== null || (l.gain !== null && l.gain !== 1))
      report(diagnostic("event-network", ["a link has a delay, a pool or a gain"], linkPlace(n, l)));
  }
}

/** Links without delay lead forward. Names the cycle when there is one, else the link. */
function verifyOrder(n: Network, report: Report): void {
  const direct = n.links.filter((l) => l.delay === 0 && n.pops[l.to]?.neuron.model !== "event-lif");
  for (const l of direct) {
    if (l.from < l.to) continue;
    const path = pathBetween(direct, l.to, l.from, new Set());
    const name = (pop: number): string => n.pops[pop]?.name ?? String(pop);
    if (path === null) report(diagnostic("link-backwards", [name(l.from), name(l.to)], linkPlace(n, l)));
    else report(diagnostic("cycle-without-delay", [[name(l.from), ...path.map(name)]], linkPlace(n, l)));
  }
}

/** Populations on a way from one to another, both included; null when there is none. */
function pathBetween(links: readonly Link[], from: number, to: number, seen: Set<number>): number[] | null {
  if (from === to) return [to];
  seen.add(from);
  for (const l of links) {
    if (l.from !== from || seen.has(l.to)) continue;
    const rest = pathBetween(links, l.to, to, seen);
    if (rest !== null) return [from, ...rest];
  }
  return null;
}

// Codes

function verifyInputs(n: Network, report: Report): void {
  n.inputs.forEach((c, i) => {
    const pop = n.pops[c.pop];
    if (pop === undefined) {
      report(diagnostic("link-end", [c.pop, n.pops.length], { at: `input code ${i}` }));
      return;
    }
    if (pop.neuron.model !== "input")
      report(diagnostic("input-code", [`population ${pop.name} has an input code but the model ${pop.neuron.model}`], placeOf(pop)));
    if (n.inputs.slice(0, i).some((d) => d.pop === c.pop))
      report(diagnostic("input-code", [`population ${pop.name} has two input codes`], placeOf(pop)));
    else if (i > 0 && n.inputs[i - 1]!.pop > c.pop)
      report(diagnostic("input-code", [`the code of ${pop.name} is not in the order of populations`], placeOf(pop)));
    verifyInputCode(c, pop, report);
  });
  for (const p of n.pops) {
    if (p.neuron.model === "input" && !n.inputs.some((c) => c.pop === p.id))
      report(diagnostic("input-code", [`the input ${p.name} has no code`], placeOf(p)));
  }
}

function verifyInputCode(c: InputCode, pop: Population, report: Report): void {
  const place = placeOf(pop);
  const model = Object.hasOwn(inputCodes, c.code) ? inputCodes[c.code as keyof typeof inputCodes] : undefined;
  if (model === undefined) {
    report(diagnostic("code-unknown", ["input", c.code, Object.keys(inputCodes)], place));
    return;
  }
  for (const [name, value] of Object.entries(c.params)) {
    if (!Object.hasOwn(model.params, name))
      report(diagnostic("parameter-unknown", [`code ${c.code}`, name, Object.keys(model.params)], place));
    else if (typeof value !== "number" || Number.isNaN(value))
      report(diagnostic("parameter-value", [`code ${c.code}`, name, "must be one number"], place));
    else if (name === "scale" && !(value > 0 && value < Infinity))
      report(diagnostic("parameter-value", [`code ${c.code}`, name, "must be positive"], place));
  }
}

function verifyOutput(n: Network, o: OutputCode, report: Report): void {
  const place: Place = { at: `output ${o.name}` };
  const pop = n.pops[o.pop];
  if (pop === undefined) {
    report(diagnostic("link-end", [o.pop, n.pops.length], place));
    return;
  }
  verifyNumbers("scale", o.scale, pop.shape, place, report);
  verifyNumbers("offset", o.offset, pop.shape, place, report);
  if (!Object.hasOwn(outputCodes, o.code)) report(diagnostic("code-unknown", ["output", o.code, Object.keys(outputCodes)], place));
  const model: NeuronModel | undefined = Object.hasOwn(neurons, pop.neuron.model)
    ? neurons[pop.neuron.model as keyof typeof neurons]
    : undefined;
  if (o.code === "potential" && model !== undefined && Object.keys(model.state).length === 0) {
    report(diagnostic("output-unreadable", [o.code, `${model.name} neurons have no potential`], place));
  }
  if (o.code === "spikes" && pop.neuron.params["output"] === "yes")
    report(diagnostic("output-unreadable", [o.code, `${pop.name} has output=yes and sends no spikes`], place));
}
