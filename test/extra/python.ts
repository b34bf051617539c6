import { spawnSync } from "node:child_process";

/** A Python that has a package: the one that the environment variable PYTHON names, or python3; null, and said aloud, without. */
export function pythonWith(module: string): string | null {
  const python = process.env["PYTHON"] ?? "python3";
  if (spawnSync(python, ["-c", `import ${module}`]).status === 0) return python;
  console.warn(`skipped: ${python} has no package ${module}`);
  return null;
}
