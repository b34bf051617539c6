import { type Command, Option } from "commander";
import type { Device } from "../../runtime/device.ts";
import { type SimulateOptions, type Target, type TimeModel, timeModels } from "../../targets/target.ts";
import { fail } from "../base/diagnostic.ts";
import { whole } from "./flags.ts";

/* The time models of simulators, as flags. */

export type TimeFlags = { readonly time: TimeModel };
export type ThreadFlags = TimeFlags & { readonly threads: number };

export function addTimeFlag(command: Command): void {
  command.addOption(
    new Option("--time <model>", "exact: cycle by cycle; fast: the same spikes and counts, cycles estimated")
      .choices(timeModels)
      .default("exact"),
  );
}

export function addThreadsFlag(command: Command): void {
  command.addOption(
    new Option("--threads <n>", "threads of one fast simulation (results do not depend on it)").argParser(whole(1, 64)).default(1),
  );
}

/** A simulator in a time model. Throws Failure where the target has no such one. */
export function simulatorOf(target: Target, options: SimulateOptions): Device {
  const { time = "exact" } = options;
  const known = target.times ?? ["exact"];
  if (!known.includes(time)) fail("time-model", [target.chip.name, time, known]);
  return target.simulate(options);
}
