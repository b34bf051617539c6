import { type Diagnostic, diagnostic, Failure } from "../../compiler/base/diagnostic.ts";
import { readCount, readWord, type TapeWord } from "./word.ts";

/*
 * Reading the line forms of tapes and logs: words separated by blanks. Every line that cannot
 * be read is reported, up to a number that a person still reads.
 */

const reported = 16;

/** Thrown inside a line; `expected` is what should stand there, `found` what does. */
class LineProblem extends Error {
  readonly expected: string;
  readonly found: string;
  constructor(expected: string, found: string) {
    super(expected);
    this.expected = expected;
    this.found = found;
  }
}

/** The words of one line, taken one by one. */
export class LineWords {
  readonly #words: readonly string[];
  #at = 0;
  constructor(line: string) {
    this.#words = line.split(/\s+/);
  }

  text(expected: string): string {
    return this.#words[this.#at++] ?? this.refuse(expected, "the end of the line");
  }

  count(expected: string): number {
    const text = this.text(expected);
    return readCount(text) ?? this.refuse(`${expected} (decimal)`, text);
  }

  word(expected: string): TapeWord {
    const text = this.text(expected);
    return readWord(text) ?? this.refuse(`${expected} (hexadecimal, up to 64 bits)`, text);
  }

  end(): void {
    const more = this.#words[this.#at];
    if (more !== undefined) this.refuse("the end of the line", more);
  }

  refuse(expected: string, found: string): never {
    throw new LineProblem(expected, found);
  }
}

/** Reads each line that is neither empty nor a `#` comment. `read` gives null for a line to skip. Throws a Failure with every bad line. */
export function readLines<T>(
  text: string,
  name: string,
  code: "log-syntax" | "tape-syntax",
  read: (words: LineWords, line: string) => T | null,
): T[] {
  const out: T[] = [];
  const wrong: Diagnostic[] = [];
  text.split(/\r?\n/).forEach((raw, i) => {
    const line = raw.replace(/(^|\s)#.*$/, "").trim();
    if (line === "" || wrong.length >= reported) return;
    try {
      const words = new LineWords(line);
      const value = read(words, line);
      if (value === null) return;
      words.end();
      out.push(value);
    } catch (error) {
      if (!(error instanceof LineProblem)) throw error;
      wrong.push(diagnostic(code, [error.expected, error.found], { at: `${name}:${i + 1}` }));
    }
  });
  if (wrong.length > 0) throw new Failure(wrong);
  return out;
}
