import { at } from "../../base/bug.ts";
import { quiet } from "../../base/context.ts";
import { Failure } from "../../base/diagnostic.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network } from "../../ir/network/types.ts";
import { chooseProfile } from "./choose.ts";
import { flatten } from "./flatten.ts";
import { readHdf5 } from "./hdf5.ts";
import { type NirOptions, networkOf } from "./index.ts";
import { isNetx, netxAlternatives } from "./netx.ts";
import { profileRules } from "./profiles.ts";
import { nirFileOf } from "./reader.ts";
import { usedRules } from "./report.ts";
import type { NirFile } from "./types.ts";

/** A value of a rule other than the one that was taken, and the network that it makes. */
export type Alternative = { readonly rule: string; readonly instead: string; readonly build: () => Network };

export type Effect = {
  readonly rule: string;
  readonly instead: string;
  /** Samples whose outputs differ, and the spikes (or potentials) that differ in all of them together. */
  readonly samples: number;
  readonly difference: number;
  /** Why the network cannot be built that way; null where it can. */
  readonly refused: string | null;
};

/**
 * What each rule that the file leaves open decides: the outputs with every other value of the
 * rule, one at a time, against those of `network`, on the same samples.
 */
export async function effectsOf(
  bytes: Uint8Array,
  name: string,
  options: NirOptions,
  network: Network,
  samples: readonly ArrayLike<number>[],
): Promise<readonly Effect[]> {
  const root = await readHdf5(bytes, name);
  const alternatives = isNetx(root) ? netxAlternatives(root, name, options) : nirAlternatives(nirFileOf(root, name), name, options);
  const outputsOf = (n: Network): readonly Float64Array[] => {
    const run = prepareNetwork(n);
    return samples.map((s) => Float64Array.from(run.run([s]).outputs.flatMap((o) => [...o])));
  };
  const expected = outputsOf(network);
  return alternatives.map(({ rule, instead, build }) => {
    try {
      const other = outputsOf(build());
      const off = other.map((o, i) => o.reduce((sum, v, k) => sum + Math.abs(v - at(at(expected, i), k)), 0));
      const samplesOff = off.filter((d) => d > 0).length;
      return { rule, instead, samples: samplesOff, difference: off.reduce((a, b) => a + b, 0), refused: null };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { rule, instead, samples: 0, difference: 0, refused: error.diagnostics[0]?.code ?? "" };
    }
  });
}

/** Rules of the profile that neurons of the graph depend on; the step is no rule but a number. */
function nirAlternatives(file: NirFile, name: string, options: NirOptions): readonly Alternative[] {
  const graph = flatten(file.graph, name);
  const { profile, rules, overridden } = chooseProfile(graph, file.graph.metadata, name, options);
  const given = Object.fromEntries([...overridden].map((rule) => [rule, String(rules[rule])]));
  return usedRules(graph)
    .filter((rule) => rule !== "dt")
    .flatMap((rule) =>
      profileRules[rule].domain
        .split("|")
        .filter((instead) => instead !== String(rules[rule]))
        .map((instead) => ({
          rule,
          instead,
          build: () =>
            networkOf(file, name, { ...options, profile: { name: profile.name, given: { ...given, [rule]: instead } } }, quiet()),
        })),
    );
}
