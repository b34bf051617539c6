import type { BringupTest, Pins } from "../../../targets/target.ts";
import type { Fault, LogEntry, Tape } from "../../../runtime/tape/types.ts";

/*
 * The vectors of a bring-up kit: each test plays on a chip that was just powered up, begins with a
 * mark of its own, and has the log that a sound chip gives.
 */

/** Marks of tests; those inside of tests are below. */
const firstTestMark = 60_000;
const mostTests = 2000;

export function isTestMark(mark: number): boolean {
  return mark >= firstTestMark && mark < firstTestMark + mostTests;
}

export type Vectors = {
  readonly test: BringupTest;
  readonly mark: number;
  readonly tape: Tape;
};

export function vectorsOf(test: BringupTest, index: number): Vectors {
  const mark = firstTestMark + index;
  return { test, mark, tape: [{ op: "reset" }, { op: "mark", id: mark }, ...test.tape] };
}

export function play(pins: Pins, tape: Tape, faults: readonly Fault[] = []): readonly LogEntry[] {
  return pins.board(faults).run(tape);
}
