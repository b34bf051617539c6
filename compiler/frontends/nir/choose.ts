import { bug } from "../../base/bug.ts";
import { Failure, fail } from "../../base/diagnostic.ts";
import { choose } from "../../base/options.ts";
import type { FlatGraph } from "./flatten.ts";
import type { Importer, Setting } from "./importer.ts";
import { importers } from "./importers/index.ts";
import type { NirOptions } from "./index.ts";
import { Params } from "./params.ts";
import {
  type Profile,
  type ProfileName,
  profileNamed,
  profileNames,
  profileRules,
  profiles,
  type RuleName,
  type Rules,
} from "./profiles.ts";
import type { NirValue } from "./types.ts";

export type ChosenProfile = {
  readonly profile: Profile;
  /** Its rules, with what was overridden. */
  readonly rules: Rules;
  /** Who said so. */
  readonly because: string;
  readonly overridden: ReadonlySet<RuleName>;
};

/** Keys of metadata under which a framework may name itself. */
const keys = ["framework", "exporter", "source", "profile", "generator"];

/**
 * The profile that was given, or that the metadata name, or any if all of them mean the
 * same for this graph. Throws a Failure where the file cannot say and the answer would differ.
 */
export function chooseProfile(
  graph: FlatGraph,
  metadata: Readonly<Record<string, NirValue>>,
  file: string,
  options: NirOptions,
): ChosenProfile {
  const written = ownRules(metadata);
  if (options.profile !== null || written !== null) {
    const { name, given } = options.profile ?? written ?? { name: "nir", given: {} };
    const profile = (profiles as Readonly<Record<string, Profile>>)[name] ?? fail("name-unknown", ["profile", name, null]);
    const preset = Object.fromEntries(Object.entries(profileRules).map(([k, o]) => [k, { ...o, default: profile.rules[k as RuleName] }]));
    const rules = choose(`profile ${name}`, preset, given) as Rules;
    return {
      profile,
      rules,
      because: options.profile === null ? "metadata profile of the file" : "--profile",
      overridden: new Set(Object.keys(given) as RuleName[]),
    };
  }
  const said = named([metadata, ...[...graph.nodes.values()].map((n) => n.metadata)]);
  if (said !== null)
    return { profile: profiles[said.name], rules: profiles[said.name].rules, because: said.because, overridden: new Set() };
  const open = openRules(graph);
  if (open.length > 0) fail("nir-profile-needed", [open, profileNames], { at: file });
  return { profile: profiles.nir, rules: profiles.nir.rules, because: "every profile means the same here", overridden: new Set() };
}

/** Rules that this project wrote: `nir:rule=value,…`. */
function ownRules(metadata: Readonly<Record<string, NirValue>>): NirOptions["profile"] {
  const { profile } = metadata;
  const [, name = "", pairs = ""] = typeof profile === "string" ? (/^(\w+):(.*)$/.exec(profile) ?? []) : [];
  if (name === "") return null;
  return { name, given: Object.fromEntries(pairs.split(",").map((p) => p.split("=") as [string, string])) };
}

function named(all: readonly Readonly<Record<string, NirValue>>[]): { name: ProfileName; because: string } | null {
  for (const metadata of all)
    for (const key of keys) {
      const value = metadata[key];
      const name = typeof value === "string" ? profileNamed(value) : null;
      if (name !== null) return { name, because: `metadata ${key} of the file` };
    }
  return null;
}

/** Rules that some neuron of the graph depends on and that the profiles do not agree on. */
function openRules(graph: FlatGraph): readonly RuleName[] {
  const used = new Set<RuleName>();
  for (const n of graph.nodes.values()) {
    const importer: Importer = importers[n.type] ?? bug(`no importer for ${n.type}`);
    if (importer.kind === "neuron") for (const r of importer.rules) used.add(r);
  }
  return [...used].filter((r) => new Set(profileNames.map((p) => profiles[p].rules[r])).size > 1);
}

/** What the importers are given; the step is asked for only by what needs it. */
export function settingOf(
  { profile, rules }: ChosenProfile,
  graph: FlatGraph,
  file: string,
  dt: number | null,
  report: Setting["report"],
): Setting {
  const step = rules.dt > 0 ? rules.dt : (dt ?? equalSteps(graph, file));
  return {
    rules,
    dt: () => step ?? fail("nir-step-needed", [profile.name, firstWithTimes(graph)], { at: file }),
    report,
  };
}

const timed = ["LIF", "LI", "CubaLIF", "CubaLI", "Delay"];

/** Where only IF and I have times and all their r agree, the step at which one unit of input adds one. */
function equalSteps(graph: FlatGraph, file: string): number | null {
  const nodes = [...graph.nodes.values()];
  if (nodes.some((n) => timed.includes(n.type))) return null;
  const all = new Set<number>();
  for (const n of nodes) {
    if (n.type !== "IF" && n.type !== "I") continue;
    try {
      const r = new Params(n, file).tensor("r");
      for (const v of r.data) all.add(Number(v));
    } catch (error) {
      if (error instanceof Failure) return null;
      throw error;
    }
  }
  const [only] = all;
  return all.size === 1 && only !== undefined && only > 0 ? 1 / only : null;
}

function firstWithTimes(graph: FlatGraph): string {
  const all = [...graph.nodes.values()];
  return (all.find((n) => timed.includes(n.type)) ?? all.find((n) => n.type === "IF" || n.type === "I"))?.name ?? "";
}
