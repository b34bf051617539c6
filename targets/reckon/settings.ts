import { registerBits, registers } from "./words.ts";

/** What the registers say, as the core uses it. */
export type Settings = {
  readonly config: boolean;
  readonly resetZero: boolean;
  readonly errorHalt: boolean;
  readonly inputShift: number;
  readonly recurrentShift: number;
  readonly outputShift: number;
  readonly regression: boolean;
  readonly sendEachStep: boolean;
  readonly labelOnly: boolean;
  /** By pair: 1 where the leak factor is 1 or more. */
  readonly growth: Uint8Array;
  readonly kappa: number;
  readonly inputs: number;
  readonly neurons: number;
  readonly outputs: number;
  /** Sources that a tick looks at. */
  readonly sources: number;
  /** Clocks of an update. */
  readonly updates: number;
  /** What is asked for that is not modelled; null: nothing. */
  readonly lacking: string | null;
};

type Value<K extends keyof typeof registers> = Extract<
  ReturnType<(typeof registers)[K]["word"]["decode"]>,
  { readonly value: unknown }
>["value"];

/** Decodes the registers; bits that a register does not have are dropped, as the chip does. */
export function loadRegisters(memory: Uint32Array): Settings {
  const get = <K extends keyof typeof registers>(name: K): Value<K> => {
    const { address, word } = registers[name];
    const width = registerBits(name);
    const kept = width === 32 ? memory[address]! : memory[address]! & ((1 << width) - 1);
    return (word.decode(kept) as { readonly value: Value<K> }).value;
  };
  const inputs = get("inputs").last + 1;
  const neurons = get("neurons").last + 1;
  const outputs = get("outputs").last + 1;
  const growth = new Uint8Array(128);
  (["growth0", "growth1", "growth2", "growth3"] as const).forEach((name, k) => {
    const { pairs } = get(name);
    for (let b = 0; b < 32; b++) growth[32 * k + b] = (pairs >>> b) & 1;
  });
  return {
    config: get("config").enable,
    resetZero: get("reset").mode === "zero",
    errorHalt: get("errorHalt").enable,
    inputShift: get("inputShift").shift,
    recurrentShift: get("recurrentShift").shift,
    outputShift: get("outputShift").shift,
    regression: get("regression").enable,
    sendEachStep: get("sendEachStep").enable,
    labelOnly: get("sendLabel").only,
    growth,
    kappa: get("kappa").factor,
    inputs,
    neurons,
    outputs,
    sources: Math.max(inputs, neurons),
    updates: Math.max(inputs, neurons, outputs),
    lacking: lackingOf(),
  };

  function lackingOf(): string | null {
    const learning = get("learning");
    if (learning.input || learning.recurrent || learning.output) return "learning";
    if (get("localTick").enable) return "the chip's own tick";
    if (get("regularization").mode !== 0) return "regularization";
    if (get("stochasticRounding").enable) return "stochastic rounding";
    if (get("timingPin").error) return "timing errors on the ready pin";
    if (get("regression").enable) return "regression";
    if (get("sendEachStep").enable) return "an output in each step";
    if (get("noise").enable) return "noise";
    return get("forceTraces").enable ? "traces" : null;
  }
}
