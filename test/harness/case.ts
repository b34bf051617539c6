import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../compiler/cli/app.ts";

/*
 * Golden cases: read, run, rewrite. A case is a command and its input, and what
 * the command is expected to print. `then: COMMAND` runs a second command in the same folder, and what that one prints
 * is `out`. `keep: PATTERN` writes only the lines of `out` that match, and of the others how many they are and a hash.
 */

export type Case = {
  readonly file: string;
  readonly command: readonly string[];
  readonly next: readonly string[] | null;
  readonly keep: RegExp | null;
  readonly head: string;
  readonly sections: ReadonlyMap<string, string>;
};

/** What a command prints, by section. `in`, `samples` and `chip` are input. */
const given = new Set(["in", "samples", "chip"]);
const endings: Readonly<Record<string, string>> = { graph: "graph", network: "snet", cores: "cores" };

export function readCase(file: string): Case {
  const source = readFileSync(file, "utf8");
  const [head = "", ...parts] = source.split(/^--- /m);
  const run = /^run: (.+)$/m.exec(head)?.[1];
  if (run === undefined) throw new Error(`${file}: the first line must be "run: COMMAND"`);
  const sections = new Map<string, string>();
  for (const part of parts) {
    const end = part.indexOf("\n");
    sections.set(part.slice(0, end).trim(), part.slice(end + 1));
  }
  const next = /^then: (.+)$/m.exec(head)?.[1];
  const keep = /^keep: (.+)$/m.exec(head)?.[1];
  return {
    file,
    command: run.trim().split(/\s+/),
    next: next?.trim().split(/\s+/) ?? null,
    keep: keep === undefined ? null : new RegExp(keep),
    head,
    sections,
  };
}

/** Runs the command in a folder of its own; returns every section, input as it was and output as it is now. */
export async function runCase(c: Case): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "ganglion-case-"));
  try {
    const input = c.sections.get("in") ?? "";
    const kind = /^\s*(\w+)/.exec(input.replace(/^\s*\/\/.*$/gm, ""))?.[1] ?? "";
    const name = `in.${endings[kind] ?? "yaml"}`;
    writeFileSync(join(folder, name), input);
    const args = [...c.command, name];
    for (const extra of ["samples", "chip"]) {
      const body = c.sections.get(extra);
      if (body === undefined) continue;
      writeFileSync(join(folder, extra), body);
      args.push(`--${extra}`, extra);
    }
    const out: string[] = [];
    const err: string[] = [];
    const streams = { cwd: folder, stdout: (t: string) => out.push(t), stderr: (t: string) => err.push(t), isTTY: false };
    await runCommand(args, streams);
    if (c.next !== null) {
      out.length = 0;
      await runCommand(c.next, streams);
    }
    const result = new Map([...c.sections].filter(([k]) => given.has(k)));
    if (out.length > 0) result.set("out", c.keep === null ? out.join("") : kept(out.join(""), c.keep));
    if (err.length > 0) result.set("errors", err.join(""));
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function kept(text: string, keep: RegExp): string {
  const lines = text.split("\n");
  const others = lines.filter((l) => l !== "" && !keep.test(l));
  const hash = createHash("sha256").update(others.join("\n")).digest("hex").slice(0, 16);
  return `${lines.filter((l) => keep.test(l)).join("\n")}\nand ${others.length} other lines, ${hash}\n`;
}

/** The file with its expected sections replaced by what the command prints now. */
export function rewriteCase(c: Case, now: ReadonlyMap<string, string>): void {
  const order = [...given, "out", "errors"].filter((k) => now.has(k));
  const body = order.map((k) => `--- ${k}\n${withNewline(now.get(k) ?? "")}`).join("");
  writeFileSync(c.file, `${c.head.trimEnd()}\n${body}`);
}

export function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
