import type { Target } from "../../targets/target.ts";
import { at } from "../base/bug.ts";
import { isSpiking } from "../convert/walk/neurons.ts";
import type { Graph } from "../ir/graph/types.ts";
import type { Image } from "../ir/image/types.ts";
import type { Network } from "../ir/network/types.ts";
import type { Context, Step } from "../passes/pass.ts";
import type { Watcher } from "../passes/run.ts";
import { compile, type Job, legalize } from "../pipeline.ts";

/** A network on its way to a chip: every artifact whose run can be compared with the one before. */
export type Subject = {
  readonly name: string;
  /** The trained model, simplified, and the form of it whose values the populations stand for. Null where the source spikes already. */
  readonly models: { readonly graph: Graph; readonly lowered: Graph } | null;
  readonly converted: Network;
  /** What each pass that does not keep spikes made, by the pass's name, the last one in its legal form. */
  readonly stages: readonly Stage[];
  readonly legal: Network;
  readonly target: Target;
  /** Null where the chip is left out. */
  readonly image: Image | null;
  /** Seed of everything drawn by chance while the network runs. */
  readonly seed: number;
};

type Stage = { readonly pass: string; readonly network: Network };

/** Compiles, keeping what lies between. */
export function compiledSubject(source: Graph | Network, job: Job, cx: Context, watchers: readonly Watcher[] = []): Subject {
  const stages: Stage[] = [];
  const c = compile(source, job, cx, [collector(stages), ...watchers]);
  const models = c.graph === null || c.lowered === null || isSpiking(c.graph) ? null : { graph: c.graph, lowered: c.lowered };
  return {
    name: source.name,
    models,
    converted: c.converted,
    stages: settled(stages, c.legal),
    legal: c.legal,
    target: job.target,
    image: c.image,
    seed: cx.seed,
  };
}

/** The subject of a converted network; without `image` it is legalized, but not mapped. */
export function convertedSubject(
  made: Pick<Subject, "name" | "models" | "converted" | "image">,
  job: Pick<Job, "target" | "passOptions">,
  cx: Context,
): Subject {
  const stages: Stage[] = [];
  const legal = legalize(made.converted, job, cx, [collector(stages)]);
  return { ...made, stages: settled(stages, legal), legal, target: job.target, seed: cx.seed };
}

function collector(stages: Stage[]): Watcher {
  return {
    after: (step: Step, ir, changed) => {
      if (changed && ir.kind === "network" && step.on === "network" && step.keeps === "answers")
        stages.push({ pass: step.name, network: ir });
    },
  };
}

/** Passes behind the last one keep its spikes, so the legal network stands for it. The conversion, which is no pass, is left out. */
function settled(stages: readonly Stage[], legal: Network): readonly Stage[] {
  const passes = stages.filter((s) => s.pass !== "convert");
  return passes.map((s, i) => (i === passes.length - 1 ? { ...s, network: legal } : at(passes, i)));
}
