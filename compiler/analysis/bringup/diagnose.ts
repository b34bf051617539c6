import { compareLogs, sameEntry } from "../../../runtime/tape/compare.ts";
import type { Fault, LogEntry, Tape, TapeOp } from "../../../runtime/tape/types.ts";
import type { Pins, PinMemory, Target } from "../../../targets/target.ts";
import { at } from "../../base/bug.ts";
import { influencing } from "./influence.ts";
import { playedWith, type Trial } from "./trials.ts";
import type { Vectors } from "./vectors.ts";

/*
 * From a board's answer to the likely fault. Words that the pins read back tell by themselves
 * which bit is stuck, which bytes are swapped, which memory is dead. What only events show is found
 * by simulating faults: those that could have led to the first difference, each on the tests that
 * failed, ranked by how much of the answer they explain.
 */

export type Suspicion = {
  /** For people: `bit 3 of core(0,0)/synapses word 17 is stuck at 1`. */
  readonly text: string;
  /** The faulty word, where it is one. */
  readonly word: { readonly section: string; readonly address: number } | null;
  /** Part of what differs that it explains, 0 to 1, less what it would show and the board does not. */
  readonly score: number;
};

/** One test's answer of the board; null where the log does not have the test. */
export type Answer = { readonly vectors: Vectors; readonly expected: readonly LogEntry[]; readonly got: readonly LogEntry[] };

export type Diagnosis = {
  readonly failed: readonly string[];
  readonly passed: readonly string[];
  readonly suspicions: readonly Suspicion[];
};

/** Suspicions, the likeliest first. */
export function diagnose(target: Target, pins: Pins, answers: readonly Answer[], trials = 800): Diagnosis {
  const failing = answers.filter((a) => compareLogs(a.expected, a.got, "ordered") !== null);
  const reads = failing.flatMap((a) => readsOf(a));
  const wrong = reads.filter((r) => r.expected !== r.got);
  const found = [...memorySuspicions(pins, reads, wrong)];
  if (wrong.length === 0) found.push(...eventSuspicions(target, pins, answers, failing, trials));
  // Reads that no word of theirs explains: a register that they go through may be at fault.
  else if (!found.some((s) => s.word !== null && s.score >= clear)) found.push(...fewSuspicions(pins, shortestOf(failing)));
  return {
    failed: failing.map((a) => a.vectors.test.name),
    passed: answers.filter((a) => !failing.includes(a)).map((a) => a.vectors.test.name),
    suspicions: ranked(found),
  };
}

/** By score; among equals each word's first before any word's second. */
function ranked(found: readonly Suspicion[]): Suspicion[] {
  const seen = new Map<string, number>();
  const turns = found.map((s) => {
    const key = `${s.score} ${s.word === null ? s.text : `${s.word.section} ${s.word.address}`}`;
    const turn = seen.get(key) ?? 0;
    seen.set(key, turn + 1);
    return { s, turn };
  });
  return turns.sort((p, q) => q.s.score - p.s.score || p.turn - q.turn).map(({ s }) => s);
}

/** A word read back, as it should be and as it was. Words of memories as bigint. */
type Read = { readonly space: number; readonly address: number; readonly expected: bigint; readonly got: bigint };

/** Reads of both logs side by side, as long as they are of the same words. */
function readsOf({ expected, got }: Answer): Read[] {
  const side = (log: readonly LogEntry[]) => log.filter((e) => e.kind === "read");
  const [a, b] = [side(expected), side(got)];
  const out: Read[] = [];
  for (let k = 0; k < Math.min(a.length, b.length); k++) {
    const [e, g] = [at(a, k), at(b, k)];
    if (e.space !== g.space || e.address !== g.address) break;
    out.push({ space: e.space, address: e.address, expected: BigInt(e.value), got: BigInt(g.value) });
  }
  return out;
}

function memorySuspicions(pins: Pins, reads: readonly Read[], wrong: readonly Read[]): Suspicion[] {
  if (wrong.length === 0) return [];
  const out: Suspicion[] = [];
  const spaces = new Set(wrong.map((r) => r.space));
  for (const memory of pins.memories) {
    if (!spaces.has(memory.space)) continue;
    const own = (r: Read): boolean => indexIn(memory, r) !== null;
    const [all, bad] = [reads.filter(own), wrong.filter(own)];
    if (bad.length === 0) continue;
    out.push(...wholeMemory(memory, all, bad, wrong.length), ...stuckBits(memory, all, bad, wrong.length));
  }
  return out;
}

