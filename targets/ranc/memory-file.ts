import { readBit, writeBit } from "./words.ts";

/*
 * Text memory files as `$readmemb` reads them: one word a line in binary digits, the most
 * significant first.
 */

/** One word as a line. */
export function lineOf(memory: ArrayLike<number>, base: number, bits: number): string {
  let out = "";
  for (let bit = bits - 1; bit >= 0; bit--) out += readBit(memory, base, bit);
  return out;
}

/** Lines as words of `chunks` 32-bit words each; null where a line is not a word of so many binary digits. */
export function readLines(lines: readonly string[], bits: number, chunks: number): Uint32Array | null {
  const out = new Uint32Array(lines.length * chunks);
  for (const [i, line] of lines.entries()) {
    if (line.length !== bits || /[^01]/.test(line)) return null;
    for (let bit = 0; bit < bits; bit++) if (line[bits - 1 - bit] === "1") writeBit(out, i * chunks, bit);
  }
  return out;
}

/** The words of a file's text: spaces, underscores within words and comments are as in Verilog. */
export function wordsOfText(text: string): string[] {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, " ")
    .replace(/\/\/.*$/gm, " ")
    .replaceAll("_", "")
    .split(/\s+/)
    .filter((w) => w !== "");
}
