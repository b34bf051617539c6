import { fail } from "../../compiler/base/diagnostic.ts";
import type { Image } from "../../compiler/ir/image/types.ts";
import type { WordProblem } from "../../compiler/ir/image/word.ts";
import { type Layout, loadSections, type Memories } from "../../runtime/parts/memory.ts";
import type { Fault } from "../../runtime/tape/types.ts";
import { Core } from "./core.ts";
import type { Parameters } from "./parameters.ts";
import * as words from "./words.ts";

/*
 * From sections to cores. What the image does not write is zero, as everywhere; a
 * cell with no section has no neuron that can do anything.
 */

/** Memories of a chip and their sizes in words of an image. */
export function layoutOf(p: Parameters): Layout {
  return {
    columns: p.columns,
    rows: p.rows,
    chip: { parameters: 6 },
    core: { neurons: p.neurons * words.neuronWord(p).chunks, types: p.axons },
  };
}

type Decoded<W> = W extends { readonly decode: (word: number) => infer R } ? Extract<R, { readonly value: unknown }>["value"] : never;

/** One word of `chip/parameters`. */
function read<W extends { readonly name: string; readonly decode: (word: number) => { readonly value: unknown } | WordProblem }>(
  word: W,
  memory: ArrayLike<number>,
  address: number,
): Decoded<W> {
  const section = "chip/parameters";
  const w = memory[address];
  if (w === undefined) fail("image-word", [`${word.name} is expected at address ${address}, where nothing is`], { at: section });
  const r = word.decode(w);
  if (!("value" in r)) fail("image-word", [`${r.field}: ${r.problem}`], { at: `${section} word ${address}` });
  return r.value as Decoded<W>;
}

/** What an image was elaborated with, and the host's numbers. */
type Elaboration = { readonly p: Parameters; readonly steps: number; readonly interval: number; readonly seed: number };

export function elaborationOf(image: Image): Elaboration {
  if (image.format !== words.formatVersion) fail("image-chip", ["format", image.format, words.formatVersion], { at: image.name });
  const memory = image.sections.find((s) => s.name === "chip/parameters")?.words ?? [];
  const p: Parameters = {
    ...read(words.parameters0, memory, 0),
    ...read(words.parameters1, memory, 1),
    ...read(words.parameters2, memory, 2),
    ...read(words.parameters3, memory, 3),
  };
  return { p, ...read(words.parameters4, memory, 4), ...read(words.parameters5, memory, 5) };
}

/** The words of `chip/parameters`. */
export function parameterWords(e: Elaboration): number[] {
  return [
    words.parameters0.encode(e.p),
    words.parameters1.encode(e.p),
    words.parameters2.encode(e.p),
    words.parameters3.encode(e.p),
    words.parameters4.encode(e),
    words.parameters5.encode({ seed: e.seed >>> 0 }),
  ];
}

/** Memories of a chip with these parameters. */
export function memoriesOf(image: Image, p: Parameters): { readonly memories: Memories; readonly words: number } {
  return loadSections(image.sections, layoutOf(p));
}

/** Cores by cell, row by row; null for the output cell. `memory` gives what was loaded, by cell. */
export function coresFrom(
  p: Parameters,
  memory: (cell: number, name: "neurons" | "types") => Uint32Array,
  faults: readonly Fault[] = [],
): (Core | null)[] {
  const output = p.outputX + p.outputY * p.columns;
  return Array.from({ length: p.columns * p.rows }, (_, cell) => {
    if (cell === output) return null;
    const mine = faults.filter((f) => f.section.startsWith(`${cellName(p, cell)}/`));
    const neurons = sized(memory(cell, "neurons"), p.neurons * words.neuronWord(p).chunks);
    const types = sized(memory(cell, "types"), p.axons);
    return new Core(p, stuckAt(neurons, mine, "neurons"), stuckAt(types, mine, "types"), stuckPotentials(p, mine));
  });
}

export function cellName(p: Parameters, cell: number): string {
  return `core(${cell % p.columns},${Math.floor(cell / p.columns)})`;
}

/** Unwritten words at the end are zero. */
function sized(memory: Uint32Array, length: number): Uint32Array {
  if (memory.length === length) return memory;
  const out = new Uint32Array(length);
  out.set(memory.subarray(0, length));
  return out;
}

/** What a memory gives back that has stuck bits. */
function stuckAt(memory: Uint32Array, faults: readonly Fault[], name: string): Uint32Array {
  const mine = faults.filter((f) => f.section.endsWith(`/${name}`));
  if (mine.length === 0) return memory;
  const out = memory.slice();
  for (const f of mine) {
    const w = out[f.address];
    if (w !== undefined) out[f.address] = f.stuck === 1 ? w | (1 << f.bit) : w & ~(1 << f.bit);
  }
  return out;
}

/** Stuck bits of potentials, which the core rewrites in every tick. */
function stuckPotentials(p: Parameters, faults: readonly Fault[]): { neuron: number; bit: number; value: 0 | 1 }[] {
  const word = words.neuronWord(p);
  const field = word.field("current");
  return faults.flatMap((f) => {
    if (!f.section.endsWith("/neurons")) return [];
    const bit = (f.address % word.chunks) * words.chunkBits + f.bit - field.low;
    return bit >= 0 && bit < field.bits ? [{ neuron: Math.floor(f.address / word.chunks), bit, value: f.stuck }] : [];
  });
}
