import { readFileSync } from "node:fs";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { InputEvents } from "../../runtime/device.ts";
import { readmemh } from "../../runtime/tape/render.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import type { PinMemory, Pins } from "../target.ts";
import { neuronByte, odinBoard, spaces } from "./board.ts";
import { branches, bringupTests } from "./bringup.ts";
import { OdinCore } from "./core.ts";
import { referenceEvent } from "./emit.ts";
import { Host, potentialBytes, settle, stepEvents } from "./host.ts";
import { memoriesOf, sectionNames } from "./memory.ts";
import type { Variant } from "./variant.ts";
import { meaning } from "./where.ts";
import { odinRegisters, registerBits, spiAddress, spiData } from "./words.ts";

/** The chip at its pins: SPI, address events in and out. */
export function odinPins(variant: Variant): Pins {
  return {
    board: (faults) => odinBoard(variant, faults),
    memories: pinMemories(variant),
    program: (image) => program(image, variant),
    readBack: (image) => readBack(image, variant),
    present: (image, events, mark) => present(image, events, mark, variant),
    backDoor: (image) => backDoor(image, variant),
    bench: () => readFileSync(new URL("./bench.v", import.meta.url), "utf8"),
    tapeHex,
    notes: [
      variant.name === "odin"
        ? "The design names a register `priority`, a SystemVerilog keyword: use a Verilog-2005 mode for it (Verilator --default-language 1364-2005, Icarus -g2005). The bench's top module is bench."
        : "Define the macro TINYODIN for the bench; its top module is bench.",
      "With the macro BACK_DOOR the bench loads both memories from files; without it the tape writes them over SPI, 160 clocks a byte.",
    ],
    revision: variant.revision,
    branches,
    bringup: () => bringupTests(variant),
    meaning: (image) => meaning(image, variant),
  };
}

/** The memories byte by byte, and the registers, which cannot be read. */
export function pinMemories(variant: Variant): PinMemory[] {
  return [
    {
      section: sectionNames.neurons,
      space: spaces.neurons,
      base: 0,
      stride: 1,
      words: 256 * 4 * variant.neuronParts,
      wordBits: 8,
      readable: true,
      backDoor: "neu.hex",
    },
    {
      section: sectionNames.synapses,
      space: spaces.synapses,
      base: 0,
      stride: 1,
      words: 32768,
      wordBits: 8,
      readable: true,
      backDoor: "syn.hex",
    },
    {
      section: sectionNames.registers,
      space: spaces.registers,
      base: 0,
      stride: 1,
      words: variant.registers,
      wordBits: 20,
      widths: Array.from({ length: variant.registers }, (_, r) => registerBits(variant.name, r)),
      readable: false,
    },
  ];
}

const write = (space: number, address: number, data: number, mask = 0): TapeOp => ({ op: "write", space, address, data, mask });
const register = (address: number, value: number): TapeOp => write(spaces.registers, address, value);

/** Freezes the network, or lets it go on, and waits until that has come about. */
export const gate = (closed: boolean): TapeOp[] => [register(odinRegisters.gate, closed ? 1 : 0), { op: "wait", cycles: settle }];

/** All registers with the loop open, as memories are written. */
export function openRegisters(variant: Variant, registers: ArrayLike<number>): TapeOp[] {
  const out = [register(odinRegisters.gate, 1), register(odinRegisters.openLoop, 1)];
  for (let r = 2; r < variant.registers; r++) out.push(register(r, registers[r]!));
  return out;
}

/**
 * A reset, all registers with the gate and the loop open, a reset that drops what undefined registers let in, the memories,
 * the last byte of each neuron again, and the loop as the image has it.
 */
function program(image: Image, variant: Variant): Tape {
  const { registers, neurons } = memoriesOf(image, variant);
  const memory = (name: string, space: number): TapeOp[] =>
    image.sections.filter((s) => s.name === name).flatMap((s) => Array.from(s.words, (data, i) => write(space, s.base + i, data)));
  const last = 4 * variant.neuronParts - 1;
  return [
    { op: "reset" },
    ...openRegisters(variant, registers),
    { op: "reset" },
    { op: "wait", cycles: settle },
    ...memory(sectionNames.neurons, spaces.neurons),
    ...Array.from({ length: variant.signBySource ? 256 : 0 }, (_, n) =>
      write(spaces.refresh, neuronByte(n, last), neurons[n * variant.neuronParts + variant.neuronParts - 1]! >>> 24),
    ),
    ...memory(sectionNames.synapses, spaces.synapses),
    register(odinRegisters.openLoop, registers[odinRegisters.openLoop]!),
    { op: "reset" },
    ...gate(false),
  ];
}

/** Bytes without a potential, which changes while the chip runs. */
function readBack(image: Image, variant: Variant): Tape {
  const changing = new Set(potentialBytes(variant).map((b) => b.byte));
  const read = (space: number, address: number, expect: number): TapeOp => ({ op: "read", space, address, expect });
  return [
    ...gate(true),
    ...image.sections.flatMap((s): TapeOp[] => {
      if (s.name === sectionNames.neurons && !changing.has(s.base >> 8))
        return Array.from(s.words, (w, i) => read(spaces.neurons, s.base + i, w));
      return s.name === sectionNames.synapses ? Array.from(s.words, (w, i) => read(spaces.synapses, s.base + i, w)) : [];
    }),
    ...gate(false),
  ];
}

