import type { Context } from "../../base/context.ts";
import { fail } from "../../base/diagnostic.ts";
import type { Network } from "../../ir/network/types.ts";
import { assemble } from "./assemble.ts";
import { type ChosenProfile, chooseProfile } from "./choose.ts";
import { flatten } from "./flatten.ts";
import { importers } from "./importers/index.ts";
import { gather } from "./params.ts";
import { readHdf5 } from "./hdf5.ts";
import { isNetx, netxNetwork } from "./netx.ts";
import { nirFileOf } from "./reader.ts";
import type { NirFile } from "./types.ts";

export { profileNames } from "./profiles.ts";
export { readNir } from "./reader.ts";
export type { NirFile, NirGraph, NirNode, NirValue } from "./types.ts";

/** What is said about a NIR graph besides its file. */
export type NirOptions = {
  /** `NAME` or with overridden rules; null: as the file's metadata says. */
  readonly profile: { readonly name: string; readonly given: Readonly<Record<string, string>> } | null;
  /** Duration of a step in seconds; null where nothing needs it. */
  readonly dt: number | null;
  readonly steps: number;
  /** What an input channel carries in a step: one spike, or how many events there were. */
  readonly input: "one" | "count";
};

/**
 * Reads a NIR graph (HDF5) into a network: nested graphs written out, every way
 * between neurons one link, neurons as the profile says, feedback a step late. A network of
 * lava-dl (netx) is told by its group `layer`. What was assumed is reported as the table
 * "NIR import". Throws a Failure; codes nir-*, netx-*.
 */
export async function importNir(bytes: Uint8Array, name: string, options: NirOptions, cx: Context): Promise<Network> {
  const root = await readHdf5(bytes, name);
  return isNetx(root) ? netxNetwork(root, name, options, cx) : networkOf(nirFileOf(root, name), name, options, cx);
}

/** The same for a graph that was read already. */
export function networkOf(file: NirFile, name: string, options: NirOptions, cx: Context): Network {
  const graph = flatten(file.graph, name);
  const known = Object.keys(importers);
  gather(
    [...graph.nodes.values()].map((n) => () => {
      if (!Object.hasOwn(importers, n.type)) fail("nir-type-unknown", [n.type, known], { at: `${name}, node ${n.name}` });
    }),
  );
  for (const type of ["Input", "Output"])
    if (![...graph.nodes.values()].some((n) => n.type === type)) fail("nir-ends", [type], { at: name });
  const profile: ChosenProfile = chooseProfile(graph, file.graph.metadata, name, options);
  return assemble(graph, name, profile, options, cx);
}
