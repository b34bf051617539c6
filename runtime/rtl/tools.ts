import { spawn } from "node:child_process";
import { fail } from "../../compiler/base/diagnostic.ts";
import type { RtlTool } from "./design.ts";

/*
 * The simulators for Verilog: what they are called, how their version is asked for, and
 * how a design is compiled and started.
 */

type Tool = {
  readonly title: string;
  readonly program: string;
  readonly versionFlag: string;
  readonly least: number;
  /** Arguments that compile the files in the working folder. */
  readonly compile: (files: readonly string[], top: string, bench: string, defines: readonly string[]) => readonly string[];
  /** The simulation's program and arguments, in the folder in which it was compiled. */
  readonly start: (folder: string) => readonly [string, readonly string[]];
};

const words = (line: string): readonly string[] => line.split(" ");

export const tools: Readonly<Record<RtlTool, Tool>> = {
  verilator: {
    title: "Verilator",
    program: "verilator",
    versionFlag: "--version",
    least: 5,
    compile: (files, top, bench, defines) => [
      ...words("--cc --exe --build -j 2 -O3 -MAKEFLAGS OPT_FAST=-O2 -Wall -Wno-UNUSEDSIGNAL --default-language 1364-2001"),
      // Without these two, the C++ of all instances of a module differs a little, and all of it has to be compiled.
      ...words("-fno-gate -fno-table"),
      ...words(`--top-module ${top} -Mdir build -o simulation`),
      ...defines.map((d) => `-D${d}`),
      ...files.filter((f) => f.endsWith(".v") && f !== `${bench}.v`),
      // The harness is compiled in the folder of the generated C++.
      ...files.filter((f) => f.endsWith(".cpp")).map((f) => `../${f}`),
    ],
    start: (folder) => [`${folder}/build/simulation`, []],
  },
  icarus: {
    title: "Icarus Verilog",
    program: "iverilog",
    versionFlag: "-V",
    least: 11,
    compile: (files, _top, bench, defines) => [
      ...words(`-g2001 -s ${bench} -o simulation.vvp`),
      ...defines.map((d) => `-D${d}`),
      ...files.filter((f) => f.endsWith(".v")),
    ],
    start: (folder) => ["vvp", ["-n", `${folder}/simulation.vvp`]],
  },
};

/** What a program said; null when there is no such program. */
export function runProgram(
  program: string,
  args: readonly string[],
  cwd?: string,
): Promise<{ readonly code: number; readonly text: string } | null> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...(cwd === undefined ? {} : { cwd }) });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

/** Throws Failure unless the program is there and new enough; returns its version. */
export async function checkTool(tool: Tool, program: string): Promise<string> {
  const said = await runProgram(program, [tool.versionFlag]);
  if (said === null) fail("rtl-tool-missing", [tool.title, program]);
  const version = /\b(\d+)\.\d+/.exec(said.text);
  if (version === null || Number(version[1]) < tool.least) fail("rtl-tool-old", [tool.title, version?.[0] ?? "unknown", tool.least]);
  return version[0];
}
