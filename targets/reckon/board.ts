import { bug } from "../../compiler/base/bug.ts";
import type { Board, Fault, LogEntry, Tape, TapeOp } from "../../runtime/tape/types.ts";
import { type MemoryName, memorySizes, ReckonCore, type StuckBits } from "./core.ts";
import * as words from "./words.ts";

/*
 * ReckOn at its pins, with the host that bench.v is: clock for clock the same. Everything
 * changes on falling edges of the clock; a clock here is from one falling edge to the next.
 *
 *   write   64 periods of SCK, 4 clocks each; 4 more until the word has arrived
 *   read    64 periods of SCK, 8 clocks each; 4 more
 *   event   request, acknowledge, and both back: 6 clocks
 *   tick    TIME_TICK high for 2 clocks, low for 1: the third clock's edge begins the step
 *   pin     4 clocks, until the core has seen it
 *   reset   high for 4 clocks, low for 4
 *
 * Bytes on the output bus are acknowledged in the clock after the request; each takes 6 clocks.
 */

export const spaces = { registers: 0, neurons: 1, outputs: 2, inputWeights: 3, recurrentWeights: 4, outputWeights: 5 } as const;
const memories: Readonly<Record<number, MemoryName>> = {
  [spaces.neurons]: "neurons",
  [spaces.inputWeights]: "inputWeights",
  [spaces.recurrentWeights]: "recurrentWeights",
  [spaces.outputWeights]: "outputWeights",
};

export const clocks = {
  start: 4,
  writeRegister: 255,
  writeMemory: 259,
  write: 260,
  read: 516,
  accept: 3,
  event: 6,
  tick: 3,
  pin: 4,
  untilReset: 2,
  reset: 8,
  byte: 6,
} as const;

/** Clocks after which a wait for the ready pin is given up; a chip in the configuration state is never ready. */
export const patience = 2 ** 24;

export const pinNames = ["SAMPLE", "INFER_ACC"] as const;

export function reckonBoard(faults: readonly Fault[] = []): Board {
  const board = new PinBoard(faults.length === 0 ? null : stuckBits(faults));
  return { run: (tape) => board.run(tape) };
}

function stuckBits(faults: readonly Fault[]): StuckBits {
  const out = {
    registers: new Map<number, { and: number; or: number }>(),
    neurons: new Map<number, { and: number; or: number }>(),
    inputWeights: new Map<number, { and: number; or: number }>(),
    recurrentWeights: new Map<number, { and: number; or: number }>(),
    outputWeights: new Map<number, { and: number; or: number }>(),
  };
  for (const f of faults) {
    const name = f.section.slice(f.section.indexOf("/") + 1) as keyof typeof out;
    const list = out[name] ?? bug(`there is no memory ${f.section}`);
    const known = list.get(f.address) ?? { and: -1, or: 0 };
    list.set(f.address, f.stuck === 0 ? { ...known, and: known.and & ~(1 << f.bit) } : { ...known, or: known.or | (1 << f.bit) });
  }
  return out;
}

class PinBoard {
  readonly #core: ReckonCore;
  #cycle: number = clocks.start;
  #errors = 0;
  #log: LogEntry[] = [];
  /** What the last read left in the chip's register, which answers reads that do nothing. */
  #readback = 0;
  /** Clocks since the output bus was begun, and the byte that is on it. */
  #sending = 0;
  #byte = 0;
  /** Bytes sent since the last tick. */
  #sentSinceTick = 0;
  /** The acknowledge is still seen high in this clock. */
  #acknowledged = false;

  constructor(stuck: StuckBits | null) {
    this.#core = new ReckonCore(stuck);
  }

  run(tape: Tape): readonly LogEntry[] {
    this.#log = [];
    for (const op of tape) this.#play(op);
    this.#log.push({ kind: "end", cycle: this.#cycle, errors: this.#errors });
    return this.#log;
  }

