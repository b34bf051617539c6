import type { DataFile } from "../data/records.ts";

/**
 * Bytes that are read from their beginning, a piece at a time, as often as needed. A piece is
 * valid until the next one is asked for, so that its memory can be used again: a recording of a
 * gigabyte costs the memory of one piece.
 */
export type ByteSource = { readonly name: string; readonly chunks: () => Iterable<Uint8Array> };

export function inMemory({ name, bytes }: DataFile): ByteSource {
  return { name, chunks: () => [bytes] };
}

/** The first bytes, as many of them as there are. */
export function startOf(source: ByteSource, count: number): Uint8Array {
  const start = new Start(count);
  for (const chunk of source.chunks()) if (start.add(chunk)) break;
  return start.bytes();
}

export function wholeOf(source: ByteSource): Uint8Array {
  return startOf(source, Infinity);
}

/** Collects bytes up to a number of them. */
export class Start {
  readonly #count: number;
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Whether there are enough now. */
  add(chunk: Uint8Array): boolean {
    const part = chunk.subarray(0, this.#count - this.#size);
    if (part.length > 0) this.#parts.push(copyOf(part));
    this.#size += part.length;
    return this.#size >= this.#count;
  }

  bytes(): Uint8Array {
    return joined(this.#parts, this.#size);
  }
}

/** Bytes of their own, also of a Buffer, whose slices are not. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Parts as one, without a copy where there is only one. */
export function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const out = new Uint8Array(size);
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
