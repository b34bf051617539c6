import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readCase, rewriteCase, runCase, withNewline } from "./harness/case.ts";

const root = resolve(import.meta.dirname, "..");

function casesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return casesUnder(path);
    return name.endsWith(".case") ? [path] : [];
  });
}

const files = ["compiler", "targets"].flatMap((f) => casesUnder(join(root, f)));

describe("golden cases", () => {
  it("exist", () => expect(files.length).toBeGreaterThan(20));

  it.each(files.map((f) => [relative(root, f), f]))("%s", async (_, file) => {
    const c = readCase(file);
    const now = await runCase(c);
    if (process.env.UPDATE === "1") return rewriteCase(c, now);
    for (const section of new Set([...c.sections.keys(), ...now.keys()])) {
      expect(withNewline(now.get(section) ?? ""), `section ${section}`).toBe(withNewline(c.sections.get(section) ?? ""));
    }
  });
});
