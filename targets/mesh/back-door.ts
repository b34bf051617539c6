import type { Image } from "../../compiler/ir/image/types.ts";
import { parseCoreSection } from "../../runtime/parts/memory.ts";
import { readmemh } from "../../runtime/tape/render.ts";
import { backDoorFile } from "./spaces.ts";

/*
 * The way round the pins: a file for `$readmemh` of each memory of an image, and the statements that put
 * them into the memories of our own Verilog (rtl/mesh_core.v names them).
 */

export const backDoorStatements = "back_door.vh";

/** One file a memory, from address 0, and the statements. */
export function backDoor(image: Image): ReadonlyMap<string, string> {
  const memories = new Map<string, Uint32Array>();
  for (const s of image.sections) {
    const old = memories.get(s.name) ?? new Uint32Array();
    const all = new Uint32Array(Math.max(old.length, s.base + s.words.length));
    all.set(old);
    all.set(s.words, s.base);
    memories.set(s.name, all);
  }
  const lines = [...memories].flatMap(([name, list]) => statements(name, list.length));
  return new Map([
    ...[...memories].map(([name, list]): [string, string] => [backDoorFile(name), readmemh(list, 32)]),
    [backDoorStatements, `\`include "mesh_params.vh"\n\`include "mesh_words.vh"\n${lines.join("\n")}\n`],
  ]);
}

/** The memory of a core that holds word `word` of each entry. */
const arrays: Readonly<Record<string, readonly [words: number, path: (word: number) => string]>> = {
  profiles: [4, (w) => `profile_memory[${w}].profiles`],
  neurons: [6, (w) => `neuron_memory[${w}].neurons`],
  routes: [1, () => "routes"],
  axons: [2, (w) => `axon_memory[${w}].axons`],
  shapes: [2, (w) => `shape_memory[${w}].shapes`],
  // Even and odd addresses lie apart.
  synapses: [2, (w) => `synapses.${w === 0 ? "evens" : "odds"}`],
};

const registers = ["size_word", "steps_word", "seed_word"];

function statements(section: string, count: number): string[] {
  const read = `$readmemh("${backDoorFile(section)}", scratch, 0, ${count - 1});`;
  const place = parseCoreSection(section);
  if (place === null) return [read, ...registers.slice(0, count).map((r, i) => `dut.chip.${r} = scratch[${i}];`)];
  const core = `dut.chip.row[${place.y}].column[${place.x}].core`;
  const array = arrays[place.memory];
  if (array === undefined) return [read, `${core}.control = scratch[0];`];
  const [words, path] = array;
  const copy = (to: string, word: number, value: string): string =>
    `for (w = ${word}; w < ${count}; w = w + ${words}) ${core}.${to}.memory[w / ${words}] = ${value};`;
  return [
    read,
    ...Array.from({ length: Math.min(words, count) }, (_, word) => copy(path(word), word, "scratch[w]")),
    // The event memory has the delays of axons a second time.
    ...(place.memory === "axons" ? [copy("memory_of_events.delays", 0, "{scratch[w][`AXON0_USED], scratch[w][`AXON0_DELAY]}")] : []),
  ];
}
