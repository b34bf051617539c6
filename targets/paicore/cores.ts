import { fail } from "../../compiler/base/diagnostic.ts";
import type { Section } from "../../compiler/ir/image/types.ts";
import { type Layout, loadSections, type Memories, parseCoreSection } from "../../runtime/parts/memory.ts";
import type { ChipSpec } from "../chip.ts";
import { decodeNeuron, decodeParameters, type Neuron, type Parameters, wordsOfDendrite, wordsOfNeuron } from "./core-words.ts";
import { ownOf, type Place } from "./geometry.ts";

/** A core as its memories say it is; simulator and decoder read the same. */
export type LoadedCore = Place & {
  readonly parameters: Parameters;
  readonly neurons: readonly Neuron[];
  readonly weights: Uint32Array;
};

export function layoutOf(chip: ChipSpec): Layout {
  const { dendrites } = ownOf(chip);
  return {
    columns: chip.columns,
    rows: chip.rows,
    chip: {},
    core: { random: 2, parameters: 3, neurons: dendrites * wordsOfNeuron, weights: dendrites * wordsOfDendrite },
  };
}

/** The configured cores of an image, in load order. Copies of a neuron must be alike. */
export function loadCores(
  sections: readonly Section[],
  chip: ChipSpec,
): { readonly cores: LoadedCore[]; readonly memories: Memories; readonly words: number } {
  const { memories, words } = loadSections(sections, layoutOf(chip));
  const cores: LoadedCore[] = [];
  for (const [name, list] of memories) {
    const place = parseCoreSection(name);
    if (place?.memory !== "parameters") continue;
    const { x, y } = place;
    const parameters = decodeParameters(list, name);
    const memory = (which: string): Uint32Array => memories.get(`core(${x},${y})/${which}`) ?? new Uint32Array();
    const neurons = neuronsOf(memory("neurons"), parameters, `core(${x},${y})/neurons`);
    // A block's places that nobody uses may be configured too, without neurons.
    if (neurons.length > 0) cores.push({ x, y, parameters, neurons, weights: memory("weights") });
  }
  return { cores, memories, words };
}

function neuronsOf(list: Uint32Array, p: Parameters, place: string): Neuron[] {
  const copies = 1 << (p.extension + p.width);
  const stride = copies * wordsOfNeuron;
  const out: Neuron[] = [];
  for (let first = 0; first + stride <= list.length; first += stride) {
    for (let k = wordsOfNeuron; k < stride; k++)
      if (list[first + k] !== list[first + (k % wordsOfNeuron)])
        fail("image-word", ["the copies of a neuron differ"], { at: `${place}, word ${first + k}` });
    out.push(decodeNeuron(list, first, place));
  }
  return out;
}
