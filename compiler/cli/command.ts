import type { Command as Program } from "commander";
import pc from "picocolors";
import type { ChipSpec } from "../../targets/chip.ts";
import { type Diagnostic, Failure, showDiagnostic } from "../base/diagnostic.ts";
import type { Context } from "../passes/pass.ts";
import { Files } from "./files.ts";
import type { Io } from "./io.ts";
import { type Progress, progressOn } from "./progress.ts";

/** Flags that every command takes. */
export type SharedFlags = {
  readonly json?: boolean;
  readonly seed?: string;
  readonly printAfter?: readonly string[];
  readonly printChanged?: boolean;
  readonly stopAfter?: string;
  readonly dump?: string;
  readonly verifyEach?: boolean;
  readonly timings?: boolean;
};

export type Tables = { readonly title: string; readonly rows: readonly Readonly<Record<string, string | number>>[] }[];

/** One run of one command: where it reads, writes and reports. */
export class Run {
  readonly io: Io;
  readonly files: Files;
  readonly flags: SharedFlags;
  readonly diagnostics: Diagnostic[] = [];
  readonly tables: Tables = [];
  readonly progress: Progress;
  readonly seed: number;

  constructor(io: Io, flags: SharedFlags) {
    this.io = io;
    this.files = new Files(io);
    this.flags = flags;
    this.progress = progressOn(io, flags.json !== true);
    this.seed = Number(flags.seed ?? 1);
  }

  get colour(): boolean {
    return this.io.isTTY && this.flags.json !== true;
  }

  /** The answer of a command, for people. Nothing with --json, which prints one object instead. */
  readonly print = (text: string): void => {
    if (this.flags.json !== true) this.io.stdout(text.endsWith("\n") ? text : `${text}\n`);
  };

  /** The answer of a command with --json. */
  readonly json = (value: unknown): void => {
    if (this.flags.json === true) this.io.stdout(`${JSON.stringify(value, null, 2)}\n`);
  };

  readonly say = (text: string): void => {
    this.progress.clear();
    this.io.stderr(text.endsWith("\n") ? text : `${text}\n`);
  };

  readonly report = (d: Diagnostic): void => {
    this.diagnostics.push(d);
    this.say(paint(d, this.colour));
  };

  context(chip: ChipSpec | null = null): Context {
    return {
      report: this.report,
      chip,
      seed: this.seed,
      progress: this.progress.show,
      table: (title, rows) => {
        this.tables.push({ title, rows });
      },
    };
  }

  /** Ends the command if an error was reported on the way. */
  check(): void {
    if (this.diagnostics.some((d) => d.severity === "error")) throw new Failure([]);
  }
}

/** Adds one command to the program. Each file in commands/ exports one of these. */
export type Register = (program: Program, run: Runner) => void;

/** Wraps a command's body: makes its Run, and turns what it throws into an exit code. */
export type Runner = (flags: SharedFlags, body: (run: Run) => void | Promise<void>) => Promise<void>;

const colours: Readonly<Record<Diagnostic["severity"], "red" | "yellow" | "cyan">> = { error: "red", warning: "yellow", note: "cyan" };

/** A diagnostic for the terminal: its first word coloured. */
export function paint(d: Diagnostic, colour: boolean): string {
  const text = showDiagnostic(d);
  if (!colour) return text;
  const c = pc.createColors(true);
  const end = text.indexOf(":");
  return c.bold(c[colours[d.severity]](text.slice(0, end))) + text.slice(end);
}
