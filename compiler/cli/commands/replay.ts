import { recordings } from "../../../targets/recordings.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import type { Register, Run, SharedFlags } from "../command.ts";

/** `ganglion replay FILE.json`: recordings of a chip's RTL, run again on the simulator. */
export const replayCommand: Register = (program, runner) => {
  program
    .command("replay")
    .summary("run recordings of a chip's RTL again on the simulator, and compare every value")
    .description("Reads recordings (configuration, stimulus and answers of a chip's RTL, as JSON) and compares every value that they hold.")
    .argument("<files...>", "recordings, *.json")
    .action((files: readonly string[], flags: SharedFlags) =>
      runner(flags, (run) => {
        const results = files.map((file) => ({ file, ...replayFile(run, file) }));
        run.json({ recordings: results });
        run.check();
      }),
    );
};

function replayFile(run: Run, file: string): { readonly chip: string; readonly compared: number; readonly difference: unknown } {
  const recording = readRecording(run, file);
  const chip = String(recording["chip"]);
  const replay = Object.hasOwn(recordings, chip) ? recordings[chip] : undefined;
  if (replay === undefined) fail("recording-chip", [chip, Object.keys(recordings)], { at: file });
  const { compared, difference } = replay(recording);
  if (difference === null) run.print(`${file}: ${chip}, ${compared} values agree`);
  else run.report(diagnostic("recording-differs", [difference.where, difference.expected, difference.got], { at: file }));
  return { chip, compared, difference };
}

function readRecording(run: Run, file: string): Readonly<Record<string, unknown>> {
  const text = run.files.text(file);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "chip" in value) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return fail("recording-malformed", [file, error.message], { at: file });
  }
  return fail("recording-malformed", [file, "it does not say which chip it is of"], { at: file });
}
