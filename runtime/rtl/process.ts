import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import type { RtlTool } from "./design.ts";
import { tools } from "./tools.ts";

/** Lines that end the answer to a command. */
const endings: Readonly<Record<string, true>> = { z: true, q: true, x: true };

type Waiting = {
  left: number;
  readonly line: (text: string) => void;
  readonly resolve: () => void;
  readonly reject: (why: Failure) => void;
};

/** A running simulation, to which commands are written and which answers in lines. */
export class Simulation {
  readonly #title: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #patience: number;
  #rest = "";
  #errors = "";
  #ended: string | null = null;
  #waiting: Waiting | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(tool: RtlTool, folder: string, patience: number) {
    const [program, args] = tools[tool].start(folder);
    this.#title = tools[tool].title;
    this.#patience = patience;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout.setEncoding("utf8");
    this.#child.stdout.on("data", (chunk: string) => this.#take(chunk));
    this.#child.stderr.on("data", (chunk: Buffer) => (this.#errors = (this.#errors + chunk.toString()).slice(-2000)));
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => this.#end(error.message));
    this.#child.on("close", (code, signal) => this.#end(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`));
  }

  /** Writes commands and hands every line on until so many of them are answered. Throws Failure when the simulation ends or is silent. */
  ask(commands: readonly string[], answers: number, line: (text: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { left: answers, line, resolve, reject };
      if (this.#ended !== null) return this.#stop(this.#ended);
      this.#watch();
      this.#child.stdin.write(`${commands.join("\n")}\n`);
      if (answers === 0) this.#answered();
    });
  }

  close(): Promise<void> {
    if (this.#ended !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once("close", () => resolve());
      this.#child.stdin.end();
    });
  }

  #take(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    this.#watch();
    for (const text of lines) {
      const waiting = this.#waiting;
      if (waiting === null) return;
      if (text.startsWith("?") || text.startsWith("!"))
        return this.#stop(text.startsWith("!") ? `a step did not end within ${text.slice(2)} cycles` : text);
      try {
        waiting.line(text);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#waiting = null;
        this.#watch();
        return waiting.reject(error);
      }
      if (endings[text.split(" ", 1)[0] ?? ""] === true && --waiting.left === 0) this.#answered();
    }
  }

  #answered(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#watch();
    waiting?.resolve();
  }

  /** Starts the time within which the next answer has to come; without a question there is none. */
  #watch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting === null) return;
    this.#timer = setTimeout(() => {
      this.#fail(new Failure([diagnostic("rtl-timeout", [this.#title, this.#patience])]));
      this.#child.kill("SIGKILL");
    }, this.#patience * 1000);
  }

  #end(how: string): void {
    this.#ended ??= this.#errors === "" ? how : `${how}: ${this.#errors.trim()}`;
    if (this.#waiting !== null) this.#stop(this.#ended);
  }

  #stop(how: string): void {
    this.#fail(new Failure([diagnostic("rtl-stopped", [this.#title, how])]));
  }

  #fail(why: Failure): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#watch();
    waiting?.reject(why);
  }
}
