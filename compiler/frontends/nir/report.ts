import type { Context } from "../../base/context.ts";
import type { Network } from "../../ir/network/types.ts";
import type { ChosenProfile } from "./choose.ts";
import type { FlatGraph } from "./flatten.ts";
import type { Setting } from "./importer.ts";
import { importers } from "./importers/index.ts";
import type { NirOptions } from "./index.ts";
import type { Path } from "./paths.ts";
import { profileRules, type RuleName } from "./profiles.ts";

type Imported = {
  readonly profile: ChosenProfile;
  readonly setting: Setting;
  readonly options: NirOptions;
  readonly graph: FlatGraph;
  readonly network: Network;
  readonly feedback: readonly Path[];
};

/** The table of everything that the file does not say, with the value that was taken and who said so. */
export function reportImport(cx: Context, i: Imported): void {
  const { profile, rules, because, overridden } = i.profile;
  const rows: Record<string, string | number>[] = [{ assumption: "profile", value: profile.name, from: because }];
  for (const rule of usedRules(i.graph)) {
    if (rule === "dt") rows.push({ assumption: "step of the neurons", value: `${i.setting.dt()} s`, from: stepFrom(i) });
    else
      rows.push({
        assumption: profileRules[rule].help,
        value: String(rules[rule]),
        from: overridden.has(rule) ? because : profile.source,
      });
  }
  rows.push({
    assumption: "input of a step",
    value: i.options.input === "one" ? "at most one spike a channel" : "as many spikes as events",
    from: "--input-events",
  });
  const neurons = [...i.graph.nodes.values()].filter((n) => importers[n.type]?.kind === "neuron");
  if (neurons.length > 0) rows.push({ assumption: "initial potential and current", value: 0, from: "NIR has none" });
  const unsaid = neurons.filter((n) => n.params["v_threshold"] !== undefined && n.params["v_reset"] === undefined);
  if (unsaid.length > 0 && rules.reset === "hard")
    rows.push({ assumption: `v_reset of ${unsaid.map((n) => n.name).join(", ")}`, value: 0, from: "not in the file" });
  for (const p of i.feedback)
    rows.push({ assumption: `feedback ${p.from} -> ${p.to}`, value: "one step late", from: "a cycle needs a step" });
  for (const o of i.network.outputs)
    rows.push({
      assumption: `answer of ${o.name}`,
      value: o.code === "spikes" ? "spikes of all steps" : "potential after the last step",
      from: "NIR does not say",
    });
  cx.table("NIR import", rows);
}

/** The rules of a profile that some neuron of the graph depends on. */
export function usedRules(graph: FlatGraph): readonly RuleName[] {
  const used = new Set<RuleName>();
  for (const n of graph.nodes.values()) {
    const importer = importers[n.type];
    if (importer?.kind === "neuron") for (const r of importer.rules) used.add(r);
  }
  return [...used];
}

function stepFrom(i: Imported): string {
  if (i.profile.overridden.has("dt")) return i.profile.because;
  if (i.profile.rules.dt > 0) return i.profile.profile.source;
  return i.options.dt === null ? "all r are equal: one unit of input adds one" : "--dt";
}
