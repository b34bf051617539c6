/*
 * A chip as somebody at its pins sees it: a tape of what to do, and a log of what came out.
 *
 * The same tape goes to the simulator, to a test bench around RTL, and to a board, and the
 * three logs are compared line by line.
 */

/** One thing to do at the pins. Numbers are non-negative; `data` and `word` have up to 64 bits and are bigint where the chip needs more than 53. */
export type TapeOp =
  /** Writes a word of a configuration space. Bits of `mask` that are 1 keep what they were (0: the whole word is written). */
  | { readonly op: "write"; readonly space: number; readonly address: number; readonly data: number | bigint; readonly mask: number }
  /** Reads it back; `expect` null: only logged. */
  | { readonly op: "read"; readonly space: number; readonly address: number; readonly expect: number | bigint | null }
  /** Offers an address event or packet, and waits until it is accepted. */
  | { readonly op: "event"; readonly word: number | bigint }
  /** The chip's own step signal, where it has one. */
  | { readonly op: "tick" }
  /** Sets an input pin. */
  | { readonly op: "pin"; readonly name: string; readonly value: number }
  | { readonly op: "wait"; readonly cycles: number }
  /** Waits until so many cycles have gone by without anything coming out, and, where the chip says so, until it is ready. */
  | { readonly op: "quiet"; readonly cycles: number }
  | { readonly op: "reset" }
  /** Puts a line into the log. */
  | { readonly op: "mark"; readonly id: number };

export type Tape = readonly TapeOp[];

/**
 * What came out, in order. The text form is one line each: `S cycle word` (a spike or packet left
 * the chip), `M cycle id`, `R cycle space address value`, `P cycle name value` (an output pin
 * changed), `E cycle count` (the end: how many reads differed from what was expected).
 * Cycles are clocks since the end of the first reset; numbers are decimal, words hexadecimal.
 */
export type LogEntry =
  | { readonly kind: "spike"; readonly cycle: number; readonly word: number | bigint }
  | { readonly kind: "mark"; readonly cycle: number; readonly id: number }
  | { readonly kind: "read"; readonly cycle: number; readonly space: number; readonly address: number; readonly value: number | bigint }
  | { readonly kind: "pin"; readonly cycle: number; readonly name: string; readonly value: number }
  | { readonly kind: "end"; readonly cycle: number; readonly errors: number };

/** A bit of a memory that always reads as `stuck`. Sections are named as in an image. */
export type Fault = { readonly section: string; readonly address: number; readonly bit: number; readonly stuck: 0 | 1 };

/** A chip at its pins. A board starts powered up and not programmed; `run` may be called again and goes on from there. */
export type Board = { readonly run: (tape: Tape) => readonly LogEntry[] };
