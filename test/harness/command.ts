import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../compiler/cli/app.ts";

export type Result = { readonly code: number; readonly out: string; readonly err: string };

/** A folder in which commands run, inside this process. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "ganglion-test-"));

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.path(name), content);
  }

  async run(...argv: readonly string[]): Promise<Result> {
    let out = "";
    let err = "";
    const code = await runCommand(argv, {
      cwd: this.folder,
      stdout: (t) => {
        out += t;
      },
      stderr: (t) => {
        err += t;
      },
      isTTY: false,
    });
    return { code, out, err };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
