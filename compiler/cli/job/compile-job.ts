import { extname } from "node:path";
import { at } from "../../base/bug.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import { sha256 } from "../../base/hash.ts";
import { sizeOf } from "../../base/tensor.ts";
import { conversions } from "../../convert/index.ts";
import { type SampleSet, sampleShape, unprocessed } from "../../frontends/samples.ts";
import type { Graph } from "../../ir/graph/types.ts";
import type { Network } from "../../ir/network/types.ts";
import { type Compiled, compile, defaultMapping, type Job } from "../../pipeline.ts";
import type { ChipSpec } from "../../../targets/chip.ts";
import type { Target } from "../../../targets/target.ts";
import { readArtifact } from "../artifacts.ts";
import { type Made, writeBuild } from "../build/write.ts";
import { type Build, buildFile } from "../build/build.ts";
import { chosenTarget } from "../chips.ts";
import type { Run } from "../command.ts";
import { firstSamples, openData } from "../data/open.ts";
import { openRung, type Outcome } from "../evaluate/rungs.ts";
import { lookUp } from "../names.ts";
import { dataInputs, spikingForm } from "../spiking.ts";
import { isNir, readNirModel } from "../nir/read.ts";
import { watchersOf } from "../watchers.ts";
import type { JobSpec } from "./job.ts";

/** What `ganglion compile` reports. */
export type Report = {
  readonly target: string;
  readonly method: string | null;
  readonly steps: number;
  readonly cores: { readonly used: number; readonly available: number };
  readonly load: Compiled["load"];
  readonly budget: Compiled["budget"];
  readonly tables: Run["tables"];
  readonly diagnostics: Run["diagnostics"];
  readonly maxPool: MaxPoolLoss | null;
};

export type MaxPoolLoss = {
  readonly how: string;
  readonly samples: number;
  /** Fraction of samples whose class the network and the trained model agree on. */
  readonly agreement: number;
  readonly accuracy: { readonly ann: number; readonly snn: number } | null;
};

/** Compiles as the job says and writes the build folder. */
export async function compileJob(run: Run, given: JobSpec): Promise<Report> {
  const job = withDescriptor(run, given);
  const output = job.output ?? fail("option-missing", ["compile", "-o FOLDER (or `output` in the job file)"]);
  run.files.checkReplaceable(output, buildFile.about);
  run.files.checkWritable(output);
  const target = chosenTarget(run, job);
  const source = isNir(job.model)
    ? await readNirModel(run, job.model, job.nir ?? {}, job.options["steps"])
    : readModel(run, job.model, [".nir", ".net"]);
  const calibration = source.kind === "graph" ? await openCalibration(run, job, source) : null;
  const preprocessing = job.preprocessing ?? unprocessed;
  const compiled = compile(
    source,
    pipelineJob(job, target, source, calibration),
    { ...run.context(target.chip), seed: job.seed },
    watchersOf(run),
  );

  const model = source.kind === "graph" ? source : null;
  const build: Build = {
    image: compiled.image,
    chip: target.chip,
    network: compiled.legal,
    converted: compiled.converted,
    model,
    lowered: compiled.lowered === compiled.graph ? null : compiled.lowered,
    passOptions: job.passOptions,
    preprocessing,
    seed: job.seed,
  };
  const maxPool = await measureMaxPool(run, job, build, calibration);
  const report = reportOf(run, job, compiled, target.chip, maxPool);
  writeBuild(run, output, { compiled, build, inputs: inputsOf(run, job), options: optionsOf(job, target.chip), report });
  return report;
}

/** The job with the text of the descriptor in the place of its file's name. */
export function withDescriptor(run: Run, job: JobSpec): JobSpec {
  const { descriptor } = job.options;
  if (descriptor === undefined || descriptor === "auto" || descriptor.trimStart().startsWith("{")) return job;
  return { ...job, options: { ...job.options, descriptor: run.files.text(descriptor) } };
}

/** The model or network that a job is about. `others` are endings that the caller reads itself. */
export function readModel(run: Run, path: string, others: readonly string[] = []): Graph | Network {
  const endings = [".onnx", ".graph", ".snet"];
  if (run.files.exists(path) && !endings.includes(extname(path)))
    fail("artifact-unknown", [path, [...endings, ...others].map((e) => `*${e}`)]);
  const ir = readArtifact(run, path, endings);
  return ir.kind === "cores" ? fail("artifact-unknown", [path, endings.map((e) => `*${e}`)]) : ir;
}

/** The job as the pipeline takes it; its calibration samples can be gone through once. */
export function pipelineJob(job: JobSpec, target: Target, source: Graph | Network, calibration: SampleSet | null): Job {
  return {
    target,
    method: source.kind === "graph" ? methodOf(job, source) : "",
    options: job.options,
    calibration: calibration === null ? [] : firstSamples(calibration, job.calibrationLimit),
    passOptions: job.passOptions,
    mapping: { partition: job.partition ?? defaultMapping.partition, place: job.place ?? defaultMapping.place },
  };
}

