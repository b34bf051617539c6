import { Failure, fail } from "../../compiler/base/diagnostic.ts";
import type { Section } from "../../compiler/ir/image/types.ts";
import type { Field, Word } from "../../compiler/ir/image/word.ts";

/*
 * Memories as loaded from an image, and words read as columns of numbers: what a
 * machine works on is decoded once, when the image is loaded.
 */

/** Most words that each memory of a core, or of the chip, can have. */
export type Layout = {
  readonly core: Readonly<Record<string, number>>;
  readonly chip: Readonly<Record<string, number>>;
  readonly columns: number;
  readonly rows: number;
};

/** Memories by `core(x,y)/memory` or `chip/memory`, each as long as its last word that was written. */
export type Memories = ReadonlyMap<string, Uint32Array>;

/** Writes the sections into memories that are zero before. Throws Failure for a section the chip has no place for. */
export function loadSections(sections: readonly Section[], layout: Layout): { readonly memories: Memories; readonly words: number } {
  const memories = new Map<string, Uint32Array>();
  let words = 0;
  for (const s of sections) {
    const capacity = capacityOf(s.name, layout);
    if (capacity === null) fail("image-section-unknown", [s.name], { at: s.name });
    const end = s.base + s.words.length;
    if (end > capacity) fail("image-section-outside", [s.name, end, capacity], { at: s.name });
    let memory = memories.get(s.name);
    if (memory === undefined || memory.length < end) {
      const longer = new Uint32Array(end);
      if (memory !== undefined) longer.set(memory);
      memory = longer;
      memories.set(s.name, memory);
    }
    memory.set(s.words, s.base);
    words += s.words.length;
  }
  return { memories, words };
}

/** Column, row and memory of `core(x,y)/memory`; null for anything else. */
export function parseCoreSection(name: string): { readonly x: number; readonly y: number; readonly memory: string } | null {
  const m = /^core\((\d+),(\d+)\)\/([\w-]+)$/.exec(name);
  return m === null ? null : { x: Number(m[1]), y: Number(m[2]), memory: m[3] as string };
}

function capacityOf(name: string, layout: Layout): number | null {
  const core = parseCoreSection(name);
  if (core !== null) return core.x < layout.columns && core.y < layout.rows ? (layout.core[core.memory] ?? null) : null;
  return name.startsWith("chip/") ? (layout.chip[name.slice(5)] ?? null) : null;
}

type ColumnsOf<W> = W extends Word<infer F> ? { readonly [K in keyof F]: Int32Array } : never;

/**
 * The fields of `count` equal words, the first at `first` and each `stride` words after the
 * one before, as columns: flags are 0 or 1, choices their index. Words behind the memory's end are zero. Throws Failure
 * where a word is not one of this format.
 */
// biome-ignore lint/suspicious/noExplicitAny: words of every table are read; ColumnsOf restores the fields.
export function columns<W extends Word<any>>(
  word: W,
  memory: Uint32Array,
  first: number,
  stride: number,
  count: number,
  section: string,
): ColumnsOf<W> {
  const fields = Object.entries(word.fields as Readonly<Record<string, Field>>);
  const out: Record<string, Int32Array> = {};
  let reserved = 0xffffffff;
  for (const [, f] of fields) reserved &= ~bitsOf(f);
  for (let k = 0; k < count; k++) {
    const address = first + k * stride;
    if ((memory[address]! & reserved) !== 0) refuse(word, memory, address, section);
  }
  for (const [name, f] of fields) {
    const column = new Int32Array(count);
    readField(f, memory, first, stride, column);
    if (f.kind === "choice") {
      for (let k = 0; k < count; k++) if (column[k]! >= f.choices.length) refuse(word, memory, first + k * stride, section);
    }
    out[name] = column;
  }
  return out as ColumnsOf<W>;
}

/** The same for words that were gathered from these addresses of a memory. */
// biome-ignore lint/suspicious/noExplicitAny: as in `columns`.
export function gatheredColumns<W extends Word<any>>(word: W, gathered: Uint32Array, addresses: Int32Array, section: string): ColumnsOf<W> {
  try {
    return columns(word, gathered, 0, 1, gathered.length, section);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // Something is wrong with one of them: say with which.
    gathered.forEach((w, k) => {
      const r = word.decode(w);
      if ("problem" in r) fail("image-word", [`${r.field}: ${r.problem}`], { at: `${section} word ${addresses[k]}` });
    });
    throw error;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as in `columns`.
function refuse(word: Word<any>, memory: Uint32Array, address: number, section: string): never {
  const r = word.decode(memory[address] ?? 0);
  fail("image-word", ["problem" in r ? `${r.field}: ${r.problem}` : word.name], { at: `${section} word ${address}` });
}

function bitsOf(f: Field): number {
  const width = f.high - f.low + 1;
  return width === 32 ? -1 : ((1 << width) - 1) << f.low;
}

/** One field of equal words. */
function readField(f: Field, memory: Uint32Array, first: number, stride: number, out: Int32Array): void {
  const up = 31 - f.high;
  const down = up + f.low;
  const signed = f.kind === "sint";
  for (let k = 0; k < out.length; k++) {
    const w = (memory[first + k * stride] ?? 0) << up;
    out[k] = signed ? w >> down : w >>> down;
  }
}

/**
 * `count` weights of `bits` bits, packed from bit 0 up beginning with word `address`, floor(32 / bits) to a
 * word. One-bit weights are +1 (bit 0) and -1 (bit 1), others two's complement.
 */
export function unpackWeights(
  memory: Uint32Array,
  address: number,
  count: number,
  bits: number,
  out: { [index: number]: number },
  to: number,
): void {
  const perWord = Math.floor(32 / bits);
  const up = 32 - bits;
  let word = 0;
  for (let i = 0; i < count; i++) {
    const lane = i % perWord;
    if (lane === 0) word = memory[address + i / perWord] ?? 0;
    out[to + i] = bits === 1 ? 1 - 2 * ((word >>> lane) & 1) : (word << (up - lane * bits)) >> up;
  }
}
