import { at } from "../../base/bug.ts";
import { quiet } from "../../base/context.ts";
import { Failure } from "../../base/diagnostic.ts";
import { prepareNetwork } from "../../ir/network/run.ts";
import type { Network } from "../../ir/network/types.ts";
import { flatten } from "./flatten.ts";
import { type NirOptions, networkOf } from "./index.ts";
import { type Profile, profileRules, profiles, type Rules } from "./profiles.ts";
import { usedRules } from "./report.ts";
import type { NirFile } from "./types.ts";

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
 * What each rule of the profile decides: the outputs with every other value of the rule,
 * one at a time, against those of `network`, on the same samples.
 */
export function effectsOf(
  file: NirFile,
  name: string,
  options: NirOptions,
  network: Network,
  samples: readonly ArrayLike<number>[],
): readonly Effect[] {
  const profile = options.profile;
  if (profile === null) return [];
  const outputsOf = (n: Network): readonly Float64Array[] => {
    const run = prepareNetwork(n);
    return samples.map((s) => Float64Array.from(run.run([s]).outputs.flatMap((o) => [...o])));
  };
  const own: Rules = (profiles as Readonly<Record<string, Profile>>)[profile.name]?.rules ?? profiles.nir.rules;
  const expected = outputsOf(network);
  const effects: Effect[] = [];
  for (const rule of usedRules(flatten(file.graph, name))) {
    if (rule === "dt") continue;
    for (const instead of profileRules[rule].domain.split("|")) {
      if (instead === (profile.given[rule] ?? own[rule])) continue;
      try {
        const given = { ...profile.given, [rule]: instead };
        const other = outputsOf(networkOf(file, name, { ...options, profile: { name: profile.name, given } }, quiet()));
        const off = other.map((o, i) => o.reduce((sum, v, k) => sum + Math.abs(v - at(at(expected, i), k)), 0));
        effects.push({
          rule,
          instead,
          samples: off.filter((d) => d > 0).length,
          difference: off.reduce((a, b) => a + b, 0),
          refused: null,
        });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        effects.push({ rule, instead, samples: 0, difference: 0, refused: error.diagnostics[0]?.code ?? "" });
      }
    }
  }
  return effects;
}
