import { type Command, InvalidArgumentError, Option } from "commander";
import { type NirOptions, profileNames } from "../../frontends/nir/index.ts";
import { parseNamed } from "../names.ts";

/** Flags that a spiking model (.nir) needs. The number of steps is the option `steps` that methods have too. */
export type NirFlags = {
  readonly profile?: NonNullable<NirOptions["profile"]>;
  readonly dt?: number;
  readonly inputEvents?: NirOptions["input"];
};

export function addNirFlags(command: Command): void {
  const group = "Options of spiking models (.nir):";
  command
    .addOption(
      new Option("--profile <name>", `the framework that exported it, NAME or NAME:rule=value,…; one of ${profileNames.join(", ")}`)
        .argParser(parseNamed)
        .helpGroup(group),
    )
    .addOption(durationOption("--dt <time>", "duration of a step: 3ms, 100us, 1e-3 (seconds)").helpGroup(group))
    .addOption(
      new Option("--input-events <how>", "an input channel carries at most one spike a step (one), or as many as there are events (count)")
        .choices(["one", "count"])
        .helpGroup(group),
    );
}

/** An option whose value is a time, in seconds once it is read. */
export function durationOption(flag: string, help: string): Option {
  return new Option(flag, help).argParser(duration);
}

const units: Readonly<Record<string, number>> = { "": 1, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

/** Seconds of a text like 3ms. */
function parseDuration(text: string): number | null {
  const [, digits = "", unit = ""] = /^\s*([\d.]+(?:e[+-]?\d+)?)\s*([a-zµ]*)\s*$/i.exec(text) ?? [];
  const scale = units[unit];
  const value = Number(digits) * (scale ?? Number.NaN);
  return digits !== "" && value > 0 && Number.isFinite(value) ? value : null;
}

function duration(text: string): number {
  const value = parseDuration(text);
  if (value === null) throw new InvalidArgumentError("a time like 3ms, 100us or 1e-3 (seconds) is wanted.");
  return value;
}
