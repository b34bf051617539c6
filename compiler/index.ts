/*
 * The library: everything the command line does, as functions of values. Nothing
 * here reads files, prints, or knows the time; what is wrong is thrown as a Failure with diagnostics.
 *
 *   const graph = importOnnx(bytes, "lenet", () => null, quiet);
 *   const { image } = compile(graph, job({ target: targetNamed("mesh-4x4"), method: "qcfs", … }), quiet);
 *   const session = await openSession(target.simulate(), image);
 *   const { answers, cycles } = await session.run([sample]);
 */
export { explainLoss, type Loss } from "./analysis/loss.ts";
export { compiledSubject } from "./analysis/subject.ts";
export { tune, type Tuned, type TuneOptions } from "./analysis/tune.ts";
export { InternalError } from "./base/bug.ts";
export { type Diagnostic, Failure, showDiagnostic } from "./base/diagnostic.ts";
export { type ErrorCode, errors } from "./base/errors.ts";
export { TensorStore } from "./base/store.ts";
export { type Dtype, type Tensor, tensor } from "./base/tensor.ts";
export { conversions } from "./convert/index.ts";
export { importOnnx, type ReadExternal } from "./frontends/onnx/index.ts";
export { type DataFile, openSamples, type Preprocessing, type SampleSet, type SampleSource, unprocessed } from "./frontends/samples.ts";
export type { Cores } from "./ir/cores/types.ts";
export { parseCores } from "./ir/cores/parse.ts";
export { printCores } from "./ir/cores/print.ts";
export { verifyCores } from "./ir/cores/verify.ts";
export type { Graph } from "./ir/graph/types.ts";
export { parseGraph } from "./ir/graph/parse.ts";
export { printGraph } from "./ir/graph/print.ts";
export { prepareGraph, runGraph } from "./ir/graph/run.ts";
export { verifyGraph } from "./ir/graph/verify.ts";
export { imageFiles, readImage } from "./ir/image/files.ts";
export type { Image } from "./ir/image/types.ts";
export { parseNetwork } from "./ir/network/parse.ts";
export { printNetwork } from "./ir/network/print.ts";
export { type NetworkRun, prepareNetwork } from "./ir/network/run.ts";
export type { Network } from "./ir/network/types.ts";
export { verifyNetwork } from "./ir/network/verify.ts";
export { graphPipeline } from "./passes/graph/index.ts";
export { passes } from "./passes/index.ts";
export { type Context, context, type Pass, type Step, step } from "./passes/pass.ts";
export { runSteps, type Watcher } from "./passes/run.ts";
export { type Compiled, compile, convert, type Job, job, loadOf } from "./pipeline.ts";
export type { Device } from "../runtime/device.ts";
export { price } from "../runtime/report/energy.ts";
export { openSession, type SampleRun, type Session } from "../runtime/session.ts";
export type { ChipSpec } from "../targets/chip.ts";
export { parseChip } from "../targets/chip-yaml.ts";
export { targetNamed, targetOf, targets } from "../targets/index.ts";
export type { Target } from "../targets/target.ts";
