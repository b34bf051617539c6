import { diagnostic, fail } from "../../../base/diagnostic.ts";
import { sizeOf } from "../../../base/tensor.ts";
import type { Importer, Neuron, Setting } from "../importer.ts";
import type { Params } from "../params.ts";

/*
 * Neurons, discretised as the profile says. With a = decay and g = gain of one step:
 *
 *   IF, I      v = v + r g x                     g = dt, or 1 where the framework counts in steps
 *   LIF, LI    v = a v + (1 - a) v_leak + r g x
 *   Cuba…      i = a_s i + w_in g_s x            v = a_m v + (1 - a_m) v_leak + r g_m i
 *   Threshold  v = x
 */

const firingRules = ["compare", "spikes", "emit"] as const;
const resetRules = ["reset", "resetAt"] as const;

export const ifImporter: Importer = {
  kind: "neuron",
  shapedBy: "v_threshold",
  rules: [...firingRules, "reset", "ifGain"],
  read: (p, shape, s) => ({ ...integrating(p, shape, s), model: "if", firing: firing(p, shape) }),
};

export const iImporter: Importer = {
  kind: "neuron",
  shapedBy: "r",
  rules: ["ifGain"],
  read: (p, shape, s) => ({ ...integrating(p, shape, s), model: "integrator", firing: null }),
};

export const lifImporter: Importer = {
  kind: "neuron",
  shapedBy: "v_threshold",
  rules: [...firingRules, ...resetRules, "leak", "gain", "dt"],
  read: (p, shape, s) => ({ ...leaky(p, shape, s, "tau"), model: "lif", firing: firing(p, shape) }),
};

export const liImporter: Importer = {
  kind: "neuron",
  shapedBy: "tau",
  rules: ["leak", "gain", "dt"],
  read: (p, shape, s) => ({ ...leaky(p, shape, s, "tau"), model: "integrator", firing: null }),
};

export const cubaLifImporter: Importer = {
  kind: "neuron",
  shapedBy: "v_threshold",
  rules: [...firingRules, ...resetRules, "leak", "gain", "dt", "current"],
  read: (p, shape, s) => ({ ...currentBased(p, shape, s), model: "cuba", firing: firing(p, shape) }),
};

export const cubaLiImporter: Importer = {
  kind: "neuron",
  shapedBy: "tau_mem",
  rules: ["leak", "gain", "dt", "current"],
  read: (p, shape, s) => ({ ...currentBased(p, shape, s), model: "integrator", firing: null }),
};

export const thresholdImporter: Importer = {
  kind: "neuron",
  shapedBy: "threshold",
  rules: ["compare"],
  read: (p, shape) => ({
    model: "lif",
    gain: constant(shape, 1),
    decay: constant(shape, 0),
    decayCurrent: null,
    bias: constant(shape, 0),
    firing: { threshold: p.each("threshold", shape), resetTo: null },
    forgets: true,
  }),
};

function constant(shape: readonly number[], value: number): Float64Array {
  return new Float64Array(sizeOf(shape)).fill(value);
}

type Dynamics = Omit<Neuron, "model" | "firing">;

function firing(p: Params, shape: readonly number[]): Neuron["firing"] {
  return { threshold: p.each("v_threshold", shape), resetTo: p.each("v_reset", shape, 0) };
}

function integrating(p: Params, shape: readonly number[], s: Setting): Dynamics {
  const dt = s.rules.ifGain === "r" ? 1 : s.dt();
  return {
    gain: p.positive("r", shape, 1).map((r) => r * dt),
    decay: constant(shape, 1),
    decayCurrent: null,
    bias: constant(shape, 0),
    forgets: false,
  };
}

function leaky(p: Params, shape: readonly number[], s: Setting, tau: string): Dynamics {
  const { decay, gain } = step(p, tau, shape, s);
  const r = p.positive("r", shape, 1);
  const leak = p.each("v_leak", shape, 0);
  return {
    decay,
    gain: gain.map((g, i) => g * (r[i] ?? 1)),
    decayCurrent: null,
    bias: decay.map((a, i) => (1 - a) * (leak[i] ?? 0)),
    forgets: false,
  };
}

function currentBased(p: Params, shape: readonly number[], s: Setting): Dynamics {
  const membrane = leaky(p, shape, s, "tau_mem");
  const synapse = step(p, "tau_syn", shape, s);
  const weight = p.positive("w_in", shape, 1);
  return {
    ...membrane,
    gain: membrane.gain.map((g, i) => g * (synapse.gain[i] ?? 1) * (weight[i] ?? 1)),
    decayCurrent: synapse.decay,
  };
}

/** Time constants outside are more likely to be in another unit than meant. */
const stepsOfTau = { least: 0.5, most: 1000 } as const;

/** Decay and gain of one step for each time constant. */
function step(p: Params, name: string, shape: readonly number[], s: Setting): { decay: Float64Array; gain: Float64Array } {
  const tau = p.positive(name, shape);
  const dt = s.dt();
  const euler = (t: number): number => {
    // Time constants of half precision may lie below the step that they were made from.
    const part = dt / t;
    if (part > 1 + 1e-6) fail("nir-step-long", [p.node.name, name, Number(t.toPrecision(4)), dt], { at: p.file });
    return Math.min(part, 1);
  };
  const decay = tau.map((t) => (s.rules.leak === "euler" ? 1 - euler(t) : Math.exp(-dt / t)));
  const odd = tau.find((t) => t / dt > stepsOfTau.most || t / dt < stepsOfTau.least);
  if (odd !== undefined)
    s.report(
      diagnostic("nir-tau-steps", [p.node.name, name, Number(odd.toPrecision(4)), Number((odd / dt).toPrecision(3))], { at: p.file }),
    );
  return {
    decay,
    gain: tau.map((t) => (s.rules.gain === "euler" ? dt / t : -Math.expm1(-dt / t))),
  };
}
