import type { MemoryListing } from "../../compiler/ir/image/listing.ts";
import type { AnyWord } from "../../compiler/ir/image/word.ts";
import { decodeParameters, wordsOfDendrite, wordsOfNeuron } from "./core-words.ts";
import * as words from "./words.ts";

const parameterWords: readonly AnyWord[] = [words.parameters0, words.parameters1, words.parameters2];
const neuronWords: readonly AnyWord[] = [
  words.neuron0,
  words.neuron1,
  words.neuron2,
  words.neuron3,
  words.neuron4,
  words.neuron5,
  words.neuron6,
  words.neuron7,
];

/** How the words of PAICORE's memories read. */
export const paicoreWords: MemoryListing = (section, sections) => {
  const memory = section.name.slice(section.name.indexOf("/") + 1);
  const plain = sections.find((s) => s.name.endsWith("/parameters"));
  const p = plain === undefined ? null : decodeParameters(plain.words, plain.name);
  const copies = p === null ? 1 : 1 << (p.extension + p.width);
  return Array.from(section.words, (w, i) => {
    const address = section.base + i;
    if (memory === "parameters") return { text: parameterWords[address]?.show(w) ?? "", note: null };
    if (memory === "neurons") {
      const entry = Math.floor(address / wordsOfNeuron);
      const first = address % wordsOfNeuron === 0;
      const note = !first
        ? null
        : entry % copies === 0
          ? `slot ${entry / copies}`
          : `copy ${entry % copies} of slot ${Math.floor(entry / copies)}`;
      return { text: neuronWords[address % wordsOfNeuron]?.show(w) ?? "", note };
    }
    if (memory === "weights") return weightText(w, address, p);
    return { text: `seed ${w}`, note: null };
  });
};

/** Which neuron, fold and bit plane a word of weights belongs to, and which axons have that bit. */
function weightText(
  w: number,
  address: number,
  p: ReturnType<typeof decodeParameters> | null,
): { readonly text: string; readonly note: string | null } {
  const dendrite = Math.floor(address / wordsOfDendrite);
  const first = (address % wordsOfDendrite) * 32;
  const axons = Array.from({ length: 32 }, (_, b) => b).filter((b) => ((w >>> b) & 1) === 1);
  const text = axons.length === 0 ? "no axon" : `axons ${axons.map((b) => first + b).join(" ")}`;
  if (p === null || address % wordsOfDendrite !== 0) return { text, note: null };
  const bits = 1 << p.width;
  const fold = Math.floor(dendrite / bits) % (1 << p.extension);
  return { text, note: `dendrite ${dendrite}: neuron ${Math.floor(dendrite / bits) >> p.extension}, fold ${fold}, bit ${dendrite % bits}` };
}
