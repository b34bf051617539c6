import { bug, must } from "../../compiler/base/bug.ts";
import { Failure } from "../../compiler/base/diagnostic.ts";
import type { Image, Section } from "../../compiler/ir/image/types.ts";
import { toHost } from "../../runtime/parts/router.ts";
import type { Board, Fault, LogEntry, Tape, TapeOp } from "../../runtime/tape/types.ts";
import { sameWord } from "../../runtime/tape/word.ts";
import type { ChipSpec } from "../chip.ts";
import type { PinMemory } from "../target.ts";
import { Machine } from "./machine.ts";
import { memoriesOf } from "./spaces.ts";
import * as words from "./words.ts";

/*
 * The chip behind its host port: raw memories, and a machine that is made of what is in them when
 * a step runs. README.md, section Pins, says what each operation does.
 */

/** A host packet as a tape's word: the payload above the route word. */
export function packetWord(route: number, payload: number): number {
  return (payload & 0xffff) * 2 ** 32 + (route >>> 0);
}

/** What the chip sends to the host: payload above the output line. */
export function outputWord(line: number, payload: number): number {
  return (payload >>> 0) * 2 ** 16 + line;
}

export function splitOutput(word: number | bigint): { readonly line: number; readonly payload: number } {
  const w = Number(word);
  return { line: w % 2 ** 16, payload: Math.floor(w / 2 ** 16) | 0 };
}

/** A chip just powered up: every memory is zero but for its stuck bits. */
export function meshBoard(chip: ChipSpec, faults: readonly Fault[] = []): Board {
  const board = new MeshBoard(chip, faults);
  return { run: (tape) => board.run(tape) };
}

type Memory = {
  readonly about: PinMemory;
  readonly words: Uint32Array;
  readonly set: Map<number, number>;
  readonly clear: Map<number, number>;
  end: number;
};

class MeshBoard {
  readonly #chip: ChipSpec;
  readonly #memories = new Map<number, Memory>();
  #machine: Machine | null = null;
  /** A run that the chip cannot make sense of: it answers nothing more until it is reset. */
  #hangs = false;
  /** Cycles before the last reset. */
  #before = 0;
  #errors = 0;

  constructor(chip: ChipSpec, faults: readonly Fault[]) {
    this.#chip = chip;
    for (const about of memoriesOf(chip))
      this.#memories.set(about.space, { about, words: new Uint32Array(about.words), set: new Map(), clear: new Map(), end: 0 });
    const bySection = new Map([...this.#memories.values()].map((m) => [m.about.section, m]));
    for (const f of faults) {
      const memory = bySection.get(f.section) ?? bug(`there is no memory ${f.section} for a fault`);
      const list = f.stuck === 1 ? memory.set : memory.clear;
      list.set(f.address, (list.get(f.address) ?? 0) | (1 << f.bit));
      memory.end = Math.max(memory.end, f.address + 1);
    }
  }

  run(tape: Tape): readonly LogEntry[] {
    const log: LogEntry[] = [];
    this.#errors = 0;
    for (const op of tape) this.#play(op, log);
    log.push({ kind: "end", cycle: this.#cycle(), errors: this.#errors });
    return log;
  }

  #cycle(): number {
    return this.#before + (this.#machine?.cycle ?? 0);
  }

  #play(op: TapeOp, log: LogEntry[]): void {
    switch (op.op) {
      case "write": {
        must(op.mask === 0, "the host port writes whole words");
        const memory = this.#memory(op.space);
        if (op.address < memory.words.length) {
          memory.words[op.address] = Number(op.data);
          memory.end = Math.max(memory.end, op.address + 1);
        }
        return this.#stop();
      }
      case "read": {
        const value = readWord(this.#memory(op.space), op.address);
        if (op.expect !== null && !sameWord(op.expect, value)) this.#errors++;
        log.push({ kind: "read", cycle: this.#cycle(), space: op.space, address: op.address, value });
        return;
      }
      case "event":
        return this.#guarded(() => this.#packet(Number(op.word)));
      case "tick":
        return this.#guarded(() => this.#step(log));
      case "reset":
        return this.#stop();
      case "mark":
        log.push({ kind: "mark", cycle: this.#cycle(), id: op.id });
        return;
      // A step ends by itself and the host port has no other pins.
      case "wait":
      case "quiet":
      case "pin":
        return;
    }
  }

  #memory(space: number): Memory {
    return this.#memories.get(space) ?? bug(`space ${space} is none of the chip`);
  }

  /** State as just after a reset. */
  #stop(): void {
    this.#before = this.#cycle();
    this.#machine = null;
    this.#hangs = false;
  }

  /** Words that mean nothing stop the chip: it never finishes the step. */
  #guarded(work: () => void): void {
    if (this.#hangs) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#hangs = true;
    }
  }

  #ready(): Machine {
    if (this.#machine === null) {
      const machine = new Machine(this.#chip, { cyclesMax: 2 ** 32 });
      machine.load(this.#image());
      this.#machine = machine;
    }
    return this.#machine;
  }

  #packet(word: number): void {
    const route = word % 2 ** 32;
    const fields = words.route.decode(route);
    if (!("value" in fields)) return;
    const { x, y, axon, member, host } = fields.value;
    const what = axon + 4096 * member;
    const payload = (Math.floor(word / 2 ** 32) << 16) >> 16;
    this.#ready().sendPacket({ to: host ? toHost : y * this.#chip.columns + x, what, payload });
  }

  #step(log: LogEntry[]): void {
    const machine = this.#ready();
    machine.run(1);
    for (const e of machine.receive()) log.push({ kind: "spike", cycle: this.#before + e.cycle, word: outputWord(e.line, e.payload) });
  }

  /** The memories as an image, without what was never written. */
  #image(): Image {
    const sections: Section[] = [];
    for (const m of this.#memories.values()) {
      if (m.end === 0) continue;
      const list = Uint32Array.from({ length: m.end }, (_, address) => readWord(m, address));
      sections.push({ name: m.about.section, wordBits: 32, base: 0, words: list });
    }
    return {
      kind: "image",
      name: "board",
      target: this.#chip.name,
      format: words.formatVersion,
      steps: 1,
      interval: 1,
      sections,
      inputs: [],
      outputs: [],
      map: null,
    };
  }
}

/** What a memory gives, stuck bits included; addresses beyond its end read 0. */
function readWord(m: Memory, address: number): number {
  const word = m.words[address] ?? 0;
  return ((word | (m.set.get(address) ?? 0)) & ~(m.clear.get(address) ?? 0)) >>> 0;
}
