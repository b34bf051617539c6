import { lintCores } from "../../analysis/lint/cores.ts";
import { lintWords } from "../../analysis/lint/words.ts";
import { Failure } from "../../base/diagnostic.ts";
import type { Cores } from "../../ir/cores/types.ts";
import { type AnyImage, openAnyImage } from "../build/foreign.ts";
import { isSanafe } from "../sanafe/show.ts";
import { lintSanafe } from "../sanafe/verify.ts";
import type { Register, Run, SharedFlags } from "../command.ts";

type Flags = SharedFlags & { readonly target?: string; readonly chip?: string };

/** `ganglion lint build/ | IMAGE`: what an image holds that nobody can have meant. */
export const lintCommand: Register = (program, runner) => {
  program
    .command("lint")
    .summary("look for mistakes in an image: overlapping words, routes to nowhere, neurons that nothing reaches")
    .description(
      "Checks an image, also one that another program wrote: words written twice or never, reserved bits, routes to nowhere, output lines, axons, rows and neurons that nothing uses. Errors end with 1, warnings with 0.",
    )
    .argument("<image>", "a build, an image folder, or files of the chip's own tools")
    .option("-t, --target <name>", "the chip, where the files do not say")
    .option("--chip <file>", "the same, for a chip.yaml")
    .action((path: string, flags: Flags) =>
      runner(flags, (run) => {
        if (isSanafe(run, path)) lintSanafe(run, path);
        else lintImage(run, path, flags);
        const count = run.diagnostics.length;
        run.print(`${path}: ${count === 0 ? "nothing to remark" : `${count} ${count === 1 ? "remark" : "remarks"}`}`);
        run.json({ diagnostics: run.diagnostics });
      }),
    );
};

function lintImage(run: Run, path: string, flags: Flags): void {
  const any = openAnyImage(run, path, flags);
  for (const d of lintWords(any.image, any.target)) run.report(d);
  const cores = decoded(run, any);
  if (cores !== null) for (const d of lintCores(cores)) run.report(d);
}

/** Null where the words do not add up to cores; then the reason has been reported. */
function decoded(run: Run, { image, target }: AnyImage): Cores | null {
  try {
    return target.decode(image);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    for (const d of error.diagnostics) run.report(d);
    return null;
  }
}
