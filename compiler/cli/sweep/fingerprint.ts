import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../base/hash.ts";

const largest = 1 << 28;

/** What tells a file or folder from another one: the hash of its content; of a folder, and of files over 256 MiB, of names and sizes. Null where nothing is there. */
export function fingerprint(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isDirectory()) return sha256(new TextEncoder().encode(entries(path).join("\n")));
  return found.size > largest ? `size ${found.size}` : sha256(readFileSync(path));
}

function entries(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort()
    .map((path) => `${path.slice(folder.length)} ${statSync(path).size}`);
}
