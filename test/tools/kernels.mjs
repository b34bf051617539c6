/**
 * Compiles runtime/kernels/assembly (AssemblyScript) to runtime/kernels/kernels.wasm when
 * that is missing or older than its sources. Part of `npm run build` and `npm ci`; the tests
 * and benchmarks call it too, so that nobody runs kernels of yesterday.
 *
 * Without AssemblyScript (an installed package) nothing is done: a package comes with its module.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "runtime/kernels");
const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
const made = join(folder, "kernels.wasm");

const options = [
  // With names of functions, so that a profile can say where time goes.
  ["-O3", "--noAssert", "--runtime", "stub", "--debug"],
  ["--enable", "simd", "--enable", "threads", "--enable", "bulk-memory"],
  // The memory is the machine's, made as large as it needs; the module has no data of its own.
  ["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536", "--memoryBase", "1024"],
].flat();

/** Throws where the sources do not compile. */
export function buildKernels() {
  if (!existsSync(compiler) || isCurrent()) return;
  const temporary = `${made}.${process.pid}`;
  const entry = join(folder, "assembly/index.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, entry, ...options, "-o", temporary], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the kernels do not compile:\n${stdout}${stderr}`);
  // Several builds may run at once: each makes a file of its own, and a whole one takes the place.
  renameSync(temporary, made);
}

function isCurrent() {
  const time = statSync(made, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const assembly = join(folder, "assembly");
  const sources = [join(folder, "layout.ts"), fileURLToPath(import.meta.url), ...readdirSync(assembly).map((name) => join(assembly, name))];
  return sources.every((file) => statSync(file).mtimeMs < time);
}

/** Vitest calls this before the tests. */
export default function setup() {
  buildKernels();
}
