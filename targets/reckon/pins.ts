import { readFileSync } from "node:fs";
import { at, bug } from "../../compiler/base/bug.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { InputEvents } from "../../runtime/device.ts";
import { readmemh } from "../../runtime/tape/render.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { PinMemory, Pins, WordMeaning } from "../target.ts";
import { pinNames, reckonBoard, spaces } from "./board.ts";
import { branches, bringupTests } from "./bringup.ts";
import { type MemoryName, memorySizes } from "./core.ts";
import * as words from "./words.ts";

/** ReckOn at its pins: SPI, the input and output buses, and the signals of a time step. */
export const reckonPins: Pins = {
  board: reckonBoard,
  memories: [
    ...(Object.keys(memorySizes) as MemoryName[]).map(
      (name): PinMemory => ({
        section: `core(0,0)/${name}`,
        space: spaces[name],
        base: 0,
        stride: 1,
        words: memorySizes[name],
        wordBits: 32,
        readable: true,
        backDoor: fileOf(name),
      }),
    ),
    // Flip-flops that cannot be read. Those of what is not modelled are left out: a fault in them cannot be played.
    {
      section: "chip/registers",
      space: spaces.registers,
      base: 0,
      stride: 1,
      words: words.modelledRegisterBits().length,
      wordBits: 32,
      widths: words.modelledRegisterBits(),
      readable: false,
    },
  ],
  program,
  readBack,
  present,
  backDoor,
  bench: () => readFileSync(new URL("./bench.v", import.meta.url), "utf8"),
  tapeHex,
  notes: [
    "Define the macro EXT_CLK_ONLY: the design's own clock generator is not published.",
    "The design is plain Verilog; SystemVerilog modes are fine too. The top module is bench, the design's is reckon.",
    "With the macro BACK_DOOR the bench loads the memories from files; without it the tape writes them over SPI, 260 clocks a word.",
    "Reads use SCK at an eighth of the clock: at a quarter or a sixth the design returns the word before.",
  ],
  revision: "5e5c0bea8fe1897876ba3b7bfdcecf76d3bf4505",
  branches,
  bringup: bringupTests,
  meaning,
};

const write = (space: number, address: number, data: number): TapeOp => ({ op: "write", space, address, data, mask: 0 });
const configure = (on: boolean): TapeOp => write(spaces.registers, words.registers.config.address, Number(on));

/** Memories can be reached while the register `config` is set, as it is after a reset; it is the last to be cleared. */
function program(image: Image): Tape {
  const ops = image.sections.flatMap((s) =>
    Array.from(s.words, (data, i) => ({ section: s.name, op: write(spaceOf(s.name), s.base + i, data), address: s.base + i })),
  );
  const last = words.registers.config.address;
  return [
    { op: "reset" },
    configure(true),
    ...ops.filter((o) => o.section !== "chip/registers" || (o.address !== last && isKnown(o.address))).map((o) => o.op),
    configure(false),
  ];
}

const knownRegisters = new Set<number>(Object.values(words.registers).map((r) => r.address));
const isKnown = (address: number): boolean => knownRegisters.has(address);

function spaceOf(section: string): number {
  const name = section.slice(section.indexOf("/") + 1);
  return (spaces as Readonly<Record<string, number>>)[name] ?? bug(`the image writes ${section}, which the chip does not have`);
}

/** Registers cannot be read, and the chunks with potentials change while the chip runs. */
function readBack(image: Image): Tape {
  const ops = image.sections.flatMap((s): TapeOp[] => {
    if (s.name === "chip/registers") return [];
    const space = spaceOf(s.name);
    const all = Array.from(s.words, (expect, i): TapeOp => ({ op: "read", space, address: s.base + i, expect }));
    return space === spaces.neurons ? all.filter((_, i) => (s.base + i) % words.chunks === words.chunks - 1) : all;
  });
  return [configure(true), ...ops, configure(false)];
}

/** As the simulator's host does: events of step 0, then a tick and the events of each step, and the last tick with SAMPLE low. */
function present(image: Image, events: readonly InputEvents[], mark: number): Tape {
  const tape: TapeOp[] = [{ op: "pin", name: "SAMPLE", value: 1 }];
  for (let step = 0; step < image.interval; step++) {
    if (step === image.interval - 1) tape.push({ op: "pin", name: "SAMPLE", value: 0 });
    if (step > 0) tape.push({ op: "tick" }, { op: "quiet", cycles: 1 });
    for (const e of events) {
      if (e.step % image.interval !== step || step === image.interval - 1) continue;
      const { targets } = at(image.inputs, e.input);
      for (const c of e.channel) tape.push({ op: "event", word: at(targets, c) });
    }
  }
  tape.push({ op: "mark", id: mark });
  return tape;
}

function fileOf(memory: MemoryName): string {
  return `${memory}.hex`;
}

/** A line of 128 bits for each memory word. */
function backDoor(image: Image): ReadonlyMap<string, string> {
  return new Map(
    (Object.keys(memorySizes) as MemoryName[]).map((name) => {
      const memory = new Uint32Array(memorySizes[name]);
      for (const s of image.sections) if (s.name === `core(0,0)/${name}`) memory.set(s.words, s.base);
      const lines = Array.from({ length: memory.length / words.chunks }, (_, k) => {
        let line = 0n;
        for (let c = words.chunks - 1; c >= 0; c--) line = (line << 32n) | BigInt(at(memory, k * words.chunks + c));
        return line;
      });
      return [fileOf(name), readmemh(lines, 128)];
    }),
  );
}

/** Operations of bench.v. */
const opcodes: Readonly<Record<TapeOp["op"], bigint>> = {
  write: 1n,
  event: 2n,
  wait: 3n,
  reset: 4n,
  read: 5n,
  mark: 6n,
  quiet: 7n,
  tick: 8n,
  pin: 9n,
};

function tapeHex(tape: Tape): string {
  const lines = tape.map((o) => (opcodes[o.op] << 60n) | argumentOf(o));
  return readmemh([...lines, 15n << 60n], 64);
}

function argumentOf(o: TapeOp): bigint {
  switch (o.op) {
    case "write":
      return (BigInt(o.space) << 48n) | (BigInt(o.address) << 32n) | BigInt(o.data);
    case "read":
      return (BigInt(o.expect !== null) << 51n) | (BigInt(o.space) << 48n) | (BigInt(o.address) << 32n) | BigInt(o.expect ?? 0);
    case "event":
      return BigInt(o.word);
    case "wait":
    case "quiet":
      return BigInt(o.cycles);
    case "mark":
      return BigInt(o.id);
    case "pin":
      return (BigInt(o.value) << 8n) | BigInt(pinNames.indexOf(o.name as (typeof pinNames)[number]));
    default:
      return 0n;
  }
}

/** The bytes of a sample are the readouts' low and high bytes in turn. */
function meaning(image: Image): (word: number | bigint) => WordMeaning {
  const groups = image.map?.cores[0]?.groups ?? [];
  const first = groups[groups.length - image.outputs.length]?.first ?? null;
  return (word) => {
    const r = words.busWord.decode(Number(word));
    if (!("value" in r)) return { text: "a word that the output bus cannot carry", from: null };
    const { index, value } = r.value;
    const line = index >> 1;
    const output = image.outputs.find((o) => line >= o.first && line < o.first + o.count);
    const name = output === undefined ? `readout ${line}` : `output ${output.name}[${line - output.first}]`;
    return {
      text: `${name}, ${index % 2 === 0 ? "low" : "high"} byte ${value}`,
      from: first === null ? null : { core: 0, slot: first + line },
    };
  };
}
