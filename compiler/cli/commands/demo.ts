import { fileURLToPath } from "node:url";
import { openBuild } from "../build/read.ts";
import type { Register, SharedFlags } from "../command.ts";
import { openData } from "../data/open.ts";
import { findMnist } from "../demo/mnist.ts";
import { dataShape, evaluateBuild } from "../evaluate/evaluate.ts";
import { writeHtml } from "../report/html.ts";
import { defaultWorkers } from "../evaluate/pool.ts";
import { showSummary } from "../evaluate/show.ts";
import { whole } from "../flags.ts";
import { compileJob } from "../job/compile-job.ts";
import type { JobSpec } from "../job/job.ts";
import { unprocessed } from "../../frontends/samples.ts";
import { Option } from "commander";

type Flags = SharedFlags & { readonly output: string; readonly limit: number; readonly chipLimit: number; readonly target: string };

/** The same relative path in a checkout and in the installed package, whose build copies the model. */
const model = fileURLToPath(new URL("../../../test/models/lenet/lenet.onnx", import.meta.url));

/** `ganglion demo`: a trained network from the file to the simulated chip, with nothing to give. */
export const demoCommand: Register = (program, runner) => {
  program
    .command("demo")
    .summary("compile a trained network for MNIST and run it on the simulated chip")
    .option("-o, --output <folder>", "where to put the build; the report goes beside it", "build/demo")
    .option("-t, --target <name>", "the chip", "mesh-4x4")
    .addOption(new Option("--limit <n>", "test images for model and network").argParser(whole(1, 10_000)).default(10_000))
    .addOption(new Option("--chip-limit <n>", "test images for the chip").argParser(whole(1, 10_000)).default(1000))
    .action((flags: Flags) =>
      runner(flags, async (run) => {
        const mnist = findMnist();
        const preprocessing = { ...unprocessed, scale: 1 / 255 };
        const job: JobSpec = {
          model,
          target: flags.target,
          method: "qcfs",
          options: { steps: "8" },
          passOptions: {},
          calibration: { data: mnist.trainImages },
          calibrationLimit: 200,
          preprocessing,
          output: flags.output,
          seed: run.seed,
        };
        run.say(`compiling a LeNet for ${flags.target} …`);
        await compileJob(run, job);
        const build = openBuild(run.files, flags.output);
        const { shape, classes } = dataShape(build);
        const data = await openData(run, { data: mnist.testImages, labels: mnist.testLabels }, preprocessing, shape, classes);
        run.say(
          `running MNIST's test images: ${flags.limit} on model and network, ${Math.min(flags.limit, flags.chipLimit)} on the simulated chip …`,
        );
        const plan = { ann: flags.limit, snn: flags.limit, chip: Math.min(flags.limit, flags.chipLimit) };
        const { summary, outcomes } = await evaluateBuild(run, flags.output, build, data, plan, defaultWorkers());
        const html = `${flags.output}.html`;
        await writeHtml(run, html, build, data, outcomes, summary);
        run.print(`${showSummary(summary, outcomes)}\n\n  build   ${flags.output}\n  report  ${html}`);
        run.json({ ...summary, build: flags.output, report: html });
      }),
    );
};
