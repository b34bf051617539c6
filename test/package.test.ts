import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/* The package as others get it: packed, installed in an empty project, used by import and by command. */

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "ganglion-package-"));
const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
const call = (command: string, args: readonly string[], cwd = folder): string =>
  execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

beforeAll(() => {
  call("npm", ["run", "build"], root);
  call("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((f) => f.endsWith(".tgz")) ?? "";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  call("npm", ["install", "--omit=optional", "--no-audit", "--no-fund", join(folder, tarball)]);
  copyFileSync(join(root, "test/models/lenet/lenet.onnx"), join(folder, "model.onnx"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the installed package", () => {
  it("is put together as package managers want it", () => {
    expect(() => call("node", [join(root, "node_modules/publint/src/cli.js"), "--strict", root])).not.toThrow();
  });

  it("compiles and simulates by import, as the README says", () => {
    const example = /## As a library[\s\S]*?```js\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1] ?? "";
    writeFileSync(join(folder, "example.js"), example);
    expect(call("node", ["example.js"])).toMatch(/^Float64Array\(10\) \[[\s\S]*\] \d+\n$/);
  });

  it("has types that a strict project accepts", () => {
    const use =
      'import { compile, context, type Graph, job, targetNamed } from "ganglion";\nexport const f = (g: Graph) => compile(g, job({ target: targetNamed("mesh-1x1"), method: "rate" }), context()).image.steps;\n';
    writeFileSync(join(folder, "use.ts"), use);
    const options = [
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--typeRoots",
      join(root, "node_modules/@types"),
      "--types",
      "node",
    ];
    expect(call("node", [join(root, "node_modules/typescript/bin/tsc"), ...options, "use.ts"])).toBe("");
  });

  it("compiles and evaluates by command", () => {
    // Two samples of 784 bytes, as IDX with its header.
    const header = Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]);
    writeFileSync(join(folder, "images"), Buffer.concat([header, Buffer.from(Array.from({ length: 1568 }, (_, i) => (i * 37) % 256))]));
    const compile = [
      "compile",
      "model.onnx",
      "-t",
      "mesh-4x4",
      "-m",
      "qcfs",
      "--steps",
      "8",
      "--calibration",
      "images",
      "--scale",
      "1/255",
      "-o",
      "build",
      "--json",
    ];
    expect(JSON.parse(call("npx", ["ganglion", ...compile]))).toMatchObject({ target: "mesh-4x4" });
    const summary = JSON.parse(call("npx", ["ganglion", "evaluate", "build", "--data", "images", "--json"]));
    expect(summary).toMatchObject({ samples: 2, agreement: { snnVsChip: 1 } });
  });
});
