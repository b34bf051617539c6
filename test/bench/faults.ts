import { readFileSync } from "node:fs";
import { type Answer, diagnose } from "../../compiler/analysis/bringup/diagnose.ts";
import { play, type Vectors, vectorsOf } from "../../compiler/analysis/bringup/vectors.ts";
import { Random } from "../../compiler/base/random.ts";
import { compareLogs } from "../../runtime/tape/compare.ts";
import type { Fault, LogEntry } from "../../runtime/tape/types.ts";
import { parseChip } from "../../targets/chip-yaml.ts";
import { targetNamed, targetOf } from "../../targets/index.ts";
import type { PinMemory, Pins } from "../../targets/target.ts";

/*
 * How many random single stuck-at faults of a chip's memories a bring-up kit detects, and how
 * often the faulty word is among the first three that `diagnose` names.
 *
 *   tsx test/bench/faults.ts [chip or chip.yaml] [faults] [seed] [section]
 *
 * A fault is a bit of any memory (or of those whose name has the last argument in it), drawn evenly over bits, stuck at
 * 0 or 1. The kit's tests play in their order until one fails; the diagnosis sees that test's answer, and, where
 * the chip says itself which words may be at fault, those of the shorter tests around it. Of a march over a
 * memory that the pins read, only the operations near the faulty word are played: a stuck bit
 * changes no other read, and whole marches would take hours.
 */

/** Words on each side of the faulty one that a cut march keeps. */
const neighbours = 8;

/** Tests on each side of a failed one that a diagnosis sees too, if their tapes are not long. */
const around = 20;
const longTape = 10_000;

export type FaultFigures = {
  readonly faults: number;
  readonly detected: number;
  readonly named: number;
  readonly missed: readonly Fault[];
  readonly misnamed: readonly Fault[];
};

export function measureFaults(
  chip: string,
  faults: number,
  seed: number,
  section = "",
  progress: (done: number) => void = () => {},
): FaultFigures {
  const target = chip.endsWith(".yaml") ? targetOf(parseChip(readFileSync(chip, "utf8"), chip)) : targetNamed(chip);
  const pins = target.pins;
  if (pins === undefined) throw new Error(`${chip} has no pins`);
  const random = new Random(seed);
  const memories = pins.memories.filter((m) => m.section.includes(section));
  const vectors = pins.bringup().map(vectorsOf);
  const sound: (readonly LogEntry[] | undefined)[] = [];
  const missed: Fault[] = [];
  const misnamed: Fault[] = [];
  for (let k = 0; k < faults; k++) {
    const fault = randomFault(memories, random);
    const answer = firstFailure(fault);
    if (answer === null) missed.push(fault);
    else {
      const { suspicions } = diagnose(target, pins, [answer, ...beside(answer, fault)]);
      if (!suspicions.slice(0, 3).some(({ word: w }) => w?.section === fault.section && w.address === fault.address)) misnamed.push(fault);
    }
    progress(k + 1);
  }
  return { faults, detected: faults - missed.length, named: faults - missed.length - misnamed.length, missed, misnamed };

  function firstFailure(fault: Fault): Answer | null {
    const board = pins as Pins;
    for (const [i, v] of vectors.entries()) {
      // A test that never touches the faulty memory cannot fail by it.
      if (!touches(board, v.tape, fault)) continue;
      const cut = cutMarch(board, v, fault);
      const expected = cut === v ? (sound[i] ??= play(board, v.tape)) : play(board, cut.tape);
      const got = play(board, cut.tape, [fault]);
      if (compareLogs(expected, got, "ordered") !== null) return { vectors: cut, expected, got };
    }
    return null;
  }

  /** Answers to the shorter tests around the one that failed, for memories that the pins do not read. */
  function beside(answer: Answer, fault: Fault): Answer[] {
    const board = pins as Pins;
    if (board.suspects === undefined) return [];
    const index = vectors.findIndex((v) => v.mark === answer.vectors.mark);
    return vectors.flatMap((v, i) => {
      if (i === index || Math.abs(i - index) > around || v.tape.length > longTape) return [];
      return [{ vectors: v, expected: (sound[i] ??= play(board, v.tape)), got: play(board, v.tape, [fault]) }];
    });
  }
}

/** A march without the words that are far from the faulty one; any other test as it is. */
function cutMarch(pins: Pins, v: Vectors, fault: Fault): Vectors {
  const { tape } = v;
  const own = pins.memories.filter((m) => m.readable).map((m) => m.space);
  const found = pins.memories.find((m) => m.section === fault.section);
  // Registers act on all words alike: the first words of whatever is marched show it.
  const memory =
    found?.readable === true ? found : pins.memories.find((m) => m.readable && v.tape.some((o) => o.op === "read" && o.space === m.space));
  const at = found?.readable === true ? fault.address : 0;
  if (memory === undefined || tape.some((o) => o.op === "event" || o.op === "tick")) return v;
  const near = (space: number, address: number): boolean =>
    space !== memory.space || Math.abs((address - memory.base) / memory.stride - at) <= neighbours;
  const kept = tape.filter((o) => {
    if (o.op !== "write" && o.op !== "read") return true;
    return own.includes(o.space) ? o.space === memory.space && near(o.space, o.address) : true;
  });
  return { ...v, tape: kept };
}

function touches(pins: Pins, tape: ReturnType<typeof vectorsOf>["tape"], fault: Fault): boolean {
  const memory = pins.memories.find((m) => m.section === fault.section);
  return tape.some((o) => (o.op === "write" || o.op === "read") && o.space === memory?.space);
}

/** Evenly over the bits of the memories. */
function randomFault(memories: readonly PinMemory[], random: Random): Fault {
  const bitsOf = (m: PinMemory): number => m.widths?.reduce((n, w) => n + w, 0) ?? m.words * m.wordBits;
  let at = Math.floor(random.unit() * memories.reduce((n, m) => n + bitsOf(m), 0));
  for (const m of memories) {
    if (at >= bitsOf(m)) {
      at -= bitsOf(m);
      continue;
    }
    let address = 0;
    for (; at >= (m.widths?.[address] ?? m.wordBits); address++) at -= m.widths?.[address] ?? m.wordBits;
    return { section: m.section, address, bit: at, stuck: random.chance(0.5) ? 1 : 0 };
  }
  throw new Error("the chip has no such memory");
}

if (process.argv[1]?.endsWith("faults.ts")) {
  const [chip = "mesh-1x1", faults = "1000", seed = "1", section = ""] = process.argv.slice(2);
  const f = measureFaults(chip, Number(faults), Number(seed), section, (done) => process.stderr.write(done % 50 === 0 ? `${done}\n` : ""));
  const percent = (n: number): string => `${((100 * n) / f.faults).toFixed(1)} %`;
  console.log(
    `${chip}: ${f.faults} stuck-at faults (seed ${seed}${section === "" ? "" : `, ${section}`}), detected ${f.detected} (${percent(f.detected)}), word among the first three ${f.named} (${percent(f.named)})`,
  );
  for (const m of f.missed.slice(0, 10)) console.log("  missed", JSON.stringify(m));
  for (const m of f.misnamed.slice(0, 10)) console.log("  misnamed", JSON.stringify(m));
}