function indexIn(m: PinMemory, r: Read): number | null {
  const index = (r.address - m.base) / m.stride;
  return r.space === m.space && Number.isInteger(index) && index >= 0 && index < m.words ? index : null;
}

/** How well a rule predicts the reads of one memory, weighted by its part of all that is wrong. */
function scored(all: readonly Read[], total: number, predicts: (r: Read) => bigint): number {
  let explained = 0;
  let contradicted = 0;
  for (const r of all) {
    const p = predicts(r);
    if (r.got === p && r.got !== r.expected) explained++;
    else if (r.got !== p && p !== r.expected) contradicted++;
  }
  return (explained - contradicted) / total;
}

/** Faults of a memory as a whole: a data line, swapped bytes, nothing but one word. */
function wholeMemory(m: PinMemory, all: readonly Read[], bad: readonly Read[], total: number): Suspicion[] {
  const words = new Set(bad.map((r) => r.address)).size;
  const out: Suspicion[] = [];
  const suspect = (text: string, predicts: (r: Read) => bigint): void => {
    const score = scored(all, total, predicts);
    if (score > 0) out.push({ text, word: null, score });
  };
  const bytes = Math.ceil(m.wordBits / 8);
  if (bytes > 1) suspect(`the bytes of ${m.section} are swapped`, (r) => swapped(r.expected, bytes));
  if (words < 2) return out;
  const constant = at(bad, 0).got;
  suspect(`${m.section} gives 0x${constant.toString(16)} for every word: it is dead or not selected`, () => constant);
  for (let bit = 0; bit < m.wordBits; bit++) {
    const mask = 1n << BigInt(bit);
    if (!bad.some((r) => ((r.expected ^ r.got) & mask) !== 0n)) continue;
    for (const stuck of [0, 1])
      suspect(`data line ${bit} of ${m.section} is stuck at ${stuck}`, (r) => (stuck === 1 ? r.expected | mask : r.expected & ~mask));
  }
  return out;
}

function swapped(word: bigint, bytes: number): bigint {
  let out = 0n;
  for (let b = 0; b < bytes; b++) out |= ((word >> BigInt(8 * b)) & 0xffn) << BigInt(8 * (bytes - 1 - b));
  return out;
}

const mostWords = 16;

function stuckBits(m: PinMemory, all: readonly Read[], bad: readonly Read[], total: number): Suspicion[] {
  const addresses = [...new Set(bad.map((r) => r.address))];
  const out: Suspicion[] = [];
  for (const address of addresses.slice(0, mostWords)) {
    const own = all.filter((r) => r.address === address);
    const differing = own.reduce((mask, r) => mask | (r.expected ^ r.got), 0n);
    const word = { section: m.section, address: (address - m.base) / m.stride };
    for (let bit = 0; bit < m.wordBits; bit++) {
      const mask = 1n << BigInt(bit);
      if ((differing & mask) === 0n) continue;
      for (const stuck of [0, 1]) {
        const score = scored(own, total, (r) => (stuck === 1 ? r.expected | mask : r.expected & ~mask));
        if (score > 0) out.push({ text: `bit ${bit} of ${m.section} word ${word.address} is stuck at ${stuck}`, word, score });
      }
    }
  }
  return out;
}

/** Faults that give the very answer of one test: more of them are not looked into. */
const enough = 64;

/** A word that explains this part of what differs leaves little to look for. */
const clear = 0.5;

function shortestOf(failing: readonly Answer[]): Answer | null {
  return [...failing].sort((p, q) => p.vectors.tape.length - q.vectors.tape.length)[0] ?? null;
}

