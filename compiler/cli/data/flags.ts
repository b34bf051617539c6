import { type Command, InvalidArgumentError, Option } from "commander";
import { dataFormats, type DataFormat, type Layout, type Preprocessing, type RawSpec, unprocessed } from "../../frontends/samples.ts";
import { whole } from "../flags.ts";

/** Flags that say how stored numbers become the model's input. */
export type PreprocessingFlags = {
  readonly scale?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly layout?: Layout;
  readonly raw?: RawSpec["type"];
  readonly shape?: readonly number[];
  readonly zeroPoint?: number;
  readonly rawScale?: number;
};

/** Flags that say which file it is, when its content does not. */
export type FormatFlags = { readonly format?: DataFormat; readonly array?: string };

export function addPreprocessingFlags(command: Command): void {
  command
    .addOption(new Option("--scale <number>", "value = (pixel * scale - mean) / std; may be a fraction like 1/255").argParser(number))
    .addOption(new Option("--mean <numbers>", "mean, once or per channel: 0.485,0.456,0.406").argParser(numbers))
    .addOption(new Option("--std <numbers>", "standard deviation, once or per channel").argParser(numbers))
    .addOption(new Option("--layout <layout>", "how arrays and raw data store channels").choices(["nchw", "nhwc"]))
    .addOption(new Option("--raw <type>", "the data is bare numbers of this type").choices(["int8", "uint8", "float32"]))
    .addOption(new Option("--shape <dims>", "shape of one raw sample: 3x32x32 (default: the model's input)").argParser(dims))
    .addOption(new Option("--zero-point <n>", "raw data: real = (stored - zero point) * raw scale").argParser(number))
    .addOption(new Option("--raw-scale <number>", "raw data: see --zero-point").argParser(number))
    .addOption(new Option("--format <format>", "the data's format, when its content does not say").choices([...dataFormats]))
    .addOption(new Option("--array <name>", "which array of an .npz file"));
}

export function addLimitFlag(command: Command, flag: string, help: string, preset: number | undefined): void {
  command.addOption(new Option(flag, help).argParser(whole(1, 1e9)).default(preset));
}

/** What the flags say over what was known before; null when the flags say nothing. */
export function preprocessingOf(flags: PreprocessingFlags, known: Preprocessing | null): Preprocessing {
  const base = known ?? unprocessed;
  const raw = flags.raw ?? base.raw?.type;
  return {
    scale: flags.scale ?? base.scale,
    mean: flags.mean ?? base.mean,
    std: flags.std ?? base.std,
    layout: flags.layout ?? base.layout,
    raw:
      raw === undefined
        ? null
        : {
            type: raw,
            shape: flags.shape ?? base.raw?.shape ?? null,
            zeroPoint: flags.zeroPoint ?? base.raw?.zeroPoint ?? 0,
            scale: flags.rawScale ?? base.raw?.scale ?? 1,
          },
  };
}

/** A number, or a fraction `a/b`. NaN when it is neither. */
export function parseNumber(text: string): number {
  const parts = text.split("/").map((p) => (p.trim() === "" ? Number.NaN : Number(p)));
  const [a = Number.NaN, b = 1] = parts;
  return parts.length > 2 ? Number.NaN : a / b;
}

function number(text: string): number {
  const n = parseNumber(text);
  if (!Number.isFinite(n)) throw new InvalidArgumentError("a number, or a fraction like 1/255, is wanted.");
  return n;
}

function numbers(text: string): readonly number[] {
  return text.split(",").map(number);
}

/** Dimensions `3x32x32` or `3,32,32`; null when they are not. */
export function parseDims(text: string): readonly number[] | null {
  const list = text.split(/[x,]/).map(Number);
  return list.every((d) => Number.isInteger(d) && d > 0) ? list : null;
}

function dims(text: string): readonly number[] {
  const list = parseDims(text);
  if (list === null) throw new InvalidArgumentError("dimensions like 3x32x32 are wanted.");
  return list;
}