/** Clocks that are waited beyond those that the simulator predicts. */
const slack = 16;

/**
 * One sample, each event followed by as many clocks as what it causes takes, by the simulator's
 * prediction. Potentials that are answers are read at the end.
 */
function present(image: Image, events: readonly InputEvents[], mark: number, variant: Variant): Tape {
  const memories = memoriesOf(image, variant);
  const core = new OdinCore(variant);
  memories.registers.forEach((value, address) => core.setRegister(address, value));
  core.loadNeurons(memories.neurons);
  core.loadSynapses(memories.synapses);
  const host = new Host(core);
  host.reset();
  const tape: TapeOp[] = [...clear(image, variant)];
  const offer = (word: number): void => {
    host.offer(word);
    const from = core.cycle;
    host.drain();
    tape.push({ op: "event", word }, { op: "wait", cycles: core.cycle - from + slack });
  };
  for (let step = 0; step < image.steps; step++) {
    for (const word of stepEvents(image, events, step)) offer(word);
    if (memories.protocol.reference) offer(referenceEvent(variant));
  }
  const potentials = memories.lines.filter((l) => l.potential);
  if (potentials.length > 0) {
    tape.push(...gate(true));
    const values = core.potentials();
    for (const { neuron } of potentials)
      for (const { byte, keep, take } of potentialBytes(variant))
        tape.push({
          op: "read",
          space: spaces.neurons,
          address: neuronByte(neuron, byte),
          expect: keep === 0 ? take(values[neuron]!) : null,
        });
    tape.push(...gate(false));
  }
  tape.push({ op: "mark", id: mark });
  return tape;
}

/** What the host does between samples. */
function clear(image: Image, variant: Variant): TapeOp[] {
  const { protocol, neurons, registers } = memoriesOf(image, variant);
  if (protocol.clear === "references") {
    const clocks = 2 * (variant.signBySource ? 256 : protocol.neurons) + slack;
    return Array.from({ length: protocol.clears }, (): TapeOp[] => [
      { op: "event", word: referenceEvent(variant) },
      { op: "wait", cycles: clocks },
    ]).flat();
  }
  const writes = Array.from({ length: protocol.neurons }, (_, n) =>
    potentialBytes(variant).map(({ byte, keep, take }) =>
      write(spaces.neurons, neuronByte(n, byte), take(variant.neuron(neurons, n * variant.neuronParts).potential), keep),
    ),
  ).flat();
  return [
    ...gate(true),
    register(odinRegisters.openLoop, 1),
    ...writes,
    register(odinRegisters.openLoop, registers[odinRegisters.openLoop]!),
    ...gate(false),
  ];
}

/** Images of both memories from address 0. */
function backDoor(image: Image, variant: Variant): ReadonlyMap<string, string> {
  const { neurons, synapses } = memoriesOf(image, variant);
  const parts = variant.neuronParts;
  const words = Array.from({ length: 256 }, (_, n) => {
    let word = 0n;
    for (let p = parts - 1; p >= 0; p--) word = (word << 32n) | BigInt(neurons[n * parts + p]!);
    return word;
  });
  return new Map([
    ["syn.hex", readmemh(synapses, 32)],
    ["neu.hex", readmemh(words, 32 * parts)],
  ]);
}

/** Operations of the bench: bits 63..60. A transfer is the 40 bits of the link; a read has its expected byte in 47..40, and bit 59 set where there is one. */
const opcodes = { transfer: 1n, event: 2n, wait: 3n, reset: 4n, read: 5n, mark: 6n, quiet: 7n, pin: 9n, end: 15n } as const;

const transferSpaces = ["registers", "neurons", "synapses", "neurons"] as const;

function tapeHex(tape: Tape): string {
  const op = (code: bigint, rest: bigint): bigint => (code << 60n) | rest;
  const header = (space: number, address: number, read: boolean): bigint =>
    BigInt(spiAddress.encode({ address, space: transferSpaces[space] ?? "none", write: !read, read })) << 20n;
  const words = tape.map((o): bigint => {
    switch (o.op) {
      case "write":
        return op(
          opcodes.transfer,
          header(o.space, o.address, false) |
            BigInt(o.space === spaces.registers ? o.data : spiData.encode({ byte: Number(o.data), mask: o.mask })),
        );
      case "read":
        return op(opcodes.read, (o.expect === null ? 0n : (1n << 59n) | (BigInt(o.expect) << 40n)) | header(o.space, o.address, true));
      case "event":
        return op(opcodes.event, BigInt(o.word));
      case "wait":
        return op(opcodes.wait, BigInt(o.cycles));
      case "quiet":
        return op(opcodes.quiet, BigInt(o.cycles));
      case "mark":
        return op(opcodes.mark, BigInt(o.id));
      case "pin":
        return op(opcodes.pin, BigInt(o.value));
      default:
        return op(opcodes.reset, 0n);
    }
  });
  return readmemh([...words, opcodes.end << 60n], 64);
}
