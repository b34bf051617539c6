import { explainLoss, type Loss } from "../../analysis/loss.ts";
import { lossPage } from "../../analysis/html/loss.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import { unprocessed } from "../../frontends/samples.ts";
import { showLoss } from "../analysis/show-loss.ts";
import { buildSubject, sourceSubject, type Studied } from "../analysis/subject.ts";
import type { Register, Run } from "../command.ts";
import { addLimitFlag, preprocessingOf } from "../data/flags.ts";
import { openData } from "../data/open.ts";
import { whole } from "../flags.ts";
import { addChipFlags, addLegalizationFlags, addMethodFlags, type CompileFlags } from "../job/flags.ts";
import { version } from "../version.ts";

type Flags = CompileFlags & {
  readonly data?: string;
  readonly labels?: string;
  readonly limit: number;
  readonly chipLimit: number;
  readonly layerwise: boolean;
  readonly html?: string;
};

/** `ganglion explain-loss MODEL --method M --target NAME --calibration DATA --data IMAGES --labels LABELS`, or `ganglion explain-loss build/ --data …`. */
export const explainLossCommand: Register = (program, runner) => {
  const command = program
    .command("explain-loss")
    .summary("say where the accuracy went: part by part and layer by layer")
    .description(
      "Runs every form between a trained model and the chip on the same samples, and says what each step of the way costs: clipping, levels of activations, spike timing, rounding of inputs and weights, saturation, the chip's own timing. The parts add up exactly.",
    )
    .argument("<what>", "model.onnx, m.graph, m.snet, or a folder that `ganglion compile` wrote")
    .option("--data <data>", "samples to measure on: a file, a folder or an archive")
    .option("--labels <file>", "their labels, where the data does not hold them")
    .option("--no-layerwise", "do not give the model its spiking layers one by one, which takes a run per layer")
    .option("--html <file>", "write a self-contained page");
  addLimitFlag(command, "--limit <n>", "how many samples, from the first on (default: 200)", 200);
  command.option(
    "--chip-limit <n>",
    "how many of them on the chip, which is the slowest; 0: none, and the network need not fit it (default: 10)",
    whole(0, 1e9),
    10,
  );
  addChipFlags(command);
  addMethodFlags(command);
  addLegalizationFlags(command);
  command.action((what: string, flags: Flags) =>
    runner(flags, async (run) => {
      if (flags.html !== undefined) run.files.checkWritable(flags.html);
      const loss = await measure(run, what, flags);
      if (flags.html !== undefined) run.files.write(flags.html, lossPage(loss, `ganglion ${version()}`));
      run.print(showLoss(loss));
      run.json(loss);
    }),
  );
};

async function measure(run: Run, what: string, flags: Flags): Promise<Loss> {
  const data = flags.data ?? fail("option-missing", ["explain-loss", "--data SAMPLES"]);
  const studied: Studied = run.files.isFolder(what) ? buildSubject(run, what) : await sourceSubject(run, what, flags, flags.chipLimit > 0);
  const preprocessing = preprocessingOf(flags, studied.preprocessing ?? unprocessed);
  const samples = await openData(run, { ...flags, data }, preprocessing, studied.shape, studied.classes);
  if (samples.label(0) === null) run.report(diagnostic("labels-absent", [], { at: data }));
  const { limit, chipLimit, layerwise } = flags;
  return explainLoss(studied.subject, samples, { limit, chipLimit, layerwise }, run.context());
}
