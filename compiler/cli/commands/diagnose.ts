import { compareLogs, showLogDifference } from "../../../runtime/tape/compare.ts";
import { targets } from "../../../targets/index.ts";
import { type Answer, diagnose, type Diagnosis } from "../../analysis/bringup/diagnose.ts";
import { play, vectorsOf } from "../../analysis/bringup/vectors.ts";
import { diagnostic, fail } from "../../base/diagnostic.ts";
import { answersIn, type KitMark, readKit } from "../board/kit.ts";
import { withPins } from "../board/pins.ts";
import { chosenTarget } from "../chips.ts";
import type { Register, Run, SharedFlags } from "../command.ts";
import { whole } from "../flags.ts";
import { lookUp } from "../names.ts";
import type { Target } from "../../../targets/target.ts";

type Flags = SharedFlags & {
  readonly kit?: string;
  readonly target?: string;
  readonly chip?: string;
  readonly trials: number;
  readonly cycles?: boolean;
};

/** `ganglion diagnose LOG --kit DIR`: from a board's answers to the likely fault. */
export const diagnoseCommand: Register = (program, runner) => {
  program
    .command("diagnose")
    .summary("name the likely fault from what a board answered to a bring-up kit")
    .description(
      "Compares a board's answers with those of a sound chip and names the likely fault: a stuck bit at this address, a dead line, swapped bytes, lost events. Faults that only events show are simulated one by one.",
    )
    .argument("<logs...>", "what the board answered: one log or several, with the marks of the tests")
    .option("--kit <folder>", "the kit that was played")
    .option("-t, --target <name>", "without the kit's folder: the chip")
    .option("--chip <file>", "the same, for a chip.yaml")
    .option("--cycles", "compare the cycles, too, which only a host that never waits keeps")
    .option("--trials <n>", "most faults to simulate", whole(0, 1e6), 2000)
    .action((logs: readonly string[], flags: Flags) =>
      runner(flags, (run) => {
        const kit = flags.kit === undefined ? null : readKit(run, flags.kit);
        const target = targetOfKit(run, kit, flags);
        const answers = answersOf(run, target, logs);
        const found = diagnose(target, withPins(target).pins, answers, flags.trials);
        report(run, found, answers);
        if (flags.cycles === true) compareCycles(run, answers);
        run.json(found);
      }),
    );
};

function targetOfKit(run: Run, kit: KitMark | null, flags: Flags): Target {
  if (kit === null) return chosenTarget(run, flags);
  const target = flags.chip === undefined ? lookUp("target", kit.chip, targets)() : chosenTarget(run, { chip: flags.chip });
  if (target.chip.name !== kit.chip) fail("kit-unreadable", [flags.kit ?? "", `it is of ${kit.chip}, not of ${target.chip.name}`]);
  const { pins } = withPins(target);
  if (pins.revision !== kit.revision)
    fail("kit-unreadable", [flags.kit ?? "", `it is of ${kit.revision}, this version knows ${pins.revision}`]);
  return target;
}

/** The tests that the logs hold, each with what a sound chip answers. */
function answersOf(run: Run, target: Target, logs: readonly string[]): Answer[] {
  const { pins } = withPins(target);
  const vectors = new Map(pins.bringup().map((t, i) => [vectorsOf(t, i).mark, { t, i }]));
  return logs.flatMap((file) =>
    [...answersIn(run, file)].map(([mark, got]): Answer => {
      const found = vectors.get(mark);
      if (found === undefined) fail("kit-mark", [file, mark, target.chip.name], { at: file });
      const v = vectorsOf(found.t, found.i);
      run.progress.show("expected answers", found.i + 1, vectors.size);
      return { vectors: v, expected: withoutReset(play(pins, v.tape)), got };
    }),
  );
}

/** What stands before the test's mark is not in the answer either. */
function withoutReset(log: Answer["expected"]): Answer["expected"] {
  return log.slice(log.findIndex((e) => e.kind === "mark"));
}

const shown = 5;

/** Tests that answer what they should in other cycles. */
function compareCycles(run: Run, answers: readonly Answer[]): void {
  const late = answers.flatMap((a) => {
    const difference = compareLogs(a.expected, a.got, "exact");
    return difference?.kind === "late" ? [{ name: a.vectors.test.name, difference }] : [];
  });
  const [first] = late;
  if (first === undefined) return run.print("cycles: those of a sound chip");
  const place = { at: first.name, notes: showLogDifference(first.difference).split("\n") };
  run.report(diagnostic("board-late", [late.length, answers.length, first.difference.amount], place));
}

function report(run: Run, d: Diagnosis, answers: readonly Answer[]): void {
  const tests = answers.length;
  if (d.failed.length === 0) {
    const lines = answers.reduce((n, a) => n + a.got.length, 0);
    return run.print(`${tests} ${tests === 1 ? "test" : "tests"}, ${lines} lines: the answers are those of a sound chip`);
  }
  run.report(diagnostic("board-differs", [d.failed.length, tests, d.failed.slice(0, 8)]));
  run.print(
    d.suspicions.length === 0
      ? "no simulated fault explains it: see the first differences with `ganglion verify`, or play more of the kit"
      : [
          "likely faults:",
          ...d.suspicions.slice(0, shown).map((s, i) => `  ${i + 1}. ${s.text} (explains ${(100 * s.score).toFixed(0)} %)`),
        ].join("\n"),
  );
}
