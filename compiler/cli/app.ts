import { Command, CommanderError } from "commander";
import { InternalError } from "../base/bug.ts";
import { type Diagnostic, Failure } from "../base/diagnostic.ts";
import { Run, type Runner, type SharedFlags } from "./command.ts";
import { commands } from "./commands/index.ts";
import type { Io } from "./io.ts";
import { addSharedFlags } from "./flags.ts";
import { StopAfter } from "./watchers.ts";
import { version } from "./version.ts";

export const exit = { fine: 0, input: 1, usage: 2, bug: 70 } as const;

/**
 * Runs one command line, given as after `ganglion`. Exit codes: 0 fine, 1 the
 * user's input, 2 usage (also what is missing only together with other flags or the
 * job file), 70 a mistake of ours. Never throws, never exits.
 */
export async function runCommand(argv: readonly string[], io: Io): Promise<number> {
  let code: number = exit.fine;
  const runner: Runner = async (flags, body) => {
    code = await runBody(argv, io, flags, body);
  };
  const program = makeProgram(io, runner);
  try {
    if (argv.length === 0) {
      io.stderr(program.helpInformation());
      return exit.usage;
    }
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.fine : exit.usage;
    return reportBug(argv, io, error);
  }
}

function makeProgram(io: Io, runner: Runner): Command {
  const program = new Command("ganglion")
    .description("Compiles trained networks for neuromorphic chips, and runs the result on a cycle-accurate simulator.")
    .version(version(), "-V, --version")
    .showHelpAfterError("(ganglion help COMMAND tells what a command takes)")
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, getErrHasColors: () => io.isTTY, getOutHasColors: () => io.isTTY });
  for (const register of commands) register(program, runner);
  for (const command of program.commands) addSharedFlags(command);
  return program;
}

const usageCodes: readonly Diagnostic["code"][] = ["option-missing", "options-contradict"];

async function runBody(argv: readonly string[], io: Io, flags: SharedFlags, body: (run: Run) => void | Promise<void>): Promise<number> {
  const run = new Run(io, flags);
  try {
    await body(run);
    return run.diagnostics.some((d) => d.severity === "error") ? exit.input : exit.fine;
  } catch (error) {
    run.progress.clear();
    if (error instanceof StopAfter) return exit.fine;
    if (!(error instanceof Failure)) return reportBug(argv, io, error);
    for (const d of error.diagnostics) if (!run.diagnostics.includes(d)) run.report(d);
    run.json({ diagnostics: run.diagnostics });
    return error.diagnostics.some((d) => usageCodes.includes(d.code)) ? exit.usage : exit.input;
  } finally {
    run.progress.clear();
  }
}

/** Says that it is our fault, with everything a report needs. */
function reportBug(argv: readonly string[], io: Io, error: unknown): number {
  const stack = (e: unknown): string => (e instanceof Error ? (e.stack ?? e.message) : String(e));
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${stack(error.cause)}` : "";
  const shown = stack(error) + cause;
  const what = error instanceof InternalError ? "an assertion of ganglion does not hold" : "ganglion failed unexpectedly";
  io.stderr(
    [
      `internal error: ${what}. This is our mistake, not yours.`,
      shown,
      `  version ganglion ${version()}, node ${process.version}, ${process.platform} ${process.arch}`,
      `  command ganglion ${argv.join(" ")}`,
      "  help please report it with these lines and, if you can, the input files;",
      "       the same command with --dump DIR --verify-each writes every step before the failing one",
      "",
    ].join("\n"),
  );
  return exit.bug;
}
