import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fail } from "../base/diagnostic.ts";
import type { Io } from "./io.ts";

const pieceBytes = 2 ** 18;

/**
 * Files as the command line touches them: every trouble is a diagnostic, and what
 * is written appears whole or not at all (temporary name, then rename).
 */
export class Files {
  readonly #io: Io;
  constructor(io: Io) {
    this.#io = io;
  }

  path(name: string): string {
    return resolve(this.#io.cwd, name);
  }

  exists(name: string): boolean {
    return existsSync(this.path(name));
  }

  isFolder(name: string): boolean {
    return statSync(this.path(name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  /** Names of what is in a folder. */
  names(name: string): readonly string[] {
    return reading(name, () => readdirSync(this.path(name)));
  }

  bytes(name: string): Uint8Array {
    return reading(name, () => readFileSync(this.path(name)));
  }

  text(name: string): string {
    return new TextDecoder().decode(this.bytes(name));
  }

  /** Bytes offset … offset+length-1, or to the end, as many as there are; null when the file is not there. */
  range(name: string, offset: number, length: number | null): Uint8Array | null {
    const path = this.path(name);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) return null;
    const count = Math.max(Math.min(length ?? size, size - offset), 0);
    return reading(name, () => {
      const file = openSync(path, "r");
      try {
        const out = new Uint8Array(count);
        for (let done = 0; done < count; ) {
          const got = readSync(file, out, done, Math.min(count - done, 1 << 30), offset + done);
          if (got === 0) throw new Error("it became shorter while being read");
          done += got;
        }
        return out;
      } finally {
        closeSync(file);
      }
    });
  }

  /** The bytes in pieces, of which each is valid until the next: a file of any size costs the memory of one. */
  *chunks(name: string): Generator<Uint8Array> {
    const file = reading(name, () => openSync(this.path(name), "r"));
    try {
      const piece = new Uint8Array(pieceBytes);
      for (;;) {
        const count = reading(name, () => readSync(file, piece));
        if (count === 0) return;
        yield piece.subarray(0, count);
      }
    } finally {
      closeSync(file);
    }
  }

  write(name: string, content: Uint8Array | string): void {
    const path = this.path(name);
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
    this.#whole(name, temporary, () => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(temporary, content);
      renameSync(temporary, path);
    });
  }

  /**
   * Puts a folder in the place of `name`. What is there must be empty or an earlier
   * build, which `ours` tells by a file's name.
   */
  writeFolder(name: string, files: ReadonlyMap<string, Uint8Array | string>, ours: string): void {
    const path = this.path(name);
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
    const old = `${temporary}.old`;
    this.#whole(name, temporary, () => {
      this.checkReplaceable(name, ours);
      mkdirSync(temporary, { recursive: true });
      for (const [file, content] of files) {
        mkdirSync(dirname(join(temporary, file)), { recursive: true });
        writeFileSync(join(temporary, file), content);
      }
      if (existsSync(path)) renameSync(path, old);
      try {
        renameSync(temporary, path);
      } catch (error) {
        if (existsSync(old)) renameSync(old, path);
        throw error;
      }
      rmSync(old, { recursive: true, force: true });
    });
  }

  /** Fails where a folder holds what is not ours to replace. */
  checkReplaceable(name: string, ours: string): void {
    const path = this.path(name);
    if (!existsSync(path)) return;
    const free = reading(name, () => statSync(path).isDirectory() && (readdirSync(path).length === 0 || existsSync(join(path, ours))));
    if (!free) fail("output-occupied", [name]);
  }

  /** Fails early, before long work, where the result could not be written. */
  checkWritable(name: string): void {
    const path = this.path(name);
    const probe = join(dirname(path), `.${basename(path)}.${process.pid}.probe`);
    this.#whole(name, probe, () => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(probe, "");
      rmSync(probe);
    });
  }

  #whole(name: string, temporary: string, work: () => void): void {
    const held = this.#io.uninterrupted ?? (<T>(w: () => T): T => w());
    held(() => {
      try {
        work();
      } catch (error) {
        removeQuietly(temporary);
        refusedWrite(name, error);
      }
    });
  }
}

/** Turns an operating system's refusal to read into a diagnostic. */
export function reading<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    if (code === "ENOENT") fail("file-missing", [name]);
    fail("file-unreadable", [name, reasons[code] ?? code]);
  }
}

/** Turns an operating system's refusal to write into a diagnostic; anything else goes on as it is. */
export function refusedWrite(name: string, error: unknown): never {
  const code = codeOf(error);
  if (code === null) throw error;
  if (code === "ENOSPC" || code === "EDQUOT") fail("disk-full", [name]);
  fail("file-unwritable", [name, reasons[code] ?? code]);
}

/** What was being written may not exist, nor the folder it was to be in. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) === null) throw error;
  }
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  return "syscall" in error || error.code.startsWith("ERR_FS_") ? error.code : null;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB; large tensors belong in external data files",
  EIO: "the device reports an error",
  ENOENT: "a folder of the path does not exist",
};
