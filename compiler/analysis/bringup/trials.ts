import type { Fault, LogEntry, Tape, TapeOp } from "../../../runtime/tape/types.ts";
import type { Pins } from "../../../targets/target.ts";

/** A fault to try: of the chip's memories, or of what reaches it. */
export type Trial = {
  readonly text: string;
  readonly word: { readonly section: string; readonly address: number } | null;
  readonly fault?: Fault;
  /** Tried only where no other explains everything. */
  readonly unlikely?: boolean;
  /** Operations of the tape that do not reach the chip. */
  readonly drop?: (op: TapeOp, index: number) => boolean;
};

/** The log of a chip with that fault. */
export function playedWith(pins: Pins, tape: Tape, { fault, drop }: Trial): readonly LogEntry[] {
  const reached = drop === undefined ? tape : tape.filter((o, i) => !drop(o, i));
  return pins.board(fault === undefined ? [] : [fault]).run(reached);
}