/** The job's method, which must be one there is. A file that describes spiking neurons needs none. */
export function methodOf(job: Pick<JobSpec, "method">, graph: Graph): string {
  if (job.method === undefined && spikingForm(graph) !== null) return "as-is";
  const name = job.method ?? fail("option-missing", ["converting a trained model", "--method NAME (see `ganglion list methods`)"]);
  lookUp("method", name, conversions);
  return name;
}

/** The calibration samples, opened for the graph's input. Null when the job names none; the method decides whether it needs them. */
export async function openCalibration(run: Run, job: JobSpec, graph: Graph): Promise<SampleSet | null> {
  if (job.calibration === undefined) return null;
  return openData(run, job.calibration, job.preprocessing ?? unprocessed, inputShape(graph), classesOf(graph));
}

/** Shape of one sample of a model with one input, states of neurons apart, without the batch. */
export function inputShape(graph: Graph): readonly number[] {
  const inputs = dataInputs(graph);
  if (inputs.length !== 1) fail("convert-inputs", [inputs.length]);
  return sampleShape(at(graph.values, at(inputs, 0)).shape);
}

/** How many classes the model tells apart; null when it answers with the class itself. */
export function classesOf(graph: Graph): number | null {
  const output = at(graph.values, at(graph.outputs, 0));
  const size = sizeOf(output.shape);
  return output.dtype === "i64" || size === 1 ? null : size;
}

const maxPoolSamples = 200;

/** Where max pooling was lowered inexactly, what that cost on the calibration samples. */
async function measureMaxPool(run: Run, job: JobSpec, build: Build, calibration: SampleSet | null): Promise<MaxPoolLoss | null> {
  const how = job.options["maxPool"];
  if (how === undefined || how === "refuse" || build.model === null || calibration === null) return null;
  if (!build.model.nodes.some((n) => n.op === "max-pool" || n.op === "global-max-pool")) return null;
  const count = Math.min(maxPoolSamples, calibration.count);
  const [ann, snn] = [await openRung.ann(build), await openRung.snn(build)];
  const outcomes: { ann: Outcome; snn: Outcome; label: number | null }[] = [];
  for (let i = 0; i < count; i++) {
    const sample = calibration.sample(i);
    outcomes.push({ ann: await ann(sample), snn: await snn(sample), label: calibration.label(i) });
    run.progress.show("measuring what max pooling lost", i + 1, count);
  }
  const labelled = outcomes.filter((o) => o.label !== null);
  const share = (list: typeof outcomes, right: (o: (typeof outcomes)[number]) => boolean): number =>
    list.filter(right).length / list.length;
  const agreement = share(outcomes, (o) => o.ann.class === o.snn.class);
  const accuracy =
    labelled.length === 0
      ? null
      : { ann: share(labelled, (o) => o.ann.class === o.label), snn: share(labelled, (o) => o.snn.class === o.label) };
  run.report(diagnostic("max-pool-loss", [how, showLoss(agreement, accuracy), count]));
  return { how, samples: count, agreement, accuracy };
}

function showLoss(agreement: number, accuracy: MaxPoolLoss["accuracy"]): string {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const agrees = `network and model choose the same class for ${percent(agreement)}`;
  if (accuracy === null) return agrees;
  return `the accuracy is ${percent(accuracy.snn)} instead of ${percent(accuracy.ann)} (a loss of ${(100 * (accuracy.ann - accuracy.snn)).toFixed(1)} points); ${agrees}`;
}

function reportOf(run: Run, job: JobSpec, compiled: Compiled, chip: ChipSpec, maxPool: MaxPoolLoss | null): Report {
  return {
    target: chip.name,
    method: compiled.graph === null ? null : (job.method ?? "as-is"),
    steps: compiled.legal.steps,
    cores: { used: compiled.cores.cores.length, available: chip.columns * chip.rows },
    load: compiled.load,
    budget: compiled.budget,
    tables: run.tables,
    diagnostics: run.diagnostics,
    maxPool,
  };
}

/** The files the build depends on, by role, with their hashes. A folder counts by its name only; its samples enter through the statistics. */
function inputsOf(run: Run, job: JobSpec): Made["inputs"] {
  const roles = { model: job.model, chip: job.chip, calibration: job.calibration?.data };
  const out: Record<string, string> = {};
  for (const [role, path] of Object.entries(roles)) {
    if (path !== undefined && !run.files.isFolder(path)) out[role] = sha256(run.files.bytes(path));
  }
  return out;
}

function optionsOf(job: JobSpec, chip: ChipSpec): object {
  // Paths are left out: the same inputs give the same bytes wherever they lie.
  const { method, options, passOptions, calibrationLimit, preprocessing, partition, place, seed } = job;
  return { target: chip.name, method, options, passOptions, calibrationLimit, preprocessing, partition, place, seed };
}
