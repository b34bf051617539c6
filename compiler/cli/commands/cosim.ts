import { fail } from "../../base/diagnostic.ts";
import { cosimFile, writeCosim } from "../board/folder.ts";
import { pinsOf } from "../board/pins.ts";
import { samplesOf } from "../board/samples.ts";
import { openBuild } from "../build/read.ts";
import type { Register, SharedFlags } from "../command.ts";
import { showPairs } from "../tables.ts";

type Flags = SharedFlags & {
  readonly output?: string;
  readonly samples?: string;
  readonly backDoor?: boolean;
  readonly readBack?: boolean;
};

/** `ganglion cosim build/ -o DIR`: what a test bench around the chip's RTL, or a board, needs to run the build. */
export const cosimCommand: Register = (program, runner) => {
  program
    .command("cosim")
    .summary("write a test bench, a stimulus tape and the expected log for the chip's RTL or a board")
    .description(
      "Writes a folder with everything to run a build in your own simulator on your own copy of the chip's RTL, or on a board: tape, memory images, test bench, expected answers with cycles. `ganglion verify build/ --against LOG` compares what came out.",
    )
    .argument("<build>", "a build folder")
    .option("-o, --output <folder>", "the folder to write")
    .option(
      "--samples <n|file>",
      "how many random samples, or a text file with one sample a line (default: 2; 1 where each needs a run of its own)",
    )
    .option("--back-door", "memories are loaded by $readmemh, not through the pins")
    .option("--read-back", "read the memories back through the pins before the first sample")
    .action((folder: string, flags: Flags) =>
      runner(flags, async (run) => {
        const output = flags.output ?? fail("option-missing", ["cosim", "-o FOLDER"]);
        const { image, chip } = openBuild(run.files, folder);
        run.files.checkWritable(output);
        const found = pinsOf(chip);
        // What a reset does not undo, another elaboration does: a run for each sample.
        const alone = found.pins.elaboration !== undefined;
        const samples = samplesOf(run, image, flags.samples ?? (alone ? "1" : "2"));
        const options = { samples, backDoor: flags.backDoor === true, readBack: flags.readBack === true };
        if (alone && samples.length > 1) {
          for (const [k, sample] of samples.entries())
            await writeCosim(run, `${output}/sample-${k + 1}`, found, image, { ...options, samples: [sample] });
          run.print(
            showPairs([
              ["chip", found.target.chip.name],
              ["written", `${output}: a folder for each of ${samples.length} samples, because each needs a run of its own`],
              ["then", `in each: the bench, and ganglion verify ${folder} --against LOG with the log beside the folder's manifest`],
            ]),
          );
          return run.json({ folder: output, folders: samples.map((_, k) => `sample-${k + 1}`) });
        }
        const { manifest, plan } = await writeCosim(run, output, found, image, options);
        run.print(
          showPairs([
            ["chip", `${manifest.chip}, ${manifest.revision}`],
            ["network", `mark ${manifest.network}`],
            ["tape", `${plan.tape.length} operations, ${samples.length} samples`],
            ["expected", `${plan.expected.length} lines`],
            ["written", `${output}: ${shown([...Object.keys(manifest.files), cosimFile.manifest])}`],
            ...Object.entries(manifest.commands ?? {}).map(([tool, command]) => [tool, `cd ${output} && ${command}`] as const),
            ["then", `ganglion verify ${folder} --against LOG`],
          ]),
        );
        run.json({ folder: output, ...manifest });
      }),
    );
};

/** Memory images and Verilog are many: only their number. */
function shown(files: readonly string[]): string {
  const images = files.filter((f) => f.endsWith(".hex") && f !== cosimFile.tape);
  const rtl = files.filter((f) => f.startsWith("rtl/"));
  const rest = files.filter((f) => !images.includes(f) && !rtl.includes(f));
  return [
    ...rest,
    ...(images.length === 0 ? [] : [`${images.length} memory images`]),
    ...(rtl.length === 0 ? [] : [`rtl (${rtl.length} files)`]),
  ].join(", ");
}
