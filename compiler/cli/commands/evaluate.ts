import { at } from "../../base/bug.ts";
import { Option } from "commander";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import type { Build } from "../build/build.ts";
import { openBuild } from "../build/read.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import type { JobQueue } from "../queue/queue.ts";
import { addLimitFlag, addPreprocessingFlags, type FormatFlags, type PreprocessingFlags, preprocessingOf } from "../data/flags.ts";
import { type EventFlags, openRecordings } from "../data/events.ts";
import { openData } from "../data/open.ts";
import { dataShape, evaluateBuild, type Plan } from "../evaluate/evaluate.ts";
import { writeHtml } from "../report/html.ts";
import { addQueueFlags, openQueue, type ServerFlags } from "../queue/flags.ts";
import { defaultWorkers } from "../evaluate/pool.ts";
import { hasReference, type RungName, rungNames } from "../evaluate/rungs.ts";
import { showSummary } from "../evaluate/show.ts";
import { whole, wordsOf } from "../flags.ts";
import { withSamples } from "../profile.ts";
import { addTimeFlag, type TimeFlags } from "../time.ts";

type Flags = SharedFlags &
  PreprocessingFlags &
  FormatFlags &
  EventFlags &
  ServerFlags &
  TimeFlags & {
    readonly data?: string;
    readonly labels?: string;
    readonly limit?: number;
    readonly chipLimit?: number;
    readonly rungs: readonly RungName[];
    readonly workers?: number;
    readonly html?: string;
    readonly sequence?: "rows";
  };

/** `ganglion evaluate build/ --data IMAGES [--labels LABELS]`. */
export const evaluateCommand: Register = (program, runner) => {
  const command = program
    .command("evaluate")
    .summary("run a build on data: accuracy, agreement, latency, energy")
    .description(
      "Runs a build on labelled samples, as trained model, as network and on the simulated chip, and says how accurate each is, whether network and chip agree, and what a sample costs in cycles, time and energy.",
    )
    .argument("<build>", "a folder that `ganglion compile` wrote")
    .option("--data <data>", "samples: a file, a folder or an archive")
    .addOption(
      new Option(
        "--sequence <how>",
        "for a network that takes spikes in time: a sample's first dimension is time, a row of an image a step",
      ).choices(["rows"]),
    )
    .option("--events <data>", "recordings of an event camera instead: a file, a folder or an archive")
    .option("--only <column=value>", "of recordings: those whose column of the label table has this value")
    .option("--labels <file>", "their labels, where the data does not hold them")
    .addOption(
      new Option("--rungs <list>", "what to run, of ann, snn, chip").argParser(wordsOf(rungNames)).default([...rungNames], "ann,snn,chip"),
    )
    .addOption(new Option("--workers <n>", "threads (results do not depend on it)").argParser(whole(1, 64)))
    .option("--html <file>", "write a self-contained report");
  addTimeFlag(command);
  addLimitFlag(command, "--limit <n>", "how many samples, from the first on", undefined);
  addLimitFlag(command, "--chip-limit <n>", "how many of them on the chip, which is the slowest", undefined);
  addPreprocessingFlags(command);
  addQueueFlags(command);
  command.action((folder: string, flags: Flags) => {
    const place = flags.events ?? flags.data ?? command.error("error: required option '--data <data>' or '--events <data>' not specified");
    return runner(flags, async (run) => {
      const build = openBuild(run.files, folder);
      const plan = planOf(flags, build, folder);
      if (flags.html !== undefined) run.files.checkWritable(flags.html);
      const { shape, classes } = dataShape(build);
      const data =
        flags.events === undefined
          ? await openData(
              run,
              { ...flags, data: place },
              preprocessingOf(flags, build.preprocessing),
              flags.sequence === undefined ? shape : sequenceShape(build, shape),
              classes,
            )
          : await openRecordings(run, { ...flags, events: flags.events }, build.network, classes);
      if (data.label(0) === null) run.report(diagnostic("labels-absent", [], { at: place }));
      const { summary, outcomes } = await withSamples(run, () =>
        spread(run, flags, (workers) => evaluateBuild(run, folder, build, data, plan, workers, flags.time)),
      );
      if (flags.html !== undefined) await writeHtml(run, flags.html, build, data, outcomes, summary);
      run.print(showSummary(summary, outcomes));
      run.json(summary);
    });
  });
};

/** Steps of the input, each as the input takes it. */
function sequenceShape(build: Build, shape: readonly number[]): readonly number[] {
  const [input] = build.network.inputs;
  if (input?.code !== "events") fail("data-preprocessing", ["--sequence needs a network whose input is spikes in time, not numbers"]);
  const pop = at(build.network.pops, input.pop);
  return [(pop.stop ?? build.network.steps) - pop.start, ...shape];
}

/** Over threads of this process, or over other machines where a server is named. */
async function spread<T>(run: Run, flags: Flags, use: (workers: number | JobQueue) => Promise<T>): Promise<T> {
  if (flags.redis === undefined) return use(flags.workers ?? defaultWorkers());
  const queue = await openQueue(flags, 1, run.report);
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}

function planOf(flags: Flags, build: Build, folder: string): Plan {
  const all = flags.limit ?? Infinity;
  const asked = new Set(flags.rungs);
  // The rung ann runs by default only where there is a model.
  if (!hasReference(build) && asked.has("ann") && asked.size < rungNames.length) fail("build-rung", [folder, "ann"]);
  return {
    ann: asked.has("ann") && hasReference(build) ? all : null,
    snn: asked.has("snn") ? all : null,
    chip: asked.has("chip") ? Math.min(all, flags.chipLimit ?? Infinity) : null,
  };
}
