import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Gunzip, unzipSync } from "fflate";
import { extract } from "tar-stream";
import { bug } from "../../base/bug.ts";
import { Failure, fail } from "../../base/diagnostic.ts";
import { isGzip, isTar, isZip } from "../data/archive.ts";
import { type ByteSource, copyOf, Start, startOf, wholeOf } from "./bytes.ts";
import { startBytes } from "./formats.ts";

/*
 * Archives of recordings, never unpacked as a whole: they are read through once for the names
 * and beginnings of their members (and the checksum of gzip), and a member is then read from its
 * place. Of a compressed archive that place is reached from the one before, so members in their order
 * cost one pass. A zip is kept as it is stored.
 */

/** A recording and its first bytes. */
export type Member = { readonly source: ByteSource; readonly start: Uint8Array };

/** The files in a file: its members, what gzip holds, or itself. Throws a Failure for a damaged archive. */
export async function membersOf(source: ByteSource): Promise<readonly Member[]> {
  const start = startOf(source, startBytes);
  if (isZip(start)) return zipMembers(source);
  if (!isGzip(start)) return isTar(start) ? tarMembers(source, () => streamOf(source)) : [{ source, start }];
  const plain = gunzipped(source);
  const head = startOf(plain, startBytes);
  const checked = (): Readable => {
    const gunzip = createGunzip();
    const input = streamOf(source);
    input.on("error", (error) => gunzip.destroy(error));
    return input.pipe(gunzip);
  };
  if (isTar(head)) return tarMembers(plain, checked);
  await damaged(source.name, "gzip", async () => {
    for await (const chunk of checked()) if (!(chunk instanceof Uint8Array)) bug("gunzip gives no bytes");
  });
  return [{ source: plain, start: head }];
}

/** For readers that ask for more before they are done with a piece. */
function streamOf({ chunks }: ByteSource): Readable {
  function* copies(): Generator<Uint8Array> {
    for (const chunk of chunks()) yield copyOf(chunk);
  }
  return Readable.from(copies());
}

/** Decompressed at once: what comes out may be a thousand times as much. */
const inflateBytes = 2 ** 11;

/** Decompressed as it is read. */
function gunzipped({ name, chunks }: ByteSource): ByteSource {
  return {
    name: name.replace(/\.gz$/i, "").replace(/\.tgz$/i, ".tar"),
    *chunks() {
      let out: Uint8Array[] = [];
      const gunzip = new Gunzip((part) => out.push(part));
      for (const chunk of chunks())
        for (let i = 0; i < chunk.length; i += inflateBytes) {
          try {
            gunzip.push(chunk.subarray(i, i + inflateBytes));
          } catch (error) {
            fail("data-malformed", [name, "gzip", messageOf(error)]);
          }
          yield* out;
          out = [];
        }
    },
  };
}

/** Where a member's bytes lie in the archive. */
type Place = { readonly name: string; readonly offset: number; readonly size: number; readonly start: Uint8Array };

async function tarMembers(archive: ByteSource, stream: () => Readable): Promise<readonly Member[]> {
  const places = await damaged(archive.name, "tar", () => readPlaces(stream()));
  const cursor = new Cursor(archive.chunks);
  return places.map(({ name, offset, size, start }) => ({ source: { name, chunks: () => cursor.read(offset, size) }, start }));
}

async function readPlaces(stream: Readable): Promise<readonly Place[]> {
  const reader = extract();
  stream.on("error", (error) => reader.destroy(error));
  stream.pipe(reader);
  const places: Place[] = [];
  for await (const entry of reader) {
    const { name, type, size = 0 } = entry.header;
    const start = new Start(startBytes);
    for await (const part of entry as AsyncIterable<Uint8Array>) start.add(part);
    // In the header as it is read, though not in its type.
    const { byteOffset = bug("a tar header without its place") } = entry.header as { readonly byteOffset?: number };
    if (type === "file") places.push({ name, offset: byteOffset, size, start: start.bytes() });
  }
  return places;
}

/** Reads ranges of a stream that can only be read forward; one that lies behind begins it again. */
class Cursor {
  readonly #open: () => Iterable<Uint8Array>;
  #chunks: Iterator<Uint8Array> | null = null;
  /** The piece that was read last, and where it begins. */
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(open: () => Iterable<Uint8Array>) {
    this.#open = open;
  }

  *read(offset: number, size: number): Generator<Uint8Array> {
    if (this.#chunks === null || offset < this.#at) {
      this.#chunks?.return?.();
      this.#chunks = this.#open()[Symbol.iterator]();
      this.#chunk = new Uint8Array(0);
      this.#at = 0;
    }
    for (let at = offset; at < offset + size; ) {
      while (this.#at + this.#chunk.length <= at) {
        const next = this.#chunks?.next();
        if (next === undefined || next.done === true) return;
        this.#at += this.#chunk.length;
        this.#chunk = next.value;
      }
      const part = this.#chunk.subarray(at - this.#at, offset + size - this.#at);
      at += part.length;
      yield part;
    }
  }
}

/** Members are decompressed one by one when they are read. */
async function zipMembers(archive: ByteSource): Promise<readonly Member[]> {
  return damaged(archive.name, "zip", async () => {
    const stored = wholeOf(archive);
    const names: string[] = [];
    unzipSync(stored, { filter: ({ name }) => (name.endsWith("/") || names.push(name), false) });
    return names.map((name) => {
      const chunks = (): Iterable<Uint8Array> => Object.values(unzipSync(stored, { filter: (file) => file.name === name }));
      const source = { name, chunks };
      return { source, start: startOf(source, startBytes) };
    });
  });
}

async function damaged<T>(name: string, format: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    fail("data-malformed", [name, format, messageOf(error)]);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