/** Faults that only events show: simulated on the shortest failing test, and those that explain it on the tests beside it. */
function eventSuspicions(target: Target, pins: Pins, answers: readonly Answer[], failing: readonly Answer[], trials: number): Suspicion[] {
  const told = pins.suspects !== undefined;
  const shortest = told ? ([...failing].sort((p, q) => workOf(p) - workOf(q))[0] ?? null) : shortestOf(failing);
  if (shortest === null) return [];
  const lost = lostOutputs(shortest);
  const short = told ? shortened(pins, shortest) : shortest;
  const candidates: Candidate[] = [];
  let exact = 0;
  for (const trial of trialsFor(target, pins, shortest, short).slice(0, trials)) {
    if (exact > 0 && trial.unlikely === true) break;
    const c = { trial, wrong: 0, sound: 0 };
    judge(pins, c, short);
    if (c.wrong < c.sound) candidates.push(c);
    if (c.wrong === 0 && ++exact >= enough) break;
  }
  if (told) toldApart(pins, candidates, nearest(answers, shortest), trials);
  return [
    ...(lost === null ? [] : [lost]),
    ...candidates.map((c) => ({ text: c.trial.text, word: c.trial.word, score: scoreOf(c) })),
    ...(told ? [] : fewSuspicions(pins, shortest)),
  ];
}

/** A simulated fault: how far its logs are from the board's, and how far those of a sound chip are. */
type Candidate = { readonly trial: Trial; wrong: number; sound: number };

function judge(pins: Pins, c: Candidate, { vectors, expected, got }: Answer): void {
  c.wrong += distance(playedWith(pins, vectors.tape, c.trial), got);
  c.sound += distance(expected, got);
}

/** 1: the simulated fault gives the very logs; 0 or less: it is no nearer to them than a sound chip. */
function scoreOf({ wrong, sound }: Candidate): number {
  return 1 - wrong / sound;
}

/** Tests that are looked at to tell faults apart, and the longest tape of those. */
const mostOthers = 24;
const longest = 10_000;

/** Other tests, those beside the given one in the kit first: what stands together is about one place of the chip. */
function nearest(answers: readonly Answer[], from: Answer): Answer[] {
  const far = (a: Answer): number => Math.abs(a.vectors.mark - from.vectors.mark);
  return answers
    .filter((a) => a !== from && a.vectors.tape.length <= longest)
    .sort((p, q) => far(p) - far(q))
    .slice(0, mostOthers);
}

/** Plays further tests with the faults that explain everything so far, until they are of one word. */
function toldApart(pins: Pins, candidates: readonly Candidate[], answers: readonly Answer[], plays: number): void {
  let left = candidates.filter((c) => c.wrong === 0);
  let played = 0;
  for (const answer of answers) {
    const words = new Set(left.map((c) => (c.trial.word === null ? c.trial.text : `${c.trial.word.section} ${c.trial.word.address}`)));
    if (words.size <= 1 || played + left.length > plays) return;
    const short = shortened(pins, answer);
    for (const c of left) judge(pins, c, short);
    played += left.length;
    left = left.filter((c) => c.wrong === 0);
  }
}

/** Events and steps that a simulated fault takes on a test, about; programming counts little. */
function workOf({ vectors: { tape } }: Answer): number {
  const count = (...ops: readonly TapeOp["op"][]): number => tape.reduce((n, o) => (ops.includes(o.op) ? n + 1 : n), 0);
  const work = count("event", "tick");
  const marks = count("mark");
  return (marks < manyStretches ? work : (work / marks) * (keptDiffering + keptEqual)) + tape.length / 1000;
}

/** Stretches between marks of a test that is worth shortening; how many that differ are kept, and how many that do not. */
const manyStretches = 24;
const keptDiffering = 3;
const keptEqual = 2;

/**
 * A test with only a few of the stretches between its marks, for one in which they do not depend on each other: a
 * sound chip gives the same in each without the others.
 */
