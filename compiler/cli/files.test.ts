import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../base/diagnostic.ts";
import { Files, refusedWrite } from "./files.ts";

let folder = "";
let files: Files;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ganglion-files-"));
  files = new Files({ cwd: folder, stdout: () => {}, stderr: () => {}, isTTY: false });
});

/** The code of the diagnostic that the work ends with. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics.map((d) => d.code).join();
    throw error;
  }
  return "nothing";
}

describe("files", () => {
  it("says what is wrong with a file to read", () => {
    mkdirSync(join(folder, "d"));
    expect(codeOf(() => files.bytes("absent"))).toBe("file-missing");
    expect(codeOf(() => files.bytes("d"))).toBe("file-unreadable");
  });

  it("writes whole files and leaves nothing else behind", () => {
    files.write("sub/a.txt", "hello");
    expect(readFileSync(join(folder, "sub/a.txt"), "utf8")).toBe("hello");
    expect(readdirSync(join(folder, "sub"))).toEqual(["a.txt"]);
  });

  it("refuses to write below a file, and removes its temporary files", () => {
    writeFileSync(join(folder, "file"), "");
    expect(codeOf(() => files.write("file/x", "y"))).toBe("file-unwritable");
    expect(codeOf(() => files.checkWritable("file/x"))).toBe("file-unwritable");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it.runIf(process.getuid?.() !== 0)("refuses a folder without permission", () => {
    chmodSync(folder, 0o500);
    expect(codeOf(() => files.write("x", "y"))).toBe("file-unwritable");
    chmodSync(folder, 0o700);
  });

  it.runIf(existsSync("/dev/full"))("reports a full disk", () => {
    const write = () => {
      try {
        writeFileSync("/dev/full", "x");
      } catch (error) {
        refusedWrite("build", error);
      }
    };
    expect(codeOf(write)).toBe("disk-full");
  });

  it("replaces an earlier build, and nothing else", () => {
    const content = new Map([["build.json", "{}"]]);
    files.writeFolder("out", content, "build.json");
    files.writeFolder("out", new Map([...content, ["more", "x"]]), "build.json");
    expect(readdirSync(join(folder, "out")).sort()).toEqual(["build.json", "more"]);
    mkdirSync(join(folder, "mine"));
    writeFileSync(join(folder, "mine/thesis.txt"), "");
    expect(codeOf(() => files.writeFolder("mine", content, "build.json"))).toBe("output-occupied");
    expect(readdirSync(folder).sort()).toEqual(["mine", "out"]);
  });
});
