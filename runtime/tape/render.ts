import type { Tape, TapeOp } from "./types.ts";
import type { TapeWord } from "./word.ts";

/*
 * Tapes and memory contents in the forms that benches, boards and microcontrollers read.
 */

/** Words as `$readmemh` reads them, one a line. */
export function readmemh(words: Iterable<TapeWord>, bits: number): string {
  const digits = Math.ceil(bits / 4);
  const parts: string[] = [];
  for (const w of words) parts.push(w.toString(16).padStart(digits, "0"), "\n");
  return parts.join("");
}

const opNumbers: Readonly<Record<TapeOp["op"], number>> = {
  write: 1,
  event: 2,
  wait: 3,
  reset: 4,
  read: 5,
  mark: 6,
  quiet: 7,
  tick: 8,
  pin: 9,
};

/** One operation as the C structure's fields: op, space, address, data, mask. */
function fieldsOf(o: TapeOp, pins: readonly string[]): readonly [number, number, number, TapeWord, number] {
  const n = opNumbers[o.op];
  switch (o.op) {
    case "write":
      return [n, o.space, o.address, o.data, o.mask];
    case "read":
      return [n, o.space, o.address, o.expect ?? 0, o.expect === null ? 1 : 0];
    case "event":
      return [n, 0, 0, o.word, 0];
    case "pin":
      return [n, 0, pins.indexOf(o.name), o.value, 0];
    case "wait":
    case "quiet":
      return [n, 0, 0, o.cycles, 0];
    case "mark":
      return [n, 0, 0, o.id, 0];
    case "tick":
    case "reset":
      return [n, 0, 0, 0, 0];
  }
}

/** A tape as a C99 header: an array of operations that a microcontroller at the pins plays. */
export function cHeader(name: string, tape: Tape): string {
  const id = name.replace(/[^A-Za-z0-9_]/g, "_");
  const pins = [...new Set(tape.flatMap((o) => (o.op === "pin" ? [o.name] : [])))];
  const parts = [
    `/* ${name}: ${tape.length} operations at the chip's pins. A word of 0 in mask writes all bits; for READ, 1 means that any value may be read. */`,
    `#ifndef GANGLION_${id.toUpperCase()}_H`,
    `#define GANGLION_${id.toUpperCase()}_H`,
    "#include <stdint.h>",
    "#ifndef GANGLION_OPS",
    "#define GANGLION_OPS",
    ...Object.entries(opNumbers).map(([op, n]) => `#define GANGLION_${op.toUpperCase()} ${n}`),
    "typedef struct { uint8_t op; uint32_t space; uint32_t address; uint64_t data; uint64_t mask; } ganglion_op;",
    "#endif",
    ...pins.map((p, i) => `#define ${id.toUpperCase()}_PIN_${p.toUpperCase().replace(/[^A-Z0-9]/g, "_")} ${i}`),
    `static const uint32_t ${id}_length = ${tape.length};`,
    `static const ganglion_op ${id}[${Math.max(1, tape.length)}] = {`,
  ];
  for (const o of tape) {
    const [op, space, address, data, mask] = fieldsOf(o, pins);
    parts.push(`  {${op}, ${space}u, ${address}u, 0x${data.toString(16)}u, 0x${mask.toString(16)}u},`);
  }
  if (tape.length === 0) parts.push("  {0, 0, 0, 0, 0},");
  parts.push("};", "#endif", "");
  return parts.join("\n");
}

/** A tape as JSON: operations as objects, words of more than 53 bits as `0x…` text. */
export function tapeJson(tape: Tape): string {
  const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `0x${value.toString(16)}` : value);
  const parts = tape.map((o) => JSON.stringify(o, plain));
  return `[\n${parts.join(",\n")}\n]\n`;
}