function shortened(pins: Pins, answer: Answer): Answer {
  const { vectors, expected, got } = answer;
  const ops = stretches(vectors.tape, (o) => o.op === "mark");
  const [e, g] = [stretches(expected, (x) => x.kind === "mark"), stretches(got, (x) => x.kind === "mark")];
  if (ops.length < manyStretches || e.length !== g.length || e.length > ops.length) return answer;
  const same = (k: number): boolean => compareLogs(at(e, k), at(g, k), "ordered") === null;
  const first = ops.findIndex((list) => list.some((o) => o.op === "event" || o.op === "tick"));
  const worked = Array.from({ length: Math.max(0, e.length - first) }, (_, k) => first + k).filter((k) => k < ops.length);
  const kept = new Set([...worked.filter((k) => !same(k)).slice(0, keptDiffering), ...worked.filter(same).slice(0, keptEqual)]);
  const chosen = worked.filter((k) => kept.has(k));
  if (first < 0 || chosen.length === 0) return answer;
  const begin = at(ops, first);
  const work = begin.findIndex((o) => o.op === "event" || o.op === "tick");
  const setUp = [...ops.slice(0, first).flat(), ...begin.slice(0, work)];
  const tape = [...setUp, ...chosen.flatMap((k) => (k === first ? begin.slice(work) : at(ops, k)))];
  const head = (log: readonly (readonly LogEntry[])[]): LogEntry[] => [...log.slice(0, first).flat(), ...chosen.flatMap((k) => at(log, k))];
  const [short, answered] = [head(e), head(g)];
  const alone = pins.board().run(tape);
  if (compareLogs(withoutEnd(short), withoutEnd(alone), "ordered") !== null) return answer;
  return { vectors: { ...vectors, tape }, expected: short, got: answered };
}

function withoutEnd(log: readonly LogEntry[]): LogEntry[] {
  return log.filter((x) => x.kind !== "end");
}

/** Cut behind each mark. */
function stretches<T>(list: readonly T[], isMark: (item: T) => boolean): T[][] {
  const out: T[][] = [[]];
  for (const item of list) {
    out.at(-1)?.push(item);
    if (isMark(item)) out.push([]);
  }
  return out;
}

/** Words up to which a memory that nobody can read is tried word by word: registers. */
const fewWords = 64;

const isFew = (m: PinMemory): boolean =>
  !m.readable && (m.widths === undefined ? m.words : m.widths.filter((bits) => bits > 0).length) <= fewWords;

/**
 * Stuck bits of registers that nobody can read. A word is tried with all its bits stuck, up to the first difference;
 * if that changes what came there, its bits are, on the whole test. Words whose change is the very one are tried first.
 */
function fewSuspicions(pins: Pins, answer: Answer | null): Suspicion[] {
  const difference = answer === null ? null : compareLogs(answer.expected, answer.got, "ordered");
  if (answer === null || difference === null || !pins.memories.some(isFew)) return [];
  const { tape } = answer.vectors;
  const marks = tape.flatMap((o, i) => (o.op === "mark" ? [i] : []));
  const cut = tape.slice(0, (marks[difference.marks] ?? tape.length) + 1);
  const [sound, seen] = [stretchOf(answer.expected, difference.marks), stretchOf(answer.got, difference.marks)];
  const out: Suspicion[] = [];
  const later: Fault[] = [];
  const attempt = (fault: Fault): boolean => {
    const score = similarity(answer, pins.board([fault]).run(tape));
    const word = { section: fault.section, address: fault.address };
    if (score > 0) out.push({ text: `bit ${fault.bit} of ${fault.section} word ${fault.address} is stuck at ${fault.stuck}`, word, score });
    return score === 1;
  };
  for (const m of pins.memories.filter(isFew))
    for (let address = 0; address < m.words; address++)
      for (const stuck of [0, 1] as const) {
        const faults = Array.from(
          { length: m.widths?.[address] ?? m.wordBits },
          (_, bit): Fault => ({ section: m.section, address, bit, stuck }),
        );
        if (faults.length === 0) continue;
        const came = stretchOf(pins.board(faults).run(cut), difference.marks);
        if (came === sound) continue;
        if (came !== seen) later.push(...faults);
        else if (faults.filter(attempt).length > 0) return out;
      }
  for (const fault of later) if (attempt(fault)) break;
  return out;
}

/** 1: the simulated fault gives the very log; 0 or less: it is no nearer to it than a sound chip. */
function similarity({ expected, got }: Answer, simulated: readonly LogEntry[]): number {
  const sound = distance(expected, got);
  return sound === 0 ? 0 : 1 - distance(simulated, got) / sound;
}

