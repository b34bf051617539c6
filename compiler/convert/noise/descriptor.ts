import { fail } from "../../base/diagnostic.ts";

/*
 * How a network was trained with noise and how it is meant to be run. Noise and deployment are one
 * package: a network converts without loss only where the potential that is carried over is spread as the noise
 * was that stood for it.
 */

export type Descriptor = {
  readonly train: { readonly mu: number; readonly sigma: number };
  readonly deploy: {
    readonly leak: number;
    readonly reset: "soft" | "hard";
    readonly theta: number;
    readonly v0: number;
    /** Whether every comparison on the chip gets noise as in training. */
    readonly noise: boolean;
    /** Steps; null where it is left to the user. */
    readonly steps: number | null;
  };
};

/** Key of the model's metadata under which the descriptor is looked for. */
export const descriptorKey = "ganglion.noise";

/** What can be said apart from a descriptor, over it; null: not said. */
export type Said = {
  readonly leak: number | null;
  readonly reset: "soft" | "hard" | null;
  readonly theta: number | null;
  readonly v0: number | null;
  readonly mu: number | null;
  readonly sigma: number | null;
  readonly noise: boolean | null;
};

type Json = Readonly<Record<string, unknown>>;

/**
 * The descriptor of the text (null: there is none) with what was said over it. The initial
 * potential follows the mean of the noise where it is carried over whole, and is 0 elsewhere. Errors:
 * convert-noise-descriptor for a text of another form, convert-noise-missing with everything that is not known.
 */
export function descriptorOf(text: string | null, said: Said): Descriptor {
  const given = text === null ? {} : parse(text);
  const [train, deploy] = [part(given, "train"), part(given, "deploy")];
  const direct = given["input"] ?? "direct";
  if (direct !== "direct") malformed(`input is ${JSON.stringify(direct)}; only "direct", the same frame in every step, can be run`);
  const readout = given["readout"] ?? "mean";
  if (readout !== "mean" && readout !== "sum") malformed(`readout is ${JSON.stringify(readout)}, not "mean" or "sum"`);
  const compare = deploy["compare"] ?? ">=";
  if (compare !== ">=" && compare !== ">") malformed(`compare is ${JSON.stringify(compare)}, not ">=" or ">"`);
  const leak = said.leak ?? number(deploy, "leak") ?? number(deploy, "lambda");
  const reset = said.reset ?? word(deploy, "reset");
  const theta = said.theta ?? number(deploy, "theta");
  const mu = said.mu ?? number(train, "mu");
  const sigma = said.sigma ?? number(train, "sigma");
  const missing = Object.entries({ leak, reset, theta, mu, sigma }).flatMap(([name, value]) => (value === null ? [name] : []));
  if (leak === null || reset === null || theta === null || mu === null || sigma === null) fail("convert-noise-missing", [missing]);
  if (!(theta > 0)) malformed(`theta is ${theta}; a threshold is positive`);
  if (leak < 0 || leak > 1) malformed(`leak is ${leak}; it lies in 0 … 1`);
  const v0 = said.v0 ?? number(deploy, "v0") ?? (reset === "soft" && leak === 1 ? mu : 0);
  const noise = said.noise ?? noisy(deploy["noise"]);
  return { train: { mu, sigma }, deploy: { leak, reset, theta, v0, noise, steps: number(deploy, "T") } };
}

function malformed(why: string): never {
  return fail("convert-noise-descriptor", [why]);
}

function parse(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    malformed("it is no JSON");
  }
  return typeof value === "object" && value !== null ? (value as Json) : malformed("it is no JSON object");
}

function part(of: Json, key: string): Json {
  const value = of[key] ?? {};
  return typeof value === "object" ? (value as Json) : malformed(`"${key}" is no object`);
}

function number(of: Json, key: string): number | null {
  const value = of[key] ?? null;
  return value === null || (typeof value === "number" && Number.isFinite(value))
    ? value
    : malformed(`"${key}" is ${JSON.stringify(value)}, not a number`);
}

function word(of: Json, key: string): "soft" | "hard" | null {
  const value = of[key] ?? null;
  return value === null || value === "soft" || value === "hard"
    ? value
    : malformed(`"${key}" is ${JSON.stringify(value)}, not "soft" or "hard"`);
}

function noisy(value: unknown): boolean {
  if (value === undefined || value === "none") return false;
  return value === "gauss" || value === "uniform" || (typeof value === "object" && value !== null)
    ? true
    : malformed(`"noise" is ${JSON.stringify(value)}`);
}
