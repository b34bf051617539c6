import { graphPipeline } from "../../passes/graph/index.ts";
import { effectsOf } from "../../frontends/nir/effects.ts";
import type { Network } from "../../ir/network/types.ts";
import { runSteps } from "../../passes/run.ts";
import { readGraph, showArtifact, writeArtifact } from "../artifacts.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { openRecordings } from "../data/events.ts";
import { addLimitFlag } from "../data/flags.ts";
import { addNirFlags, type NirFlags } from "../nir/flags.ts";
import { isNir, nirOptions, readNirModel } from "../nir/read.ts";
import { showTable } from "../tables.ts";
import { watchersOf } from "../watchers.ts";

type Flags = SharedFlags &
  NirFlags & {
    readonly output?: string;
    readonly raw?: boolean;
    readonly steps?: string;
    readonly effects?: string;
    readonly limit?: number;
  };

/** `ganglion import model.onnx -o m.graph`: a trained model as a Graph. `ganglion import model.nir -o m.snet`: a spiking one as a Network. */
export const importCommand: Register = (program, runner) => {
  const command = program
    .command("import")
    .summary("read a trained model (ONNX) into a .graph, or a spiking one (NIR) into a .snet")
    .description("Reads a trained model and simplifies it: constants and batch normalization folded, activations recognised.")
    .argument("<model>", "model.onnx or model.nir")
    .option("-o, --output <file>", "where to write the .graph or .snet (default: print it)")
    .option("--raw", "as the file says it, without the graph passes")
    .option("--steps <n>", "steps of one sample, for a spiking model");
  command.option(
    "--effects <recordings>",
    "of a spiking model: run it on recordings with every other value of each rule of the profile, and say what changes",
  );
  addLimitFlag(command, "--limit <n>", "how many recordings, from the first on (default: 10)", undefined);
  addNirFlags(command);
  command.action((model: string, flags: Flags) =>
    runner(flags, async (run) => {
      if (isNir(model)) return importSpiking(run, model, flags);
      const read = readGraph(run, model);
      const graph = flags.raw === true ? read : runSteps(read, graphPipeline, run.context(), watchersOf(run));
      if (flags.output === undefined) run.print(showArtifact(graph));
      else writeArtifact(run, graph, flags.output);
      run.json({ graph: flags.output ?? showArtifact(graph), nodes: graph.nodes.length, values: graph.values.length });
    }),
  );
};

async function importSpiking(run: Run, model: string, flags: Flags): Promise<void> {
  const network = await readNirModel(run, model, flags, flags.steps);
  if (flags.output === undefined) run.print(showArtifact(network));
  else writeArtifact(run, network, flags.output);
  if (flags.effects !== undefined) await tellEffects(run, model, flags, network, flags.effects);
  for (const table of run.tables) run.print(showTable(table));
  run.json({
    network: flags.output ?? showArtifact(network),
    populations: network.pops.length,
    links: network.links.length,
    tables: run.tables,
  });
}

/** Adds the table of what each rule decides. */
async function tellEffects(run: Run, model: string, flags: Flags, network: Network, recordings: string): Promise<void> {
  const set = await openRecordings(run, { events: recordings }, network, null);
  const samples = Array.from({ length: Math.min(flags.limit ?? 10, set.count) }, (_, i) => set.sample(i));
  const effects = await effectsOf(run.files.bytes(model), model, nirOptions(flags, flags.steps), network, samples);
  run.context().table(
    `effects on ${samples.length} recordings`,
    effects.map((e) => ({
      rule: e.rule,
      instead: e.instead,
      "outputs differ in": e.refused ?? e.samples,
      "by spikes, in all": e.refused === null ? e.difference : "",
    })),
  );
}