  #play(op: TapeOp): void {
    switch (op.op) {
      case "write":
        return this.#write(op.space, op.address, Number(op.data));
      case "read":
        return this.#read(op.space, op.address, op.expect === null ? null : Number(op.expect));
      case "event":
        this.#pass(clocks.accept);
        this.#core.event(Number(op.word) & 0xff);
        return this.#pass(clocks.event - clocks.accept);
      case "tick":
        this.#sentSinceTick = 0;
        this.#pass(clocks.tick);
        return this.#core.tick();
      case "pin":
        this.#pass(clocks.pin);
        if (op.name === "SAMPLE") this.#core.sample = op.value !== 0;
        else if (op.name === "INFER_ACC") this.#core.inferAcc = op.value !== 0;
        else bug(`the bench has no pin ${op.name}`);
        return;
      case "wait":
        return this.#pass(op.cycles);
      case "quiet":
        return this.#quiet(op.cycles);
      case "reset":
        this.#pass(clocks.untilReset);
        this.#core.reset();
        this.#sending = 0;
        this.#byte = 0;
        this.#acknowledged = false;
        return this.#pass(clocks.reset - clocks.untilReset);
      case "mark":
        this.#log.push({ kind: "mark", cycle: this.#cycle, id: op.id });
    }
  }

  /** Memories are reached only with the register `config` set; without it the request is lost. */
  #write(space: number, address: number, data: number): void {
    const core = this.#core;
    if (space === spaces.registers) {
      this.#pass(clocks.writeRegister);
      core.writeRegister(address, data >>> 0);
      return this.#pass(clocks.write - clocks.writeRegister);
    }
    this.#pass(clocks.writeMemory);
    if (core.settings.config) {
      if (space === spaces.outputs) core.writeOutput(address & 0xf, data);
      const memory = memories[space];
      if (memory !== undefined) core.write(memory, address & (memorySizes[memory] - 1), data);
      if (memory === "neurons" && (address & words.neuronFlags) !== 0) core.writeFlags(address & 0xff, data);
    }
    this.#pass(clocks.write - clocks.writeMemory);
  }

  #read(space: number, address: number, expect: number | null): void {
    const core = this.#core;
    if (core.settings.config) {
      const memory = memories[space];
      if (space === spaces.outputs) this.#readback = (core.out[address & 0xf] ?? 0) & 0xffff;
      else if (memory !== undefined) this.#readback = core.read(memory, address & (memorySizes[memory] - 1));
    }
    this.#pass(clocks.read);
    const value = this.#readback;
    if (expect !== null && expect !== value) this.#errors++;
    this.#log.push({ kind: "read", cycle: this.#cycle, space, address, value });
  }

  /** Lets clocks go by. */
  #pass(count: number): void {
    let left = count;
    while (left > 0) {
      if (this.#core.phase === "send") {
        this.#sendClock();
        left--;
        continue;
      }
      this.#acknowledged = false;
      const used = this.#core.advance(left);
      const spent = used > 0 ? used : left;
      this.#cycle += spent;
      left -= spent;
    }
  }

  /** A clock of the output bus: the request rises in the first of six, and falls in the fourth, when the acknowledge has come in. */
  #sendClock(): void {
    const { outputs, labelOnly } = this.#core.settings;
    this.#cycle++;
    const at = this.#sending % clocks.byte;
    this.#sending++;
    this.#acknowledged = at >= 1 && at <= 3;
    if (at === 0) {
      const value = labelOnly ? this.#core.label : ((this.#core.out[this.#byte >> 1] ?? 0) >> (8 * (this.#byte & 1))) & 0xff;
      this.#log.push({ kind: "spike", cycle: this.#cycle, word: words.busWord.encode({ value, index: this.#sentSinceTick }) });
      this.#sentSinceTick++;
    }
    if (at !== 3) return;
    this.#byte++;
    if (this.#byte < (labelOnly ? 1 : 2 * outputs)) return;
    this.#byte = 0;
    this.#sending = 0;
    this.#core.sent();
  }

  /** So many clocks in which the chip is ready and the output bus quiet, one after another. */
  #quiet(count: number): void {
    if (count === 0) return;
    const from = this.#cycle;
    let busy = from;
    for (;;) {
      if (this.#core.phase === "config") return this.#pass(patience - (this.#cycle - from));
      if (this.#core.phase === "send") {
        this.#sendClock();
        if (this.#acknowledged || this.#core.phase === "send") busy = this.#cycle;
        continue;
      }
      const used = this.#core.advance(patience);
      if (used === 0) break;
      this.#cycle += used;
      busy = this.#cycle - 1;
      if (!this.#core.ready) busy = this.#cycle;
    }
    this.#acknowledged = false;
    this.#pass(busy + count - this.#cycle);
  }
}
