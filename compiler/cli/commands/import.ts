import { graphPipeline } from "../../passes/graph/index.ts";
import { runSteps } from "../../passes/run.ts";
import { readGraph, showArtifact, writeArtifact } from "../artifacts.ts";
import type { Register, SharedFlags } from "../command.ts";
import { watchersOf } from "../watchers.ts";

type Flags = SharedFlags & { readonly output?: string; readonly raw?: boolean };

/** `ganglion import model.onnx -o m.graph`: a trained model as a Graph. */
export const importCommand: Register = (program, runner) => {
  program
    .command("import")
    .summary("read a trained model (ONNX) into a .graph")
    .description("Reads a trained model and simplifies it: constants and batch normalization folded, activations recognised.")
    .argument("<model>", "model.onnx")
    .option("-o, --output <file>", "where to write the .graph (default: print it)")
    .option("--raw", "as the file says it, without the graph passes")
    .action((model: string, flags: Flags) =>
      runner(flags, (run) => {
        const read = readGraph(run, model);
        const graph = flags.raw === true ? read : runSteps(read, graphPipeline, run.context(), watchersOf(run));
        if (flags.output === undefined) run.print(showArtifact(graph));
        else writeArtifact(run, graph, flags.output);
        run.json({ graph: flags.output ?? showArtifact(graph), nodes: graph.nodes.length, values: graph.values.length });
      }),
    );
};
