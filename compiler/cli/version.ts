import { existsSync, readFileSync } from "node:fs";

/** The version in the package's own package.json, which is two folders up in the source and three in dist/. */
export function version(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    const url = new URL(up, import.meta.url);
    if (existsSync(url)) return (JSON.parse(readFileSync(url, "utf8")) as { version: string }).version;
  }
  return "unknown";
}
