import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { pages } from "../docs/generate.ts";

describe("pages printed from the code", () => {
  it.each([...pages()])("%s is current (npm run docs)", (name, content) => {
    expect(readFileSync(join(resolve(import.meta.dirname, "..", "docs"), name), "utf8")).toBe(content);
  });
});
