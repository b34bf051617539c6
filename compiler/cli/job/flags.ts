import type { Command } from "commander";
import { Option } from "commander";
import type { Options } from "../../base/options.ts";
import { conversions } from "../../convert/index.ts";
import type { SharedFlags } from "../command.ts";
import { addLimitFlag, addPreprocessingFlags, type FormatFlags, type PreprocessingFlags, preprocessingOf } from "../data/flags.ts";
import { collect, whole } from "../flags.ts";
import { parseNamed } from "../names.ts";
import { addNirFlags, type NirFlags } from "../nir/flags.ts";
import type { JobSpec } from "./job.ts";

/** Flags of conversion: method, its options, calibration. */
export type MethodFlags = SharedFlags &
  PreprocessingFlags &
  FormatFlags & {
    readonly method?: string;
    readonly calibration?: string;
    readonly calibrationLabels?: string;
    readonly calibrationLimit?: number;
    readonly output?: string;
  };

export type CompileFlags = MethodFlags &
  NirFlags & {
    readonly target?: string;
    readonly chip?: string;
    readonly weightBits?: number;
    readonly inputBits?: number;
    readonly option?: readonly string[];
    readonly partition?: string;
    readonly place?: string;
  };

export function addMethodFlags(command: Command): void {
  command
    .option("-m, --method <name>", "conversion method, NAME or NAME:key=value,… (see `ganglion list methods`)")
    .option("--calibration <data>", "samples to calibrate with: a file, a folder or an archive")
    .option("--calibration-labels <file>", "their labels, to state accuracies (optional)");
  addLimitFlag(command, "--calibration-limit <n>", "how many samples to calibrate with, at most (default: 200)", undefined);
  addPreprocessingFlags(command);
  for (const name of methodOptions().keys()) {
    // What a flag of another meaning has taken is still to be had as METHOD:key=value.
    if (command.options.some((f) => f.long === `--${kebab(name)}`)) continue;
    command.addOption(new Option(`--${kebab(name)} <value>`, helpOf(name)).helpGroup("Options of the methods:"));
  }
}

/** What an option means; where methods differ in that, each meaning with the methods that have it. */
function helpOf(name: string): string {
  const meanings = new Map<string, string[]>();
  for (const c of Object.values(conversions)) {
    const o = (c.options as Options)[name];
    if (o !== undefined) meanings.set(`${o.help} (${o.domain}`, [...(meanings.get(`${o.help} (${o.domain}`) ?? []), c.name]);
  }
  const all = Object.keys(conversions).length;
  return [...meanings].map(([text, users]) => `${text}${users.length === all ? "" : `; ${users.join(", ")}`})`).join("; ");
}

/** Every option of every method once. A flag of each stands for METHOD:key=value. */
function methodOptions(): ReadonlyMap<string, Options[string]> {
  return new Map(Object.values(conversions).flatMap((c) => Object.entries(c.options as Options)));
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}

/** What the flags of the methods' options say. */
function methodOptionsOf(flags: object): Record<string, string> {
  const given = flags as Readonly<Record<string, unknown>>;
  return Object.fromEntries([...methodOptions().keys()].flatMap((k) => (typeof given[k] === "string" ? [[k, given[k]]] : [])));
}

export function addChipFlags(command: Command): void {
  command
    .option("-t, --target <name>", "the chip (see `ganglion targets`)")
    .option("--chip <file>", "a chip.yaml of your own, of a supported family");
}

export { addNirFlags };

export function addLegalizationFlags(command: Command): void {
  command
    .addOption(new Option("--weight-bits <n>", "bits of a weight (default: 8, or the chip's most if that is less)").argParser(whole(1, 16)))
    .addOption(new Option("--input-bits <n>", "bits of an input payload").argParser(whole(1, 16)))
    .option("--option <pass:key=value>", "option of a pass that legalizes; may be given again", collect)
    .option("--partition <name>", "how populations are cut into cores")
    .option("--place <name>", "how cores are placed");
}

/** The flags over what a job file says, if there is one. */
export function jobOf(model: string, flags: CompileFlags, file: JobSpec | null): JobSpec {
  const method = flags.method === undefined ? null : parseNamed(flags.method);
  return {
    model: file?.model ?? model,
    // A flag is instead of whatever the file says about the chip.
    ...(flags.target === undefined && flags.chip === undefined
      ? { target: file?.target, chip: file?.chip }
      : { target: flags.target, chip: flags.chip }),
    method: method?.name ?? file?.method,
    options: {
      ...file?.options,
      ...method?.given,
      ...methodOptionsOf(flags),
    },
    passOptions: passOptionsOf(flags, file?.passOptions ?? {}),
    calibration:
      flags.calibration === undefined
        ? file?.calibration
        : {
            data: flags.calibration,
            labels: flags.calibrationLabels,
            ...(flags.format === undefined ? {} : { format: flags.format }),
            ...(flags.array === undefined ? {} : { array: flags.array }),
          },
    calibrationLimit: flags.calibrationLimit ?? file?.calibrationLimit ?? 200,
    preprocessing: preprocessingOf(flags, file?.preprocessing ?? null),
    partition: flags.partition ?? file?.partition,
    place: flags.place ?? file?.place,
    output: flags.output ?? file?.output,
    nir: flags,
    seed: flags.seed === undefined ? (file?.seed ?? 1) : Number(flags.seed),
  };
}

function passOptionsOf(flags: CompileFlags, file: JobSpec["passOptions"]): JobSpec["passOptions"] {
  const out: Record<string, Record<string, string>> = {};
  const add = (name: string, given: Readonly<Record<string, string>>) => {
    out[name] = { ...out[name], ...given };
  };
  for (const [name, given] of Object.entries(file)) add(name, given);
  for (const text of flags.option ?? []) {
    const { name, given } = parseNamed(text);
    add(name, given);
  }
  if (flags.weightBits !== undefined) add("quantize-weights", { bits: String(flags.weightBits) });
  if (flags.inputBits !== undefined) add("quantize-inputs", { bits: String(flags.inputBits) });
  return out;
}
