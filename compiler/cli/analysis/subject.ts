import { targetOf } from "../../../targets/index.ts";
import { compiledSubject, convertedSubject, type Subject } from "../../analysis/subject.ts";
import { at } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { sizeOf } from "../../base/tensor.ts";
import { isSpiking } from "../../convert/walk/neurons.ts";
import { type Preprocessing, unprocessed } from "../../frontends/samples.ts";
import type { Graph } from "../../ir/graph/types.ts";
import type { Network } from "../../ir/network/types.ts";
import { graphPipeline } from "../../passes/graph/index.ts";
import { context } from "../../passes/pass.ts";
import { runSteps } from "../../passes/run.ts";
import { convertBeside } from "../../pipeline.ts";
import { openBuild } from "../build/read.ts";
import { chosenTarget } from "../chips.ts";
import type { Run } from "../command.ts";
import { dataShape } from "../evaluate/evaluate.ts";
import { classesOf, inputShape, openCalibration, pipelineJob, readModel } from "../job/compile-job.ts";
import { type CompileFlags, jobOf } from "../job/flags.ts";
import { watchersOf } from "../watchers.ts";
import { sampleShape } from "../../ir/codes/index.ts";

/** What is studied, and what data it takes. */
export type Studied = {
  readonly subject: Subject;
  readonly preprocessing: Preprocessing | null;
  readonly shape: readonly number[];
  readonly classes: number | null;
};

/** A model or network, compiled as the flags say; without `mapped` only as far as the legal network. */
export async function sourceSubject(run: Run, path: string, flags: CompileFlags, mapped: boolean): Promise<Studied> {
  const job = jobOf(path, flags, null);
  const target = chosenTarget(run, job);
  const source = readModel(run, path);
  const calibration = source.kind === "graph" ? await openCalibration(run, job, source) : null;
  const cx = { ...run.context(target.chip), seed: job.seed };
  const made = pipelineJob(job, target, source, calibration);
  const about = { preprocessing: job.preprocessing ?? unprocessed, ...dataOf(source) };
  if (mapped) return { ...about, subject: compiledSubject(source, made, cx, watchersOf(run)) };
  const graph = source.kind === "graph" ? runSteps(source, graphPipeline, cx, watchersOf(run)) : null;
  const beside = graph === null ? null : convertBeside(graph, made, cx);
  run.check();
  const converted =
    beside?.network ?? (source.kind === "network" ? source : fail("artifact-unknown", [path, ["*.onnx", "*.graph", "*.snet"]]));
  const models = graph === null || beside === null || isSpiking(graph) ? null : { graph, lowered: beside.lowered };
  return { ...about, subject: convertedSubject({ name: source.name, models, converted, image: null }, made, cx) };
}

/** What a build folder holds. The way from its converted network to its legal one is gone again. */
export function buildSubject(run: Run, folder: string): Studied {
  const build = openBuild(run.files, folder);
  const target = targetOf(build.chip);
  const graph = build.model === null ? null : runSteps(build.model, graphPipeline, context());
  const models = graph === null || isSpiking(graph) ? null : { graph, lowered: build.lowered ?? graph };
  const subject = convertedSubject(
    { name: build.image.name, models, converted: build.converted, image: build.image },
    { target, passOptions: build.passOptions },
    { ...context({ chip: target.chip }), seed: build.seed },
  );
  return { subject, preprocessing: build.preprocessing, ...dataShape(build) };
}

function dataOf(source: Graph | Network): Pick<Studied, "shape" | "classes"> {
  if (source.kind === "graph") return { shape: inputShape(source), classes: classesOf(source) };
  if (source.inputs.length !== 1) fail("convert-inputs", [source.inputs.length]);
  const input = at(source.inputs, 0);
  const classes = sizeOf(at(source.pops, at(source.outputs, 0).pop).shape);
  return { shape: sampleShape(at(source.pops, input.pop).shape, input.params), classes: classes > 1 ? classes : null };
}
