import type { MemoryListing } from "../../compiler/ir/image/listing.ts";
import * as words from "./words.ts";

const byAddress = new Map<number, { name: string; word: { show: (w: number) => string } }>(
  Object.entries(words.registers).map(([name, r]) => [r.address, { name, word: r.word }]),
);
const neuron = [words.neuron0, words.neuron1, words.neuron2, words.neuron3];

/** The disassembly of one section. */
export const reckonWords: MemoryListing = (section) => {
  const memory = section.name.slice(section.name.indexOf("/") + 1);
  return Array.from(section.words, (w, i) => {
    const address = section.base + i;
    if (memory === "registers") {
      const known = byAddress.get(address);
      return known === undefined ? { text: "unused", note: null } : { text: `${known.name} ${known.word.show(w)}`, note: null };
    }
    if (memory === "neurons") {
      const word = neuron[address % words.chunks];
      const pair = Math.floor(address / words.chunks);
      return { text: word?.show(w) ?? "", note: address % words.chunks === 0 ? `slot ${2 * pair}` : null };
    }
    const perRow = memory === "outputWeights" ? 4 : 64;
    const target = (address % perRow) * words.bytes;
    return { text: words.weights.show(w), note: `source ${Math.floor(address / perRow)}, targets ${target} to ${target + 3}` };
  });
};
