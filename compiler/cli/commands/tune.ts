import { InvalidArgumentError, Option } from "commander";
import { tunePage } from "../../analysis/html/tune.ts";
import { tune } from "../../analysis/tune.ts";
import { type Diagnostic, diagnostic, fail } from "../../base/diagnostic.ts";
import { showTuned } from "../analysis/show-tuned.ts";
import { readGraph } from "../artifacts.ts";
import { chosenTarget } from "../chips.ts";
import type { Register, Run } from "../command.ts";
import { addLimitFlag } from "../data/flags.ts";
import { whole } from "../flags.ts";
import { openCalibration, pipelineJob } from "../job/compile-job.ts";
import { addChipFlags, addLegalizationFlags, addMethodFlags, type CompileFlags, jobOf } from "../job/flags.ts";
import { version } from "../version.ts";

type Flags = CompileFlags & {
  readonly labels?: string;
  readonly maxLoss: number;
  readonly try?: readonly number[];
  readonly stepsMax: number;
  readonly heldOut: number;
  readonly chipLimit: number;
  readonly bits?: boolean;
  readonly perLayer?: boolean;
  readonly html?: string;
};

/** `ganglion tune MODEL --method M --target NAME --calibration DATA --labels LABELS --max-loss 0.5 [--bits] [--per-layer]`. */
export const tuneCommand: Register = (program, runner) => {
  const command = program
    .command("tune")
    .summary("find the fewest steps, and bits, that keep the accuracy")
    .description(
      "Converts a trained model with more and more steps until the network on the chip's terms loses no more than stated, and shows what each number of steps costs in latency and energy. The first calibration samples calibrate, those behind them decide; no test data is touched.",
    )
    .argument("<model>", "model.onnx or m.graph")
    .option("--labels <file>", "labels of the calibration data, where it does not hold them")
    .addOption(
      new Option("--max-loss <points>", "percentage points that may be lost against the trained model").argParser(points).default(0.5),
    )
    .addOption(
      new Option(
        "--try <list>",
        "numbers of steps to try: 2,4,8 (default: doubled from 1 until the loss is kept, then narrowed down)",
      ).argParser(stepsList),
    )
    .addOption(new Option("--steps-max <n>", "most steps to try").argParser(whole(1, 4096)).default(128))
    .option("--bits", "with the chosen steps, also find the fewest bits of weights")
    .option("--per-layer", "and then fewer bits layer by layer, greedily")
    .option("--html <file>", "write a self-contained page");
  addLimitFlag(command, "--held-out <n>", "how many samples decide, at most (default: 500)", 500);
  command.addOption(
    new Option("--chip-limit <n>", "how many of them the simulator runs for latency and energy; 0: none")
      .argParser(whole(0, 1e9))
      .default(3),
  );
  addChipFlags(command);
  addMethodFlags(command);
  addLegalizationFlags(command);
  command.action((model: string, flags: Flags) =>
    runner(flags, async (run) => {
      if (flags.html !== undefined) run.files.checkWritable(flags.html);
      const tuned = await tuneModel(run, model, flags);
      if (flags.html !== undefined) run.files.write(flags.html, tunePage(tuned, `ganglion ${version()}`));
      run.print(showTuned(tuned));
      run.json(tuned);
    }),
  );
};

async function tuneModel(run: Run, model: string, flags: Flags) {
  const labels = flags.labels ?? flags.calibrationLabels;
  const job = jobOf(model, labels === undefined ? flags : { ...flags, calibrationLabels: labels }, null);
  const target = chosenTarget(run, job);
  const graph = readGraph(run, model);
  const data = (await openCalibration(run, job, graph)) ?? fail("option-missing", ["tune", "--calibration DATA"]);
  if (data.label(0) === null) run.report(diagnostic("labels-absent", [], { at: flags.calibration ?? model }));
  const fixed = job.options["steps"];
  const options = {
    maxLoss: flags.maxLoss,
    tries: fixed === undefined ? (flags.try ?? null) : [Number(fixed)],
    stepsMax: flags.stepsMax,
    calibrationLimit: job.calibrationLimit,
    heldOut: flags.heldOut,
    chipLimit: flags.chipLimit,
    bits: flags.bits === true || flags.perLayer === true,
    perLayer: flags.perLayer === true,
  };
  // What a warning warns of is measured here, for every number of steps again.
  const cx = { ...run.context(target.chip), seed: job.seed, table: () => {} };
  const report = (d: Diagnostic): void => {
    if (d.severity === "error") cx.report(d);
  };
  return tune(graph, pipelineJob(job, target, graph, null), data, options, { ...cx, report });
}

function points(text: string): number {
  const n = Number(text);
  if (text.trim() === "" || !(n >= 0 && n <= 100)) throw new InvalidArgumentError("percentage points 0..100 are wanted.");
  return n;
}

function stepsList(text: string): readonly number[] {
  return text.split(",").map(whole(1, 4096));
}
