import { bug } from "../../../base/bug.ts";
import { sizeOf, spread } from "../../../base/tensor.ts";
import type { Population } from "../types.ts";
import { eventLifModel } from "./event-lif.ts";
import { cubaModel } from "./cuba.ts";
import { ifModel } from "./if.ts";
import { inputModel } from "./input.ts";
import { integratorModel } from "./integrator.ts";
import { lifModel } from "./lif.ts";
import { loihiModel } from "./loihi.ts";
import type { NeuronModel } from "./model.ts";
import { qualiaIfModel } from "./qualia-if.ts";
import { rancModel } from "./ranc.ts";
import { readoutModel } from "./readout.ts";
import { reckonModel, reckonReadoutModel } from "./reckon.ts";
import { relayModel } from "./relay.ts";
import { tsaModel } from "./tsa.ts";
import { unitModel } from "./unit.ts";

export type NeuronName =
  | "input"
  | "if"
  | "lif"
  | "cuba"
  | "tsa"
  | "readout"
  | "integrator"
  | "relay"
  | "unit"
  | "qualia-if"
  | "ranc"
  | "reckon"
  | "reckon-readout"
  | "event-lif"
  | "loihi";

/** Every neuron model, by the name that a population's `neuron.model` has. */
export const neurons: Readonly<Record<NeuronName, NeuronModel>> = {
  input: inputModel,
  if: ifModel,
  lif: lifModel,
  cuba: cubaModel,
  tsa: tsaModel,
  "event-lif": eventLifModel,
  loihi: loihiModel,
  readout: readoutModel,
  integrator: integratorModel,
  relay: relayModel,
  unit: unitModel,
  "qualia-if": qualiaIfModel,
  ranc: rancModel,
  reckon: reckonModel,
  "reckon-readout": reckonReadoutModel,
};

/** The model of a verified population. */
export function modelOf(pop: Population): NeuronModel {
  return neurons[pop.neuron.model as NeuronName] ?? bug(`population ${pop.name} has the unknown neuron model ${pop.neuron.model}`);
}

/** Every word of the model with the value it has in the population. */
export function neuronWords(pop: Population): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, info] of Object.entries(modelOf(pop).words)) {
    const given = pop.neuron.params[name];
    out[name] = typeof given === "string" ? given : info.choices[0]!;
  }
  return out;
}

/** Every parameter of the model, spread to one number per neuron, with the defaults that follow others resolved. */
export function neuronParams(pop: Population): Record<string, Float64Array> {
  const words = neuronWords(pop);
  const out: Record<string, Float64Array> = {};
  for (const name of Object.keys(modelOf(pop).params)) out[name] = neuronParam(pop, name, words);
  return out;
}

function neuronParam(pop: Population, name: string, words: Readonly<Record<string, string>>): Float64Array {
  const given = pop.neuron.params[name];
  if (given !== undefined && typeof given !== "string") return spread(given, pop.shape);
  const info = modelOf(pop).params[name] ?? bug(`model ${pop.neuron.model} has no parameter ${name}`);
  const rule = info.follows?.(words) ?? info.default;
  if (rule === "key") return noiseKeys(pop);
  return typeof rule === "number" ? spread(rule, pop.shape) : neuronParam(pop, rule, words);
}

/** 24-bit keys that depend on the population's name, not on its id, so that a pass that inserts populations does not change the noise (FNV-1a). */
function noiseKeys(pop: Population): Float64Array {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(pop.name)) h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  return Float64Array.from({ length: sizeOf(pop.shape) }, (_, i) => (h + i) % 2 ** 24);
}
