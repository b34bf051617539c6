import { readFileSync } from "node:fs";
import { bug } from "../../compiler/base/bug.ts";
import type { Tape, TapeOp } from "../../runtime/tape/types.ts";
import { hostPatience, sizesOf, spaces } from "./board.ts";
import { lineOf } from "./memory-file.ts";
import { bitsFor, type Parameters } from "./parameters.ts";
import { neuronWord, packetBits } from "./words.ts";

/* The tape in the forms that the bench reads: words of hexadecimal, and memory files. */

/** Operation codes of bench.v; the argument has 60 bits. Writes are in the memory files. */
const codes: Readonly<Partial<Record<TapeOp["op"], string>>> = { event: "2", wait: "3", reset: "4", mark: "6", quiet: "7", tick: "8" };

export function tapeHex(tape: Tape): string {
  const lines: string[] = [];
  for (const op of tape) {
    if (op.op === "write") continue;
    const code = codes[op.op] ?? bug(`the bench has no operation ${op.op}`);
    lines.push(code + argumentOf(op).toString(16).padStart(15, "0"));
  }
  lines.push("f".padEnd(16, "0"));
  return `${lines.join("\n")}\n`;
}

function argumentOf(op: TapeOp): number | bigint {
  if (op.op === "event") return op.word;
  if (op.op === "mark") return op.id;
  return op.op === "wait" || op.op === "quiet" ? op.cycles : 0;
}

/** The test bench with the grid's parameters. */
export function benchOf(p: Parameters): string {
  const { dyBits, dxBits } = p;
  const dxHigh = packetBits(p) - 1;
  const numbers: Readonly<Record<string, number>> = {
    COLUMNS: p.columns,
    ROWS: p.rows,
    OUTPUT_X: p.outputX,
    OUTPUT_Y: p.outputY,
    AXONS: p.axons,
    NEURONS: p.neurons,
    WEIGHTS: p.weights,
    POTENTIAL_BITS: p.potentialBits,
    WEIGHT_BITS: p.weightBits,
    LEAK_BITS: p.leakBits,
    THRESHOLD_BITS: p.thresholdBits,
    DX_HIGH: dxHigh,
    DX_LOW: dxHigh - dxBits + 1,
    DY_HIGH: dxHigh - dxBits,
    DY_LOW: dxHigh - dxBits - dyBits + 1,
    FIFO: p.fifo,
    AXON_BITS: bitsFor(p.axons),
    TAPE_WORDS: 1 << 22,
    LIMIT: hostPatience(p),
  };
  const text = readFileSync(new URL("./bench.v", import.meta.url), "utf8");
  return text.replace(/@(\w+)@/g, (_, name: string) => String(numbers[name] ?? bug(`bench.v has no number ${name}`)));
}

/** Three digits of a cell, as in the names of its files. */
export function fileOf(kind: "csram" | "tc", cell: number): string {
  return `${kind}_${String(cell).padStart(3, "0")}.mem`;
}

/** A core's two memory files: a line for each neuron, and a line for each axon. */
export function memoryFiles(p: Parameters, cell: number, neurons: Uint32Array, types: Uint32Array): [string, string][] {
  const word = neuronWord(p);
  const typeBits = bitsFor(p.weights);
  const lines = (count: number, memory: Uint32Array, chunks: number, bits: number): string =>
    Array.from({ length: count }, (_, i) => `${lineOf(memory, i * chunks, bits)}\n`).join("");
  return [
    [fileOf("csram", cell), lines(p.neurons, neurons, word.chunks, word.bits)],
    [fileOf("tc", cell), lines(p.axons, types, 1, typeBits)],
  ];
}

/** The files that hold what a tape's writes say, for every cell but the output's. */
export function filesOfTape(p: Parameters, tape: Tape): ReadonlyMap<string, string> {
  const cells = p.columns * p.rows;
  const sizes = sizesOf(p);
  const memories = { neurons: new Uint32Array(sizes.neurons * cells), types: new Uint32Array(sizes.types * cells) };
  let played = false;
  for (const op of tape) {
    if (op.op !== "write") {
      played ||= op.op === "tick" || op.op === "event";
      continue;
    }
    if (played) bug("a tape for the bench has its writes in front: memories are loaded when the grid is elaborated");
    const memory = op.space === spaces.neurons ? memories.neurons : memories.types;
    memory[op.address] = ((Number(op.data) & ~op.mask) | (memory[op.address]! & op.mask)) >>> 0;
  }
  const files = new Map<string, string>();
  for (let cell = 0; cell < cells; cell++) {
    if (cell === p.outputX + p.outputY * p.columns) continue;
    const part = (name: keyof typeof spaces): Uint32Array => memories[name].subarray(cell * sizes[name], (cell + 1) * sizes[name]);
    for (const [name, text] of memoryFiles(p, cell, part("neurons"), part("types"))) files.set(name, text);
  }
  return files;
}
