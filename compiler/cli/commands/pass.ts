import type { ChipSpec } from "../../../targets/chip.ts";
import { fail } from "../../base/diagnostic.ts";
import { type Kind, type Step, step } from "../../passes/pass.ts";
import { runSteps } from "../../passes/run.ts";
import { readArtifact, showArtifact, writeArtifact } from "../artifacts.ts";
import { chipOf } from "../chips.ts";
import type { Register, SharedFlags } from "../command.ts";
import { parseNamed } from "../names.ts";
import { passNamed } from "../passes.ts";
import { showTable } from "../tables.ts";
import { watchersOf } from "../watchers.ts";

type Flags = SharedFlags & { readonly output?: string; readonly target?: string; readonly chip?: string };

/** `ganglion pass fold-amplitude:into=unshared m.snet`: one pass on one artifact. Golden cases run this. */
export const passCommand: Register = (program, runner) => {
  program
    .command("pass")
    .summary("run one pass on a .graph, .snet or .cores")
    .description("Runs passes, written NAME or NAME:key=value,key=value and joined by +, and prints the artifact.")
    .argument("<passes>", "pass, or passes joined by + (see `ganglion list passes`)")
    .argument("<file>", ".graph, .snet or .cores")
    .option("-o, --output <file>", "where to write the artifact (default: print it)")
    .option("-t, --target <name>", "the chip the pass may look at (see `ganglion targets`); its own passes can be named too")
    .option("--chip <file>", "the chip the pass may look at, from a chip.yaml")
    .action((text: string, file: string, flags: Flags) =>
      runner(flags, (run) => {
        const chip = flags.target === undefined && flags.chip === undefined ? null : chipOf(run, flags);
        const ir = readArtifact(run, file);
        const steps = text.split("+").map((t) => stepOf(t, ir.kind, file, chip));
        const out = runSteps(ir, steps, run.context(chip), watchersOf(run));
        run.check();
        if (flags.output === undefined) run.print(showArtifact(out));
        else writeArtifact(run, out, flags.output);
        for (const table of run.tables) run.say(showTable(table));
        run.json({ artifact: flags.output ?? showArtifact(out), changed: out !== ir, tables: run.tables });
      }),
    );
};

function stepOf(text: string, kind: Kind, file: string, chip: ChipSpec | null): Step<Kind> {
  const { name, given } = parseNamed(text);
  const chosen = passNamed(name, chip);
  if (chosen.on !== kind) fail("pass-kind", [name, chosen.on, kind], { at: file });
  return step(chosen, given) as unknown as Step<Kind>;
}
