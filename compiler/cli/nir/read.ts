import { basename, extname } from "node:path";
import { fail } from "../../base/diagnostic.ts";
import { importNir, type NirOptions } from "../../frontends/nir/index.ts";
import type { Network } from "../../ir/network/types.ts";
import type { Run } from "../command.ts";
import type { NirFlags } from "./flags.ts";

export function isNir(path: string): boolean {
  return [".nir", ".net"].includes(extname(path));
}

/** A spiking model as a network of so many steps. */
export async function readNirModel(run: Run, path: string, flags: NirFlags, steps: string | undefined): Promise<Network> {
  return importNir(run.files.bytes(path), basename(path, extname(path)), nirOptions(flags, steps), run.context());
}

/** Flags as the import takes them. */
export function nirOptions(flags: NirFlags, steps: string | undefined): NirOptions {
  const count = Number(steps ?? fail("option-missing", ["a spiking model", "--steps N, the steps of one sample"]));
  if (!Number.isInteger(count) || count < 1) fail("steps-invalid", [count]);
  return { profile: flags.profile ?? null, dt: flags.dt ?? null, steps: count, input: flags.inputEvents ?? "count" };
}