/** What a log has between two marks, without cycles. */
function stretchOf(log: readonly LogEntry[], marks: number): string {
  let seen = 0;
  const out: string[] = [];
  for (const e of log) {
    if (e.kind === "mark") seen++;
    else if (seen === marks && e.kind !== "end") out.push(JSON.stringify({ ...e, cycle: 0 }, plain));
  }
  return out.join("\n");
}

/** The log is the expected one with some outputs missing, everything else in place. */
function lostOutputs({ expected, got }: Answer): Suspicion | null {
  let k = 0;
  let missing = 0;
  for (const e of expected) {
    const g = got[k];
    if (g !== undefined && sameEntry(e, g)) k++;
    else if (e.kind === "spike") missing++;
    else return null;
  }
  if (missing === 0 || k < got.length) return null;
  const count = `${missing} ${missing === 1 ? "event was" : "events were"}`;
  // Anything that kept a neuron from firing looks like this too, so it must not outrank a cause that says which.
  return { text: `${count} lost on the way out: a clock-domain drop, or a full buffer of the receiver`, word: null, score: 0.6 };
}

/** Entries that only one of the logs has, wherever they stand between two marks. */
function distance(a: readonly LogEntry[], b: readonly LogEntry[]): number {
  const count = new Map<string, number>();
  const add = (log: readonly LogEntry[], sign: number): void => {
    let stretch = 0;
    let order = 0;
    for (const e of log) {
      if (e.kind === "mark") stretch++;
      const key =
        e.kind === "spike"
          ? `${stretch} S ${e.word.toString()}`
          : e.kind === "end"
            ? ""
            : `${stretch} ${order++} ${JSON.stringify({ ...e, cycle: 0 }, plain)}`;
      if (key !== "") count.set(key, (count.get(key) ?? 0) + sign);
    }
  };
  add(a, 1);
  add(b, -1);
  let sum = 0;
  for (const n of count.values()) sum += Math.abs(n);
  return sum;
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** Ticks before a difference in which the event that caused it may have been offered. */
const reach = 4;

/** What may have led to the first difference of a test; `short` is the same with less in it. */
function trialsFor(target: Target, pins: Pins, answer: Answer, short: Answer): Trial[] {
  const { vectors, expected, got } = short;
  const difference = compareLogs(expected, got, "ordered");
  if (difference === null) return [];
  const entries = [difference.expected, difference.got];
  const { tape } = vectors;
  const played = pins.board().run(tape);
  const cycle = (played[difference.index] ?? played.at(-1))?.cycle ?? 0;
  const bits = [...suspectTrials(pins, tape, entries, difference.marks), ...bitTrials(target, pins, vectors, entries)];
  const unseen =
    bits.length > 0 || pins.suspects !== undefined || pins.memories.every((m) => m.readable || isFew(m))
      ? []
      : unseenTrials(pins, answer.vectors.tape, entries, compareLogs(answer.expected, answer.got, "ordered")?.marks ?? 0);
  return [...eventTrials(pins, tape, cycle), ...bits, ...unseen];
}

/** Stuck bits of the words that the chip names itself, those that were not written so first. */
function suspectTrials(pins: Pins, tape: Tape, entries: readonly (LogEntry | null)[], marks: number): Trial[] {
  const { suspects } = pins;
  if (suspects === undefined) return [];
  const found = entries.flatMap((e) => (e?.kind === "spike" ? suspects(tape, e.word, marks) : []));
  const seen = new Set<string>();
  const out: Trial[] = [];
  for (const { section, address, bits, written } of found)
    for (let bit = 0; bit < 32; bit++) {
      const key = `${section} ${address} ${bit}`;
      if (((bits >>> bit) & 1) === 0 || seen.has(key)) continue;
      seen.add(key);
      for (const stuck of [0, 1] as const)
        out.push({
          text: `bit ${bit} of ${section} word ${address} is stuck at ${stuck}`,
          word: { section, address },
          fault: { section, address, bit, stuck },
          // A bit of what the chip itself writes may be stuck at what was first written.
          unlikely: ((written >>> bit) & 1) === stuck,
        });
    }
  return [...out.filter((t) => t.unlikely !== true), ...out.filter((t) => t.unlikely === true)];
}

/** Events offered shortly before the difference: lost once, or always. */
function eventTrials(pins: Pins, tape: Tape, cycle: number): Trial[] {
  const near = eventsBefore(pins, tape, cycle);
  const words = [...new Set(near.map((i) => at(tape, i)).flatMap((o) => (o.op === "event" ? [o.word] : [])))];
  return [
    ...words.map(
      (word): Trial => ({
        text: `input line of event 0x${word.toString(16)} is dead`,
        word: null,
        drop: (o) => o.op === "event" && o.word === word,
      }),
    ),
    ...near.map((index): Trial => {
      const op = at(tape, index);
      const word = op.op === "event" ? `0x${op.word.toString(16)}` : "";
      return { text: `one event ${word} was lost on the way in: a clock-domain drop`, word: null, drop: (_, i) => i === index };
    }),
  ];
}

/** Indices of events of the last ticks (or operations) that were played before a cycle. */
function eventsBefore(pins: Pins, tape: Tape, cycle: number): number[] {
  // The board tells cycles by marks: one after each tick, on a copy of the tape.
  const marked = tape.flatMap((o, i): TapeOp[] => (o.op === "tick" || o.op === "event" ? [o, { op: "mark", id: i }] : [o]));
  const times = new Map<number, number>();
  for (const e of pins.board().run(marked)) if (e.kind === "mark") times.set(e.id, e.cycle);
  const ticks = tape.flatMap((o, i) => (o.op === "tick" ? [i] : []));
  if (ticks.length === 0) {
    const events = tape.flatMap((o, i) => (o.op === "event" && (times.get(i) ?? 0) <= cycle ? [i] : []));
    return events.slice(-32);
  }
  const last = ticks.findIndex((i) => (times.get(i) ?? 0) >= cycle);
  const end = ticks[last < 0 ? ticks.length - 1 : last] ?? tape.length;
  const begin = ticks[Math.max(0, (last < 0 ? ticks.length - 1 : last) - reach)] ?? 0;
  return tape.flatMap((o, i) => (o.op === "event" && i >= begin && i <= end ? [i] : []));
}

/** Stuck bits of words that nobody can read back and that have a part in the differing events. */
function unseenTrials(pins: Pins, tape: Tape, entries: readonly (LogEntry | null)[], marks: number): Trial[] {
  const words = new Set(entries.flatMap((e) => (e?.kind === "spike" ? [e.word] : [])));
  const unseen = pins.memories.filter((m) => !m.readable && !isFew(m));
  const found = [...words].flatMap((word) => influencing(pins, tape, word, marks, unseen));
  return found.flatMap(({ memory, index, written }) =>
    Array.from({ length: memory.wordBits }, (_, bit): Trial => {
      const stuck = ((BigInt(written) >> BigInt(bit)) & 1n) === 0n ? 1 : 0;
      const fault: Fault = { section: memory.section, address: index, bit, stuck };
      return {
        text: `bit ${bit} of ${memory.section} word ${index} is stuck at ${stuck}`,
        word: { section: memory.section, address: index },
        fault,
      };
    }),
  );
}

/** Stuck bits of the words that say what the differing neurons do. */
function bitTrials(target: Target, pins: Pins, { test }: Vectors, entries: readonly (LogEntry | null)[]): Trial[] {
  const { image } = test;
  const meaning = image === undefined ? undefined : pins.meaning?.(image);
  if (image === undefined || meaning === undefined || target.wordsOf === undefined) return [];
  const out: Trial[] = [];
  const seen = new Set<string>();
  for (const e of entries) {
    const from = e?.kind === "spike" ? meaning(e.word).from : null;
    if (from === null) continue;
    for (const w of target.wordsOf(image, from.core, from.slot, null)) {
      const key = `${w.section} ${w.address}`;
      const memory = pins.memories.find((m) => m.section === w.section);
      if (seen.has(key) || memory === undefined) continue;
      seen.add(key);
      for (let bit = 0; bit < memory.wordBits; bit++)
        for (const stuck of [0, 1] as const) {
          const fault: Fault = { section: w.section, address: w.address, bit, stuck };
          out.push({
            text: `bit ${bit} of ${w.section} word ${w.address} is stuck at ${stuck}`,
            word: { section: w.section, address: w.address },
            fault,
          });
        }
    }
  }
  return out;
}
