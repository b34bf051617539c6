import { bug } from "../../base/bug.ts";
import { fail } from "../../base/diagnostic.ts";
import { copyOf, joined } from "./bytes.ts";

/*
 * Recordings are decoded as their bytes come. A format is a generator: it says how many bytes it
 * waits for and is resumed with them, so that its code reads as if the whole file were there,
 * and no event depends on where the pieces were cut.
 */

/** Bytes that a format waits for: at least one unit, at most so many, whole units only. */
export type Want = {
  readonly unit: number;
  readonly most: number;
  /** Only looks at them: they come again. */
  readonly keep: boolean;
};

/** Resumed with fewer bytes than one unit where the recording has ended; it then ends or fails. */
export type Decoding<T = void> = Generator<Want, T, Uint8Array>;

/** Turns pieces of a recording, cut anywhere, into what its format does with them. */
export class Decoder {
  readonly #decoding: Decoding;
  #want: Want | null;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(decoding: Decoding) {
    this.#decoding = decoding;
    const first = decoding.next();
    this.#want = first.done === true ? null : first.value;
  }

  /** Whether the format wants no more: what follows is not events. */
  get finished(): boolean {
    return this.#want === null;
  }

  /** The next piece. Throws what the format throws. */
  push(chunk: Uint8Array): void {
    if (this.#want === null) return;
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#want.unit) {
      // The piece may be overwritten once this returns.
      this.#parts[this.#parts.length - 1] = copyOf(chunk);
      return;
    }
    const bytes = joined(this.#parts, this.#size);
    const used = this.#feed(bytes, this.#want);
    const rest = copyOf(bytes.subarray(used));
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }

  /** No more pieces come. Throws for a recording that ends where it must not. */
  finish(): void {
    let rest = joined(this.#parts, this.#size);
    for (let tries = 0; this.#want !== null; tries++) {
      // A format may look at the end once more before it ends.
      if (tries > 3) bug("a format of recordings goes on after their end");
      if (rest.length >= this.#want.unit) rest = rest.subarray(this.#feed(rest, this.#want));
      else this.#resume(rest);
    }
  }

  /** Gives the format what it wants as long as it is there; how many bytes were used. */
  #feed(bytes: Uint8Array, first: Want): number {
    let at = 0;
    for (let want: Want | null = first; want !== null && bytes.length - at >= want.unit; want = this.#want) {
      const units = want.unit === 0 ? 0 : Math.min(want.most, Math.floor((bytes.length - at) / want.unit));
      const given = bytes.subarray(at, at + units * want.unit);
      if (!want.keep) at += given.length;
      this.#resume(given);
    }
    return at;
  }

  #resume(bytes: Uint8Array): void {
    const next = this.#decoding.next(bytes);
    this.#want = next.done === true ? null : next.value;
  }
}

/** As many whole units as there are, at most `most`; fewer bytes than one at the end. */
export function* units(unit: number, most = Infinity): Decoding<Uint8Array> {
  return yield { unit, most, keep: false };
}

/** Units to the end of the recording. Throws a Failure where it ends within one. */
export function* unitsToEnd(name: string, unit: number, use: (block: Uint8Array) => void): Decoding {
  for (;;) {
    const block = yield* units(unit);
    if (block.length < unit) return ended(name, block.length, unit);
    use(block);
  }
}

/** Just so many bytes. Throws a Failure where the recording ends before. */
export function* exactly(name: string, count: number): Decoding<Uint8Array> {
  const bytes = yield* units(count, 1);
  if (bytes.length < count) fail("events-cut", [name, bytes.length, count]);
  return bytes;
}

/** Passes over bytes as they come. Throws a Failure where the recording ends before. */
export function* skip(name: string, count: number): Decoding {
  for (let left = count; left > 0; ) {
    const { length } = yield* units(1, left);
    if (length === 0) fail("events-cut", [name, 0, left]);
    left -= length;
  }
}

/** The next byte, which comes again; -1 at the end. */
export function* peek(): Decoding<number> {
  return (yield { unit: 1, most: 1, keep: true })[0] ?? -1;
}

/** Longest line of a header. */
const longest = 2 ** 20;

/** A line of text with its end; what is left where the recording ends, or where there is no end for a long time. */
export function* line(): Decoding<string> {
  const codes: number[] = [];
  while (codes.length < longest) {
    const [code] = yield* units(1, 1);
    if (code === undefined) break;
    codes.push(code);
    if (code === 0x0a) break;
  }
  return new TextDecoder("latin1").decode(Uint8Array.from(codes));
}

/** The end of a recording, which is no place for a part of an event. */
export function ended(name: string, left: number, unit: number): void {
  if (left > 0) fail("events-cut", [name, left, unit]);
}
