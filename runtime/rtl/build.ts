import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../../compiler/base/diagnostic.ts";
import { sha256 } from "../../compiler/base/hash.ts";
import type { RtlDesign, RtlTool } from "./design.ts";
import { checkTool, runProgram, tools } from "./tools.ts";

export type RtlOptions = {
  /** The tool's program, where it is not on the path. */
  readonly program?: string;
  /** Where compiled designs are kept. */
  readonly cache?: string;
  /** Told that something that takes time begins. */
  readonly progress?: (what: string) => void;
  /** Seconds without any answer after which a simulation counts as stuck. */
  readonly patience?: number;
};

/** Compiles a design, unless that was done before; returns the folder. Compiled designs are found by a hash of all that made them. */
export async function buildRtl(design: RtlDesign, toolName: RtlTool, options: RtlOptions): Promise<string> {
  const tool = tools[toolName];
  const program = options.program ?? tool.program;
  const version = await checkTool(tool, program);
  const names = [...design.files.keys()].sort();
  const args = tool.compile(names, design.top, design.bench, design.defines);
  const key = sha256(JSON.stringify([toolName, version, args, names.map((n) => design.files.get(n))]));
  const cache = options.cache ?? join(tmpdir(), "ganglion-rtl");
  const folder = join(cache, `${toolName}-${key.slice(0, 32)}`);
  if (existsSync(folder)) return folder;
  options.progress?.(`compiling the Verilog of ${design.name} with ${tool.title}, once; this can take minutes`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "compiling-"));
  for (const [name, text] of design.files) writeFileSync(join(work, name), text);
  const said = await runProgram(program, args, work);
  if (said === null || said.code !== 0) {
    const log = join(work, "log.txt");
    writeFileSync(log, said?.text ?? "");
    fail("rtl-build", [tool.title, log]);
  }
  try {
    renameSync(work, folder);
  } catch (error) {
    // Somebody else was faster.
    if (!existsSync(folder)) throw error;
    rmSync(work, { recursive: true });
  }
  return folder;
}
