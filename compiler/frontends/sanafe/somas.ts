import type { Node } from "yaml";
import { fail } from "../../base/diagnostic.ts";
import type { Source } from "./source.ts";
import { type ResetMode, resetModes, type Soma } from "./types.ts";

/* What a neuron's attributes say to the model of its soma. Presets are SANA-FE's. */

type Fields = ReadonlyMap<string, Node | null>;
type Read = { readonly soma: Soma; readonly bias: number };

/** Attributes that name units or switch recordings on. */
const elsewhere = new Set([
  "log_spikes",
  "log_potential",
  "log_u",
  "soma_hw_name",
  "synapse_hw_name",
  "default_synapse_hw_name",
  "dendrite_hw_name",
  "synapse",
  "dendrite",
  "soma",
]);

const shared = ["threshold", "reverse_threshold", "reset", "reverse_reset", "reset_mode", "reverse_reset_mode", "bias"];
const forcing = ["force_update", "force_update_every_timestep"];

const known: Readonly<Record<Soma["model"], readonly string[]>> = {
  leaky_integrate_fire: [...shared, ...forcing, "leak_decay", "input_decay", "refractory_delay", "potential"],
  truenorth: [...shared, ...forcing, "leak", "leak_towards_zero", "random_mask"],
  input: ["spikes", "rate", "poisson"],
};

export function isSomaModel(model: string): model is Soma["model"] {
  return Object.hasOwn(known, model);
}

/** `given`: the neuron's attributes with those of its section `soma`. Adds what the model does not know to `ignored`. */
export function readSoma(source: Source, model: Soma["model"], given: Fields, ignored: Set<string>): Read {
  for (const key of given.keys()) if (!known[model].includes(key) && !elsewhere.has(key)) ignored.add(key);
  const number = (key: string, preset: number): number => (given.has(key) ? source.number(given.get(key) ?? null, key) + 0 : preset);
  const flag = (key: string, preset: boolean): boolean => (given.has(key) ? source.flag(given.get(key) ?? null, key) : preset);
  const mode = (key: string, preset: ResetMode): ResetMode => {
    if (!given.has(key)) return preset;
    const text = source.text(given.get(key) ?? null, key);
    const found = resetModes.find((m) => m === text);
    return found ?? fail("sanafe-value", [key, text, resetModes.join(", ")], { at: source.at(given.get(key) ?? null) });
  };
  const refuse = (key: string): void => {
    if (number(key, 0) !== 0)
      fail("sanafe-model", [`${model} with ${key}`, "it draws random numbers"], { at: source.at(given.get(key) ?? null) });
  };
  if (model === "input") {
    refuse("poisson");
    const rate = number("rate", 0);
    const spikes = given.get("spikes") ?? null;
    return {
      soma: {
        model,
        spikes: spikes === null ? [] : source.list(spikes, "spikes").map((s) => Number(source.flag(s, "a spike"))),
        every: rate > 0 ? Math.max(1, Math.trunc(1 / rate)) : 0,
      },
      bias: 0,
    };
  }
  const common = {
    threshold: number("threshold", 0),
    reverseThreshold: number("reverse_threshold", 0),
    reset: number("reset", 0),
    reverseReset: number("reverse_reset", 0),
    resetMode: mode("reset_mode", "hard"),
    reverseResetMode: mode("reverse_reset_mode", "none"),
    forceUpdate: flag("force_update", false) || flag("force_update_every_timestep", false),
  };
  const bias = number("bias", 0);
  if (model === "truenorth") {
    refuse("random_mask");
    return { soma: { model, ...common, leak: number("leak", 0), leakTowardsZero: flag("leak_towards_zero", true) }, bias };
  }
  return {
    soma: {
      model,
      ...common,
      leakDecay: number("leak_decay", 1),
      inputDecay: number("input_decay", 0),
      refractoryDelay: number("refractory_delay", 0),
      potential: number("potential", 0),
    },
    bias,
  };
}
