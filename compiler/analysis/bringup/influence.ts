import type { LogEntry, Tape, TapeOp } from "../../../runtime/tape/types.ts";
import { sameWord } from "../../../runtime/tape/word.ts";
import type { Pins, PinMemory } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";

/*
 * Which words of memories that nobody can read back have a part in one event: halves of a memory
 * are inverted in simulation, and where the event comes or goes by that, the halves of that half.
 */

export type Candidate = { readonly memory: PinMemory; readonly index: number; readonly written: number | bigint };

/** Words found at most; a memory in which everything matters is not told apart this way. */
const most = 64;

/** Candidates for an event that came too seldom or too often between two marks. `marks`: how many stand before it. */
export function influencing(
  pins: Pins,
  tape: Tape,
  word: number | bigint,
  marks: number,
  memories = pins.memories.filter((m) => !m.readable),
): readonly Candidate[] {
  const sound = countOf(pins.board().run(tape), word, marks);
  const out: Candidate[] = [];
  for (const memory of memories) {
    const contents = contentsOf(tape, memory);
    const matters = (from: number, to: number): boolean =>
      countOf(pins.board().run(inverted(tape, memory, contents, from, to)), word, marks) !== sound;
    const search = (from: number, to: number): void => {
      if (out.length >= most || !matters(from, to)) return;
      if (to - from === 1) {
        out.push({ memory, index: from, written: at(contents, from) });
        return;
      }
      const middle = (from + to) >> 1;
      search(from, middle);
      search(middle, to);
    };
    search(0, memory.words);
  }
  return out;
}

function countOf(log: readonly LogEntry[], word: number | bigint, marks: number): number {
  let seen = 0;
  let count = 0;
  for (const e of log) {
    if (e.kind === "mark") seen++;
    else if (e.kind === "spike" && seen === marks && sameWord(e.word, word)) count++;
  }
  return count;
}

/** Index in a memory of an address, or -1. */
function indexOf(m: PinMemory, space: number, address: number): number {
  const index = (address - m.base) / m.stride;
  return space === m.space && Number.isInteger(index) && index >= 0 && index < m.words ? index : -1;
}

/** What a memory holds when the first event or step comes; 0 where nothing was written. */
function contentsOf(tape: Tape, m: PinMemory): (number | bigint)[] {
  const out = new Array<number | bigint>(m.words).fill(0);
  for (const o of tape.slice(0, firstWork(tape))) {
    if (o.op !== "write") continue;
    const index = indexOf(m, o.space, o.address);
    if (index >= 0) out[index] = o.data;
  }
  return out;
}

function firstWork(tape: Tape): number {
  const found = tape.findIndex((o) => o.op === "event" || o.op === "tick");
  return found < 0 ? tape.length : found;
}

/** The tape with words from … to-1 written inverted before the first event or step. */
function inverted(tape: Tape, m: PinMemory, contents: readonly (number | bigint)[], from: number, to: number): Tape {
  const first = firstWork(tape);
  const all = 2n ** BigInt(m.wordBits) - 1n;
  const writes: TapeOp[] = [];
  for (let i = from; i < to; i++) {
    const data = all ^ BigInt(at(contents, i));
    writes.push({ op: "write", space: m.space, address: m.base + i * m.stride, data: m.wordBits <= 32 ? Number(data) : data, mask: 0 });
  }
  // Behind the last of the writes, so that a chip that is elaborated with them is so only once.
  const last = tape.slice(0, first).findLastIndex((o) => o.op === "write") + 1;
  return [...tape.slice(0, last), ...writes, ...tape.slice(last)];
}
