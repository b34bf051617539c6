import { type LineWords, readLines } from "./lines.ts";
import type { Tape, TapeOp } from "./types.ts";
import { readWord, showWord } from "./word.ts";

/*
 * The text form of a tape, one line an operation. Spaces, addresses and counts are decimal,
 * words hexadecimal:
 *
 *   write 1 17 ff 0       space, address, word, mask of the bits that stay
 *   read 1 17 ff          space, address, expected word, or - where none is expected
 *   event 1f
 *   tick
 *   pin sample 1
 *   wait 100
 *   quiet 64
 *   reset
 *   mark 3
 */

type Reader = (w: LineWords) => TapeOp;

const readers: Readonly<Record<TapeOp["op"], Reader>> = {
  write: (w) => ({ op: "write", space: w.count("a space"), address: w.count("an address"), data: w.word("a word"), mask: readMask(w) }),
  read: (w) => ({ op: "read", space: w.count("a space"), address: w.count("an address"), expect: readExpected(w) }),
  event: (w) => ({ op: "event", word: w.word("a word") }),
  tick: () => ({ op: "tick" }),
  pin: (w) => ({ op: "pin", name: w.text("a pin's name"), value: w.count("a value") }),
  wait: (w) => ({ op: "wait", cycles: w.count("cycles") }),
  quiet: (w) => ({ op: "quiet", cycles: w.count("cycles") }),
  reset: () => ({ op: "reset" }),
  mark: (w) => ({ op: "mark", id: w.count("a mark's number") }),
};

function readMask(w: LineWords): number {
  const mask = w.word("a mask");
  return typeof mask === "number" ? mask : w.refuse("a mask of at most 53 bits", showWord(mask));
}

function readExpected(w: LineWords): number | bigint | null {
  const text = w.text("a word or -");
  return text === "-" ? null : (readWord(text) ?? w.refuse("a word or -", text));
}

/** One operation as a line. */
export function showOp(o: TapeOp): string {
  switch (o.op) {
    case "write":
      return `write ${o.space} ${o.address} ${showWord(o.data)} ${showWord(o.mask)}`;
    case "read":
      return `read ${o.space} ${o.address} ${o.expect === null ? "-" : showWord(o.expect)}`;
    case "event":
      return `event ${showWord(o.word)}`;
    case "pin":
      return `pin ${o.name} ${o.value}`;
    case "wait":
    case "quiet":
      return `${o.op} ${o.cycles}`;
    case "mark":
      return `mark ${o.id}`;
    case "tick":
    case "reset":
      return o.op;
  }
}

export function printTape(tape: Tape): string {
  const parts: string[] = [];
  for (const o of tape) parts.push(showOp(o), "\n");
  return parts.join("");
}

/** Reads a tape. Throws a Failure for every line that is none. */
export function parseTape(text: string, name: string): Tape {
  return readLines(text, name, "tape-syntax", (words) => {
    const op = words.text("an operation");
    const reader = Object.hasOwn(readers, op) ? readers[op as TapeOp["op"]] : undefined;
    return reader === undefined ? words.refuse(Object.keys(readers).join(", "), op) : reader(words);
  });
}
