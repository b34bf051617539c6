import { fail } from "../../compiler/base/diagnostic.ts";
import { type LineWords, readLines } from "./lines.ts";
import type { LogEntry } from "./types.ts";
import { showWord } from "./word.ts";

/*
 * The text form of a log, one line an entry:
 *
 *   S 1042 1f     a spike or packet left the chip
 *   M 1043 3      a mark of the tape was reached
 *   R 12 1 17 ff  a word was read: space, address, value
 *   P 80 ready 1  an output pin changed
 *   E 2000 0      the end: reads that differed from what the tape expected
 *
 * A simulator prints lines of its own between them; lines that begin with none of these letters
 * are not the log's.
 */

type Reader = (cycle: number, words: LineWords) => LogEntry;

const readers: Readonly<Record<string, Reader>> = {
  S: (cycle, w) => ({ kind: "spike", cycle, word: w.word("the word that left the chip") }),
  M: (cycle, w) => ({ kind: "mark", cycle, id: w.count("the mark's number") }),
  R: (cycle, w) => ({ kind: "read", cycle, space: w.count("a space"), address: w.count("an address"), value: w.word("the word read") }),
  P: (cycle, w) => ({ kind: "pin", cycle, name: w.text("a pin's name"), value: w.count("the pin's value") }),
  E: (cycle, w) => ({ kind: "end", cycle, errors: w.count("the number of reads that differed") }),
};

/** One entry as a line. */
export function showEntry(e: LogEntry): string {
  switch (e.kind) {
    case "spike":
      return `S ${e.cycle} ${showWord(e.word)}`;
    case "mark":
      return `M ${e.cycle} ${e.id}`;
    case "read":
      return `R ${e.cycle} ${e.space} ${e.address} ${showWord(e.value)}`;
    case "pin":
      return `P ${e.cycle} ${e.name} ${e.value}`;
    case "end":
      return `E ${e.cycle} ${e.errors}`;
  }
}

export function printLog(log: readonly LogEntry[]): string {
  return log.map((e) => `${showEntry(e)}\n`).join("");
}

/** Reads a log. Throws a Failure for lines that cannot be read, for a log with nothing in it and for one without its end. */
export function parseLog(text: string, name: string): readonly LogEntry[] {
  const log = readLines(text, name, "log-syntax", (words, line): LogEntry | null => {
    const reader = /^[SMRPE](\s|$)/.test(line) ? readers[words.text("a letter")] : undefined;
    return reader === undefined ? null : reader(words.count("a cycle"), words);
  });
  if (log.length === 0) fail("log-empty", [name]);
  if (log.at(-1)?.kind !== "end") fail("log-cut", [name, log.length], { at: name });
  return log;
}
