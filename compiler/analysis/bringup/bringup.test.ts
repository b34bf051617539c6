import { describe, expect, it } from "vitest";
import type { Fault, LogEntry, Tape, TapeOp } from "../../../runtime/tape/types.ts";
import { targetNamed } from "../../../targets/index.ts";
import type { Pins } from "../../../targets/target.ts";
import { CoverageCount } from "./coverage.ts";
import { diagnose } from "./diagnose.ts";
import { influencing } from "./influence.ts";
import { vectorsOf } from "./vectors.ts";

/* A chip of sixteen words of four bits that nobody can read: a tick sends the number of every word of at least 8. */

const size = 16;

function board(faults: readonly Fault[] = []) {
  const memory = new Uint8Array(size);
  const read = (i: number): number => {
    let word = memory[i] ?? 0;
    for (const f of faults) if (f.address === i) word = f.stuck === 1 ? word | (1 << f.bit) : word & ~(1 << f.bit);
    return word;
  };
  return {
    run: (tape: Tape): readonly LogEntry[] => {
      const log: LogEntry[] = [];
      for (const o of tape) {
        if (o.op === "write") memory[o.address] = Number(o.data);
        if (o.op === "mark") log.push({ kind: "mark", cycle: 0, id: o.id });
        if (o.op === "tick") for (let i = 0; i < size; i++) if (read(i) >= 8) log.push({ kind: "spike", cycle: 0, word: i });
      }
      log.push({ kind: "end", cycle: 0, errors: 0 });
      return log;
    },
  };
}

const pins: Pins = {
  board,
  memories: [{ section: "core(0,0)/words", space: 0, base: 0, stride: 1, words: size, wordBits: 4, readable: false }],
  program: () => [],
  readBack: () => [],
  present: () => [],
  backDoor: () => new Map(),
  bench: () => "",
  tapeHex: () => "",
  notes: [],
  revision: "none",
  branches: { fires: "a word of at least 8", rests: "a smaller one" },
  bringup: () => [],
};

const writes = Array.from(
  { length: size },
  (_, address): TapeOp => ({ op: "write", space: 0, address, data: (5 * address) % 16, mask: 0 }),
);
const vectors = vectorsOf(
  { name: "all", summary: "every word", covers: ["fires"], tape: [...writes, { op: "tick" }, { op: "mark", id: 1 }] },
  0,
);
const target = targetNamed("mesh-1x1");

describe("faults of memories that nobody can read", () => {
  it("are traced to the one word that has a part in the event", () => {
    expect(influencing(pins, vectors.tape, 7, 1).map((c) => c.index)).toEqual([7]);
  });

  it("are named by simulating the bits of that word", () => {
    for (let address = 0; address < size; address++) {
      const written = (5 * address) % 16;
      // The top bit decides whether the word is sent.
      const fault: Fault = { section: "core(0,0)/words", address, bit: 3, stuck: written >= 8 ? 0 : 1 };
      const answer = { vectors, expected: board().run(vectors.tape), got: board([fault]).run(vectors.tape) };
      const [first] = diagnose(target, pins, [answer]).suspicions;
      expect(first).toMatchObject({ text: `bit 3 of core(0,0)/words word ${address} is stuck at ${fault.stuck}`, score: 1 });
    }
  });

  it("say nothing where the answer is right", () => {
    const log = board().run(vectors.tape);
    expect(diagnose(target, pins, [{ vectors, expected: log, got: log }])).toEqual({ failed: [], passed: ["all"], suspicions: [] });
  });
});

describe("coverage", () => {
  it("of unreadable memories counts bits written as both, and names the branches that are missing", () => {
    const count = new CoverageCount(pins);
    count.add(vectors, board().run(vectors.tape));
    const inverse = writes.map((w): TapeOp => (w.op === "write" ? { ...w, data: 15 - Number(w.data) } : w));
    expect(count.result()).toMatchObject({ memoryBits: { exercised: 0, total: 64 }, missing: ["rests"], outputs: 8 });
    count.add(vectorsOf({ ...vectors.test, tape: inverse }, 1), []);
    expect(count.result().memoryBits).toEqual({ exercised: 64, total: 64 });
  });
});
