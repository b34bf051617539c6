import { chosenTarget } from "../chips.ts";
import { kitFormats, type KitManifest, writeKit } from "../board/kit.ts";
import { withPins } from "../board/pins.ts";
import type { Share } from "../../analysis/bringup/coverage.ts";
import { fail } from "../../base/diagnostic.ts";
import type { Register, SharedFlags } from "../command.ts";
import { wordsOf } from "../flags.ts";
import { showPairs, showTable } from "../tables.ts";

type Flags = SharedFlags & {
  readonly output?: string;
  readonly chip?: string;
  readonly only?: string;
  readonly formats?: readonly string[];
};

/** `ganglion bringup TARGET -o DIR`: vectors for a board with a new chip. */
export const bringupCommand: Register = (program, runner) => {
  program
    .command("bringup")
    .summary("write test vectors for a board: memories, axons, every branch of the neuron, routing, with expected answers")
    .description(
      "Writes a bring-up kit: tapes for the chip's pins as $readmemh files, scripts, C headers and JSON, what must come out with cycle numbers, and how much of the chip they exercise. `ganglion diagnose` reads the board's answers.",
    )
    .argument("[target]", "the chip (see `ganglion list targets`)")
    .option("-o, --output <folder>", "the folder to write")
    .option("--chip <file>", "a chip.yaml in the place of a name")
    .option("--only <tests>", "only these tests, separated by commas")
    .option("--formats <list>", `which of ${kitFormats.join(", ")} (default: all; of long tapes hex and script)`, wordsOf(kitFormats))
    .action((target: string | undefined, flags: Flags) =>
      runner(flags, (run) => {
        const output = flags.output ?? fail("option-missing", ["bringup", "-o FOLDER"]);
        run.files.checkWritable(`${output}/.`);
        const { target: chip, pins } = withPins(chosenTarget(run, { target, chip: flags.chip }));
        const only = flags.only?.split(",").map((t) => t.trim()) ?? null;
        const kit = writeKit(run, output, chip, pins, { only, formats: flags.formats ?? null });
        run.print(showKit(kit, output));
        run.json({ folder: output, ...kit });
      }),
    );
};

function showKit(kit: KitManifest, folder: string): string {
  const { coverage: c } = kit;
  const share = (s: Share): string => `${s.exercised} of ${s.total} (${((100 * s.exercised) / Math.max(1, s.total)).toFixed(1)} %)`;
  return [
    showPairs([
      ["chip", `${kit.chip}, ${kit.revision}`],
      ["memory bits", share(c.memoryBits)],
      ["branches", share(c.branches) + (c.missing.length === 0 ? "" : `; not: ${c.missing.join(", ")}`)],
      ...(c.neurons === null ? [] : [["neurons", String(c.neurons)] as const]),
      ...(c.routes === null ? [] : [["routes", share(c.routes)] as const]),
      ["events", `${c.events} different in, ${c.outputs} different out`],
      ["written", folder],
    ]),
    showTable({
      title: "tests",
      rows: kit.tests.map((t) => ({ test: t.name, operations: t.operations, lines: t.lines, cycles: t.cycles })),
    }),
  ].join("\n");
}
