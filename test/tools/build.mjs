/**
 * `npm run build`, and what `npm ci` runs in a checkout (`prepare`): TypeScript to
 * dist/, and the data files beside it.
 *
 * With --if-possible it leaves quietly when dist/ is current, or when the TypeScript
 * compiler is not installed (`npm ci --omit=dev`): an installed package comes with its dist/.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildKernels } from "./kernels.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist");
const main = join(dist, "compiler/cli/main.js");
const typescript = join(root, "node_modules/typescript/bin/tsc");

if (!existsSync(typescript)) {
  if (process.argv.includes("--if-possible")) process.exit(0);
  console.error("the TypeScript compiler is not installed; run `npm ci` first");
  process.exit(1);
}

if (process.argv.includes("--if-possible") && isCurrent()) process.exit(0);

buildKernels();
rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [typescript, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

for (const folder of ["compiler", "targets", "runtime"]) copyData(join(root, folder));
copy(join(root, "test/models/lenet/lenet.onnx"));

/** Chip specifications, schemas and other data that the code reads from beside itself. */
function copyData(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "cases") copyData(path);
    } else if (/\.(yaml|json|wasm|v|cpp)$/.test(entry.name)) copy(path);
  }
}

function copy(path) {
  const to = join(dist, relative(root, path));
  mkdirSync(dirname(to), { recursive: true });
  cpSync(path, to);
}

/** Whether dist/ is newer than everything it is made from: npx prepares the project again when it first links it into its cache. */
function isCurrent() {
  const made = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = [
    "compiler",
    "targets",
    "runtime",
    "tsconfig.json",
    "tsconfig.build.json",
    "package.json",
    "test/models/lenet/lenet.onnx",
  ];
  return sources.every((s) => newest(join(root, s)) < made);
}

function newest(path) {
  const { mtimeMs } = statSync(path);
  return statSync(path).isDirectory() ? Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name)))) : mtimeMs;
}
