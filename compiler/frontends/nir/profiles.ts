import { type Chosen, choice, real } from "../../base/options.ts";

/*
 * What a framework means by the neurons it exports, where NIR leaves it open. Each rule
 * is an option, so `--profile snntorch:reset=hard` overrides one. Sources: the texts named
 * in each profile; "trace" is the framework's own trace of one LIF neuron published with the
 * NIR paper, from which the rule was inferred.
 */

export const profileRules = {
  compare: choice(["ge", "gt"], "gt", "fire at the threshold (ge) or only above it (gt)"),
  reset: choice(["hard", "soft"], "hard", "a spike sets the potential to v_reset (hard) or takes the threshold away (soft)"),
  resetAt: choice(["spike", "next-step"], "spike", "reset in the step of the spike, or in the next one after the leak"),
  leak: choice(["euler", "exact"], "exact", "decay of one step: 1 - dt/tau (euler) or exp(-dt/tau) (exact)"),
  gain: choice(["euler", "exact"], "exact", "input of one step times r: dt/tau (euler) or 1 - exp(-dt/tau) (exact)"),
  ifGain: choice(["r", "r*dt"], "r*dt", "input of one step to IF and I, times this"),
  spikes: choice(["one", "many"], "one", "most spikes of a neuron in a step"),
  current: choice(["same-step", "next-step"], "same-step", "when a change of the synaptic current acts on the potential"),
  emit: choice(["same-step", "next-step"], "same-step", "when a spike leaves its neuron"),
  dt: real(0, 1e6, 0, "step of the neurons in seconds; 0: the step given with --dt"),
};

export type Rules = Chosen<typeof profileRules>;
export type RuleName = keyof Rules;

export type Profile = {
  readonly name: ProfileName;
  readonly summary: string;
  readonly rules: Rules;
  /** Where the rules come from. */
  readonly source: string;
};

export const profileNames = [
  "nir",
  "snntorch",
  "norse",
  "sinabs",
  "spikingjelly",
  "rockpool",
  "lava",
  "spyx",
  "nengo",
  "spinnaker2",
] as const;
export type ProfileName = (typeof profileNames)[number];

const equations: Rules = {
  compare: "gt",
  reset: "hard",
  resetAt: "spike",
  leak: "exact",
  gain: "exact",
  ifGain: "r*dt",
  spikes: "one",
  current: "same-step",
  emit: "same-step",
  dt: 0,
};
const euler = { leak: "euler", gain: "euler" } as const;

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  nir: {
    name: "nir",
    summary: "the equations of the NIR text, solved exactly over a step of constant input",
    rules: equations,
    source: "Pedersen et al., Neuromorphic intermediate representation, Nature Communications 2024; the solution over a step is ours",
  },
  snntorch: {
    name: "snntorch",
    summary: "snnTorch: Leaky, RLeaky, Synaptic, RSynaptic with their default reset",
    rules: { ...equations, ...euler, reset: "soft", resetAt: "next-step", dt: 1e-4 },
    source: "snntorch/export_nir.py (step 0.1 ms, tau = dt/(1-beta)); the reset mechanism is not in the file, its default is to subtract",
  },
  norse: {
    name: "norse",
    summary: "Norse: LIFCell, LIFBoxCell, LIBoxCell, IAFCell",
    rules: { ...equations, ...euler, ifGain: "r", current: "next-step", dt: 1e-3 },
    source: "norse/torch/functional/lif.py (Euler, current acts in the next step, > by heaviside); trace",
  },
  sinabs: {
    name: "sinabs",
    summary: "sinabs: IAF and LIF with several spikes a step",
    rules: { ...equations, compare: "ge", reset: "soft", leak: "exact", gain: "euler", ifGain: "r", spikes: "many" },
    source: "sinabs/nir.py, activation/spike_generation.py; leak and gain of LIF: trace",
  },
  spikingjelly: {
    name: "spikingjelly",
    summary: "SpikingJelly: IFNode, LIFNode, ParametricLIFNode with their default hard reset",
    rules: { ...equations, ...euler, compare: "ge", dt: 1e-4 },
    source: "spikingjelly to_nir.py (step 0.1 ms); a soft reset is written as a hard one to 0, so reset=soft has to be said",
  },
  rockpool: {
    name: "rockpool",
    summary: "Rockpool: LIFTorch with several spikes a step",
    rules: { ...equations, compare: "ge", reset: "soft", leak: "exact", gain: "euler", ifGain: "r*dt", spikes: "many" },
    source: "rockpool/nn/modules/torch/lif_torch.py (exp decay, floor(v/threshold) spikes, subtracted); gain: trace",
  },
  lava: {
    name: "lava",
    summary: "Lava: LIF processes and Loihi",
    rules: { ...equations, ...euler },
    source: "trace (decay 1 - dt/tau, reset to 0); the comparison cannot be told from it and is assumed to be that of Lava's LIF, >",
  },
  spyx: {
    name: "spyx",
    summary: "Spyx: spikes leave and reset in the next step",
    rules: { ...equations, ...euler, reset: "soft", resetAt: "next-step", ifGain: "r", emit: "next-step" },
    source: "trace (a spike is seen one step after the potential passed the threshold, and subtracted after that step's leak)",
  },
  nengo: {
    name: "nengo",
    summary: "Nengo: LIF neurons without refractory time",
    rules: { ...equations, dt: 1e-3 },
    source: "trace (exact decay and gain, reset to 0); step: Nengo's default",
  },
  spinnaker2: {
    name: "spinnaker2",
    summary: "SpiNNaker2: py-spinnaker2's LIF",
    rules: { ...equations, ...euler },
    source: "trace (decay 1 - dt/tau, reset to 0)",
  },
};

/** The framework that a text of the file's metadata names, if it is one of them. */
export function profileNamed(text: string): ProfileName | null {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return profileNames.find((n) => n !== "nir" && plain.startsWith(n)) ?? null;
}
