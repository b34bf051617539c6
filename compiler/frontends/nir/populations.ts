import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import type { Param, Population, SpikeType } from "../../ir/network/types.ts";
import { condensed } from "./condense.ts";
import type { Neuron } from "./importer.ts";
import type { Rules } from "./profiles.ts";

/** Payload bits of a neuron that may spike several times in a step. */
const spikeBits = 8;

export function payloadOf(neuron: Neuron, rules: Rules): SpikeType {
  const many = rules.spikes === "many" && neuron.firing !== null && !neuron.forgets;
  return many ? { kind: "graded", bits: spikeBits, signed: false } : { kind: "binary" };
}

export type Built = {
  readonly neuron: Population["neuron"];
  /** What has to arrive in every step as input, because it acts through the synaptic current; null where nothing has to. */
  readonly current: Float64Array | null;
};

/**
 * A neuron in units of its input: threshold, reset and bias are divided by what one unit
 * of input adds to the potential, so that weights stay as the file has them and the potential
 * is the file's divided by the gain. `arriving` is the constant part of the input.
 */
export function neuronOf(
  name: string,
  n: Neuron,
  shape: readonly number[],
  arriving: Float64Array | null,
  rules: Rules,
  file: string,
): Built {
  const throughCurrent =
    arriving !== null && n.decayCurrent !== null && (rules.current === "next-step" || n.decayCurrent.some((d) => d !== 0));
  const constant = throughCurrent ? null : arriving;
  const bias = n.bias.map((b, i) => b / at(n.gain, i) + (constant === null ? 0 : at(constant, i)));
  const params: Record<string, Param> = {
    ...(n.firing === null ? {} : firingParams(name, n, n.firing, shape, rules, file)),
    ...(bias.some((b) => b !== 0) ? { bias: condensed(bias, shape) } : {}),
    ...(n.model === "if" || n.decay.every((d) => d === 1) ? {} : { decay: condensed(n.decay, shape) }),
    ...(n.decayCurrent === null ? {} : { decayCurrent: condensed(n.decayCurrent, shape) }),
    ...(n.model === "integrator" && n.decayCurrent !== null ? { current: "on" } : {}),
  };
  // Nothing is forgotten: a plain sum.
  const model = n.model === "integrator" && n.decayCurrent === null && n.decay.every((d) => d === 1) ? "readout" : n.model;
  return { neuron: { model, params }, current: throughCurrent ? arriving : null };
}

type Firing = NonNullable<Neuron["firing"]>;

function firingParams(name: string, n: Neuron, f: Firing, shape: readonly number[], rules: Rules, file: string): Record<string, Param> {
  const inUnits = (values: Float64Array): Float64Array => values.map((v, i) => v / at(n.gain, i));
  const threshold = inUnits(f.threshold);
  const shared: Record<string, Param> = { threshold: condensed(threshold, shape), ...(rules.compare === "gt" ? { compare: "gt" } : {}) };
  if (n.forgets) return { ...shared, reset: "none" };
  const counted = rules.spikes === "many" ? { emit: "count" } : {};
  if (rules.reset === "hard") {
    if (rules.resetAt === "next-step")
      fail("nir-rule", [name, "a reset to a value that comes a step late also drops the input of that step"], { at: file });
    const to = inUnits(f.resetTo ?? new Float64Array(threshold.length));
    return { ...shared, ...counted, reset: "set", ...(to.some((v) => v !== 0) ? { resetValue: condensed(to, shape) } : {}) };
  }
  if (rules.resetAt === "spike" || n.decay.every((d) => d === 1)) return { ...shared, ...counted };
  // Taking threshold / decay away now is the same as taking the threshold away after the next leak.
  if (n.decay.some((d) => d === 0)) fail("nir-rule", [name, "a potential that keeps nothing cannot be reset a step late"], { at: file });
  return {
    ...shared,
    ...counted,
    resetValue: condensed(
      threshold.map((t, i) => t / at(n.decay, i)),
      shape,
    ),
  };
}
