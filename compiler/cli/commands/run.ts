import { Option } from "commander";
import { manifestFile } from "../../../targets/sanafe/files.ts";
import { at } from "../../base/bug.ts";
import { Failure, fail } from "../../base/diagnostic.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { readArtifact, verifyArtifact } from "../artifacts.ts";
import { chipOf } from "../chips.ts";
import { positive, whole } from "../flags.ts";
import { addThreadsFlag, addTimeFlag, type ThreadFlags } from "../time.ts";
import { runBuild } from "../run/build.ts";
import { runGraphOn } from "../run/graph.ts";
import { runNetworkOn } from "../run/network.ts";
import { runSanafeBuild } from "../sanafe/run.ts";

export type RunFlags = SharedFlags &
  ThreadFlags & {
    readonly samples?: string;
    readonly eventsIn?: string;
    readonly eventsOut?: string;
    readonly stepUs: number;
    readonly target?: string;
    readonly chip?: string;
    readonly trace?: string;
    readonly traceLimit: number;
    readonly steps: number;
    readonly as?: "simple" | "detailed";
    readonly perf?: string;
    readonly spikes?: string;
  };

/** `ganglion run build/ --samples FILE`: prints what each sample gives, spike by spike. */
export const runCommandOf: Register = (program, runner) => {
  const command = program
    .command("run")
    .summary("run samples through a .graph, a .snet or a build, and print answers and spikes")
    .description(
      "Prints the answers of each sample; of a network also every spike as step:neuron or step:neuron=payload. `ganglion evaluate` is for data sets.",
    )
    .argument("<what...>", "[graph|network|build] and a model.onnx, m.graph, m.snet or build folder")
    .option("--samples <file>", "text, one sample a line: the numbers of the inputs")
    .option("-t, --target <name>", "clamp a network's potentials as this chip does")
    .option("--chip <file>", "the same, for a chip.yaml")
    .option("--trace <file>", "of a build: write what happened, as text (.txt), waveforms (.vcd) or a timeline for Perfetto (.json)")
    .option("--events-out <file>", "of a build: write the address events that leave the chip's pins, with times, as text, .csv or .aedat")
    .option("--events-in <file>", "of a build: a recording of address events (text, CSV, AEDAT 2) in the place of --samples")
    .option("--step-us <n>", "microseconds of a recording that are one step", positive, 1000)
    .option("--trace-limit <n>", "most events that a trace keeps", whole(1, 1e8), 10_000_000)
    .option("--steps <n>", "of a network from SANA-FE's files: how many steps", whole(1, 1e9), 100)
    .addOption(new Option("--as <model>", "of such a network: time as SANA-FE's own model tells it").choices(["simple", "detailed"]))
    .option("--perf <file>", "of such a network: write each step's counts, time and energy, as SANA-FE's perf.csv")
    .option("--spikes <file>", "of such a network: write which neuron fired in which step, as SANA-FE's spikes.csv")
    .action((what: readonly string[], flags: RunFlags) => runner(flags, (run) => runAny(run, at(what, what.length - 1), flags)));
  addTimeFlag(command);
  addThreadsFlag(command);
};

async function runAny(run: Run, path: string, flags: RunFlags): Promise<void> {
  const { samples } = flags;
  if (run.files.exists(`${path}/${manifestFile}`)) return runSanafeBuild(run, path, { ...flags, time: flags.as ?? flags.time });
  if (samples === undefined && (flags.eventsIn === undefined || !run.files.isFolder(path)))
    fail("option-missing", ["run", "--samples FILE"]);
  if (run.files.isFolder(path)) return runBuild(run, path, flags);
  if (!run.files.exists(path)) fail("file-missing", [path]);
  const ir = readArtifact(run, path, [".onnx", ".graph", ".snet"]);
  const wrong = verifyArtifact(ir, null).filter((d) => d.severity === "error");
  if (wrong.length > 0) throw new Failure(wrong);
  if (ir.kind === "graph") return runGraphOn(run, ir, samples ?? "");
  const chip = flags.target === undefined && flags.chip === undefined ? null : chipOf(run, flags);
  if (ir.kind === "network") return runNetworkOn(run, ir, chip, samples ?? "");
}
