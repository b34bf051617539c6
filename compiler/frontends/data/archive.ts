import { gunzipSync as gunzip } from "node:zlib";
import { unzipSync } from "fflate";
import { extract } from "tar-stream";
import { fail } from "../../base/diagnostic.ts";
import type { DataFile } from "./records.ts";

/* Containers: gzip around one file, tar and zip around many. Recognised by content. */

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** POSIX and GNU archives carry "ustar" in their first header. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= 512 && [0x75, 0x73, 0x74, 0x61, 0x72].every((b, i) => bytes[257 + i] === b);
}

/** Opens gzip, tar and zip (as far as they are nested) into plain files; another file comes back as it is. */
export async function unpack(file: DataFile): Promise<readonly DataFile[]> {
  if (isGzip(file.bytes)) return unpack({ name: file.name.replace(/\.gz$/, "").replace(/\.tgz$/, ".tar"), bytes: inflate(file) });
  if (isTar(file.bytes)) return untar(file);
  if (isZip(file.bytes)) return unzip(file);
  return [file];
}

function inflate(file: DataFile): Uint8Array {
  try {
    return gunzip(file.bytes);
  } catch (error) {
    fail("data-malformed", [file.name, "gzip", error instanceof Error ? error.message : String(error)]);
  }
}

function unzip(file: DataFile): DataFile[] {
  try {
    return Object.entries(unzipSync(file.bytes))
      .filter(([name]) => !name.endsWith("/"))
      .map(([name, bytes]) => ({ name, bytes }));
  } catch (error) {
    fail("data-malformed", [file.name, "zip", error instanceof Error ? error.message : String(error)]);
  }
}

async function untar(file: DataFile): Promise<DataFile[]> {
  const files: DataFile[] = [];
  const reader = extract();
  reader.end(file.bytes);
  try {
    for await (const entry of reader) {
      const parts: Uint8Array[] = [];
      for await (const part of entry as AsyncIterable<Uint8Array>) parts.push(part);
      if (entry.header.type === "file") files.push({ name: entry.header.name, bytes: new Uint8Array(Buffer.concat(parts)) });
    }
  } catch (error) {
    fail("data-malformed", [file.name, "tar", error instanceof Error ? error.message : String(error)]);
  }
  return files;
}
