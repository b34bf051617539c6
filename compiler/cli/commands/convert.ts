import { graphPipeline } from "../../passes/graph/index.ts";
import { runSteps } from "../../passes/run.ts";
import { convert } from "../../pipeline.ts";
import { readGraph, showArtifact, writeArtifact } from "../artifacts.ts";
import type { Register } from "../command.ts";
import { firstSamples } from "../data/open.ts";
import { methodOf, openCalibration, withDescriptor } from "../job/compile-job.ts";
import { addMethodFlags, jobOf, type MethodFlags } from "../job/flags.ts";
import { watchersOf } from "../watchers.ts";

/** `ganglion convert m.graph --method qcfs --steps 8 --calibration DATA -o m.snet`. */
export const convertCommand: Register = (program, runner) => {
  const command = program
    .command("convert")
    .summary("convert a trained model to a spiking network (.snet), for no chip in particular")
    .argument("<model>", "model.onnx or m.graph")
    .option("-o, --output <file>", "where to write the .snet (default: print it)");
  addMethodFlags(command);
  command.action((model: string, flags: MethodFlags) =>
    runner(flags, async (run) => {
      const job = withDescriptor(run, jobOf(model, flags, null));
      const graph = readGraph(run, model);
      const method = methodOf(job, graph);
      const calibration = await openCalibration(run, job, graph);
      const samples = calibration === null ? [] : firstSamples(calibration, job.calibrationLimit);
      const cx = run.context();
      const network = convert(
        runSteps(graph, graphPipeline, cx, watchersOf(run)),
        { method, options: job.options, calibration: samples },
        cx,
      );
      run.check();
      if (flags.output === undefined) run.print(showArtifact(network));
      else writeArtifact(run, network, flags.output);
      run.json({
        network: flags.output ?? showArtifact(network),
        populations: network.pops.length,
        links: network.links.length,
        steps: network.steps,
        tables: run.tables,
      });
    }),
  );
};
